"""Operate's endpoints (docs: "Operate API"; how it logs in and refuses: seen on Operate 8.6)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zelery.engine.auth import Refusal
from zelery.engine.errors import Rejected
from zelery.engine.history.history import History
from zelery.engine.operate.items import RESOURCES, Item, definition, incident, instance, node, variable, whole
from zelery.engine.operate.problems import OperateProblem, denied, invalid, missing, plain
from zelery.engine.operate.search import filter_of, search, shown
from zelery.engine.rest.context import Context
from zelery.engine.rest.problems import refused

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_COOKIE = "OPERATE-SESSION"


def _guarded(context: Context, sessions: set[str], endpoint: Endpoint) -> Endpoint:
    """An endpoint for callers that are logged in: by the session's cookie, or by the login of the engine's REST API."""

    async def call(request: Request) -> Response:
        try:
            if request.cookies.get(_COOKIE) not in sessions:
                if context.authenticate is None:
                    return denied()
                await context.authenticate(request.headers.get("authorization", ""))
            if context.faults is not None:
                await context.faults("operate")
            return await endpoint(request)
        except OperateProblem as problem:
            return problem.response()
        except Rejected as rejected:  # A fault on request.
            fault = refused(rejected, "operate")
            return OperateProblem(fault.status, fault.title, fault.detail).response()
        except Refusal:
            return denied()

    return call


def _search(context: Context, name: str) -> Endpoint:
    resource = RESOURCES[name]

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        if raw and "json" not in request.headers.get("content-type", ""):
            return plain(415, "Unsupported Media Type", request.url.path)
        try:
            query = json.loads(raw) if raw.strip() else {}
        except (ValueError, RecursionError) as error:
            raise invalid(f"JSON parse error: {error}") from None
        items = resource.found(context.read(), filter_of(query))
        return JSONResponse(search(resource, items, query))

    return endpoint


def _found(history: History, name: str, key: int) -> Iterable[Item]:
    """A single thing by its key; none where there is none."""
    indexes: Mapping[str, tuple[Mapping[int, Any], Callable[[Any], Item]]] = {
        "process-definitions": (history.definitions, definition),
        "process-instances": (history.instances, instance),
        "flownode-instances": (history.elements, node),
        "incidents": (history.incidents, incident),
    }
    if name in indexes:
        index, item = indexes[name]
        return [item(index[key])] if key in index else []
    return (variable(each) for each in history.variables() if each.key == key)


def _one(context: Context, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        key = _key(request)
        found = next(iter(_found(context.read(), name, key)), None)
        if found is None:
            raise missing(RESOURCES[name].name, key)
        return JSONResponse(shown(RESOURCES[name], found))

    return endpoint


def _key(request: Request) -> int:
    text = request.path_params["key"]
    key = whole(text)
    if key is None:
        raise invalid(f"Failed to convert value '{text[:100]}' to a key; For input string: \"{text[:100]}\"")
    return key


def _xml(context: Context) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        accept = request.headers.get("accept", "*/*")
        if not any(each in accept for each in ("*/*", "text/*", "text/xml")):
            return plain(406, "Not Acceptable", request.url.path)
        key = _key(request)
        found = context.read().definitions.get(key)
        if found is None:
            raise missing("Process definition", key)
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
            return denied()
        session = uuid.uuid4().hex.upper()
        sessions.add(session)
        answer = Response(status_code=204)
        answer.set_cookie(_COOKIE, session, path="/", httponly=True, samesite="lax")
        return answer

    return endpoint


def _logout(sessions: set[str]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        sessions.discard(request.cookies.get(_COOKIE, ""))
        answer = Response(status_code=204)
        answer.delete_cookie(_COOKIE, path="/", samesite="lax")
        return answer

    return endpoint


def routes(context: Context) -> list[Route]:
    """All endpoints."""
    sessions: set[str] = set()
    found = [
        Route("/api/login", _login(context, sessions), methods=["POST"]),
        Route("/api/logout", _logout(sessions), methods=["POST"]),
    ]
    for name in RESOURCES:
        base = f"/v1/{name}"
        found += [
            Route(f"{base}/search", _guarded(context, sessions, _search(context, name)), methods=["POST"]),
            Route(f"{base}/{{key}}", _guarded(context, sessions, _one(context, name)), methods=["GET"]),
        ]
    return [
        *found,
        Route("/v1/process-definitions/{key}/xml", _guarded(context, sessions, _xml(context)), methods=["GET"]),
    ]
