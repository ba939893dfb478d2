from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import ad_hoc, end, process, service, start, task
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd

AT = "2026-09-21T14:13:20Z"


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        found.deploy(process("p", start(), ad_hoc("agent", task("tool"), job_type="agent"), end()))
        found.start()
        yield found


def told(there: Served, *history: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request that tells of the agent's turn."""
    job = next(iter(there.engine.state.jobs.values()))
    return {
        "elementInstanceKey": str(job.element.key),
        "jobKey": str(job.key),
        "jobLeaseToken": "t",
        "history": [{"historyItemId": f"i{number}", "producedAt": AT, **each} for number, each in enumerate(history)],
        **more,
    }


CONFIGURED = {
    "role": "CONFIGURATION",
    "loopIteration": 0,
    "model": "m",
    "provider": "p",
    "limits": {"maxModelCalls": 10, "maxToolCalls": -1, "maxTokens": -1},
    "tools": [{"name": "tool", "description": None, "elementId": "tool"}],
}
ANSWERED = {
    "role": "ASSISTANT",
    "loopIteration": 1,
    "content": [{"contentType": "text", "text": "hello"}],
    "metrics": {"inputTokens": 5, "outputTokens": 7},
    "toolCalls": [{"toolCallId": "c", "toolName": "tool", "elementId": "tool", "arguments": {}}],
}


async def test_an_agent_is_created_once_an_element_instance(there: Served) -> None:
    made = await there.post("/v2/agent-instances", told(there, CONFIGURED))
    assert made.status_code == 200
    key = made.json()["agentInstanceKey"]
    assert [each["isDuplicate"] for each in made.json()["createdHistory"]] == [False]
    again = await there.post("/v2/agent-instances", told(there, CONFIGURED))
    assert (again.status_code, again.json()["title"]) == (409, "ALREADY_EXISTS")
    assert key in again.json()["detail"]


async def test_an_agent_says_what_its_history_comes_to(there: Served) -> None:
    made = (await there.post("/v2/agent-instances", told(there, CONFIGURED))).json()
    path = f"/v2/agent-instances/{made['agentInstanceKey']}"
    assert (await there.get(path)).json()["status"] == "INITIALIZING"
    update = told(there, CONFIGURED, ANSWERED, status="TOOL_CALLING")
    answer = (await there.client.patch(path, json=update)).json()
    assert [each["isDuplicate"] for each in answer["createdHistory"]] == [True, False]
    found = (await there.get(path)).json()
    assert found["status"] == "TOOL_CALLING"
    assert found["definition"] == {"model": "m", "provider": "p", "systemPrompt": []}
    assert found["limits"]["maxModelCalls"] == 10
    assert [found["metrics"][name] for name in ("inputTokens", "outputTokens", "modelCalls", "toolCalls")] == [
        5,
        7,
        1,
        1,
    ]
    assert await there.search("agent-instances", {"status": "TOOL_CALLING", "elementId": "agent"}) == [found]
    assert await there.search("agent-instances", {"elementInstanceKeys": ["1"]}) == []


async def test_a_history_is_committed_with_its_job(there: Served) -> None:
    made = (await there.post("/v2/agent-instances", told(there, CONFIGURED, ANSWERED))).json()
    path = f"agent-instances/{made['agentInstanceKey']}/history"
    assert {each["commitStatus"] for each in await there.search(path)} == {"PENDING"}
    done = cmd.JobResult(completion_condition_fulfilled=True)
    there.engine.execute(cmd.CompleteJob(there.job("agent"), {}, done))
    (found,) = await there.search(path, {"role": "ASSISTANT"})
    assert (found["commitStatus"], found["content"]) == ("COMMITTED", ANSWERED["content"])
    agent = (await there.get(f"/v2/agent-instances/{made['agentInstanceKey']}")).json()
    assert (agent["status"], agent["completionDate"]) == ("COMPLETED", "2026-09-21T14:13:20.000Z")


async def test_an_agent_s_definition_is_its_element(there: Served) -> None:
    await there.post("/v2/agent-instances", told(there, CONFIGURED))
    (found,) = await there.search("agent-definitions")
    assert (found["agentType"], found["elementId"]) == ("AI_AGENT_SUB_PROCESS", "agent")
    assert (await there.get(f"/v2/agent-definitions/{found['agentDefinitionKey']}")).json() == found
    assert (await there.get("/v2/agent-definitions/1")).status_code == 404


async def test_an_agent_that_there_is_not_is_not_found(there: Served) -> None:
    body = told(there, CONFIGURED)
    assert (await there.get("/v2/agent-instances/1")).status_code == 404
    assert (await there.client.patch("/v2/agent-instances/1", json=body)).status_code == 404
    assert (await there.post("/v2/agent-instances/1/history/search")).status_code == 404
    gone = {**body, "elementInstanceKey": "1"}
    assert (await there.post("/v2/agent-instances", gone)).status_code == 404


async def test_an_agent_is_forgotten_with_its_instance(there: Served) -> None:
    made = (await there.post("/v2/agent-instances", told(there, CONFIGURED))).json()
    (instance,) = there.engine.state.instances
    there.engine.execute(cmd.CancelInstance(instance))
    await there.post(f"/v2/process-instances/{instance}/deletion")
    there.start()
    await there.post("/v2/agent-instances", told(there, CONFIGURED))
    assert (await there.get(f"/v2/agent-instances/{made['agentInstanceKey']}")).status_code == 404
    assert len(await there.search("agent-instances")) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"status": "ASLEEP"},
        {"history": [{"historyItemId": "i", "role": "USER", "loopIteration": 1}]},
        {"history": [{"historyItemId": "i", "role": "NOBODY", "loopIteration": 1, "producedAt": AT}]},
        {"nonsense": 1},
    ],
)
async def test_what_no_agent_tells_is_refused(there: Served, more: dict[str, Any]) -> None:
    made = (await there.post("/v2/agent-instances", told(there, CONFIGURED))).json()
    body = {**told(there), **more}
    answer = await there.client.patch(f"/v2/agent-instances/{made['agentInstanceKey']}", json=body)
    assert answer.status_code == 400


async def test_agents_came_with_8_10() -> None:
    async with served("8.9") as there:
        there.deploy(process("p", start(), service("work"), end()))
        assert (await there.post("/v2/agent-instances/search")).status_code == 404
