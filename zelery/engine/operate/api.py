"""Operate's API v1: searches with `filter`, `sort`, `size`, `searchAfter`, and single things (docs: "Operate API")."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zelery.engine.auth import Refusal
from zelery.engine.bpmn.model import Kind
from zelery.engine.errors import EngineError
from zelery.engine.history.history import History
from zelery.engine.history.records import DefinitionRecord, ElementRecord, IncidentRecord, InstanceRecord
from zelery.engine.rest.context import Context
from zelery.engine.variables import to_json

Item = Mapping[str, Any]

#: Items in one answer, by default and at most.
SIZE_DEFAULT, SIZE_MAX = 10, 1000

#: A variable's value is cut to so many characters, everywhere.
VALUE_MAX = 8191

_COOKIE = "OPERATE-SESSION"


class OperateProblem(EngineError):  # noqa: N818 - as Problem
    """A request is refused in Operate's words."""

    def __init__(self, status: int, type_: str, message: str) -> None:
        self.status, self.type, self.message = status, type_, message
        super().__init__(message)

    def response(self) -> JSONResponse:
        """The answer."""
        body = {"status": self.status, "message": self.message, "instance": str(uuid.uuid4()), "type": self.type}
        return JSONResponse(body, self.status, media_type="application/problem+json")


def moment(ms: int) -> str | None:
    """A time as Operate writes it."""
    if not ms:
        return None
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def definition(record: DefinitionRecord) -> Item:
    """A process definition."""
    found = record.definition
    return {
        "key": found.key,
        "name": found.process.name or found.process_id,
        "version": found.version,
        "bpmnProcessId": found.process_id,
        "tenantId": found.tenant_id,
    }


def instance(record: InstanceRecord) -> Item:
    """A process instance."""
    found = record.definition
    return _present(
        {
            "key": record.key,
            "processVersion": found.version,
            "bpmnProcessId": found.process_id,
            "parentKey": record.parent_key or None,
            "parentFlowNodeInstanceKey": record.parent_element_key or None,
            "startDate": moment(record.start),
            "endDate": moment(record.end),
            "state": "CANCELED" if record.state == "TERMINATED" else record.state,
            "incident": record.incidents > 0,
            "processDefinitionKey": found.key,
            "tenantId": found.tenant_id,
            "parentProcessInstanceKey": record.parent_key or None,
        }
    )


def node(record: ElementRecord) -> Item:
    """A flow node instance."""
    found = record.instance.definition
    return _present(
        {
            "key": record.key,
            "processInstanceKey": record.instance.key,
            "processDefinitionKey": found.key,
            "startDate": moment(record.start),
            "endDate": moment(record.end),
            "flowNodeId": record.element.id,
            "flowNodeName": record.element.name,
            "incidentKey": record.incident_key or None,
            "type": str(record.element.kind),
            "state": record.state,
            "incident": bool(record.incident_key),
            "tenantId": found.tenant_id,
        }
    )


def incident(record: IncidentRecord) -> Item:
    """An incident."""
    found = record.element.instance.definition
    return _present(
        {
            "key": record.key,
            "processDefinitionKey": found.key,
            "processInstanceKey": record.element.instance.key,
            "type": record.type,
            "message": record.message,
            "creationTime": moment(record.created),
            "state": record.state,
            "jobKey": record.job_key or None,
            "tenantId": found.tenant_id,
        }
    )


def _present(item: Item) -> Item:
    return {name: value for name, value in item.items() if value is not None}


def _nodes(history: History) -> Iterable[Item]:
    return (node(each) for each in history.elements.values() if each.element.kind is not Kind.PROCESS)


def _variables(history: History) -> Iterable[Item]:
    for each in history.variables():
        text = to_json(each.value)
        yield {
            "key": each.key,
            "processInstanceKey": each.scope.instance.key,
            "scopeKey": each.scope.key,
            "name": each.name,
            "value": text[:VALUE_MAX],
            "truncated": len(text) > VALUE_MAX,
            "tenantId": each.scope.instance.definition.tenant_id,
        }


