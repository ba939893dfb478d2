"""Variables as they travel to Zeebe: JSON values, no larger than it takes; and texts that UTF-8 can carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from zelery.errors import ConnectorError, InputError
from zelery.model import to_json

#: Zeebe takes messages of 4 MB at most; Camunda's runtime keeps well below it.
BYTES_MAX = 1_572_864


def plain(value: Any) -> Any:
    """A value that a connector gave, as JSON values.

    Raises ConnectorError for a value that cannot be JSON.
    """
    try:
        return to_jsonable_python(value, inf_nan_mode="strings", bytes_mode="base64")
    except (PydanticSerializationError, ValueError) as error:
        refusal = error
    try:
        return json.loads(to_json(value))  # Deeper than pydantic goes, and plain JSON all the same.
    except (TypeError, ValueError, RecursionError):
        raise ConnectorError(f"What the connector gave cannot be written as JSON: {refusal}") from refusal


def guarded(variables: dict[str, Any]) -> dict[str, Any]:
    """The same variables. Raises InputError when they are larger than `BYTES_MAX`."""
    size = len(to_json(variables).encode()) if variables else 0
    if size > BYTES_MAX:
        raise InputError(
            f"Output variables payload ({size} bytes) exceeds the 1.5 MB safe variable size limit; "
            "take less of the response by a result expression"
        )
    return variables


def is_small(variables: Mapping[str, Any]) -> bool:
    """Whether the variables are no larger than `BYTES_MAX`."""
    return len(to_json(variables).encode()) <= BYTES_MAX


def sendable(text: str) -> str:
    """The text with `?` for halves of surrogate pairs, which UTF-8 cannot carry."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
