from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import ad_hoc, boundary, end, path, process, service, start, task
from tests.zelery.engine.rules.definitions import error
from tests.zelery.engine.served import NOW, Served, served
from zelery.engine import commands as cmd

ACTIVATION = {"type": "work", "timeout": 60_000, "maxJobsToActivate": 10, "worker": "w", "requestTimeout": -1}


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        found.deploy(
            process(
                "p",
                path(start(), service("work", retries="2", headers={"a": "b"}), end()),
                path(boundary("failed", "work", error("E")), end("other")),
            )
        )
        yield found


async def activated(there: Served, **more: Any) -> list[dict[str, Any]]:
    answer = await there.post("/v2/jobs/activation", {**ACTIVATION, **more})
    assert answer.status_code == 200, answer.text
    jobs: list[dict[str, Any]] = answer.json()["jobs"]
    return jobs


async def test_a_job_is_leased_with_all_that_a_worker_needs(there: Served) -> None:
    key = there.engine.execute(cmd.CreateInstance("p", variables={"x": 1}, tags=("t",), business_id="b-1")).key
    (job,) = await activated(there)
    assert job == {
        "type": "work",
        "processDefinitionId": "p",
        "processDefinitionVersion": 1,
        "elementId": "work",
        "customHeaders": {"a": "b"},
        "worker": "w",
        "retries": 2,
        "deadline": NOW + 60_000,
        "variables": {"x": 1},
        "tenantId": "<default>",
        "jobKey": str(there.job("work")),
        "processInstanceKey": str(key),
        "processDefinitionKey": str(next(iter(there.history.definitions))),
        "elementInstanceKey": (await there.search("element-instances", {"elementId": "work"}))[0]["elementInstanceKey"],
        "kind": "BPMN_ELEMENT",
        "listenerEventType": "UNSPECIFIED",
        "tags": ["t"],
        "userTask": None,
        "rootProcessInstanceKey": str(key),
        "businessId": "b-1",
        "priority": 0,
        "jobLeaseToken": None,
        "physicalTenantId": "default",
    }
    assert await activated(there) == []


async def test_only_the_variables_that_are_asked_for_are_fetched(there: Served) -> None:
    there.start(x=1, y=2)
    (job,) = await activated(there, fetchVariable=["y", "z"])
    assert job["variables"] == {"y": 2}


async def test_an_activation_waits_for_the_first_job(there: Served) -> None:
    waiting = asyncio.create_task(activated(there, requestTimeout=10_000))
    await asyncio.sleep(0)
    there.start(x=1)
    assert [job["variables"] for job in await waiting] == [{"x": 1}]


async def test_an_activation_ends_without_a_job_when_its_time_is_over(there: Served) -> None:
    assert await activated(there, requestTimeout=1) == []


async def test_a_completed_job_lets_its_instance_go_on(there: Served) -> None:
    key = there.start()
    answer = await there.post(f"/v2/jobs/{there.job('work')}/completion", {"variables": {"done": True}})
    assert (answer.status_code, answer.content) == (204, b"")
    (variable,) = await there.search("variables", {"processInstanceKey": str(key)})
    assert (variable["name"], variable["value"]) == ("done", "true")
    assert (await there.search("process-instances"))[0]["state"] == "COMPLETED"


async def test_a_failed_job_is_found_with_its_message_and_backoff(there: Served) -> None:
    there.start()
    body = {"retries": 1, "errorMessage": "no luck", "retryBackOff": 1000, "variables": {"why": 1}}
    assert (await there.post(f"/v2/jobs/{there.job('work')}/failure", body)).status_code == 204
    (job,) = await there.search("jobs", {"state": "FAILED", "hasFailedWithRetriesLeft": True})
    assert (job["retries"], job["errorMessage"]) == (1, "no luck")
    assert await activated(there) == []
    there.engine.clock.add(1000)
    there.engine.pass_due()
    assert len(await activated(there)) == 1


