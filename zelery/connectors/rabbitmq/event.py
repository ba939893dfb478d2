"""What the model's expressions see of a message (`spec/inbound.md` §6.2 and the recorded cases)."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pamqp.commands import Basic

_SPACE = " \t\r\n"

#: The properties by the names that models use, and pamqp's.
_NAMES = {
    "contentType": "content_type",
    "contentEncoding": "content_encoding",
    "headers": "headers",
    "deliveryMode": "delivery_mode",
    "priority": "priority",
    "correlationId": "correlation_id",
    "replyTo": "reply_to",
    "expiration": "expiration",
    "messageId": "message_id",
    "timestamp": "timestamp",
    "type": "message_type",
    "userId": "user_id",
    "appId": "app_id",
    "clusterId": "cluster_id",
}


def event(consumer_tag: str, body: bytes, properties: Basic.Properties) -> dict[str, Any]:
    """A message as an event. What the sender left out is left out; a header that is null stays null."""
    return {
        "message": {
            "consumerTag": consumer_tag,
            "body": content(body.decode(errors="replace")),
            "properties": _properties(properties),
        }
    }


def content(text: str) -> Any:
    """The JSON value that a text begins with, numbers as doubles, null as text; else the text itself.

    `12 apples` is 12.0; `12apples`, `0123` and `'a'` are texts.
    """
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = _DECODER.raw_decode(text, start)
        if isinstance(value, (dict, list, str)):
            return value
        if text[end : end + 1].strip(_SPACE):
            return text
        if value is None:
            return "null"
        return value if isinstance(value, bool) else _finite(value)
    except (ValueError, OverflowError, RecursionError):
        return text


def _finite(number: Any) -> float:
    """A double. Raises OverflowError for what is none."""
    found = float(number)
    if math.isinf(found):
        raise OverflowError
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _properties(properties: Basic.Properties) -> dict[str, Any]:
    found = {name: getattr(properties, field) for name, field in _NAMES.items()}
    if not found["clusterId"]:
        del found["clusterId"]  # pamqp has no null there.
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    """A value of AMQP as JSON has it, at any depth."""
    found = value
    match value:
        case Mapping():
            found = {name: _plain(inner) for name, inner in value.items()}
        case list():
            found = [_plain(inner) for inner in value]
        case datetime():
            found = value.isoformat(timespec="milliseconds")
        case bytearray():  # Bytes on purpose.
            found = base64.b64encode(value).decode()
        case bytes():  # A text that is no UTF-8.
            found = value.decode(errors="replace")
        case Decimal():
            found = float(value)
        case float() if not math.isfinite(value):
            found = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(value)]
    return found
