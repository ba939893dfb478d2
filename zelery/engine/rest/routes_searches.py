"""Endpoints that read: searches, single things, statistics (docs: REST API, each resource)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.bpmn.model import Kind
from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord, InstanceRecord
from zelery.engine.rest import items
from zelery.engine.rest.beyond import beyond
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, guarded, key_in
from zelery.engine.rest.contract import ENTITIES, SUBSCRIPTION_STATISTICS
from zelery.engine.rest.fields import has
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import Problem, missing
from zelery.engine.rest.query import equal_to, matching, search

Items = Callable[[History, Mapping[str, Any], str], Iterable[Item]]


def _definitions(history: History, body: Mapping[str, Any], line: str) -> Iterable[Item]:
    """All definitions; of each process the newest version is marked, whatever its state (camunda issue 61720)."""
    newest = {
        (each.definition.tenant_id, each.definition.process_id): each.definition.key
        for each in history.definitions.values()
        if each.state != "DELETED"
    }
    for each in history.definitions.values():
        # What nothing runs in any more is in searches only of lines that tell its state, to who asks for it.
        if each.state == "DELETED" and not (has(line, "8.9") and equal_to(body, "state")):
            continue
        latest = newest.get((each.definition.tenant_id, each.definition.process_id)) == each.definition.key
        yield {**items.definition(each, line), "isLatestVersion": latest}


def _instances(history: History, body: Mapping[str, Any], line: str) -> Iterable[Item]:
    wanted = equal_to(body, "processInstanceKey")
    if wanted is not None:
        found = history.instances.get(int(wanted)) if wanted.isdigit() else None
        return [items.instance(found, line)] if found else []
    return (items.instance(each, line) for each in history.instances.values())


def _elements_of(history: History, body: Mapping[str, Any]) -> Iterable[ElementRecord]:
    """Element instances, those of one process instance where only that is asked for; the process is one of them."""
    wanted = equal_to(body, "processInstanceKey")
    if wanted is None:
        return history.elements.values()
    instance = history.instances.get(int(wanted)) if wanted.isdigit() else None
    return [history.elements[instance.key], *instance.elements] if instance else []


def _elements(history: History, body: Mapping[str, Any], line: str) -> Iterable[Item]:
    for each in _elements_of(history, body):
        yield {**items.element(each, line), "elementInstanceScopeKey": items.key(each.scope_key)}


def _variables(history: History, body: Mapping[str, Any], line: str) -> Iterable[Item]:
    whole = bool(body.get("whole"))
    for element in _elements_of(history, body):
        for each in (element.variables or {}).values():
            yield items.variable(each, line, whole=whole)


def _user_tasks(history: History, _body: Mapping[str, Any], line: str) -> Iterable[Item]:
    return (items.user_task(each, line) for each in history.user_tasks.values())


def _subscriptions(history: History, _body: Mapping[str, Any], line: str) -> Iterable[Item]:
    """Message subscriptions; those of start events are listed from 8.10 on (camunda issue 51047)."""
    for each in history.subscriptions.values():
        if each.element is not None or has(line, "8.10"):
            yield items.subscription(each, line)


_SEARCHES: Mapping[str, Items] = {
    "process-definitions": _definitions,
    "process-instances": _instances,
    "element-instances": _elements,
    "variables": _variables,
    "incidents": lambda history, _, line: (items.incident(each, line) for each in history.incidents.values()),
    "jobs": lambda history, _, line: (items.job(each, line) for each in history.jobs.values()),
    "message-subscriptions": _subscriptions,
    "correlated-message-subscriptions": lambda history, _, line: (
        items.correlation(each, line) for each in history.correlations()
    ),
    "user-tasks": _user_tasks,
}

#: Fields that are filtered by and are no part of an item.
_HIDDEN = frozenset({"isLatestVersion", "elementInstanceScopeKey"})


def _search(context: Context, entity: str, found: Items) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        history = context.read()
        whole = entity == "variables" and request.query_params.get("truncateValues") == "false"
        there = found(history, {**body, "whole": whole}, context.line)
        result = search(ENTITIES[entity], there, body, context.line, beyond(entity, history))
        result["items"] = [
            {name: value for name, value in each.items() if name not in _HIDDEN} for each in result["items"]
        ]
        return answer(result)

    return endpoint


def _one(context: Context, what: str, index: Callable[[History], Mapping[int, Any]], item: Any) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = index(context.read()).get(key)
        if found is None:
            raise missing(what, key)
        return answer(item(found, context.line))

    return endpoint


def _variable(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = next((each for each in context.read().variables() if each.key == key), None)
        if found is None:
            raise missing("Variable", key)
        item = items.variable(found, context.line, whole=True)
        del item["isTruncated"]
        return answer(item)

    return endpoint


def _xml(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        found = context.read().definitions.get(key)
        if found is None:
            raise missing("Process Definition", key)
        content = found.definition.xml.encode("utf-8", "surrogateescape")
        return Response(content, media_type="text/xml;charset=UTF-8")

    return endpoint


def _start_form(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        definition = history.definitions.get(key)
        if definition is None:
            raise missing("Process Definition", key)
        wanted = definition.definition.process.start_form
        forms = [each for each in history.forms.values() if each.form_id == wanted]
        if not forms:
            return Response(status_code=204)
        form = forms[-1]
        return answer(
            {
                "tenantId": form.tenant_id,
                "formId": form.form_id,
                "schema": form.content,
                "version": form.version,
                "formKey": str(form.key),
            }
        )

    return endpoint


def _flows(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        instance = _instance(context, request)
        found = instance.definition
        root = {"rootProcessInstanceKey": str(instance.root_key)} if has(context.line, "8.9") else {}
        return answer(
            {
                "items": [
                    {
                        **root,
                        "sequenceFlowId": f"{instance.key}_{flow}",
                        "processInstanceKey": str(instance.key),
                        "processDefinitionKey": str(found.key),
                        "processDefinitionId": found.process_id,
                        "elementId": flow,
                        "tenantId": found.tenant_id,
                    }
                    for flow in instance.flows
                ]
            }
        )

    return endpoint


def _instance(context: Context, request: Request) -> InstanceRecord:
    key = key_in(request)
    found = context.read().instances.get(key)
    if found is None:
        raise missing("Process Instance", key)
    return found


def _statistics(elements: Iterable[ElementRecord]) -> list[dict[str, Any]]:
    """How many element instances are active, canceled, with incidents, completed, by element."""
    counted: dict[str, dict[str, Any]] = {}
    for each in elements:
        if each.element.kind is Kind.PROCESS:
            continue
        row = counted.setdefault(
            each.element.id,
            {"elementId": each.element.id, "active": 0, "canceled": 0, "incidents": 0, "completed": 0},
        )
        if each.incident_key:
            row["incidents"] += 1
        else:
            row[{"ACTIVE": "active", "COMPLETED": "completed"}.get(each.state, "canceled")] += 1
    return list(counted.values())


def _instance_statistics(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return answer({"items": _statistics(_instance(context, request).elements)})

    return endpoint


def _definition_statistics(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        if key not in history.definitions:
            raise missing("Process Definition", key)
        elements = (
            element
            for instance in history.instances.values()
            if instance.definition.key == key
            for element in instance.elements
        )
        return answer({"items": _statistics(elements)})

    return endpoint


def _subscription_statistics(context: Context) -> Endpoint:
    """How many message subscriptions are open, by definition (from 8.9 on)."""

    async def endpoint(request: Request) -> Response:
        if not has(context.line, "8.9"):
            raise Problem(404, "Not Found", f"No endpoint {request.method} {request.url.path}.")
        body = await body_of(request)
        paging = {name: value for name, value in body.items() if name != "filter"}
        there = _subscriptions(context.read(), {}, context.line)
        found = matching(ENTITIES["message-subscriptions"], there, body.get("filter"), context.line)
        rows: dict[str, dict[str, Any]] = {}
        instances: dict[str, set[Any]] = {}
        for each in found:
            row = rows.setdefault(
                each["processDefinitionKey"],
                {
                    "processDefinitionId": each["processDefinitionId"],
                    "tenantId": each["tenantId"],
                    "processDefinitionKey": each["processDefinitionKey"],
                    "processInstancesWithActiveSubscriptions": 0,
                    "activeSubscriptions": 0,
                },
            )
            row["activeSubscriptions"] += 1
            instances.setdefault(each["processDefinitionKey"], set()).add(each["processInstanceKey"])
        for name, row in rows.items():
            row["processInstancesWithActiveSubscriptions"] = len(instances[name] - {None})
        return answer(search(SUBSCRIPTION_STATISTICS, rows.values(), paging, context.line))

    return endpoint


def _within(context: Context, entity: str, name: str) -> Endpoint:
    """A search for what belongs to the thing in the path: incidents or variables of an instance, an element, a task."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        body = await body_of(request)
        history = context.read()
        found = [each for each in _SEARCHES[entity](history, {}, context.line) if each.get(name) == str(key)]
        return answer(search(ENTITIES[entity], found, body, context.line))

    return endpoint


