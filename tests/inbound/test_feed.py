"""Polling without Operate: what looks for itself works, and what must know who waits says what that takes."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.conftest import Cluster
from tests.inbound.whole import Way, way

pytestmark = [pytest.mark.integration, pytest.mark.timeout(480)]


def seconds(process_id: str) -> bytes:
    """A feed starts it, a job says what it was started by, and then it waits for what HTTP polling never finds here."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="tests">
<bpmn:message id="m" name="{process_id}"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=string(second)"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="{process_id}" isExecutable="true">
<bpmn:startEvent id="start"><bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="tests:feed:1"/>
<zeebe:property name="resultExpression" value="={{second: second}}"/>
</zeebe:properties></bpmn:extensionElements></bpmn:startEvent>
<bpmn:serviceTask id="tell"><bpmn:extensionElements>
<zeebe:taskDefinition type="{process_id}"/></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:intermediateCatchEvent id="waits"><bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="io.camunda:http-polling:1"/>
<zeebe:property name="method" value="get"/>
<zeebe:property name="url" value="http://127.0.0.1:1/"/>
<zeebe:property name="operatePollingInterval" value="PT1S"/>
<zeebe:property name="correlationKeyExpression" value="=body.second"/>
</zeebe:properties></bpmn:extensionElements>
<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>
<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="tell"/>
<bpmn:sequenceFlow id="f2" sourceRef="tell" targetRef="waits"/>
<bpmn:sequenceFlow id="f3" sourceRef="waits" targetRef="end"/>
</bpmn:process></bpmn:definitions>""".encode()


def deploy(of: Way, folder: pathlib.Path) -> None:
    """As an operator types it."""
    file = folder / "seconds.bpmn"
    file.write_bytes(seconds(of.process_id))
    command = [sys.executable, "-m", "zelery", "deploy", str(file)]
    done = subprocess.run(command, env={**os.environ, **of.environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def health(of: Way) -> dict[str, dict[str, object]]:
    """By element."""
    async with of.client.get("/inbound") as response:
        return {each["elements"][0]["elementId"]: each["health"] for each in await response.json()}


async def test_a_feed_starts_instances_and_who_waits_is_not_known_which_is_told(
    zeebe: Cluster, redis_url: str, tmp_path: pathlib.Path
) -> None:
    async with way(zeebe.gateway, redis_url, tmp_path, ZELERY_DEFINITIONS="deployed") as of:
        deploy(of, tmp_path)
        found = [(await of.arrived())["second"] for _ in range(4)]
        assert found == sorted(found)
        assert len(set(found)) >= 3  # The first look is at once, and the second within an interval of it.

        async def is_told() -> bool:
            return (await health(of)).get("waits", {}).get("status") == "DOWN"

        await of.until(is_told, "nobody says that lookups need Operate")
        shown = await health(of)
        assert shown["start"]["status"] == "UP"
        told = str(shown["waits"]["error"])
        assert "who waits at waits of definition" in told
        assert "need CAMUNDA_OPERATE_CLIENT_URL (8.5 to 8.7) or CAMUNDA_REST_ADDRESS (from 8.8)" in told
