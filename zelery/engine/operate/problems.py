"""Refusals in Operate's two forms: its own, and that of the server beneath it (seen on Operate 8.6)."""

from __future__ import annotations

import datetime as dt
import uuid

from starlette.responses import JSONResponse

from zelery.engine.errors import EngineError


class OperateProblem(EngineError):  # noqa: N818 - as Problem
    """A request is refused in Operate's words.

    Args:
        status: HTTP's.
        type_: What kind of refusal it is.
        message: For people.
    """

    def __init__(self, status: int, type_: str, message: str) -> None:
        self.status, self.type, self.message = status, type_, message
        super().__init__(message)

    def response(self) -> JSONResponse:
        """The answer."""
        body = {"status": self.status, "message": self.message, "instance": str(uuid.uuid4()), "type": self.type}
        return JSONResponse(body, self.status, media_type="application/problem+json")


def invalid(message: str) -> OperateProblem:
    """A request that cannot be read."""
    return OperateProblem(400, "Invalid request", message)


def wrong_data(message: str) -> OperateProblem:
    """A search for what there cannot be."""
    return OperateProblem(400, "Data invalid", message)


def missing(what: str, key: int) -> OperateProblem:
    """A thing that there is not."""
    return OperateProblem(404, "Requested resource not found", f"{what} for key {key} not found.")


def denied() -> JSONResponse:
    """The answer to a caller who is not logged in."""
    return JSONResponse({"message": ""}, 401, media_type="application/json;charset=UTF-8")


def plain(status: int, error: str, path: str) -> JSONResponse:
    """The answer of the server beneath: to a path, a method or a content type that it does not know."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    return JSONResponse({"timestamp": now, "status": status, "error": error, "path": path}, status)
