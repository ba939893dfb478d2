from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import call, catch, end, process, service, start
from tests.zelery.engine.rules.definitions import message
from tests.zelery.engine.served import NOW, Served, served
from zelery.engine import commands as cmd
from zelery.engine.auth import Refusal
from zelery.engine.errors import Code, Rejected


@pytest.fixture
async def operate() -> AsyncIterator[Served]:
    async with served() as there:
        await there.client.post("/api/login", params={"username": "demo", "password": "demo"})
        yield there


async def found(there: Served, resource: str, **filter_: Any) -> list[dict[str, Any]]:
    answer = await there.post(f"/v1/{resource}/search", {"filter": filter_})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_called_instance_says_who_has_called_it(operate: Served) -> None:
    operate.deploy(
        process("p", start(), call("called", "c"), end()), process("c", start("b"), service("work"), end("e"))
    )
    key = operate.start()
    (child,) = await found(operate, "process-instances", parentKey=key)
    (caller,) = await found(operate, "flownode-instances", type="CALL_ACTIVITY")
    assert child["parentProcessInstanceKey"] == key
    assert child["parentFlowNodeInstanceKey"] == caller["key"]
    assert (await operate.get(f"/v1/process-instances/{child['key']}")).json() == child


async def test_an_instance_that_was_terminated_is_canceled(operate: Served) -> None:
    operate.deploy(process("p", start(), service("work"), end()))
    key = operate.start()
    operate.engine.execute(cmd.CancelInstance(key))
    answer = (await operate.get(f"/v1/process-instances/{key}")).json()
    assert (answer["state"], answer["endDate"]) == ("CANCELED", "2026-09-21T14:13:20.000+0000")


async def test_an_incident_is_found_with_its_job(operate: Served) -> None:
    operate.deploy(process("p", start(), service("work"), end()))
    key = operate.start()
    job = operate.job("work")
    operate.engine.execute(cmd.FailJob(job, 0, "broken"))
    (incident,) = await found(operate, "incidents", state="ACTIVE", processInstanceKey=key)
    assert (incident["type"], incident["message"], incident["jobKey"]) == ("JOB_NO_RETRIES", "broken", job)
    assert (await operate.get(f"/v1/incidents/{incident['key']}")).json() == incident
    (node,) = await found(operate, "flownode-instances", incident=True)
    assert node["incidentKey"] == incident["key"]
    assert (await operate.get(f"/v1/flownode-instances/{node['key']}")).json() == node


async def test_an_element_that_waits_is_found_by_its_version(operate: Served) -> None:
    model = process("p", start(), catch("wait", message("m", "= key")), end())
    (first,) = operate.deploy(model)
    operate.start(key="1")
    operate.deploy(process("p", start(), catch("wait", message("m", "= key")), end("other")))
    operate.start(key="2")
    (node,) = await found(operate, "flownode-instances", processDefinitionKey=first, flowNodeId="wait", state="ACTIVE")
    (variable,) = await found(operate, "variables", processInstanceKey=node["processInstanceKey"])
    assert variable["value"] == '"1"'


async def test_the_whole_value_is_asked_for_in_vain(operate: Served) -> None:
    operate.deploy(process("p", start(), service("work"), end()))
    operate.start(long="x" * 9000, short=1)
    (cut,) = await found(operate, "variables", truncated=True)
    (short,) = await found(operate, "variables", truncated=False)
    assert (cut["name"], len(cut["value"]), short["value"]) == ("long", 8191, "1")
    assert (await operate.get(f"/v1/variables/{cut['key']}")).json() == cut


@pytest.mark.parametrize("resource", ["process-instances", "flownode-instances", "variables", "incidents"])
async def test_what_there_is_not_is_404(operate: Served, resource: str) -> None:
    answer = await operate.get(f"/v1/{resource}/1")
    assert (answer.status_code, answer.json()["type"]) == (404, "Requested resource not found")


@pytest.mark.parametrize("key", ["x", "²", "9" * 5000, "1.5"])
async def test_what_is_no_key_is_400(operate: Served, key: str) -> None:
    assert (await operate.get(f"/v1/process-instances/{key}")).status_code == 400


@pytest.mark.parametrize("body", ["[]", "5", '"x"', "[" * 100_000])
async def test_what_is_no_object_is_400(operate: Served, body: str) -> None:
    answer = await operate.client.post(
        "/v1/variables/search", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "Invalid request")


async def test_late_searches_find_what_was_a_moment_ago() -> None:
    async with served(lag_ms=2000) as operate:
        await operate.client.post("/api/login", params={"username": "demo", "password": "demo"})
        operate.deploy(process("p", start(), end()))
        assert await found(operate, "process-definitions") == []
        operate.engine.clock.pin(NOW + 2000)
        assert len(await found(operate, "process-definitions")) == 1


async def test_the_engine_s_own_login_opens_it_too() -> None:
    async def only_ann(authorization: str) -> None:
        if authorization != "Bearer ann":
            raise Refusal("not ann")

    async with served(authenticate=only_ann) as operate:
        headers = {"authorization": "Bearer ann", "content-type": "application/json"}
        assert (await operate.post("/v1/variables/search")).status_code == 401
        opened = await operate.client.post("/v1/variables/search", headers=headers, content=json.dumps({}))
        assert opened.status_code == 200


async def test_a_fault_on_request_is_told_as_a_refusal() -> None:
    async def busy(_name: str) -> None:
        raise Rejected(Code.EXCEEDED, "busy")

    async with served(faults=busy) as operate:
        await operate.client.post("/api/login", params={"username": "demo", "password": "demo"})
        answer = await operate.post("/v1/variables/search")
        assert (answer.status_code, answer.json()["message"]) == (503, "busy")