_RESOURCES: Mapping[str, tuple[str, Callable[[History], Iterable[Item]]]] = {
    "process-definitions": (
        "Process definition",
        lambda history: (definition(each) for each in history.definitions.values() if each.state != "DELETED"),
    ),
    "process-instances": (
        "Process instance",
        lambda history: (instance(each) for each in history.instances.values()),
    ),
    "flownode-instances": ("Flow node instance", _nodes),
    "variables": ("Variable", _variables),
    "incidents": ("Incident", lambda history: (incident(each) for each in history.incidents.values())),
}

#: What each can be sorted by.
_SORTABLE: Mapping[str, tuple[str, ...]] = {
    "process-definitions": ("key", "name", "version", "bpmnProcessId", "tenantId"),
    "process-instances": ("key", "processVersion", "bpmnProcessId", "startDate", "endDate", "state", "tenantId"),
    "flownode-instances": ("key", "startDate", "endDate", "flowNodeId", "type", "state", "tenantId"),
    "variables": ("key", "name", "value", "scopeKey", "processInstanceKey", "tenantId"),
    "incidents": ("key", "creationTime", "type", "state", "tenantId"),
}


def search(resource: str, items: Iterable[Item], query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a search. Raises OperateProblem."""
    size = query.get("size", SIZE_DEFAULT)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= SIZE_MAX:
        raise OperateProblem(
            400, "Invalid request", f"size should be greater than zero and equal or less than {SIZE_MAX}"
        )
    order = _order(resource, query.get("sort"))
    found = [each for each in items if _matches(each, query.get("filter") or {})]
    for name, descending in reversed(order):
        found.sort(key=lambda each: _sortable(each.get(name)), reverse=descending)
    after = _after(query.get("searchAfter"), order)
    page = [each for each in found if after is None or _comes_after(each, after, order)][:size]
    return {
        "items": [_without(each) for each in page],
        "sortValues": [str(page[-1].get(name)) for name, _ in order] if page else [],
        "total": len(found),
    }


def _without(item: Item) -> Item:
    """A variable that is whole does not say so."""
    return {name: value for name, value in item.items() if name != "truncated" or value}


def _matches(item: Item, filter_: Mapping[str, Any]) -> bool:
    """Whether an item has what is asked for; what Operate does not know it passes over."""
    for name, wanted in filter_.items():
        if wanted is None or (name not in item and name not in _KNOWN):
            continue
        found = item.get(name)
        if isinstance(found, int) and not isinstance(found, bool) and isinstance(wanted, str):
            wanted = int(wanted) if wanted.lstrip("-").isdigit() else wanted  # noqa: PLW2901 - the same, as a number
        if found != wanted:
            return False
    return True


#: Names of filters that an item may lack.
_KNOWN = frozenset({"incidentKey", "endDate", "parentKey", "parentProcessInstanceKey", "flowNodeName", "jobKey"})


def _order(resource: str, sort: Any) -> list[tuple[str, bool]]:
    """Field and whether descending; the key is last."""
    order: list[tuple[str, bool]] = []
    wrong = [each.get("field") for each in sort or () if each.get("field") not in _SORTABLE[resource]]
    if wrong:
        raise OperateProblem(400, "Data invalid", f"Sort has invalid field(s): {', '.join(map(str, wrong))}")
    for each in sort or ():
        direction = each.get("order", "ASC")
        if direction not in ("ASC", "DESC"):
            raise OperateProblem(
                400, "Invalid request", f"JSON parse error: {direction!r} is no order, it is one of [ASC, DESC]"
            )
        order.append((each["field"], direction == "DESC"))
    return [*order, ("key", False)]


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is None, value if value is not None else "")


def _after(values: Any, order: list[tuple[str, bool]]) -> list[Any] | None:
    if values is None:
        return None
    if not values:
        raise OperateProblem(400, "Data invalid", "searchAfter should have a least 1 value")
    if len(values) != len(order):
        raise OperateProblem(400, "Data invalid", f"searchAfter should have a {len(order)} values")
    return list(values)


def _comes_after(item: Item, after: list[Any], order: list[tuple[str, bool]]) -> bool:
    for (name, descending), mark in zip(order, after, strict=True):
        found = item.get(name)
        value = int(mark) if isinstance(found, int) and str(mark).lstrip("-").isdigit() else mark
        if found != value:
            return bool(found < value if descending else found > value)  # type: ignore[operator]
    return False


Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(context: Context, sessions: set[str], endpoint: Endpoint) -> Endpoint:
    """An endpoint for callers that are logged in: by the session's cookie, or by the login of the engine's REST API."""

    async def call(request: Request) -> Response:
        try:
            if request.cookies.get(_COOKIE) not in sessions:
                if context.authenticate is None:
                    return _denied()
                await context.authenticate(request.headers.get("authorization", ""))
            if context.faults is not None:
                await context.faults("operate")
            return await endpoint(request)
        except OperateProblem as problem:
            return problem.response()
        except Refusal:
            return _denied()

    return call


def _denied() -> Response:
    return JSONResponse({"message": ""}, 401, media_type="application/json;charset=UTF-8")


def _search(context: Context, resource: str) -> Endpoint:
    _, source = _RESOURCES[resource]

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        if raw and "json" not in request.headers.get("content-type", ""):
            body = {"status": 415, "error": "Unsupported Media Type", "path": request.url.path}
            return JSONResponse({"timestamp": dt.datetime.now(dt.UTC).isoformat(), **body}, 415)
        try:
            query = json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            raise OperateProblem(400, "Invalid request", f"JSON parse error: {error}") from None
        return JSONResponse(search(resource, source(context.read()), query))

    return endpoint


def _one(context: Context, resource: str) -> Endpoint:
    name, source = _RESOURCES[resource]

    async def endpoint(request: Request) -> Response:
        key = _key(request)
        found = next((each for each in source(context.read()) if each["key"] == key), None)
        if found is None:
            raise OperateProblem(404, "Requested resource not found", f"{name} for key {key} not found.")
        return JSONResponse(_without(found))

    return endpoint


def _key(request: Request) -> int:
    text = request.path_params["key"]
    if not text.lstrip("-").isdigit():
        raise OperateProblem(
            400, "Invalid request", f"Failed to convert value '{text}' to a key; For input string: \"{text}\""
        )
    return int(text)


def _xml(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        accept = request.headers.get("accept", "*/*")
        if not any(each in accept for each in ("*/*", "text/*", "text/xml")):
            body = {"status": 406, "error": "Not Acceptable", "path": request.url.path}
            return JSONResponse({"timestamp": dt.datetime.now(dt.UTC).isoformat(), **body}, 406)
        key = _key(request)
        found = context.read().definitions.get(key)
        if found is None:
            raise OperateProblem(404, "Requested resource not found", f"Process definition for key {key} not found.")
        content = found.definition.xml.encode("utf-8", "surrogateescape")
        return Response(content, media_type="text/xml;charset=UTF-8")

    return endpoint


def _login(context: Context, sessions: set[str]) -> Endpoint:
    """`POST /api/login?username=…&password=…`: 204 and a session's cookie."""

    async def endpoint(request: Request) -> Response:
        form = dict(request.query_params)
        if not form and "form" in request.headers.get("content-type", ""):
            async with request.form() as sent:
                form = {name: str(value) for name, value in sent.items()}
        if (form.get("username"), form.get("password")) != context.login:
            return _denied()
        session = uuid.uuid4().hex.upper()
        sessions.add(session)
        answer = Response(status_code=204)
        answer.set_cookie(_COOKIE, session, path="/", httponly=True, samesite="lax")
        return answer

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints."""
    sessions: set[str] = set()
    found = [Route("/api/login", _login(context, sessions), methods=["POST"])]
    for resource in _RESOURCES:
        base = f"/v1/{resource}"
        found += [
            Route(f"{base}/search", _guarded(context, sessions, _search(context, resource)), methods=["POST"]),
            Route(f"{base}/{{key}}", _guarded(context, sessions, _one(context, resource)), methods=["GET"]),
        ]
    return [
        *found,
        Route("/v1/process-definitions/{key}/xml", _guarded(context, sessions, _xml(context)), methods=["GET"]),
    ]
