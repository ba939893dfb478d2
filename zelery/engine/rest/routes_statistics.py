"""Endpoints that count: element instances by element, message subscriptions by definition (docs: REST API)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.bpmn.model import Kind
from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord
from zelery.engine.rest.beyond import beyond
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, key_in
from zelery.engine.rest.contract import ENTITIES, SUBSCRIPTION_STATISTICS
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import unreadable
from zelery.engine.rest.query import matching, search
from zelery.engine.rest.routing import routed
from zelery.engine.rest.sources import instances, subscriptions

#: Where an element instance is counted that has no incident, by its state.
_COUNTED = {"ACTIVE": "active", "COMPLETED": "completed", "TERMINATED": "canceled"}


def counts(elements: Iterable[ElementRecord]) -> list[dict[str, Any]]:
    """How many element instances are active, canceled, with incidents, completed, by element."""
    counted: dict[str, dict[str, Any]] = {}
    for each in elements:
        if each.element.kind is Kind.PROCESS:
            continue
        row = counted.setdefault(
            each.element.id,
            {"elementId": each.element.id, "active": 0, "canceled": 0, "incidents": 0, "completed": 0},
        )
        row["incidents" if each.incident_key else _COUNTED[each.state]] += 1
    return list(counted.values())


def _of_instance(context: Context) -> Endpoint:
    """The counts of an instance; none of one that there is not, which is no error."""

    async def endpoint(request: Request) -> Response:
        found = context.read().instances.get(key_in(request))
        return answer({"items": counts(found.elements) if found is not None else []})

    return endpoint


def _of_definition(context: Context) -> Endpoint:
    """The counts of all instances of a definition that a filter for process instances matches."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        body = await body_of(request)
        for name in body:
            if name != "filter":
                raise unreadable(name)
        history = context.read()
        return answer({"items": counts(_matched(history, key, body.get("filter"), context.line))})

    return endpoint


def _matched(history: History, definition_key: int, filter_: Any, line: str) -> Iterable[ElementRecord]:
    of_it = {"filter": {"processDefinitionKey": str(definition_key)}}
    there = instances(history, of_it, line)
    found = matching(ENTITIES["process-instances"], there, filter_, line, beyond("process-instances", history))
    return (element for each in found for element in history.instances[int(each["processInstanceKey"])].elements)


def _of_subscriptions(context: Context) -> Endpoint:
    """How many message subscriptions a filter matches, by definition."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        paging = {name: value for name, value in body.items() if name != "filter"}
        there = subscriptions(context.read(), body, context.line)
        found = matching(ENTITIES["message-subscriptions"], there, body.get("filter"), context.line)
        return answer(search(SUBSCRIPTION_STATISTICS, _rows(found), paging, context.line))

    return endpoint


def _rows(found: Iterable[Item]) -> Iterable[Item]:
    rows: dict[str, dict[str, Any]] = {}
    waiting: dict[str, set[Any]] = {}
    for each in found:
        key = each["processDefinitionKey"]
        row = rows.setdefault(key, _row(each))
        row["activeSubscriptions"] += 1
        waiting.setdefault(key, set()).add(each["processInstanceKey"])
    for key, row in rows.items():
        row["processInstancesWithActiveSubscriptions"] = len(waiting[key] - {None})
    return rows.values()


def _row(subscription: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "processDefinitionId": subscription["processDefinitionId"],
        "tenantId": subscription["tenantId"],
        "processDefinitionKey": subscription["processDefinitionKey"],
        "processInstancesWithActiveSubscriptions": 0,
        "activeSubscriptions": 0,
    }


def routes(context: Context) -> list[Route]:
    """All endpoints that count."""
    definitions = "/v2/process-definitions"
    return routed(
        context,
        [
            ("8.8", "GET", "/v2/process-instances/{key}/statistics/element-instances", _of_instance(context)),
            ("8.8", "POST", f"{definitions}/{{key}}/statistics/element-instances", _of_definition(context)),
            ("8.9", "POST", f"{definitions}/statistics/message-subscriptions", _of_subscriptions(context)),
        ],
    )
