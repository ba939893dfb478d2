"""Endpoints of one process instance beyond its item: its flows, its callers, its incidents, its deletion.

Docs: REST API, "Process instance", "Element instance".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord, InstanceRecord
from zelery.engine.rest import items
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done, key_in
from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.fields import has
from zelery.engine.rest.problems import Problem, missing
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import routed


def _instance(context: Context, request: Request) -> InstanceRecord:
    key = key_in(request)
    found = context.read().instances.get(key)
    if found is None:
        raise missing("Process Instance", key)
    return found


def _flows(context: Context) -> Endpoint:
    """The sequence flows that were taken; none of an instance that there is not, which is no error."""

    async def endpoint(request: Request) -> Response:
        found = context.read().instances.get(key_in(request))
        return answer({"items": [_flow(found, each, context.line) for each in found.flows] if found else []})

    return endpoint


def _flow(instance: InstanceRecord, flow_id: str, line: str) -> dict[str, Any]:
    root = {"rootProcessInstanceKey": str(instance.root_key)} if has(line, "8.9") else {}
    return {
        **root,
        "sequenceFlowId": f"{instance.key}_{flow_id}",
        "processInstanceKey": str(instance.key),
        "processDefinitionKey": str(instance.definition.key),
        "processDefinitionId": instance.definition.process_id,
        "elementId": flow_id,
        "tenantId": instance.definition.tenant_id,
    }


def _call_hierarchy(context: Context) -> Endpoint:
    """The instance and those that have called it, the outermost first."""

    async def endpoint(request: Request) -> Response:
        instance = _instance(context, request)
        callers = [instance]
        while (caller := context.history.instances.get(callers[0].parent_key)) is not None:
            callers.insert(0, caller)
        return answer(
            [
                {
                    "processInstanceKey": str(each.key),
                    "processDefinitionKey": str(each.definition.key),
                    "processDefinitionName": each.definition.process.name or each.definition.process_id,
                }
                for each in callers
            ]
        )

    return endpoint


def _delete(context: Context) -> Endpoint:
    """Forget an instance that has ended; a restart that replays the journal knows it again."""

    async def endpoint(request: Request) -> Response:
        await body_of(request, BODIES["cancel"], context.line)
        instance = _instance(context, request)
        if not instance.end:
            raise Problem(
                409,
                "INVALID_STATE",
                f"Process instance with key '{instance.key}' is active: cancel it before it is deleted",
            )
        context.history.forget(instance.key)
        return done()

    return endpoint


def _incidents_of_instance(context: Context) -> Endpoint:
    """The incidents of an instance, and of those that it has called."""

    async def endpoint(request: Request) -> Response:
        key = _instance(context, request).key
        body = await body_of(request)
        there = (
            items.incident(each, context.line)
            for each in context.history.incidents.values()
            if key in (instance.key for instance in _called_by(context.history, each.element.instance))
        )
        return answer(search(ENTITIES["incidents"], there, body, context.line))

    return endpoint


def _called_by(history: History, instance: InstanceRecord) -> Iterator[InstanceRecord]:
    """An instance and those that have called it, itself first."""
    current: InstanceRecord | None = instance
    while current is not None:
        yield current
        current = history.instances.get(current.parent_key)


def _incidents_of_element(context: Context) -> Endpoint:
    """The incidents of an element instance, and of what is in it or was called by it."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        if key not in history.elements:
            raise missing("Element Instance", key)
        body = await body_of(request)
        there = (
            items.incident(each, context.line)
            for each in history.incidents.values()
            if key in (element.key for element in _scopes(history, each.element))
        )
        return answer(search(ENTITIES["incidents"], there, body, context.line))

    return endpoint


def _scopes(history: History, element: ElementRecord) -> Iterator[ElementRecord]:
    """An element instance and those around it, itself first; around a process is the call activity."""
    current: ElementRecord | None = element
    while current is not None:
        yield current
        current = history.elements.get(current.scope_key or current.instance.parent_element_key)


def routes(context: Context) -> list[Route]:
    """All endpoints of one instance."""
    one = "/v2/process-instances/{key}"
    return routed(
        context,
        [
            ("8.8", "GET", f"{one}/sequence-flows", _flows(context)),
            ("8.8", "GET", f"{one}/call-hierarchy", _call_hierarchy(context)),
            ("8.8", "POST", f"{one}/incidents/search", _incidents_of_instance(context)),
            ("8.9", "POST", f"{one}/deletion", _delete(context)),
            ("8.9", "POST", "/v2/element-instances/{key}/incidents/search", _incidents_of_element(context)),
        ],
    )
