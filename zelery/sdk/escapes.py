"""Escapes in the texts that models write, taken out as the Java runtime does for some connectors."""

from __future__ import annotations

import re

from zelery.errors import InputError

#: A backslash and what belongs to it: a UTF-16 unit in hexadecimal, a byte in octal, or one character.
_ESCAPE = re.compile(r"\\(?:u+\+?(?P<hex>[0-9A-Fa-f]{4})|(?P<octal>[0-3]?[0-7]{1,2})|(?P<one>.))?", re.DOTALL)
_CONTROLS = {"b": "\b", "n": "\n", "t": "\t", "f": "\f", "r": "\r"}


def unescaped(text: str) -> str:
    r"""A text with `\n`, `\"`, `\\`, `\u00e9` and the like as what they mean; any other backslash is dropped.

    Raises InputError for a `\u` that four hexadecimal digits do not follow.
    """
    if "\\" not in text:
        return text
    # Characters beyond the first 65,536 are escaped in two halves, which belong together again.
    return _ESCAPE.sub(_meant, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _meant(found: re.Match[str]) -> str:
    if found["hex"]:
        return chr(int(found["hex"], 16))
    if found["octal"]:
        return chr(int(found["octal"], 8))
    if found["one"] == "u":
        raise InputError(rf"A \u in a text needs four hexadecimal digits; write \\u for the letters: {found[0]!r}")
    return _CONTROLS.get(found["one"] or "", found["one"] or "")
