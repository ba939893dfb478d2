from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import catch, end, model, process, service, start, user
from tests.zelery.engine.rules.definitions import Tag, message, signal
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        found.deploy(process("p", start(), service("work"), end(), version_tag="v1"))
        yield found


async def created(there: Served, **body: Any) -> dict[str, Any]:
    answer = await there.post("/v2/process-instances", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(there: Served, path: str, body: Any) -> tuple[int, str, str]:
    problem = (await there.post(path, body)).json()
    return problem["status"], problem["title"], problem["detail"]


async def test_a_deployment_answers_with_each_resource() -> None:
    async with served() as there:
        files = [
            ("resources", ("p.bpmn", model(process("p", start(), end())))),
            ("resources", ("f.form", b'{"id": "f"}')),
        ]
        answer = (await there.client.post("/v2/deployments", files=files)).json()
        (definition,), (form,) = there.history.definitions, there.history.forms
        assert answer["tenantId"] == "<default>"
        assert [each["processDefinition"] for each in answer["deployments"]] == [
            {
                "processDefinitionId": "p",
                "processDefinitionVersion": 1,
                "resourceName": "p.bpmn",
                "tenantId": "<default>",
                "processDefinitionKey": str(definition),
            },
            None,
        ]
        assert answer["deployments"][1]["form"]["formKey"] == str(form)


async def test_a_deployment_that_is_none_is_refused(there: Served) -> None:
    assert (await there.post("/v2/deployments", {})).status_code == 415
    empty = await there.client.post("/v2/deployments", files={"other": ("a.bpmn", b"")})
    assert (empty.status_code, empty.json()["detail"]) == (400, "No resources provided")
    broken = await there.client.post("/v2/deployments", files={"resources": ("a.bpmn", b"<x")})
    assert (broken.status_code, broken.json()["title"]) == (400, "INVALID_ARGUMENT")
    headers = {"content-type": "multipart/form-data; boundary=b"}
    torn = await there.client.post("/v2/deployments", content=b"no form", headers=headers)
    assert (torn.status_code, torn.json()["title"]) == (400, "Bad Request")


async def test_a_resource_is_deleted_by_its_key(there: Served) -> None:
    (key,) = there.history.definitions
    answer = await there.post(f"/v2/resources/{key}/deletion")
    assert answer.json() == {"resourceKey": str(key), "batchOperation": None}
    status, title, detail = await refused(there, f"/v2/resources/{key}/deletion", {})
    assert (status, title) == (404, "NOT_FOUND")
    assert str(key) in detail


async def test_an_instance_is_created_by_id_key_version_or_tag(there: Served) -> None:
    (first,) = there.history.definitions
    there.deploy(process("p", start(), service("work"), end(), version_tag="v2"))
    assert (await created(there, processDefinitionId="p"))["processDefinitionVersion"] == 2
    assert (await created(there, processDefinitionId="p", processDefinitionVersion=1))["processDefinitionVersion"] == 1
    assert (await created(there, processDefinitionKey=str(first)))["processDefinitionVersion"] == 1
    tagged = await created(there, processDefinitionId="p", processDefinitionVersionTag="v1")
    assert tagged["processDefinitionKey"] == str(first)
    wrong = {"processDefinitionId": "p", "processDefinitionVersionTag": "v3"}
    assert (await refused(there, "/v2/process-instances", wrong))[:2] == (404, "NOT_FOUND")


async def test_a_created_instance_is_told_with_its_tags_and_business_id(there: Served) -> None:
    answer = await created(there, processDefinitionId="p", variables={"a": 1}, tags=["x"], businessId="b")
    (definition,), (key,) = there.history.definitions, there.history.instances
    assert answer == {
        "processDefinitionId": "p",
        "processDefinitionVersion": 1,
        "tenantId": "<default>",
        "variables": {},
        "processDefinitionKey": str(definition),
        "processInstanceKey": str(key),
        "tags": ["x"],
        "businessId": "b",
    }
    (found,) = await there.search("process-instances", {"businessId": "b", "tags": ["x"]})
    assert found["processInstanceKey"] == str(key)


async def test_the_end_of_an_instance_is_awaited_with_its_variables(there: Served) -> None:
    body = {"processDefinitionId": "p", "awaitCompletion": True, "variables": {"a": 1}, "fetchVariables": ["b"]}
    waiting = asyncio.create_task(there.post("/v2/process-instances", body))
    while not there.engine.state.jobs:
        await asyncio.sleep(0)
    there.engine.execute(cmd.CompleteJob(there.job("work"), {"b": 2}))
    assert (await waiting).json()["variables"] == {"b": 2}


async def test_an_end_that_does_not_come_in_time_is_a_504(there: Served) -> None:
    body = {"processDefinitionId": "p", "awaitCompletion": True, "requestTimeout": 1}
    assert (await refused(there, "/v2/process-instances", body))[0] == 504
    assert len(there.engine.state.instances) == 1


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 400, "Exactly one of"),
        ({"processDefinitionId": "p", "processDefinitionKey": "1"}, 400, "Exactly one of"),
        ({"processDefinitionId": "nobody"}, 404, "nobody"),
        ({"processDefinitionKey": "1"}, 404, "1"),
        ({"processDefinitionId": "p", "tenantId": "other"}, 400, "other"),
        ({"processDefinitionId": "p", "startInstructions": [{"elementId": "nothing"}]}, 400, "nothing"),
        (
            {
                "processDefinitionId": "p",
                "runtimeInstructions": [{"type": "TERMINATE_PROCESS_INSTANCE", "afterElementId": "work"}],
            },
            501,
            "runtimeInstructions",
        ),
    ],
)
async def test_an_instance_that_cannot_be_is_refused(there: Served, body: Any, status: int, word: str) -> None:
    found, _, detail = await refused(there, "/v2/process-instances", body)
    assert found == status
    assert word in detail
    assert not there.engine.state.instances


