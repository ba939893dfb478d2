"""What tables of endpoints are made of: rows as routes, for the lines that have them, and commands as endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zelery.engine.commands import DEFAULT_TENANT
from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.context import Context, Endpoint, answer, body_of, done, guarded
from zelery.engine.rest.fields import has

#: How long an answer is awaited where a request does not say, milliseconds.
AWAIT_MS = 10_000

Read: TypeAlias = Callable[[Request, Mapping[str, Any]], Any]
"""A command, from a request and its body. Raises Problem."""

Write: TypeAlias = Callable[[Any], Any]
"""The JSON of a command's answer."""

Row: TypeAlias = tuple[str, str, str, Endpoint]
"""The first line that has it, method, path, endpoint."""


def routed(context: Context, rows: Iterable[Row]) -> list[Route]:
    """The routes of the rows that the line has."""
    return [
        Route(path, guarded(context, path, endpoint), methods=[method])
        for since, method, path, endpoint in rows
        if has(context.line, since)
    ]


def command(context: Context, name: str, intent: str, read: Read, write: Write | None = None) -> Endpoint:
    """An endpoint that reads a command from its request, executes it, and writes its answer, or none."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request, BODIES[name], context.line)
        result = context.execute(read(request, body), intent)
        return answer(write(result)) if write is not None else done()

    return endpoint


def tenant(body: Mapping[str, Any]) -> str:
    """The tenant that a body names, or the default one."""
    return str(body.get("tenantId") or DEFAULT_TENANT)
