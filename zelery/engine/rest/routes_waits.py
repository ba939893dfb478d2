"""What element instances wait for: `POST /v2/element-instances/wait-states/search` (REST API, from 8.10 on).

It tells of the engine's state, which is never late.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.records import ElementInstance, MessageSubscription, SignalSubscription
from zelery.engine.rest.context import Context, Endpoint, answer, body_of
from zelery.engine.rest.contract import ELEMENT_TYPES
from zelery.engine.rest.fields import LINES, Entity, Field, Kind
from zelery.engine.rest.filters import Item
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import routed
from zelery.engine.state import State

#: As the types of the client of 8.10 have it.
WAITS = Entity(
    key=("elementInstanceKey", "waitKey"),
    since="8.10",
    fields={
        each.name: each
        for each in (
            Field("elementInstanceKey", Kind.KEY),
            Field("processInstanceKey", Kind.KEY),
            Field("rootProcessInstanceKey", Kind.KEY),
            Field("elementId", Kind.TEXT),
            Field("elementType", Kind.CHOICE, values=ELEMENT_TYPES),
            Field(
                "waitStateType",
                Kind.CHOICE,
                values=dict.fromkeys(("CONDITION", "JOB", "MESSAGE", "SIGNAL", "TIMER", "USER_TASK"), LINES[0]),
            ),
        )
    },
    sort=dict.fromkeys(("elementInstanceKey", "processInstanceKey", "rootProcessInstanceKey", "elementId"), LINES[0]),
)

#: Fields that are filtered or ordered by and are no part of an item.
_HIDDEN = ("waitStateType", "waitKey")


def waits(state: State) -> Iterator[Item]:
    """All that element instances wait for; timers and messages of boundary events are the activity's."""
    for job in state.jobs.values():
        details = {
            "jobKey": str(job.key),
            "jobType": job.type,
            "jobKind": job.kind,
            "listenerEventType": job.listener_event,
            "retries": job.retries,
        }
        yield _item(job.element, job.key, "JOB", details)
    for each in state.subscriptions.values():
        if isinstance(each, MessageSubscription):
            details = {"messageName": each.name, "correlationKey": each.correlation_key}
            yield _item(each.element, each.key, "MESSAGE", details)
        elif isinstance(each, SignalSubscription):
            yield _item(each.element, each.key, "SIGNAL", {"signalName": each.name})
    for timer in state.timers.values():
        if timer.element is not None:
            yield _item(timer.element, timer.key, "TIMER", {"dueDate": timer.due, "repetitions": timer.repetitions})
    for task in state.user_tasks.values():
        details = {"taskKey": str(task.key), "dueDate": task.attributes.get("dueDate")}
        yield _item(task.element, task.key, "USER_TASK", details)


def _item(element: ElementInstance, key: int, type_: str, details: dict[str, Any]) -> Item:
    definition = element.instance.definition
    return {
        "rootProcessInstanceKey": str(element.instance.root_key),
        "processInstanceKey": str(element.instance.key),
        "elementInstanceKey": str(element.key),
        "elementId": element.element.id,
        "elementType": str(element.element.kind),
        "tenantId": definition.tenant_id,
        "bpmnProcessId": definition.process_id,
        "details": {**details, "waitStateType": type_},
        "waitStateType": type_,
        "waitKey": str(key),
    }


def _search(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        found = search(WAITS, waits(context.engine.state), await body_of(request), context.line)
        shown = [{name: value for name, value in each.items() if name not in _HIDDEN} for each in found["items"]]
        return answer({**found, "items": shown})

    return endpoint


def routes(context: Context) -> list[Route]:
    """The endpoint."""
    return routed(context, [("8.10", "POST", "/v2/element-instances/wait-states/search", _search(context))])
