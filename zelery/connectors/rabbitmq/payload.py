"""What a model gives as a message, in AMQP's terms: body and properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pamqp.commands import Basic

from zelery.sdk import InputError
from zelery.sdk.escapes import unescaped
from zelery.sdk.types import integer, text

#: Bytes of a short text, and of a header's name.
SHORT_MAX, NAME_MAX = 255, 128
#: What one byte holds.
OCTET_MAX = 255
#: Whole numbers of a header have 64 bits.
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1


def encoded(body: Any) -> bytes:
    """A body's bytes. Objects and lists, and texts that hold one, become compact JSON; other texts stay as they are.

    Escapes are taken out of the JSON after it is written, as the Java runtime does: a quotation mark within a text
    leaves it broken.
    """
    if isinstance(body, str):
        value = _structure(unescaped(body))
        return (body if value is None else unescaped(_compact(value))).encode(errors="replace")
    return unescaped(_compact(body)).encode(errors="replace")


def properties(given: Mapping[str, Any]) -> Basic.Properties:
    """AMQP's properties of a message. Raises InputError, which names the property."""
    found = Basic.Properties()
    for name, value in given.items():
        if name not in _FIELDS:
            raise InputError(
                f"Unsupported field [{name}] for properties; use {', '.join(_FIELDS)}",
                error_type="java.lang.IllegalArgumentException",
            )
        field, read = _FIELDS[name]
        if value is not None:
            # After the constructor, which would refuse some that RabbitMQ takes.
            setattr(found, field, read(f"message.properties.{name}", value))
    return found


def short(name: str, value: str) -> str:
    """A text that AMQP has room for. Raises InputError."""
    size = len(value.encode(errors="replace"))
    if size > SHORT_MAX:
        raise InputError(f"{name}: must be at most {SHORT_MAX} bytes long, not {size}")
    return value


def _structure(body: str) -> Any:
    """The object or list that a text is, else None."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(name: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise InputError(f"{name}: must be a text")
    return short(name, str(text(value)))


def _octet(name: str, value: Any) -> int:
    try:
        number = integer(value)
    except ValueError:
        number = None
    if number is None or not 0 <= number <= OCTET_MAX:
        raise InputError(f"{name}: must be a whole number from 0 to {OCTET_MAX}")
    return int(number)


def _timestamp(name: str, value: Any) -> datetime:
    """Milliseconds since 1970, or a date and time in ISO 8601."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return datetime.fromtimestamp(value // 1000, UTC)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{name}: must be milliseconds since 1970, or a date and time like 2026-01-31T12:00:00Z")


def _headers(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name}: must be a map")
    _check(name, value)
    return value


def _check(name: str, value: Any) -> None:
    """Raises InputError for what no header can hold."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if len(key.encode(errors="replace")) > NAME_MAX:
                raise InputError(f"{name}: a name must be at most {NAME_MAX} bytes long: {key[:40]!r}…")
            _check(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            _check(name, inner)
    elif isinstance(value, int) and not LONG_MIN <= value <= LONG_MAX:
        raise InputError(f"{name}: must be a number of at most 64 bits")


#: AMQP's properties by the names that models use: pamqp's name, and how a value is read.
_FIELDS: Mapping[str, tuple[str, Callable[[str, Any], Any]]] = {
    "contentType": ("content_type", _text),
    "contentEncoding": ("content_encoding", _text),
    "headers": ("headers", _headers),
    "deliveryMode": ("delivery_mode", _octet),
    "priority": ("priority", _octet),
    "correlationId": ("correlation_id", _text),
    "replyTo": ("reply_to", _text),
    "expiration": ("expiration", _text),
    "messageId": ("message_id", _text),
    "timestamp": ("timestamp", _timestamp),
    "type": ("message_type", _text),
    "userId": ("user_id", _text),
    "appId": ("app_id", _text),
    "clusterId": ("cluster_id", _text),
}
