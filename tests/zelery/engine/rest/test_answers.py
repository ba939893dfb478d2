"""The names in answers against the facts that were read off the clients' types, wherever they are there."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.golden import CONFORMANCE
from tests.zelery.engine.rest.serving import served
from zelery.engine.rest.fields import LINES

CONTRACT = CONFORMANCE / "orchestration" / "contract.json"

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason=f"no recorded contract: {CONTRACT} is not there")

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    targetNamespace="t" id="d">
  <message id="m" name="paid">
    <extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements>
  </message>
  <process id="order" isExecutable="true">
    <startEvent id="start"><outgoing>f1</outgoing></startEvent>
    <sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
    <receiveTask id="wait" messageRef="m"/>
  </process>
</definitions>"""

SEARCHES = (
    "/v2/process-definitions/search",
    "/v2/process-definitions/statistics/message-subscriptions",
    "/v2/message-subscriptions/search",
    "/v2/element-instances/search",
    "/v2/variables/search",
    "/v2/process-instances/search",
)


@functools.cache
def contract() -> Mapping[str, Any]:
    """The facts by line and endpoint."""
    facts: Mapping[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return facts


def differences(item: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How an item is otherwise than its facts: names too few or too many, null where there is always something."""
    optional = {name for name, fact in facts.items() if fact.get("optional")}
    nullable = optional | {name for name, fact in facts.items() if fact.get("null")}
    return [
        *(f"{name} is missing" for name in facts.keys() - optional - item.keys()),
        *(f"{name} is not known" for name in item.keys() - facts.keys()),
        *(f"{name} is null" for name, value in item.items() if value is None and name not in nullable),
    ]


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("line", LINES)
async def test_the_items_of_a_search_have_the_names_of_the_line(line: str, path: str) -> None:
    if (facts := contract()[line].get(f"POST {path}")) is None:
        pytest.skip(f"the facts of {line} do not have it")
    async with served(line, MODEL) as client:
        created = {"processDefinitionId": "order", "variables": {"order": "7"}}
        await client.post("/v2/process-instances", json=created)
        answer = await client.post(path, json={})
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"]
    # Names of versions and tags that a model does not have are null, whatever the facts of 8.9 say of them.
    known = {
        "name is null",
        "versionTag is null",
        "processDefinitionVersionTag is null",
        "processDefinitionName is null",
    }
    for item in answer.json()["items"]:
        assert set(differences(item, facts["item"])) <= known


async def test_what_a_line_does_not_have_is_not_found() -> None:
    async with served("8.8", MODEL) as client:
        for path in ("/v2/process-definitions/statistics/message-subscriptions", "/v2/cluster-variables/search"):
            answer = await client.post(path, json={})
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("body", ["", "null", "{}", " \n"])
async def test_a_search_without_a_body_gives_all(body: str) -> None:
    async with served("8.10", MODEL) as client:
        answer = await client.post("/v2/process-definitions/search", content=body)
    assert answer.json()["page"]["totalItems"] == 1


async def test_a_character_beyond_16_bits_is_read_from_its_halves() -> None:
    async with served("8.10", MODEL) as client:
        answer = await client.post("/v2/process-definitions/search", content='{"filter": {"name": "\\ud83d\\ude00"}}')
    assert answer.json()["page"]["totalItems"] == 0


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"x"',
        "5",
        '{"page": {"limit": NaN}}',
        "[" * 100_000,
        b"\xff\xfe{",
        '{"filter": {"name": "\\ud800"}}',
        b'{"filter": {"name": "\xed\xa0\x80"}}',
    ],
)
async def test_a_body_that_is_no_object_is_refused(body: str | bytes) -> None:
    async with served("8.10", MODEL) as client:
        answer = await client.post("/v2/process-definitions/search", content=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")
