"""What a request may come to when it comes to no answer, in the words and codes of the Java runtime.

Models compare `error.code`, so each way to fail keeps the code that was recorded for it.
"""

from __future__ import annotations

from typing import Any

from zelery.errors import ConnectorError

ABORTED = "An error occurred while executing the request, or the connection was aborted"
TIMED_OUT = "The request timed out. Please try increasing the read and connection timeouts."
BROKEN_PROTOCOL = "An error with the HTTP protocol occurred"


class UnbuildableError(Exception):
    """A request that cannot be built of what the model gave: the text says why, `java_type` what Java would raise."""

    def __init__(self, text: str, *, java_type: str = "java.lang.IllegalArgumentException") -> None:
        super().__init__(text)
        self.text = text
        self.java_type = java_type


def unbuildable(error: UnbuildableError, request: str) -> ConnectorError:
    """The failure of a request that cannot be built; its code is the whole sentence, with `request` as Java prints it."""
    return ConnectorError(
        f"{error.java_type}: {error.text}",
        code=f"Failed to execute request: {request}. An error occurred: {error.text}",
    )


def aborted() -> ConnectorError:
    """No connection, or one that broke before its answer."""
    return ConnectorError(ABORTED, code="408")


def timed_out() -> ConnectorError:
    """No connection or no answer in time."""
    return ConnectorError(TIMED_OUT, code="408")


def broken_protocol() -> ConnectorError:
    """A request or an answer that breaks HTTP's rules."""
    return ConnectorError(BROKEN_PROTOCOL, code="500")


def unreadable(text: str) -> ConnectorError:
    """An answer whose body could not be read to its end."""
    return ConnectorError(text, code="500", variables={"response": {"headers": {}, "body": None}})


def too_large(limit_bytes: int) -> ConnectorError:
    """An answer that would fill the worker's memory."""
    return ConnectorError(
        f"The response is larger than {limit_bytes} bytes. Ask the server for less, or raise ZELERY_HTTP_RESPONSE_BYTES_MAX.",
        code="RESPONSE_TOO_LARGE",
    )


def answered(status: int, reason: str, headers: dict[str, Any], body: Any) -> ConnectorError:
    """An answer that is an error by its status, 400 or more."""
    return ConnectorError(reason, code=str(status), variables={"response": {"headers": headers, "body": body}})
