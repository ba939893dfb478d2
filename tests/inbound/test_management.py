"""What operators ask, in the Java runtime's JSON, the same from every replica."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from inbound.executables import Point, State
from tests.fakes import FakeGateway
from tests.inbound.calls import Served, serving
from tests.inbound.elements import element, executable
from zelery.errors import PushbackError
from zelery.redis import IMPORT

pytestmark = pytest.mark.integration

ORDERS = executable(
    element("start", properties={"inbound.context": "orders", "inbound.token": "{{secrets.T}}", "resultVariable": "r"}),
    id="1" * 64,
)
QUEUED = executable(
    element("start", process_id="other", tenant_id="t", properties={"inbound.context": "orders"}),
    id="2" * 64,
    state=State.QUEUED,
    reason="Context: orders already in use by: process order(start)",
)
FAILED = executable(
    element("queue", process_id="queue", properties={"inbound.type": "tests:ticks:1", "inbound.context": "?"}),
    id="3" * 64,
    state=State.FAILED,
    reason="no such queue",
    kind=None,
    activated_ms=None,
)
TICKS = executable(
    element("a", point=Point.MESSAGE, process_id="ticks", properties={"inbound.type": "tests:ticks:1"}),
    element("b", point=Point.MESSAGE, process_id="ticks", properties={"inbound.type": "tests:ticks:1"}),
    id="4" * 64,
    kind="subscription",
)
UNKNOWN = executable(
    element("x", process_id="z", properties={"inbound.type": "none:1"}),
    id="5" * 64,
    state=State.UNREGISTERED,
    reason="Connector none:1 not registered",
    kind=None,
    activated_ms=None,
)
ALL = (ORDERS, QUEUED, FAILED, TICKS, UNKNOWN)


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def served(redis_url: str, gateway: FakeGateway) -> AsyncIterator[Served]:
    async with serving(redis_url, gateway=gateway) as served:
        await served.write(*ALL)
        yield served


async def got(served: Served, path: str) -> Any:
    response = await served.client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def ids(served: Served, path: str) -> list[str]:
    return [each["executableId"][0] for each in await got(served, path)]


# -- errors


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/inbound-instances/none:1:2", "Data of type 'ConnectorInstances' with id 'none:1:2' not found"),
        (
            "/inbound-instances/tests:hook:1/executables/x",
            "Data of type 'ActiveInboundConnectorResponse' with id 'x' not found",
        ),
        (
            "/inbound-instances/tests:hook:1/executables/x/health",
            "Data of type 'ActiveInboundConnectorResponse' with id 'x' not found",
        ),
        (
            "/inbound-instances/tests:hook:1/executables/x/logs",
            "Data of type 'ActiveInboundConnectorResponse' with id 'x' not found",
        ),
        ("/inbound-instances/x/logs", "Data of type 'ActiveInboundConnectorResponse' with id 'x' not found"),
        ("/actuator/health/none", ""),
    ],
)
async def test_what_there_is_not_is_404_in_camundas_words(served: Served, path: str, words: str) -> None:
    response = await served.client.get(path)
    assert (response.status_code, response.text) == (404, words)


@pytest.mark.parametrize("path", ["/inbound", "/inbound-instances", "/actuator/health", "/actuator/prometheus"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
async def test_nothing_is_changed_here(served: Served, method: str, path: str) -> None:
    response = await served.client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


async def test_options_says_what_may_be_asked(served: Served) -> None:
    response = await served.client.options("/inbound")
    assert (response.status_code, response.headers["allow"]) == (200, "GET,HEAD,OPTIONS")


@pytest.mark.parametrize(
    "path", ["/inbound", "/inbound-instances", f"/inbound-instances/{'1' * 64}/logs", "/actuator/prometheus"]
)
async def test_a_redis_that_is_away_is_503_and_never_500(path: str) -> None:
    async with serving("redis://:hunter2@127.0.0.1:1/0") as served:
        served.host.store.live[ORDERS.id] = ORDERS
        response = await served.client.get(path)
    assert response.status_code == 503
    assert "Redis does not answer" in response.json()["reason"]
    assert "hunter2" not in response.text


# -- what lives


async def test_the_list_shows_every_executable_with_its_elements_and_health(served: Served) -> None:
    found = {each["executableId"][0]: each for each in await got(served, "/inbound")}
    assert set(found) == {"1", "2", "3", "4", "5"}
    assert found["1"] == {
        "executableId": "1" * 64,
        "type": "tests:hook:1",
        "tenantId": "<default>",
        "elements": [
            {
                "bpmnProcessId": "order",
                "version": 1,
                "processDefinitionKey": ORDERS.elements[0].definition_key,
                "elementId": "start",
                "tenantId": "<default>",
                "elementName": None,
                "elementType": "startEvent",
                "elementTemplateDetails": None,
                "properties": dict(ORDERS.elements[0].properties),
            }
        ],
        "data": {"path": "orders"},
        "health": {"status": "UP", "error": None, "details": None},
        "activationTimestamp": 1_000,
    }
    assert found["2"]["data"] == found["3"]["data"] == {}
    assert [each["elementId"] for each in found["4"]["elements"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("2", {"code": "IllegalStateException", "message": QUEUED.reason}),
        ("3", {"code": "Activation failure", "message": "no such queue"}),
        ("5", {"code": "Activation failure", "message": "Connector none:1 not registered"}),
    ],
)
async def test_what_does_not_live_is_down_and_says_why(served: Served, number: str, error: dict[str, str]) -> None:
    (health,) = await got(served, f"/inbound-instances/any/executables/{number * 64}/health")
    assert health == {"status": "DOWN", "error": error, "details": None}


async def test_what_lives_is_as_it_last_said(served: Served) -> None:
    path = f"/inbound-instances/tests:ticks:1/executables/{TICKS.id}"
    assert (await got(served, path))["health"]["status"] == "UNKNOWN"
    served.host.activity.health(TICKS.id, "DOWN", ("OSError", "refused"), {"queue": "q"})
    await served.host.activity.write()
    assert (await got(served, path))["health"] == {
        "status": "DOWN",
        "error": {"code": "OSError", "message": "refused"},
        "details": {"queue": "q"},
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "13254"),
        ("?type=tests:ticks:1", "34"),
        ("?type=none", ""),
        ("?bpmnProcessId=order", "1"),
        ("?elementId=start", "12"),
        ("?bpmnProcessId=ticks&elementId=b", "4"),
        ("?bpmnProcessId=ticks&elementId=start", ""),
        ("?nonsense=1", "13254"),
    ],
)
async def test_the_list_is_narrowed_by_what_is_asked(served: Served, query: str, found: str) -> None:
    assert sorted(await ids(served, f"/inbound{query}")) == sorted(found)


async def test_a_tenant_has_a_list_of_its_own(served: Served) -> None:
    assert await ids(served, "/tenants/t/inbound") == ["2"]
    assert await ids(served, "/tenants/none/inbound") == []


async def test_instances_stand_under_their_connector_with_its_name(served: Served) -> None:
    found = await got(served, "/inbound-instances")
    assert {each["connectorId"]: (each["connectorName"], len(each["instances"])) for each in found} == {
        "tests:hook:1": ("Test Hook", 2),
        "tests:ticks:1": ("Test Ticks", 2),
        "none:1": ("none:1", 1),
    }
    assert await got(served, "/inbound-instances/none:1") == next(e for e in found if e["connectorId"] == "none:1")


async def test_one_instance_shows_its_configuration_as_the_model_has_it(served: Served) -> None:
    found = await got(served, f"/inbound-instances/tests:hook:1/executables/{ORDERS.id}")
    assert found["data"] == {"inbound.context": "orders", "inbound.token": "{{secrets.T}}", "resultVariable": "r"}


async def test_what_this_replica_has_done_is_in_the_log_at_once(served: Served) -> None:
    """Entries are written a few times a second: who has had its answer may ask for the log before that."""
    for number in range(20):
        served.host.activity.log(TICKS.id, "INFO", "tag", str(number))
        # The next write may have begun, and not ended, when the log is asked for.
        under_way = asyncio.create_task(served.host.activity.write())
        await asyncio.sleep(0)
        shown = await got(served, f"/inbound-instances/{TICKS.id}/logs")
        assert [each["message"] for each in shown] == [str(each) for each in range(number + 1)]
        await under_way


async def test_who_asks_for_the_health_is_told_that_of_this_moment(served: Served) -> None:
    for status in ("UP", "DOWN", "UP"):
        served.host.activity.health(TICKS.id, status)
        found = await got(served, f"/inbound-instances/tests:ticks:1/executables/{TICKS.id}/health")
        assert [each["status"] for each in found] == [status]


async def test_the_log_is_the_same_wherever_it_is_asked_for(served: Served) -> None:
    served.host.activity.log(TICKS.id, "INFO", "Lifecycle", "Activated")
    ((entry,),) = await got(served, "/tenants/<default>/inbound/ticks/b/logs")
    assert (entry["severity"], entry["tag"], entry["message"]) == ("INFO", "Lifecycle", "Activated")
    assert await got(served, f"/inbound-instances/tests:ticks:1/executables/{TICKS.id}/logs") == [entry]
    assert await got(served, f"/inbound-instances/{TICKS.id}/logs") == [entry]
    assert await got(served, "/tenants/<default>/inbound/none/b/logs") == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_logs_is_no_webhooks_path(served: Served, method: str) -> None:
    response = await served.client.request(method, "/inbound/logs")
    assert (response.status_code, response.content) == (200, b"")


# -- every replica


async def test_two_replicas_say_the_same(served: Served, redis_url: str) -> None:
    served.host.activity.health(TICKS.id, "UP")
    served.host.activity.log(TICKS.id, "INFO", "tag", "message")
    served.host.metrics.count("camunda_connector_inbound_triggers", "triggered", "t:1")
    await served.host.activity.write()
    await served.host.metrics.write()
    async with serving(redis_url) as other:
        await other.host.store.follow()
        for path in (
            "/inbound",
            "/inbound-instances",
            f"/inbound-instances/{TICKS.id}/logs",
            "/actuator/prometheus",
            "/actuator/health",
        ):
            one, two = await served.client.get(path), await other.client.get(path)
            assert (one.status_code, one.text) == (two.status_code, two.text) == (200, one.text), path


# -- health and metrics


async def health(served: Served, path: str = "") -> tuple[int, Any]:
    response: httpx.Response = await served.client.get(f"/actuator/health{path}")
    return response.status_code, response.json()


async def test_all_is_well(served: Served) -> None:
    zeebe = {"status": "UP", "details": {"anyPartitionHealthy": True, "numBrokers": 1}}
    imports = {"status": "UP", "details": {"operateEnabled": True}}
    both = {"zeebeClient": zeebe, "processDefinitionImport": imports}
    assert await health(served) == (200, {"status": "UP", "components": both, "groups": ["liveness", "readiness"]})
    assert await health(served, "/readiness") == (200, {"status": "UP", "components": both})
    assert await health(served, "/liveness") == (200, {"status": "UP", "components": {"zeebeClient": zeebe}})
    assert await health(served, "/zeebeClient") == (200, zeebe)
    assert await health(served, "/operate") == await health(served, "/processDefinitionImport") == (200, imports)


async def test_definitions_that_cannot_be_read_make_it_not_ready_and_leave_it_alive(served: Served) -> None:
    await served.redis.set(IMPORT, json.dumps({"ok": False, "at_ms": 1, "why": "Operate is away"}))
    assert (await health(served))[0] == 503
    assert (await health(served, "/readiness"))[0] == 503
    assert (await health(served, "/liveness"))[0] == 200
    assert (await health(served, "/operate"))[1]["status"] == "DOWN"


async def test_a_zeebe_that_is_away_makes_it_down(served: Served, gateway: FakeGateway) -> None:
    async def away() -> tuple[int, bool]:
        raise PushbackError("away", status="UNAVAILABLE")

    gateway.brokers = away  # type: ignore[method-assign]  # as a server that is down
    assert await health(served, "/zeebeClient") == (503, {"status": "DOWN", "details": {"error": "UNAVAILABLE"}})
    assert (await health(served, "/liveness"))[0] == 503


async def test_counters_are_under_the_names_of_dashboards(served: Served) -> None:
    served.host.metrics.count("camunda_connector_inbound_activations", "activated", "t:1")
    await served.host.metrics.write()
    response = await served.client.get("/actuator/prometheus")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    (sample,) = (
        each
        for family in text_string_to_metric_families(response.text)
        for each in family.samples
        if each.name == "camunda_connector_inbound_activations_total"
    )
    assert (sample.labels, sample.value) == ({"action": "activated", "type": "t:1"}, 1)


async def test_head_is_get_without_a_body(served: Served) -> None:
    response = await served.client.head("/inbound")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 100
