"""Camunda's connector runtime 8.8.7 (Apache-2.0, Java): it imports definitions by REST v2, and does jobs over gRPC."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients import programs
from tests.conftest import Cluster
from tests.servers import java
from zelery.local import ports, probe, process

#: The first run builds the runtime, with what Maven brings.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

#: It starts in 6 s on two idle cores.
_READY_S = 90

#: How long it may take to hear of a definition or to do a job, seconds.
_PATIENCE_S = 20

_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

_MODEL = (programs.HERE / "connected.bpmn").read_text(encoding="utf-8")


@pytest.mark.parametrize("by_stream", [True, False], ids=["stream", "poll"])
def test_a_webhook_starts_an_instance_whose_rest_job_the_runtime_does(
    cluster_88: Cluster, tmp_path: Path, *, by_stream: bool
) -> None:
    prefix = _deployed(cluster_88)
    with _running(cluster_88, prefix, tmp_path, by_stream=by_stream) as inbound:
        _until(lambda: httpx.post(f"{inbound}/{prefix}-hook?way=post", content="hello").status_code == 200)
        _until(lambda: len(_variables(cluster_88, prefix)) == 4)
    assert _variables(cluster_88, prefix) == {"said": '"hello"', "way": '"post"', "status": "200", "size": "1"}


def test_the_webhook_of_a_new_version_takes_the_place_of_the_old(cluster_88: Cluster, tmp_path: Path) -> None:
    prefix = _deployed(cluster_88)

    def status(path: str) -> int:
        return httpx.post(f"{inbound}/{prefix}-{path}?way=post", content="hello").status_code

    with _running(cluster_88, prefix, tmp_path, by_stream=True) as inbound:
        _until(lambda: status("hook") == 200)
        _deployed(cluster_88, prefix, _MODEL.replace("PREFIX-hook", "PREFIX-new"))
        _until(lambda: status("new") == 200)
        assert status("hook") == 404


@contextlib.contextmanager
def _running(cluster: Cluster, prefix: str, folder: Path, *, by_stream: bool) -> Iterator[str]:
    """The runtime, which does the jobs of the type `prefix-http`; yields the URL of its webhooks."""
    (port,) = ports.free(1)
    settings = {
        "server.port": port,
        "server.address": ports.HOST,
        "camunda.connector.polling.interval": 500,
        "camunda.client.mode": "self-managed",
        "camunda.client.grpc-address": f"http://{cluster.gateway}",
        "camunda.client.rest-address": cluster.rest,
        "camunda.client.prefer-rest-over-grpc": "false",
        "camunda.client.worker.defaults.stream-enabled": str(by_stream).lower(),
        "logging.level.root": "WARN",
    }
    with programs.or_skip():
        command = [str(java.executable("the connector runtime")), *_JVM, "-jar", str(programs.runtime_jar())]
    command += [f"--{name}={value}" for name, value in settings.items()]
    env = {"CONNECTOR_HTTP_REST_TYPE": f"{prefix}-http"}
    with process.running("the connector runtime", command, log=folder / "runtime.log", env=env, grace_s=5) as child:
        process.wait_ready(child, lambda: probe.answers(port, "/actuator/health"), timeout_s=_READY_S, every_s=0.2)
        yield f"http://{ports.HOST}:{port}/inbound"


def _deployed(cluster: Cluster, prefix: str = "", model: str = _MODEL) -> str:
    """Deploys the model with names of its own; returns their prefix."""
    prefix = prefix or f"runtime-{secrets.token_hex(4)}"
    text = model.replace("PREFIX", prefix).replace("ENDPOINT", f"{cluster.rest}/v2/topology")
    files = {"resources": (f"{prefix}.bpmn", text.encode())}
    httpx.post(f"{cluster.rest}/v2/deployments", files=files).raise_for_status()
    return prefix


def _variables(cluster: Cluster, prefix: str) -> dict[str, str]:
    """The variables of the process's first instance itself."""
    found = _search(cluster, "process-instances", {"processDefinitionId": f"{prefix}-connected"})
    if not found:
        return {}
    key = found[0]["processInstanceKey"]
    variables = _search(cluster, "variables", {"processInstanceKey": key, "scopeKey": key})
    return {each["name"]: each["value"] for each in variables}


def _search(cluster: Cluster, what: str, filters: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{cluster.rest}/v2/{what}/search", json={"filter": filters})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"it does not hold after {_PATIENCE_S} s"
        time.sleep(0.2)
