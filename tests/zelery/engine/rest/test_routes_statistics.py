from __future__ import annotations

from typing import Any

from tests.zelery.engine.rules.builder import catch, end, path, process, service, start
from tests.zelery.engine.rules.definitions import message
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd


def row(element_id: str, **counted: int) -> dict[str, Any]:
    return {"elementId": element_id, "active": 0, "canceled": 0, "incidents": 0, "completed": 0, **counted}


def worked(there: Served) -> tuple[int, list[int]]:
    """A definition with an instance that has failed, one that was canceled, one that waits; and their keys."""
    (definition,) = there.deploy(process("p", start(), service("work"), end()))
    keys = [there.start(n=number) for number in range(3)]
    there.engine.execute(cmd.FailJob(there.job("work"), 0))
    there.engine.execute(cmd.CancelInstance(keys[1]))
    return definition, keys


async def test_element_instances_are_counted_by_element_and_state() -> None:
    async with served() as there:
        definition, keys = worked(there)
        answer = await there.post(f"/v2/process-definitions/{definition}/statistics/element-instances")
        assert answer.json()["items"] == [row("start", completed=3), row("work", incidents=1, canceled=1, active=1)]
        answer = await there.get(f"/v2/process-instances/{keys[0]}/statistics/element-instances")
        assert answer.json()["items"] == [row("start", completed=1), row("work", incidents=1)]


async def test_counts_of_a_definition_are_of_the_instances_that_their_filter_matches() -> None:
    async with served() as there:
        definition, _ = worked(there)
        path_ = f"/v2/process-definitions/{definition}/statistics/element-instances"
        for filter_, found in (
            ({"hasIncident": True}, [row("start", completed=1), row("work", incidents=1)]),
            ({"state": "TERMINATED"}, [row("start", completed=1), row("work", canceled=1)]),
            ({"variables": [{"name": "n", "value": "2"}]}, [row("start", completed=1), row("work", active=1)]),
            ({"businessId": "other"}, []),
        ):
            assert (await there.post(path_, {"filter": filter_})).json()["items"] == found
        refused = await there.post(path_, {"filter": {"nope": 1}})
        assert refused.json()["detail"] == "Request property [filter.nope] cannot be parsed"
        assert (await there.post(path_, {"page": {}})).json()["detail"] == "Request property [page] cannot be parsed"


async def test_message_subscriptions_are_counted_by_definition() -> None:
    async with served("8.9") as there:
        waits = path(
            start("by", message("begin")), catch("a", message("a", "= key")), catch("b", message("b", "= key"))
        )
        (definition,) = there.deploy(process("p", waits, path("b", end())))
        for key in ("1", "2"):
            there.engine.execute(cmd.PublishMessage("begin", key, variables={"key": key}))
        there.engine.execute(cmd.PublishMessage("a", "1"))
        path_ = "/v2/process-definitions/statistics/message-subscriptions"
        answer = await there.post(path_, {"filter": {"messageSubscriptionState": "CREATED"}})
        (counted,) = answer.json()["items"]
        assert counted == {
            "processDefinitionId": "p",
            "tenantId": "<default>",
            "processDefinitionKey": str(definition),
            "processInstancesWithActiveSubscriptions": 2,
            "activeSubscriptions": 2,
        }
        assert answer.json()["page"]["totalItems"] == 1


async def test_subscriptions_of_start_events_are_counted_from_8_10_on() -> None:
    for line, counted in (("8.9", 0), ("8.10", 1)):
        async with served(line) as there:
            there.deploy(process("p", start(event=message("begin")), end()))
            answer = await there.post("/v2/process-definitions/statistics/message-subscriptions")
            assert len(answer.json()["items"]) == counted


async def test_subscriptions_are_not_counted_in_8_8() -> None:
    async with served("8.8") as there:
        answer = await there.post("/v2/process-definitions/statistics/message-subscriptions")
        assert answer.status_code == 404
