"""Variables as Operate and the REST API show them: JSON in a text, of which the end may be missing."""

from __future__ import annotations

import json
from typing import Any

#: How models know a variable that is null: the Java runtime hands out the text.
NULL = "null"


def parsed(text: str) -> Any:
    """The value. Raises ValueError for a text that is not whole: the engine keeps nothing but JSON."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return NULL if value is None else value
