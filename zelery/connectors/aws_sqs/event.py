"""A message of a queue as models see it, in the Java runtime's shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

_SPACE = " \t\r\n"


def event(message: Mapping[str, Any], *, hidden: Collection[str] = ()) -> dict[str, Any]:
    """What expressions see; `hidden` are attributes that the model did not ask for.

    Its two digests are spelled differently, as they are in Java.
    """
    attributes = message.get("Attributes") or {}
    return {
        "messageId": message.get("MessageId"),
        "receiptHandle": message.get("ReceiptHandle"),
        "mD5OfBody": message.get("MD5OfBody"),
        "body": body(message.get("Body") or ""),
        "attributes": {name: value for name, value in attributes.items() if name not in hidden},
        "md5OfMessageAttributes": message.get("MD5OfMessageAttributes"),
        "messageAttributes": {
            name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
        },
    }


def body(text: str) -> Any:
    """The first JSON value of a text, whatever follows it; the text where it begins with none."""
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return text
    # `12 apples` is 12; `12apples` is text.
    joined = not isinstance(value, (dict, list, str)) and text[end : end + 1].strip(_SPACE)
    return text if joined else value


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "binaryValue": _base64(value.get("BinaryValue")),
        "stringListValues": value.get("StringListValues") or [],
        "binaryListValues": [_base64(each) for each in value.get("BinaryListValues") or []],
        "dataType": value.get("DataType"),
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