def _task_variables(context: Context) -> Endpoint:
    """The variables that a user task sees: its own, and those of the scopes around."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        task = history.user_tasks.get(key)
        if task is None:
            raise missing("User Task", key)
        seen: dict[str, Item] = {}
        scope: ElementRecord | None = task.element
        while scope is not None:
            for name, each in (scope.variables or {}).items():
                seen.setdefault(name, items.variable(each, context.line))
            scope = history.elements.get(scope.scope_key)
        return answer(search(ENTITIES["variables"], seen.values(), await body_of(request), context.line))

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints that read."""
    found: list[tuple[str, str, Endpoint]] = [
        ("POST", f"/v2/{entity}/search", _search(context, entity, source)) for entity, source in _SEARCHES.items()
    ]
    one = _one
    found += [
        (
            "GET",
            "/v2/process-definitions/{key}",
            one(context, "Process Definition", lambda h: h.definitions, items.definition),
        ),
        ("GET", "/v2/process-definitions/{key}/xml", _xml(context)),
        ("GET", "/v2/process-definitions/{key}/form", _start_form(context)),
        ("POST", "/v2/process-definitions/{key}/statistics/element-instances", _definition_statistics(context)),
        ("POST", "/v2/process-definitions/statistics/message-subscriptions", _subscription_statistics(context)),
        ("GET", "/v2/process-instances/{key}", one(context, "Process Instance", lambda h: h.instances, items.instance)),
        ("GET", "/v2/process-instances/{key}/sequence-flows", _flows(context)),
        ("GET", "/v2/process-instances/{key}/statistics/element-instances", _instance_statistics(context)),
        ("POST", "/v2/process-instances/{key}/incidents/search", _within(context, "incidents", "processInstanceKey")),
        ("GET", "/v2/element-instances/{key}", one(context, "Element Instance", lambda h: h.elements, items.element)),
        ("POST", "/v2/element-instances/{key}/incidents/search", _within(context, "incidents", "elementInstanceKey")),
        ("GET", "/v2/variables/{key}", _variable(context)),
        ("GET", "/v2/incidents/{key}", one(context, "Incident", lambda h: h.incidents, items.incident)),
        ("GET", "/v2/user-tasks/{key}", one(context, "User Task", lambda h: h.user_tasks, items.user_task)),
        ("POST", "/v2/user-tasks/{key}/variables/search", _task_variables(context)),
    ]
    return [Route(path, guarded(context, path, endpoint), methods=[method]) for method, path, endpoint in found]
