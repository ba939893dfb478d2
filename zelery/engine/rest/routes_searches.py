"""Endpoints that read: searches and single things (docs: REST API, each resource)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord
from zelery.engine.rest import items
from zelery.engine.rest.beyond import beyond
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, key_in
from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.fields import LINES, Entity, Field, Kind
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import missing
from zelery.engine.rest.query import search
from zelery.engine.rest.routing import Row, routed
from zelery.engine.rest.sources import SOURCES, Source

#: `POST /v2/process-definitions/{key}/variable-names/search`, as the types of the client of 8.10 have it.
VARIABLE_NAMES = Entity(key=("name",), since="8.10", fields={"name": Field("name", Kind.TEXT)}, sort={"name": LINES[0]})

#: Fields that are filtered by and are no part of an item.
_HIDDEN = frozenset({"isLatestVersion", "elementInstanceScopeKey"})


def _search(context: Context, entity: str, source: Source) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        history = context.read()
        whole = entity == "variables" and request.query_params.get("truncateValues") == "false"
        there = source(history, {**body, "whole": whole}, context.line)
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


def _task_variables(context: Context, *, effective: bool) -> Endpoint:
    """The variables of a user task and of the scopes around it; effective ones: of each name the innermost."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        task = history.user_tasks.get(key)
        if task is None:
            raise missing("User Task", key)
        whole = request.query_params.get("truncateValues") == "false"
        seen: dict[Any, Item] = {}
        scope: ElementRecord | None = task.element
        while scope is not None:
            for name, each in (scope.variables or {}).items():
                seen.setdefault(name if effective else each.key, items.variable(each, context.line, whole=whole))
            scope = history.elements.get(scope.scope_key)
        return answer(search(ENTITIES["variables"], seen.values(), await body_of(request), context.line))

    return endpoint


def _variable_names(context: Context) -> Endpoint:
    """The names of variables that instances of a definition have had."""

    async def endpoint(request: Request) -> Response:
        key = key_in(request)
        history = context.read()
        names = {
            variable.name
            for instance in history.instances.values()
            if instance.definition.key == key
            for variable in history.variables_of(instance)
        }
        return answer(search(VARIABLE_NAMES, [{"name": each} for each in names], await body_of(request), context.line))

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints that read."""
    found: list[Row] = [
        ("8.8", "POST", f"/v2/{entity}/search", _search(context, entity, source)) for entity, source in SOURCES.items()
    ]
    things: list[tuple[str, str, Callable[[History], Mapping[int, Any]], Any]] = [
        ("process-definitions", "Process Definition", lambda history: history.definitions, items.definition),
        ("process-instances", "Process Instance", lambda history: history.instances, items.instance),
        ("element-instances", "Element Instance", lambda history: history.elements, items.element),
        ("incidents", "Incident", lambda history: history.incidents, items.incident),
        ("user-tasks", "User Task", lambda history: history.user_tasks, items.user_task),
    ]
    found += [("8.8", "GET", f"/v2/{path}/{{key}}", _one(context, *thing)) for path, *thing in things]
    task = "/v2/user-tasks/{key}"
    found += [
        ("8.8", "GET", "/v2/variables/{key}", _variable(context)),
        ("8.8", "POST", f"{task}/variables/search", _task_variables(context, effective=False)),
        ("8.9", "POST", f"{task}/effective-variables/search", _task_variables(context, effective=True)),
        ("8.10", "POST", "/v2/process-definitions/{key}/variable-names/search", _variable_names(context)),
    ]
    return routed(context, found)
