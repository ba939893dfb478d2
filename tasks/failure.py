"""How a failure is told to people and to the model: `error.type`, `error.message`, `error.code`, `error.variables`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from tasks import payload
from zelery.errors import ConnectorError

#: Longer messages are cut: Zeebe carries them in every command and export. UTF-16 units, as Java counts.
MESSAGE_UNITS_MAX = 6000

#: What models know common errors by: names of Java's classes (`spec/outbound.md` §1.5). The most specific first.
_JAVA_TYPES: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "java.net.SocketTimeoutException"),
    (ConnectionRefusedError, "java.net.ConnectException"),
    (ConnectionError, "java.net.SocketException"),
    (socket.gaierror, "java.net.UnknownHostException"),
    (ssl.SSLError, "javax.net.ssl.SSLException"),
    (OSError, "java.io.IOException"),
    (NotImplementedError, "java.lang.UnsupportedOperationException"),
    (ValueError, "java.lang.IllegalArgumentException"),
    (TypeError, "java.lang.IllegalArgumentException"),
)


def tell(error: BaseException, mask: Callable[[str], str]) -> dict[str, Any]:
    """What the model sees as `error`, with no secret in what people read.

    `code` and `variables` are there when the connector gave them. A code that is one word is an identifier, which
    models compare, and stays as it is.
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    told: dict[str, Any] = {"type": java_type(error), "message": shown(message(error), mask)}
    if isinstance(error, ConnectorError):
        if error.code is not None:
            told["code"] = payload.sendable(mask(error.code) if " " in error.code else error.code)
        if error.variables is not None:
            told["variables"] = _variables(error)
    return told


def shown(text: str, mask: Callable[[str], str]) -> str:
    """A message as people read it: no secrets, not too long, in characters that can be sent."""
    return cut(payload.sendable(mask(text)))


def _variables(error: ConnectorError) -> Any:
    try:
        return payload.plain(error.variables)
    except ConnectorError as refusal:
        return {"unreadable": refusal.message}


def message(error: BaseException) -> str:
    """What an error says; its kind when it says nothing, or only names a key."""
    if isinstance(error, ConnectorError):
        return error.message or ""
    said, kind = str(error), type(error).__name__
    if not said:
        return kind
    return f"{kind}: {said}" if isinstance(error, (LookupError, AssertionError, SystemExit)) else said


def java_type(error: BaseException) -> str:
    """The name of an error's class for models: its own when it is a library's, Java's when everybody knows it."""
    if isinstance(error, ConnectorError):
        return error.error_type
    kind = type(error)
    known = next((name for each, name in _JAVA_TYPES if isinstance(error, each)), "java.lang.RuntimeException")
    ours = kind.__module__ in ("builtins", "socket", "ssl", "asyncio.exceptions", "concurrent.futures._base")
    return known if ours else f"{kind.__module__}.{kind.__qualname__}"


def cut(text: str) -> str:
    """At most `MESSAGE_UNITS_MAX` UTF-16 units of a text, and no half of a character."""
    if 2 * len(text) <= MESSAGE_UNITS_MAX:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * MESSAGE_UNITS_MAX:
        return text
    return units[: 2 * MESSAGE_UNITS_MAX].decode("utf-16-le", "ignore")
