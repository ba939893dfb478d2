"""The facts of `facts.py` for which a Python client needs all of REST v2."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any

from tests.clients.drive import JSON, STEPS, Shop, Step, refusal, until

_HOUR = dt.timedelta(hours=1)


async def _lease(shop: Shop) -> list[Any]:
    """A job whose lease is made short goes to the next that asks."""
    key = await shop.client.start(shop.id("bulk"), {"n": 1})
    first = await shop.job("pack")
    await shop.client.update_job(first["key"], {"retries": 7})
    await shop.client.update_job(first["key"], {"timeout": 200})
    second = await shop.job("pack")
    await shop.client.cancel(key)
    return [first["key"] == second["key"], second["retries"]]


async def _agent(shop: Shop) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        result = group.create_task(shop.client.result(shop.id("agent"), {"question": "rain?"}))
        first = await shop.job("think")
        weather = {"elementId": "weather", "variables": {"city": "Rome"}}
        await shop.client.complete_ad_hoc(first["key"], [weather], done=False)
        tool = await shop.job("weather")
        await shop.client.complete(tool["key"], {"rain": False})
        await shop.client.complete_ad_hoc((await shop.job("think"))["key"], [], done=True)
    return [first["kind"], tool["variables"]["city"], result.result()["question"]]


async def _correlated(shop: Shop) -> bool:
    order = await shop.client.start(shop.id("order"), {"orderId": "m-3"})
    await shop.client.complete((await shop.job("charge"))["key"], {})
    key = await shop.client.correlate(shop.id("paid"), "m-3")
    await shop.client.complete((await shop.job("ship"))["key"], {})
    return bool(key == order)


async def _alarmed(shop: Shop) -> int:
    await shop.client.signal(shop.id("alarm"), {"floor": 3})
    return len(await shop.found("process_instances", {"processDefinitionId": shop.id("alarm")}))


async def _incident(shop: Shop) -> JSON:
    key = await shop.client.start(shop.id("stuck"), {"n": 1})
    job = await shop.job("try")
    await shop.client.fail(job["key"], retries=0, backoff_ms=0, message="broken", variables={})
    is_open = {"processInstanceKey": key, "state": "ACTIVE"}
    (incident,) = await shop.found("incidents", is_open)
    await shop.client.set_variables(key, {"fixed": True})
    early = await refusal(shop.client.resolve(incident["incidentKey"]))
    await shop.client.update_job(job["key"], {"retries": 1})
    await shop.client.resolve(incident["incidentKey"])
    again = await shop.job("try")
    await shop.client.complete(again["key"], {})
    return {
        "type": incident["errorType"],
        "message": incident["errorMessage"],
        "element": incident["elementId"],
        "state": incident["state"],
        "without_retries": "OK" if early == "OK" else "refused",
        "again": [again["key"] == job["key"], again["variables"]["fixed"]],
        "left": len(await shop.found("incidents", is_open, 0)),
    }


async def _user_task(shop: Shop) -> JSON:
    key = await shop.client.start(shop.id("ask"), {"question": "why?"})
    own = {"processInstanceKey": key}
    (task,) = await shop.found("user_tasks", own)
    await shop.client.assign(task["userTaskKey"], "ann")
    assigned = await shop.found("user_tasks", {**own, "assignee": "ann"})
    await shop.client.complete_task(task["userTaskKey"], {"answer": "so"})
    ended = await shop.found("process_instances", {**own, "state": "COMPLETED"})
    answers = await shop.found("variables", {**own, "name": "answer"})
    return {
        "element": task["elementId"],
        "state": task["state"],
        "groups": task["candidateGroups"],
        "assignee": assigned[0]["assignee"],
        "afterwards": ended[0]["state"],
        "answer": [each["value"] for each in answers],
    }


async def _definition(shop: Shop) -> list[Any]:
    (order,) = await shop.found("process_definitions", {"processDefinitionId": shop.id("order")})
    xml = await shop.client.xml(order["processDefinitionKey"])
    same = await shop.client.definition(order["processDefinitionKey"])
    is_same = same["processDefinitionKey"] == order["processDefinitionKey"]
    return [order["name"], order["version"], shop.id("charge") in xml, is_same]


async def _pages(shop: Shop) -> list[Any]:
    """Five instances, newest first, two a page."""
    started = [await shop.client.start(shop.id("stuck"), {"n": n}) for n in range(5)][::-1]

    async def page(**after: str) -> JSON:
        request = {
            "filter": {"processDefinitionId": {"$eq": shop.id("stuck")}, "state": "ACTIVE"},
            "sort": [{"field": "processInstanceKey", "order": "DESC"}],
            "page": {"limit": 2, **after},
        }
        found: JSON = await shop.client.search("process_instances", request)
        return found

    answer = await until(page, lambda answer: answer["page"]["totalItems"] == len(started))
    sizes: list[int] = []
    found: list[str] = []
    while answer["items"] and len(sizes) <= len(started):
        sizes.append(len(answer["items"]))
        found += [each["processInstanceKey"] for each in answer["items"]]
        answer = await page(after=answer["page"]["endCursor"])
    return [sizes, found == started]


async def _waiting(shop: Shop) -> JSON:
    """An order that waits for its payment: its elements, its subscription, its jobs."""
    key = await shop.client.start(shop.id("order"), {"orderId": "s-1"})
    await shop.client.complete((await shop.job("charge"))["key"], {})
    own = {"processInstanceKey": key}
    subscriptions = await shop.found("message_subscriptions", own)
    elements = await shop.found("element_instances", own, 3, sort=[{"field": "elementInstanceKey", "order": "ASC"}])
    jobs = await shop.found("jobs", own)
    await shop.client.cancel(key)
    return {
        "subscriptions": [
            [
                shop.plain(each["messageName"]),
                each["correlationKey"],
                each["messageSubscriptionState"],
                each["elementId"],
            ]
            for each in subscriptions
        ],
        "elements": [
            [each["elementId"], each["type"], each["state"]] for each in elements if each["type"] != "PROCESS"
        ],
        "jobs": [[shop.plain(each["type"]), each["state"], each["elementId"]] for each in jobs],
    }


async def _variables(shop: Shop) -> list[Any]:
    variables = {"text": "a", "number": 1, "list": [1, 2], "other": True}
    key = await shop.client.start(shop.id("stuck"), variables)
    filters = {"processInstanceKey": key, "name": {"$in": ["text", "number", "list"]}}
    found = await shop.found("variables", filters, 3, sort=[{"field": "name", "order": "ASC"}])
    return [[each["name"], each["value"], each["scopeKey"] == key] for each in found]


async def _gets(shop: Shop) -> list[Any]:
    """Each thing by its key, and one that there is not."""
    key = await shop.client.start(shop.id("ask"), {"question": "why?"})
    (task,) = await shop.found("user_tasks", {"processInstanceKey": key})
    (question,) = await shop.found("variables", {"processInstanceKey": key})
    return [
        (await shop.client.get("process_instance", key))["state"],
        (await shop.client.get("element_instance", task["elementInstanceKey"]))["elementName"],
        (await shop.client.get("variable", question["variableKey"]))["value"],
        (await shop.client.get("user_task", task["userTaskKey"]))["name"],
        await refusal(shop.client.get("element_instance", "1")),
    ]


async def _operators(shop: Shop) -> JSON:
    """How many of two instances filters leave."""
    now = dt.datetime.now(dt.UTC)
    one, two = [await shop.client.start(shop.id("ask"), {"tag": tag}) for tag in ("one", "two")]
    both = {"processInstanceKey": {"$in": [one, two]}}
    await shop.found("process_instances", both, 2)
    date = {"$gt": (now - _HOUR).isoformat(), "$lte": (now + _HOUR).isoformat()}
    filters = {
        "by_date": {**both, "startDate": date},
        "by_incident": {**both, "hasIncident": True},
        "by_key": {"processInstanceKey": {"$in": [one, two], "$notIn": [one]}},
        "by_state": {**both, "state": {"$neq": "ACTIVE"}},
        "by_variable": {**both, "variables": [{"name": "tag", "value": '"two"'}]},
    }
    answers = {name: await shop.client.search("process_instances", {"filter": each}) for name, each in filters.items()}
    return {name: len(each["items"]) for name, each in answers.items()}


async def _offset(shop: Shop) -> list[Any]:
    """The last two of the model's seven processes, by name."""
    request = {
        "filter": {"processDefinitionId": {"$like": shop.id("*")}},
        "sort": [{"field": "processDefinitionId", "order": "ASC"}],
        "page": {"from": 5, "limit": 3},
    }
    answer = await shop.client.search("process_definitions", request)
    return [[shop.plain(each["processDefinitionId"]) for each in answer["items"]], answer["page"]["totalItems"]]


