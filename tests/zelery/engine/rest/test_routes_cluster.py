from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import boundary, catch, end, path, process, service, start, user
from tests.zelery.engine.rules.definitions import message, signal, timer
from tests.zelery.engine.served import NOW, Served, served
from zelery.engine.auth import Refusal, basic
from zelery.engine.errors import Code, Rejected
from zelery.engine.rest.fields import LINES


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        yield found


@pytest.mark.parametrize("line", LINES)
async def test_the_topology_is_one_healthy_broker_of_the_line(line: str) -> None:
    async with served(line) as there:
        found = (await there.get("/v2/topology")).json()
        assert (found["gatewayVersion"], found["clusterSize"]) == (f"{line}.0", 1)
        assert ("clusterId" in found) is (line != "8.8")
        (broker,) = found["brokers"]
        assert broker["partitions"][0]["role"] == "leader"
        assert ("brokerId" in broker) is (line == "8.10")


async def test_the_cluster_says_that_it_is_there(there: Served) -> None:
    assert (await there.get("/v2/status")).status_code == 204
    assert (await there.get("/v2/license")).json()["validLicense"] is False
    assert (await there.get("/v2/authentication/me")).json()["username"] == "demo"
    assert (await there.get("/actuator/health")).json() == {"status": "UP"}
    assert (await there.get("/actuator/health/readiness")).json() == {"status": "UP"}


async def test_the_configuration_came_with_8_9_and_says_more_in_8_10() -> None:
    for line, names in (("8.9", 1), ("8.10", 5)):
        async with served(line) as there:
            assert len((await there.get("/v2/system/configuration")).json()) == names
    async with served("8.8") as there:
        assert (await there.get("/v2/system/configuration")).status_code == 404


async def test_counters_tell_of_jobs_instances_and_incidents(there: Served) -> None:
    there.deploy(process("p", start(), service("work"), end()))
    there.start()
    there.start()
    body = {"type": "work", "timeout": 1, "maxJobsToActivate": 1, "requestTimeout": -1}
    (job,) = (await there.post("/v2/jobs/activation", body)).json()["jobs"]
    await there.post(f"/v2/jobs/{job['jobKey']}/completion")
    lines = (await there.get("/actuator/prometheus")).text.splitlines()
    for name, value in (
        ("process_instances_created_total", 2),
        ("jobs_created_total", 2),
        ("jobs_activated_total", 1),
        ("jobs_completed_total", 1),
        ("incidents_created_total", 0),
        ("jobs_open", 1),
    ):
        assert f"zelery_engine_{name} {value}" in lines


async def test_a_pinned_clock_lets_pass_what_is_due(there: Served) -> None:
    there.deploy(process("p", start(), catch("wait", timer(duration="PT1H")), end()))
    there.start()
    pinned = await there.client.put("/v2/clock", json={"timestamp": NOW + 3_600_000})
    assert pinned.status_code == 204
    (found,) = await there.search("process-instances")
    assert (found["state"], found["endDate"]) == ("COMPLETED", "2026-09-21T15:13:20.000Z")
    assert (await there.post("/v2/clock/reset")).status_code == 204
    assert not there.engine.clock.pinned


async def test_an_expression_sees_variables_and_those_of_a_scope(there: Served) -> None:
    there.deploy(process("p", start(), service("work"), end()))
    key = there.start(a=2)
    path_ = "/v2/expression/evaluation"
    answer = (await there.post(path_, {"expression": "= a * b", "scopeKey": str(key), "variables": {"b": 21}})).json()
    assert (answer["result"], answer["warnings"], answer["referencedSecrets"]) == (42, [], [])
    answer = (await there.post(path_, {"expression": "= a + 1"})).json()
    assert answer["result"] is None
    assert answer["warnings"]
    for body, status in (
        ({"expression": "a"}, 400),
        ({"expression": "= ("}, 400),
        ({"expression": "= 1", "scopeKey": "1"}, 404),
    ):
        assert (await there.post(path_, body)).status_code == status


