"""What a request may come to when it comes to no answer, in the words and codes of the Java runtime.

Models compare `error.code`, so each way to fail keeps the code that was recorded for it.
"""

from __future__ import annotations

from typing import Any

from zelery.errors import ConnectorError
from zelery.sdk.http import wire

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
    """The failure of a request that cannot be built. Its code is the whole sentence: `request` is what Java prints."""
    return ConnectorError(
        f"{error.java_type}: {error.text}",
        code=f"Failed to execute request: {request}. An error occurred: {error.text}",
    )


def broken_protocol() -> ConnectorError:
    """A request or an answer that breaks HTTP's rules."""
    return ConnectorError(BROKEN_PROTOCOL, code="500")


def of_wire(error: wire.WireError, bytes_max: int) -> ConnectorError:
    """The failure of a request that came to no answer, or to one that could not be read; `bytes_max` is the limit."""
    match error:
        case wire.SlowError():
            return ConnectorError(TIMED_OUT, code="408")
        case wire.ProtocolError():
            return broken_protocol()
        case wire.TooLargeError():
            return ConnectorError(
                f"The response is larger than {bytes_max} bytes."
                " Ask the server for less, or raise ZELERY_HTTP_RESPONSE_BYTES_MAX.",
                code="RESPONSE_TOO_LARGE",
            )
        case wire.BodyError() if not isinstance(error, wire.CutError):
            return ConnectorError(str(error), code="500", variables={"response": {"headers": {}, "body": None}})
        case _:
            return ConnectorError(ABORTED, code="408")


def answered(status: int, reason: str, headers: dict[str, Any], body: Any) -> ConnectorError:
    """An answer that is an error by its status, 400 or more."""
    return ConnectorError(reason, code=str(status), variables={"response": {"headers": headers, "body": body}})
