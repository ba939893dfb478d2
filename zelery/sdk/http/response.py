"""What an answer is to a model: its status, its headers by name, and a body that is JSON where it looks like it."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

from zelery.sdk.http.wire import BodyError, Headers, TooLargeError

#: JSON deeper than this stays text, so that nothing that reads it later can run out of stack.
DEPTH_MAX = 200

_GZIP = ("gzip", "x-gzip")
_CODED = ("content-encoding", "content-length", "content-md5")
_SPACE = " \t\r\n"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")
#: What is blank to Java: Unicode's spaces and separators, but not those that forbid a break, nor NEL.
_NO_BLANKS = "\x85\xa0\u2007\u202f"


def codings(headers: Headers) -> list[str]:
    """The content codings of a body that are taken off, in the order in which they were put on."""
    named = [
        part.strip().lower()
        for name, value in headers
        if name.lower() == "content-encoding"
        for part in value.split(",")
    ]
    return named if all(coding in (*_GZIP, "deflate", "identity", "") for coding in named) else []


def decoded(data: bytes, coding: str, *, bytes_max: int) -> bytes:
    """A body without one content coding.

    Raises BodyError when it does not have it, TooLargeError when it grows beyond the limit.
    """
    if coding in ("identity", "") or not data:
        return data
    if coding in _GZIP:
        if not data.startswith(b"\x1f\x8b"):
            raise BodyError("Not in GZIP format")
        return _inflated(data, zlib.MAX_WBITS | 16, bytes_max)
    # "deflate" means zlib's format; some servers send it without its frame.
    framed = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0  # noqa: PLR2004 - RFC 1950
    return _inflated(data, zlib.MAX_WBITS if framed else -zlib.MAX_WBITS, bytes_max)


def header_map(headers: Headers, *, coded: bool) -> dict[str, Any]:
    """Headers by name as they were spelled: the first of each counts, but cookies are a list.

    `coded` says that a content coding was taken off the body: what describes the coded body is then left out.
    """
    found: dict[str, Any] = {}
    for name, value in headers:
        lower = name.lower()
        if coded and lower in _CODED:
            continue
        if lower == "set-cookie":
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found


def body(data: bytes) -> Any:
    """A body as a model sees it: UTF-8, JSON if it begins like an object or a list, else text; None if it is blank."""
    text = data.decode(errors="replace")
    start = len(text) - len(text.lstrip(_SPACE))
    if text[start : start + 1] in ("{", "["):
        try:
            return _json(text, start)
        except (ValueError, RecursionError):
            return text
    return None if text.isspace() and not any(mark in text for mark in _NO_BLANKS) else text or None


def _inflated(data: bytes, window: int, bytes_max: int) -> bytes:
    pieces: list[bytes] = []
    room = bytes_max + 1
    try:
        while data and room > 0:
            inflater = zlib.decompressobj(window)
            pieces.append(inflater.decompress(data, room))
            room -= len(pieces[-1])
            if not inflater.eof:
                if room > 0:
                    raise BodyError("Unexpected end of ZLIB input stream")
                break
            # Gzip may hold several members; what follows and is none is ignored.
            data = inflater.unused_data if inflater.unused_data.startswith(b"\x1f\x8b") else b""
    except zlib.error as error:
        raise BodyError(str(error)) from None
    if room <= 0:
        raise TooLargeError
    return b"".join(pieces)


def _json(text: str, start: int) -> Any:
    """The first JSON value of a text. Raises ValueError when it is none, or too deep."""
    value, end = _DECODER.raw_decode(text, start)
    if _openings(text, start, end) > DEPTH_MAX and _is_deep(value):
        raise ValueError("nested too deeply")
    return _without_lone_surrogates(value) if _SURROGATE.search(text, start, end) else value


def _openings(text: str, start: int, end: int) -> int:
    """No value is deeper than this, and counting costs next to nothing."""
    return text.count("[", start, end) + text.count("{", start, end)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            entry
            for container in level
            for entry in (container.values() if isinstance(container, dict) else container)
            if isinstance(entry, (dict, list))
        ]
        if not level:
            return False
    return True


def _without_lone_surrogates(value: Any) -> Any:
    """JSON can escape half a character; no variable of an engine can hold it."""
    if isinstance(value, str):
        return _LONE.sub("?", value)
    if isinstance(value, dict):
        return {_LONE.sub("?", name): _without_lone_surrogates(entry) for name, entry in value.items()}
    return [_without_lone_surrogates(entry) for entry in value] if isinstance(value, list) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _number(text: str) -> float | str:
    """A decimal; one that is too large for a double is the text that Jackson writes."""
    value = float(text)
    if math.isfinite(value):
        return value
    return "Infinity" if value > 0 else "-Infinity"


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_number)