async def test_an_instance_is_canceled(there: Served) -> None:
    key = there.start()
    assert (await there.post(f"/v2/process-instances/{key}/cancellation")).status_code == 204
    assert (await there.search("process-instances"))[0]["state"] == "TERMINATED"
    assert (await refused(there, f"/v2/process-instances/{key}/cancellation", {}))[:2] == (404, "NOT_FOUND")


async def test_an_instance_migrates_to_another_version(there: Served) -> None:
    key = there.start()
    (target,) = there.deploy(process("p", start(), service("labour"), end()))
    body = {
        "targetProcessDefinitionKey": str(target),
        "mappingInstructions": [{"sourceElementId": "work", "targetElementId": "labour"}],
    }
    assert (await there.post(f"/v2/process-instances/{key}/migration", body)).status_code == 204
    assert (await there.search("process-instances"))[0]["processDefinitionKey"] == str(target)


async def test_variables_are_set_in_a_scope_or_where_they_are(there: Served) -> None:
    key = there.start(a=1)
    (element,) = await there.search("element-instances", {"elementId": "work"})
    scope = element["elementInstanceKey"]
    for local, value in ((True, 2), (False, 3)):
        body = {"variables": {"b": value} if local else {"a": value}, "local": local}
        assert (await there.client.put(f"/v2/element-instances/{scope}/variables", json=body)).status_code == 204
    found = {each["name"]: (each["value"], each["scopeKey"]) for each in await there.search("variables")}
    assert found == {"a": ("3", str(key)), "b": ("2", scope)}


async def test_an_incident_is_resolved_when_its_job_has_retries(there: Served) -> None:
    there.start()
    job = there.job("work")
    there.engine.execute(cmd.FailJob(job, 0))
    (incident,) = await there.search("incidents")
    path = f"/v2/incidents/{incident['incidentKey']}/resolution"
    assert (await refused(there, path, {}))[:2] == (409, "INVALID_STATE")
    there.engine.execute(cmd.UpdateJob(job, retries=1))
    assert (await there.post(path)).status_code == 204
    assert (await there.get(f"/v2/incidents/{incident['incidentKey']}")).json()["state"] == "RESOLVED"


