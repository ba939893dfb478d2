"""JSON as leniently as the Java runtime reads a record: the first value counts, and what follows it is ignored.

Strings may be in single quotes and may hold raw line breaks. `12 apples` is 12; `12apples`, `0123` and `[a` are none.
"""

from __future__ import annotations

import json
import re
from typing import Any

#: A string in either kind of quotes.
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?P<single>(?:\\.|[^\'\\])*)\'', re.DOTALL)
#: What needs another form between double quotes than it has between single ones.
_REQUOTED = re.compile(r"\\.|\"", re.DOTALL)
_SPACE = " \t\r\n"


def first_value(text: str) -> Any:
    """The first JSON value of a text. Raises ValueError when it begins with none."""
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        return _read(text, start)
    except ValueError:
        if "'" not in text:
            raise
    return _read(_STRING.sub(_double_quoted, text), start)


def or_text(text: str) -> Any:
    """The first JSON value of a text, or the text itself."""
    try:
        return first_value(text)
    except ValueError:
        return text


def _read(text: str, start: int) -> Any:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, (dict, list, str)) and text[end : end + 1].strip(_SPACE):
        raise ValueError("a number or a word of JSON is followed by more than a space")
    return value


def _double_quoted(found: re.Match[str]) -> str:
    inside = found["single"]
    return found[0] if inside is None else f'"{_REQUOTED.sub(_requoted, inside)}"'


def _requoted(found: re.Match[str]) -> str:
    return {'"': '\\"', "\\'": "'"}.get(found[0], found[0])


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


#: Not strict: control characters stand in strings as they are.
_DECODER = json.JSONDecoder(strict=False, parse_constant=_no_constant)
