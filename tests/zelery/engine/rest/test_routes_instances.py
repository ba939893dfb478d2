from __future__ import annotations

from typing import Any

from tests.zelery.engine.rules.builder import call, end, process, service, start, sub_process
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd


def nested(there: Served) -> int:
    """Starts a process that has called another one, whose job in a sub-process has failed for good."""
    inner = sub_process("sub", start("in"), service("work"), end("out"))
    there.deploy(process("p", start(), call("called", "c"), end()), process("c", start("b"), inner, end("e")))
    key = there.start()
    there.engine.execute(cmd.FailJob(there.job("work"), 0, "broken"))
    return key


def child_of(there: Served, key: int) -> int:
    return next(each.key for each in there.history.instances.values() if each.parent_key == key)


async def incidents(there: Served, path: str, body: Any = None) -> list[str]:
    answer = await there.post(f"/v2/{path}/incidents/search", body)
    assert answer.status_code == 200, answer.text
    return [item["elementId"] for item in answer.json()["items"]]


async def test_flows_are_listed_once_with_their_instance() -> None:
    async with served() as there:
        (definition,) = there.deploy(process("p", start(), service("work"), end()))
        key = there.start()
        answer = await there.get(f"/v2/process-instances/{key}/sequence-flows")
        assert answer.json() == {
            "items": [
                {
                    "rootProcessInstanceKey": str(key),
                    "sequenceFlowId": f"{key}_start_to_work",
                    "processInstanceKey": str(key),
                    "processDefinitionKey": str(definition),
                    "processDefinitionId": "p",
                    "elementId": "start_to_work",
                    "tenantId": "<default>",
                }
            ]
        }


async def test_an_instance_that_there_is_not_has_no_flows_and_no_counts() -> None:
    async with served() as there:
        for path in ("sequence-flows", "statistics/element-instances"):
            answer = await there.get(f"/v2/process-instances/1/{path}")
            assert (answer.status_code, answer.json()) == (200, {"items": []})


async def test_a_call_hierarchy_begins_with_the_outermost_instance() -> None:
    async with served() as there:
        key = nested(there)
        answer = await there.get(f"/v2/process-instances/{child_of(there, key)}/call-hierarchy")
        assert [each["processInstanceKey"] for each in answer.json()] == [str(key), str(child_of(there, key))]
        assert [each["processDefinitionName"] for each in answer.json()] == ["p", "c"]
        assert (await there.get("/v2/process-instances/1/call-hierarchy")).status_code == 404


async def test_incidents_of_an_instance_are_those_of_its_callees_too() -> None:
    async with served() as there:
        key = nested(there)
        assert await incidents(there, f"process-instances/{key}") == ["work"]
        assert await incidents(there, f"process-instances/{key}", {"filter": {"state": "RESOLVED"}}) == []
        child = {"filter": {"processInstanceKey": str(child_of(there, key))}}
        assert await incidents(there, f"process-instances/{key}", child) == ["work"]
        other = there.start("c")
        assert await incidents(there, f"process-instances/{other}") == []
        assert (await there.post("/v2/process-instances/1/incidents/search")).status_code == 404


async def test_incidents_of_an_element_are_those_within_and_beneath_it() -> None:
    async with served() as there:
        nested(there)
        keys = {each.element.id: each.key for each in there.history.elements.values()}
        for element in ("work", "sub", "c", "called", "p"):
            assert await incidents(there, f"element-instances/{keys[element]}") == ["work"], element
        assert await incidents(there, f"element-instances/{keys['b']}") == []
        assert (await there.post("/v2/element-instances/1/incidents/search")).status_code == 404


async def test_an_instance_is_deleted_when_it_has_ended() -> None:
    async with served() as there:
        there.deploy(process("p", start(), service("work"), end()))
        key = there.start(a=1)
        refused = await there.post(f"/v2/process-instances/{key}/deletion")
        assert (refused.status_code, refused.json()["title"]) == (409, "INVALID_STATE")
        there.engine.execute(cmd.CompleteJob(there.job("work")))
        assert (await there.post(f"/v2/process-instances/{key}/deletion")).status_code == 204
        assert (await there.get(f"/v2/process-instances/{key}")).status_code == 404
        assert await there.search("variables") == await there.search("jobs") == []
        assert (await there.post(f"/v2/process-instances/{key}/deletion")).status_code == 404


async def test_deletion_and_incidents_of_elements_came_with_8_9() -> None:
    async with served("8.8") as there:
        key = nested(there)
        for path in (f"/v2/process-instances/{key}/deletion", f"/v2/element-instances/{key}/incidents/search"):
            answer = await there.post(path)
            assert (answer.status_code, answer.json()["detail"]) == (404, f"No endpoint POST {path}.")
