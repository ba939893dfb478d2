"""Modifications over REST on an engine in this process; no socket is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.zelery.engine.rest.serving import served

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    targetNamespace="t" id="d">
  <process id="order" isExecutable="true">
    <startEvent id="start"><outgoing>f1</outgoing></startEvent>
    <sequenceFlow id="f1" sourceRef="start" targetRef="box"/>
    <subProcess id="box">
      <startEvent id="in"><outgoing>f2</outgoing></startEvent>
      <sequenceFlow id="f2" sourceRef="in" targetRef="pay"/>
      <serviceTask id="pay"><extensionElements><zeebe:taskDefinition type="pay"/></extensionElements></serviceTask>
      <serviceTask id="ship"><extensionElements><zeebe:taskDefinition type="ship"/></extensionElements></serviceTask>
    </subProcess>
  </process>
</definitions>"""


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with served("8.10", MODEL) as client:
        yield client


async def begun(client: httpx.AsyncClient) -> str:
    created = await client.post("/v2/process-instances", json={"processDefinitionId": "order"})
    return str(created.json()["processInstanceKey"])


async def active(client: httpx.AsyncClient, key: str) -> list[tuple[str, str]]:
    """Ids and keys of the active elements of an instance, the process left out."""
    filter_ = {"processInstanceKey": key, "state": "ACTIVE"}
    found = (await client.post("/v2/element-instances/search", json={"filter": filter_})).json()["items"]
    return [(each["elementId"], each["elementInstanceKey"]) for each in found if each["type"] != "PROCESS"]


async def modified(client: httpx.AsyncClient, key: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/v2/process-instances/{key}/modification", json=body)


@pytest.mark.parametrize("scope", [{}, {"ancestorScopeType": "inferred"}, {"ancestorScopeType": "sourceParent"}])
async def test_a_move_by_id_ends_each_source_and_begins_its_target_in_the_same_scope(
    client: httpx.AsyncClient, scope: dict[str, str]
) -> None:
    key = await begun(client)
    (box, box_key), _ = await active(client, key)
    move = {
        "sourceElementInstruction": {"sourceType": "byId", "sourceElementId": "pay"},
        "targetElementId": "ship",
        **({"ancestorScopeInstruction": scope} if scope else {}),
        "variableInstructions": [{"variables": {"moved": True}}],
    }
    answer = await modified(client, key, {"moveInstructions": [move]})
    assert answer.status_code == 204, answer.text
    now = await active(client, key)
    assert (box, box_key) in now
    assert [element for element, _ in now] == ["box", "ship"]


async def test_a_move_by_key_moves_that_instance(client: httpx.AsyncClient) -> None:
    key = await begun(client)
    (_, box_key), (_, pay_key) = await active(client, key)
    move = {
        "sourceElementInstruction": {"sourceType": "byKey", "sourceElementInstanceKey": pay_key},
        "targetElementId": "ship",
        "ancestorScopeInstruction": {"ancestorScopeType": "direct", "ancestorElementInstanceKey": box_key},
    }
    assert (await modified(client, key, {"moveInstructions": [move]})).status_code == 204
    assert [element for element, _ in await active(client, key)] == ["box", "ship"]


async def test_all_instances_of_an_element_are_terminated_by_its_id(client: httpx.AsyncClient) -> None:
    key = await begun(client)
    body = {
        "activateInstructions": [{"elementId": "ship", "ancestorElementInstanceKey": "-1"}],
        "terminateInstructions": [{"elementId": "pay"}],
    }
    assert (await modified(client, key, body)).status_code == 204
    assert [element for element, _ in await active(client, key)] == ["box", "ship"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"terminateInstructions": [{}]}, 400, "Exactly one of [elementId, elementInstanceKey]"),
        ({"terminateInstructions": [{"elementId": "ship"}]}, 400, "element 'ship'"),
        ({"terminateInstructions": [{"elementInstanceKey": "1"}]}, 400, "'1'"),
        (
            {"moveInstructions": [{"sourceElementInstruction": {"sourceType": "byId"}, "targetElementId": "ship"}]},
            400,
            "Exactly one of [sourceElementId, sourceElementInstanceKey]",
        ),
        (
            {
                "moveInstructions": [
                    {"sourceElementInstruction": {"sourceElementInstanceKey": "1"}, "targetElementId": "s"}
                ]
            },
            400,
            "element instance '1'",
        ),
        ({"activateInstructions": [{"elementId": "nowhere"}]}, 400, "'nowhere'"),
        ({"activateInstructions": ["a"]}, 400, "[activateInstructions[0]] cannot be parsed"),
        ({"nonsense": 1}, 400, "Request property [nonsense] cannot be parsed"),
    ],
)
async def test_an_instruction_that_cannot_be_is_refused_and_nothing_changes(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, detail: str
) -> None:
    key = await begun(client)
    before = await active(client, key)
    answer = await modified(client, key, body)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert detail in answer.json()["detail"]
    assert await active(client, key) == before


async def test_an_instance_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await modified(client, "99", {"terminateInstructions": [{"elementId": "pay"}]})
    assert (answer.status_code, answer.json()["title"]) == (404, "NOT_FOUND")
