"""Refusals as the REST API tells them: problem details (RFC 9457), and the statuses of the engine's codes."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from zelery.engine.errors import Code, EngineError, Rejected

_STATUS = {
    Code.INVALID_ARGUMENT: 400,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.INVALID_STATE: 409,
    Code.EXCEEDED: 503,
    Code.TIMEOUT: 504,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
}


class Problem(EngineError):  # noqa: N818 - the standard's word
    """A request is refused.

    Args:
        status: HTTP's.
        title: What kind of refusal it is.
        detail: For people.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        super().__init__(f"{status} {title}: {detail}")

    def response(self, instance: str) -> JSONResponse:
        """The answer to the request for a path."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        return JSONResponse(body, self.status, media_type="application/problem+json")


def invalid(detail: str) -> Problem:
    """A request that says something that cannot be."""
    return Problem(400, "INVALID_ARGUMENT", detail)


def bad_request(detail: str) -> Problem:
    """A request that cannot be read."""
    return Problem(400, "Bad Request", detail)


def unreadable(path: str, why: str = "") -> Problem:
    """A request with a property that the line does not know, or whose value is none of its kind."""
    return bad_request(f"Request property [{path}] cannot be parsed{': ' if why else ''}{why}")


def missing(what: str, key: object) -> Problem:
    """A thing that there is not."""
    return Problem(404, "NOT_FOUND", f"{what} with key '{key}' not found")


def refused(rejected: Rejected, intent: str) -> Problem:
    """A command that the engine has refused."""
    if rejected.code in (Code.EXCEEDED, Code.UNAVAILABLE):
        return Problem(_STATUS[rejected.code], str(rejected.code), rejected.reason)
    detail = f"Command '{intent}' rejected with code '{rejected.code}': {rejected.reason}"
    return Problem(_STATUS[rejected.code], str(rejected.code), detail)
