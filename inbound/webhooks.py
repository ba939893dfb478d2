"""Webhooks: an ASGI application that answers `/inbound/{path}` from the store, the same on every replica.

What a path leads to is followed from the store, several times a second; a connector's properties are bound, secrets and
all, at the first request, and anew when secrets may have changed. Callers see no stack traces; what a connector raises
unexpectedly is a 500 without a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from inbound.activate import Bound, resolve
from inbound.executables import Executable, State, claim_of
from inbound.host import Host, RunContext, attempt
from inbound.http import GoneError, TooLargeError, body_of, caller_url, header_map, respond
from zelery.errors import ConnectorError, PropertyError
from zelery.logs import logger
from zelery.sdk.expressions import ExpressionError
from zelery.sdk.inbound import Kind, Severity
from zelery.sdk.webhooks import UNPROCESSABLE, RefusalError, Request, Response
from zelery.secrets import Mask

log = logger(__name__)

#: Methods that reach a connector, as the Java runtime maps them; and how it tells them.
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
ALLOWED = "GET, POST, PUT, DELETE"
OPTIONS = {"Allow": "GET,HEAD,POST,PUT,DELETE,OPTIONS", "Accept-Patch": ""}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Ready:
    executable: Executable
    bound: Bound
    properties: Any
    until: float


class Webhooks:
    """The webhooks of one process."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._paths: dict[str, str] = {}
        self._ready: dict[str, _Ready] = {}

    async def changed(self, changes: Mapping[str, Executable | None]) -> None:
        """The store has changed: these executables are bound anew, and paths lead where it says now."""
        for id_ in changes:
            self._ready.pop(id_, None)
        self._paths = {
            each.claim: each.id
            for each in self._host.store.live.values()
            if each.claim and each.kind == Kind.WEBHOOK and each.state is State.ACTIVE
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request to `/inbound/{path}`."""
        with contextlib.suppress(GoneError):  # Nobody is there to be answered.
            response = _without_connector(scope) or await self._answer(scope, receive)
            await respond(response, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        executable = self._executable(path_of(scope))
        if executable is None:
            return Response(status=404)
        settings = self._host.connected.settings
        try:
            async with asyncio.timeout(settings.webhook_timeout_s):
                request = Request(
                    method=scope["method"],
                    url=caller_url(scope, settings.webhook_proxies),
                    headers=header_map(scope),
                    query=scope["query_string"].decode("latin-1"),
                    body=await body_of(scope, receive, bytes_max=settings.webhook_body_bytes_max),
                )
                return await self._run(executable, request)
        except TimeoutError:
            return Response(status=504, body={"reason": f"no answer within {settings.webhook_timeout_s:g} s"})
        except TooLargeError as error:
            return Response(status=413, body={"reason": str(error)})

    def _executable(self, path: str) -> Executable | None:
        """What answers at a path."""
        executable = self._host.store.live.get(self._paths.get(claim_of(path), ""))
        return executable if executable and executable.type in self._host.connectors else None

    async def _run(self, executable: Executable, request: Request) -> Response:
        connector = self._host.connectors[executable.type]
        try:
            ready = await self._bound(executable)
        except (ConnectorError, PropertyError) as error:
            log.warning("a webhook's properties cannot be bound", executable=executable.describe(), why=str(error))
            return Response(status=503, body={"reason": "the connector cannot be used at the moment"})
        context = RunContext(host=self._host, executable=executable, mask=ready.bound.mask)
        outcome = await attempt(connector(ready.properties, request, context))
        return outcome if isinstance(outcome, Response) else refused(executable, outcome, context)

    async def _bound(self, executable: Executable) -> _Ready:
        ready, now = self._ready.get(executable.id), time.monotonic()
        if ready is not None and ready.until > now and ready.executable is executable:
            return ready
        runtime = self._host.connected.runtime
        bound = await resolve(executable, runtime.secrets)
        properties = bound.to(self._host.connectors[executable.type].input)
        until = now + runtime.settings.secret_cache_s
        ready = _Ready(executable=executable, bound=bound, properties=properties, until=until)
        self._ready[executable.id] = ready
        return ready


class Told(Protocol):
    """Who is told of a connector's failure."""

    mask: Mask

    def log(self, severity: Severity, tag: str, message: str) -> None:
        """An entry of the activity log."""


def refused(executable: Executable, error: object, context: Told) -> Response:
    """What a caller is told of what a connector raised."""
    match error:
        case RefusalError(status=status, message=message):
            return Response(status=status, body={"reason": context.mask(message)})
        case ExpressionError(expression=expression, reason=reason):
            return Response(
                status=UNPROCESSABLE, body={"reason": context.mask(reason), "expression": context.mask(expression)}
            )
        case ConnectorError(code=code, message=message):
            return Response(status=UNPROCESSABLE, body={"code": code, "message": context.mask(message)})
    # Its text may hold anything: people are told where to look, and callers nothing.
    log.error("a webhook failed", executable=executable.describe(), fault=type(error).__name__)
    context.log("ERROR", "error", f"The connector failed with {type(error).__name__}")
    return Response(status=500)


def _without_connector(scope: Scope) -> Response | None:
    """The answer to what no connector is asked: other methods, and paths that no web server takes."""
    method = scope["method"]
    if method == "OPTIONS":
        return Response(headers=OPTIONS)
    if method == "TRACE":
        return Response(status=405, headers={"Allow": "HEAD, DELETE, POST, GET, OPTIONS, PUT"})
    if method not in METHODS:
        return not_allowed(scope, ALLOWED)
    return unreadable(scope)


def unreadable(scope: Scope) -> Response | None:
    """The answer to a path that no web server takes: with a slash in one of its parts, or a NUL."""
    raw = scope["raw_path"].lower()
    return Response(status=400) if b"%2f" in raw or b"%00" in raw else None


def path_of(scope: Scope) -> str:
    """The last part of the URL's path, decoded and without parameters."""
    last: bytes = scope["raw_path"].rpartition(b"/")[2].partition(b";")[0]
    return unquote(last.decode("latin-1"))


def not_allowed(scope: Scope, allowed: str) -> Response:
    """405 in the words of the Java runtime's web framework."""
    return problem(scope, 405, "Method Not Allowed", {"Allow": allowed})


def problem(scope: Scope, status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error that is not a webhook's, as the Java runtime's web framework words it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    path = scope["raw_path"].decode("latin-1")
    body = {"timestamp": f"{now}.000+00:00", "status": status, "error": error, "path": path}
    return Response(status=status, headers=dict(headers or {}), body=body)