async def test_messages_are_published_buffered_and_correlated() -> None:
    async with served() as there:
        there.deploy(process("p", start(), catch("wait", message("m", "= key")), end()))
        body = {"name": "m", "correlationKey": "1", "timeToLive": 60_000, "messageId": "x", "variables": {"a": 1}}
        answer = await there.post("/v2/messages/publication", body)
        assert answer.json().keys() == {"tenantId", "messageKey"}
        assert (await refused(there, "/v2/messages/publication", body))[:2] == (409, "ALREADY_EXISTS")
        there.start(key="1")
        (taken,) = await there.search("correlated-message-subscriptions")
        assert (taken["messageKey"], taken["messageName"]) == (answer.json()["messageKey"], "m")
        body = {"name": "m", "correlationKey": "2"}
        assert (await refused(there, "/v2/messages/correlation", body))[:2] == (404, "NOT_FOUND")
        key = there.start(key="2")
        answer = await there.post("/v2/messages/correlation", body)
        assert answer.json()["processInstanceKey"] == str(key)


async def test_a_signal_reaches_those_who_wait() -> None:
    async with served() as there:
        there.deploy(process("p", start(), catch("wait", signal("s")), end()))
        there.start()
        answer = await there.post("/v2/signals/broadcast", {"signalName": "s", "variables": {"a": 1}})
        assert answer.json().keys() == {"tenantId", "signalKey"}
        assert (await there.search("process-instances"))[0]["state"] == "COMPLETED"


async def test_a_user_task_is_assigned_changed_and_completed() -> None:
    async with served() as there:
        given = [Tag("zeebe:assignmentDefinition", {"candidateGroups": "a,b"})]
        there.deploy(process("p", start(), user("ask", name="Ask", extensions=given), end()))
        there.start(x=1)
        (task,) = await there.search("user-tasks", {"candidateGroup": "b"})
        path = f"/v2/user-tasks/{task['userTaskKey']}"
        assert (await there.post(f"{path}/assignment", {"assignee": "ann"})).status_code == 204
        other = {"assignee": "bob", "allowOverride": False}
        assert (await refused(there, f"{path}/assignment", other))[:2] == (409, "INVALID_STATE")
        assert (await there.client.delete(f"{path}/assignee")).status_code == 204
        changes = {"changeset": {"priority": 80, "candidateUsers": ["carl"], "dueDate": "2026-12-01T00:00:00Z"}}
        assert (await there.client.patch(path, json=changes)).status_code == 204
        found = (await there.get(path)).json()
        assert [found[name] for name in ("assignee", "priority", "candidateUsers")] == [None, 80, ["carl"]]
        assert (await there.post(f"{path}/completion", {"variables": {"ok": True}})).status_code == 204
        assert (await there.get(path)).json()["state"] == "COMPLETED"
        assert {each["name"] for each in await there.search("variables")} == {"x", "ok"}
        assert (await refused(there, f"{path}/completion", {}))[:2] == (404, "NOT_FOUND")


async def test_a_user_task_sees_the_variables_of_the_scopes_around_it() -> None:
    async with served() as there:
        there.deploy(process("p", start(), user("ask", inputs={"a": "= 2", "b": "= 3"}), end()))
        there.start(a=1, c=4)
        (task,) = await there.search("user-tasks")
        path = f"/v2/user-tasks/{task['userTaskKey']}"
        everything = (await there.post(f"{path}/variables/search")).json()["items"]
        assert sorted((each["name"], each["value"]) for each in everything) == [
            ("a", "1"),
            ("a", "2"),
            ("b", "3"),
            ("c", "4"),
        ]
        effective = (await there.post(f"{path}/effective-variables/search")).json()["items"]
        assert sorted((each["name"], each["value"]) for each in effective) == [("a", "2"), ("b", "3"), ("c", "4")]


@pytest.mark.parametrize("key", ["x", "²", "9" * 5000, "1.5", "9223372036854775808"])
async def test_a_key_that_is_none_is_refused(there: Served, key: str) -> None:
    status, title, detail = await refused(there, f"/v2/process-instances/{key}/cancellation", {})
    assert (status, title) == (400, "Bad Request")
    assert len(detail) < 200


async def test_a_path_that_is_not_served_is_not_found(there: Served) -> None:
    answer = await there.post("/v2/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No endpoint POST /v2/nothing.",
        "instance": "/v2/nothing",
    }