async def _cancelled(shop: Shop) -> list[Any]:
    key = await shop.client.start(shop.id("order"), {"orderId": "e-1"})
    await shop.client.cancel(key)
    again = await refusal(shop.client.cancel(key))
    ended = await shop.found("process_instances", {"processInstanceKey": key, "state": "TERMINATED"})
    return [again, len(ended)]


async def _deleted(shop: Shop) -> str:
    (double,) = await shop.found("process_definitions", {"processDefinitionId": shop.id("double")})
    await shop.client.remove(double["processDefinitionKey"])
    return await refusal(shop.client.start(shop.id("double"), {"a": 1}))


#: All facts, for a `FullClient`. What deletes comes last.
ALL_STEPS: Mapping[str, Step] = {
    **STEPS,
    "lease": _lease,
    "agent": _agent,
    "correlated": _correlated,
    "correlated_nobody": lambda shop: refusal(shop.client.correlate(shop.id("paid"), "nobody")),
    "alarmed": _alarmed,
    "incident": _incident,
    "unknown_incident": lambda shop: refusal(shop.client.resolve("1")),
    "user_task": _user_task,
    "definition": _definition,
    "pages": _pages,
    "waiting": _waiting,
    "variables": _variables,
    "gets": _gets,
    "operators": _operators,
    "offset": _offset,
    "cancelled": _cancelled,
    "deleted": _deleted,
}