async def test_a_failure_that_says_no_retries_leaves_none(there: Served) -> None:
    there.start()
    assert (await there.post(f"/v2/jobs/{there.job('work')}/failure", {})).status_code == 204
    (incident,) = await there.search("incidents")
    assert (incident["errorType"], incident["jobKey"]) == ("JOB_NO_RETRIES", str(there.job("work")))


async def test_a_thrown_error_is_caught_with_its_variables(there: Served) -> None:
    there.start()
    job = there.job("work")
    body = {"errorCode": "E", "errorMessage": "bad", "variables": {"why": "x"}}
    assert (await there.post(f"/v2/jobs/{job}/error", body)).status_code == 204
    (found,) = await there.search("jobs", {"jobKey": str(job)})
    assert (found["state"], found["errorCode"], found["endTime"]) == ("ERROR_THROWN", "E", "2026-09-21T14:13:20.000Z")
    assert [each["elementId"] for each in await there.search("element-instances", {"type": "END_EVENT"})] == ["other"]


async def test_retries_and_the_lease_are_updated(there: Served) -> None:
    there.start()
    (job,) = await activated(there)
    changes = {"changeset": {"retries": 7, "timeout": 5000}}
    assert (await there.client.patch(f"/v2/jobs/{job['jobKey']}", json=changes)).status_code == 204
    (found,) = await there.search("jobs")
    assert (found["retries"], found["deadline"]) == (7, "2026-09-21T14:13:25.000Z")
    refused = await there.client.patch(f"/v2/jobs/{job['jobKey']}", json={"changeset": {}})
    assert (refused.status_code, refused.json()["title"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("method", "path_", "body"),
    [
        ("POST", "completion", {}),
        ("POST", "failure", {"retries": 1}),
        ("POST", "error", {"errorCode": "E"}),
        ("PATCH", "", {"changeset": {"retries": 1}}),
    ],
)
async def test_a_job_that_is_gone_is_not_found(there: Served, method: str, path_: str, body: Any) -> None:
    there.start()
    job = there.job("work")
    there.engine.execute(cmd.CompleteJob(job))
    answer = await there.client.request(method, f"/v2/jobs/{job}/{path_}".rstrip("/"), json=body)
    assert (answer.status_code, answer.json()["title"]) == (404, "NOT_FOUND")
    assert str(job) in answer.json()["detail"]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"type": ""}, "type"),
        ({"timeout": 0}, "timeout"),
        ({"maxJobsToActivate": -1}, "maxJobsToActivate"),
        ({"tenantIds": ["nobody"]}, "nobody"),
    ],
)
async def test_an_activation_that_cannot_be_is_refused(there: Served, more: dict[str, Any], word: str) -> None:
    answer = await there.post("/v2/jobs/activation", {**ACTIVATION, **more})
    assert (answer.status_code, answer.json()["title"]) == (400, "INVALID_ARGUMENT")
    assert word in answer.json()["detail"]


async def test_a_lease_may_end_after_the_calendar_does(there: Served) -> None:
    there.start()
    assert len(await activated(there, timeout=10**17)) == 1
    assert (await there.search("jobs"))[0]["deadline"] == "9999-12-31T23:59:59.000Z"


async def test_the_result_of_an_ad_hoc_job_activates_elements() -> None:
    async with served() as there:
        there.deploy(process("p", start(), ad_hoc("agent", task("a"), service("tool"), job_type="agent"), end()))
        there.start()
        (job,) = await activated(there, type="agent")
        assert job["kind"] == "AD_HOC_SUB_PROCESS"
        result = {"type": "adHocSubProcess", "activateElements": [{"elementId": "tool", "variables": {"q": 1}}]}
        assert (await there.post(f"/v2/jobs/{job['jobKey']}/completion", {"result": result})).status_code == 204
        (tool,) = await activated(there, type="tool")
        assert tool["variables"]["q"] == 1


async def test_lines_before_do_not_say_what_later_ones_do() -> None:
    for line, absent in (("8.8", {"rootProcessInstanceKey", "businessId"}), ("8.9", {"businessId", "priority"})):
        async with served(line) as there:
            there.deploy(process("p", start(), service("work"), end()))
            there.start()
            (job,) = await activated(there)
            assert not absent & job.keys()