@pytest.mark.parametrize("scope", ["global", "tenants/<default>"])
async def test_a_cluster_variable_is_created_changed_and_deleted(there: Served, scope: str) -> None:
    base = f"/v2/cluster-variables/{scope}"
    made = await there.post(base, {"name": "limit", "value": {"max": 5}})
    assert (made.status_code, made.json()["value"]) == (200, '{"max":5}')
    again = await there.post(base, {"name": "limit", "value": 1})
    assert (again.status_code, again.json()["title"]) == (409, "ALREADY_EXISTS")
    changed = await there.client.put(f"{base}/limit", json={"value": "x" * 9000})
    assert len(changed.json()["value"]) == 9002
    (found,) = await there.search("cluster-variables", {"name": "limit"})
    assert (len(found["value"]), found["isTruncated"]) == (8191, True)
    assert (await there.client.delete(f"{base}/limit")).status_code == 204
    for method in ("GET", "DELETE"):
        answer = await there.client.request(method, f"{base}/limit")
        assert (answer.status_code, answer.json()["title"]) == (404, "NOT_FOUND")
    assert (await there.client.put(f"{base}/limit", json={"value": 1})).status_code == 404


async def test_what_elements_wait_for_is_listed_from_8_10_on() -> None:
    async with served() as there:
        there.deploy(
            process(
                "p",
                path(start(), service("work"), user("ask"), catch("m", message("m", "= 1")), catch("s", signal("s"))),
                path("s", end()),
                path(boundary("late", "work", timer(duration="PT1H")), end("timed")),
            )
        )
        key = str(there.start())

        async def found(**filter_: Any) -> list[Any]:
            items = await there.search("element-instances/wait-states", {"processInstanceKey": key, **filter_})
            return sorted((each["elementId"], each["details"]["waitStateType"]) for each in items)

        assert await found() == [("work", "JOB"), ("work", "TIMER")]
        assert await found(waitStateType="JOB") == [("work", "JOB")]
        await there.post(f"/v2/jobs/{there.job('work')}/completion")
        assert await found() == [("ask", "USER_TASK")]
        (task,) = there.engine.state.user_tasks
        await there.post(f"/v2/user-tasks/{task}/completion")
        assert await found() == [("m", "MESSAGE")]
        await there.post("/v2/messages/publication", {"name": "m", "correlationKey": "1"})
        assert await found() == [("s", "SIGNAL")]
    async with served("8.9") as there:
        assert (await there.post("/v2/element-instances/wait-states/search")).status_code == 404


async def test_a_login_is_asked_for_where_one_is_set() -> None:
    async with served(authenticate=basic("ann", "é")) as there:
        refused = await there.get("/v2/topology")
        assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")
        assert (await there.client.get("/v2/topology", auth=("ann", "é"))).status_code == 200
        assert (await there.client.get("/v2/topology", headers={b"authorization": b"Basic \xff"})).status_code == 401
        assert (await there.get("/actuator/health")).status_code == 200


async def test_who_may_not_is_told_so() -> None:
    async def nobody(_authorization: str) -> None:
        raise Refusal("not you", forbidden=True)

    async with served(authenticate=nobody) as there:
        refused = await there.get("/v2/topology")
        assert (refused.status_code, refused.json()["title"]) == (403, "FORBIDDEN")


async def test_a_fault_on_request_is_told_as_a_refusal() -> None:
    async def busy(name: str) -> None:
        if name == "/v2/jobs/{key}/completion":
            raise Rejected(Code.EXCEEDED, "busy")

    async with served(faults=busy) as there:
        refused = await there.post("/v2/jobs/1/completion")
        assert (refused.status_code, refused.json()["title"]) == (503, "RESOURCE_EXHAUSTED")
        assert (await there.post("/v2/jobs/1/failure", {})).status_code == 404
