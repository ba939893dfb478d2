"""The response that a model's expression means: `{statusCode: 201, headers: {name: text}, body: anything}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticCustomError

from zelery.errors import InputError
from zelery.sdk.types import integer, text
from zelery.sdk.webhooks import Response

_OK, _STATUS_MAX = 200, 999
#: With these, HTTP has no body.
_BODILESS = (204, 304)
_SHAPE = "{statusCode: 201, headers: {name: text}, body: anything}"


def response_of(value: Any, name: str) -> Response:
    """The response that an expression's value means; `name` is the property's. Raises InputError for one that is none.

    Members that no response has are ignored, and each may be absent.
    """
    if not isinstance(value, dict):
        raise InputError(f"inbound.{name} gave {type(value).__name__}, and not a context as {_SHAPE} or null")
    status = _status(value.get("statusCode"), name)
    return Response(
        status=status,
        headers=dict(_headers(value.get("headers"), name)),
        body=None if status in _BODILESS else value.get("body"),
    )


def _status(value: Any, name: str) -> int:
    try:
        status = integer(value)
    except PydanticCustomError:
        status = 0
    if status is None:
        return _OK
    if not _OK <= status <= _STATUS_MAX:
        raise InputError(f"inbound.{name} gave statusCode {value!r}: must be a number from {_OK} to {_STATUS_MAX}")
    return int(status)


def _headers(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """A header that is null is left out."""
    if not isinstance(value, (dict, type(None))):
        raise InputError(f"inbound.{name} gave headers that are no context: must be {_SHAPE}")
    for header, content in (value or {}).items():
        if isinstance(content, (dict, list)):
            raise InputError(f"inbound.{name} gave header {header!r} more than one value: must be a text")
        if content is not None:
            yield header, text(content)
