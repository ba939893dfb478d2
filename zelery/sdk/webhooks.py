"""HTTP as a webhook connector sees it: the request that came, the response that goes out, and refusals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from zelery.correlation import ConditionNotMet, EngineRefused, Failed, InvalidInput, Result
from zelery.errors import ConnectorError

#: How Zeebe's refusals are told over HTTP (`spec/inbound.md` §4.7); what is not listed is the caller's input: 422.
STATUS_OF = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "DATA_LOSS": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 412,
    "OUT_OF_RANGE": 416,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
}
UNPROCESSABLE = 422


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request to a webhook."""

    method: str
    """Upper case."""
    url: str
    """The whole address as the caller wrote it, without its query: what signatures are made over."""
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    """By lower-case name, the first of each."""
    query: str = dataclasses.field(default="", repr=False)
    """The query as it came, without `?`."""
    body: bytes = dataclasses.field(default=b"", repr=False)
    """As it came."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Response:
    """What the caller gets. Text is sent as it is, bytes too, None as no body, anything else as JSON."""

    status: int = 200
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: Any = dataclasses.field(default=None, repr=False)


class RefusalError(ConnectorError):
    """The request is refused: the caller gets this status and `{"reason": message}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(result: Result, success: Response | None = None) -> Response:
    """The response that says what correlating came to; `success` where it went well, else 200 without a body."""
    match result:
        case ConditionNotMet(consume=False):
            return Response(status=UNPROCESSABLE, body={"message": result.message})
        case InvalidInput(message=message, cause=cause):
            error = None if cause is None else {"message": cause}
            return Response(status=UNPROCESSABLE, body={"message": message, "error": error})
        case EngineRefused(status=status, message=message):
            return Response(status=STATUS_OF.get(status, UNPROCESSABLE), body={"status": status, "message": message})
        case Failed():
            return Response(status=500)
        case _:
            return success or Response()
