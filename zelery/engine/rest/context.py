"""What the endpoints have in common: the engine and its history, and how requests are read and answered."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zelery.engine.auth import Authenticate, Refusal
from zelery.engine.engine import Engine
from zelery.engine.errors import Rejected
from zelery.engine.history.history import History
from zelery.engine.rest.documents import Documents
from zelery.engine.rest.fields import LINES
from zelery.engine.rest.problems import Problem, bad_request, refused
from zelery.engine.rest.shapes import Shape, checked
from zelery.engine.rest.values import key, shown

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

#: A request's size, bytes: as a command of Zeebe's, four megabytes and a little; documents may be larger.
BODY_BYTES_MAX = 10 * 2**20

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What endpoints act on."""

    engine: Engine
    history: History
    documents: Documents
    line: str
    """8.8, 8.9 or 8.10."""
    version: str
    """The version that the topology tells."""
    login: tuple[str, str] = ("demo", "demo")
    """User and password of Operate's own login, which it always asks for."""
    authenticate: Authenticate | None = None
    """Refuses callers of REST v2; None: anybody may."""
    faults: Callable[[str], Awaitable[None]] | None = None

    def read(self) -> History:
        """The history, as late as it is to be."""
        self.history.catch_up(self.engine.clock.now_ms())
        return self.history

    def execute(self, command: Any, intent: str) -> Any:
        """Execute a command. Raises Problem."""
        try:
            return self.engine.execute(command)
        except Rejected as rejected:
            raise refused(rejected, intent) from None


def guarded(context: Context, name: str, endpoint: Endpoint) -> Endpoint:
    """An endpoint behind the login and the faults, whose refusals are problem details."""

    async def call(request: Request) -> Response:
        try:
            if context.authenticate is not None:
                await context.authenticate(request.headers.get("authorization", ""))
            if context.faults is not None:
                await context.faults(name)
            return await endpoint(request)
        except Problem as problem:
            return problem.response(request.url.path)
        except Rejected as rejected:
            return refused(rejected, name).response(request.url.path)
        except Refusal as refusal:
            status, title = (403, "FORBIDDEN") if refusal.forbidden else (401, "Unauthorized")
            return Problem(status, title, str(refusal)).response(request.url.path)

    return call


async def body_of(request: Request, shape: Shape | None = None, line: str = LINES[-1]) -> dict[str, Any]:
    """A request's JSON object; an empty one where there is none.

    Args:
        request: The request.
        shape: What may be in it. None: anything.
        line: The line whose names it may have.

    Raises:
        Problem: It is no object, or not of the shape.
    """
    raw = await request.body()
    if len(raw) > BODY_BYTES_MAX:
        raise Problem(413, "Payload Too Large", f"the request has {len(raw)} bytes, at most {BODY_BYTES_MAX} are read")
    body = _object_in(raw) if raw.strip() else {}
    if shape is not None:
        return checked(shape, body, line)
    return {name: value for name, value in body.items() if value is not None}


def _object_in(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()
        body = json.loads(text, parse_constant=_no_number)
        if _SURROGATE.search(text):
            json.dumps(body, ensure_ascii=False).encode()  # Half a character has no bytes to answer with.
    except (ValueError, RecursionError):
        raise bad_request("Request body cannot be parsed: it is no JSON") from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise bad_request("Request body cannot be parsed: expected a JSON object")
    return body


def _no_number(text: str) -> float:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(text)


def key_in(request: Request, name: str = "key") -> int:
    """A key in the path. Raises Problem."""
    text = request.path_params[name]
    try:
        return int(key(text, name))
    except Problem:
        raise bad_request(f"Failed to convert '{name}' with value: '{shown(text)}'") from None


def whole(value: Any, name: str) -> int:
    """A key of a request, which may be text. Raises Problem."""
    return int(key(value, name))


def answer(value: Any, status: int = 200) -> JSONResponse:
    """A JSON answer."""
    return JSONResponse(value, status)


NO_CONTENT = 204


def done() -> Response:
    """An answer that says nothing more."""
    return Response(status_code=NO_CONTENT)
