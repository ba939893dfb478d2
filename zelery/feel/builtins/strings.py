"""Functions over strings. Positions and lengths count UTF-16 units, as Java does."""

import base64
import os
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.limits import Run, exceeded
from zelery.feel.numbers import int32
from zelery.feel.regexes import InvalidPatternError, compiled, expanded
from zelery.feel.signature import Table
from zelery.feel.values import Failure, joined, utf16

TABLE = Table()
define = TABLE.define
_HALVES = re.compile("[\ud800-\udfff]")
_JAVA_BLANKS = frozenset("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2028\u2029\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B) if code != 0x2007
}


def _start(units: str, position: int) -> int:
    return position - 1 if position > 0 else len(units) + position


def _cut(units: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(units):
        text = f"begin {start}, end {end}, length {len(units)}"
        raise Fault(f"java.lang.StringIndexOutOfBoundsException: {text}")
    # Half of a character has no UTF-8: the Java runtime writes "?" for it.
    return _HALVES.sub("?", joined(units[start:end]))


@define("substring", "string: string, start position: number")
def substring(_: Run, string: str, position: Any) -> str:
    units = utf16(string)
    return _cut(units, _start(units, int32(position)), len(units))


@define("substring", "string: string, start position: number, length: number")
def substring_of_length(_: Run, string: str, position: Any, length: Any) -> str:
    units = utf16(string)
    start = _start(units, int32(position))
    return _cut(units, start, min(int32(start + int32(length)), len(units)))


@define("string length", "string: string")
def string_length(_: Run, string: str) -> int:
    return len(utf16(string))


@define("upper case", "string: string")
def upper_case(run: Run, string: str) -> str:
    run.allow_chars(len(string))
    return string.upper()


@define("lower case", "string: string")
def lower_case(run: Run, string: str) -> str:
    run.allow_chars(len(string))
    return string.lower()


@define("substring before", "string: string, match: string")
def substring_before(_: Run, string: str, match: str) -> str:
    return string[: max(string.find(match), 0)]


@define("substring after", "string: string, match: string")
def substring_after(_: Run, string: str, match: str) -> str:
    index = string.find(match)
    return string[index + len(match) :] if index >= 0 else ""


@define("contains", "string: string, match: string")
def contains(_: Run, string: str, match: str) -> bool:
    return match in string


@define("starts with", "string: string, match: string")
def starts_with(_: Run, string: str, match: str) -> bool:
    return string.startswith(match)


@define("ends with", "string: string, match: string")
def ends_with(_: Run, string: str, match: str) -> bool:
    return string.endswith(match)


@define("trim", "string: string")
def trim(_: Run, string: str) -> str:
    return string.strip("".join(map(chr, range(33))))


@define("is blank", "string: string")
def is_blank(_: Run, string: str) -> bool:
    return all(char in _JAVA_BLANKS for char in string)


@define("to base64", "value: string")
def to_base64(run: Run, value: str) -> str:
    run.allow_chars(len(value) * 2)
    return base64.b64encode(value.encode("utf-8", "replace")).decode("ascii")


@define("uuid", "")
def new_uuid(_: Run) -> str:
    """A UUID of version 7: time first, then random bits."""
    stamp = time.time_ns() // 1_000_000
    number = (stamp << 80) | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | (7 << 76)
    return str(uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62)))


def _matches(run: Run, string: str, pattern: str, flags: str = "") -> Iterator[Any]:
    """All matches in order; the search shares the evaluation's deadline. Raises InvalidPatternError."""
    found = compiled(pattern, flags)
    try:
        start = 0
        while start <= len(string):
            match = found.search(string, start, timeout=run.time_left_s())
            if match is None:
                return
            run.charge(1)
            yield match
            # Java looks on one further after a match of nothing; a longer match at the same place is not found.
            start = match.end() + (match.start() == match.end())
    except TimeoutError:
        exceeded("deadline_s", f"A regular expression takes longer than {run.limits.deadline_s} s.")


def _replaced(run: Run, string: str, pattern: str, replacement: str, flags: str = "") -> Any:
    written: list[str] = []
    end, size = 0, len(string)
    try:
        for match in _matches(run, string, pattern, flags):
            new = expanded(replacement, match, run)
            size += len(new)
            run.allow_chars(size)
            written += (string[end : match.start()], new)
            end = match.end()
    except InvalidPatternError:
        return Failure(f"Invalid pattern '{pattern}'")
    return "".join(written) + string[end:]


@define("replace", "input: string, pattern: string, replacement: string")
def replace(run: Run, string: str, pattern: str, replacement: str) -> Any:
    return _replaced(run, string, pattern, replacement)


@define("replace", "input: string, pattern: string, replacement: string, flags: string")
def replace_by_flags(run: Run, string: str, pattern: str, replacement: str, flags: str) -> Any:
    return _replaced(run, string, pattern, replacement, flags)


@define("matches", "input: string, pattern: string")
def matches(run: Run, string: str, pattern: str) -> Any:
    return matches_by_flags(run, string, pattern, "")


@define("matches", "input: string, pattern: string, flags: string")
def matches_by_flags(run: Run, string: str, pattern: str, flags: str) -> Any:
    try:
        return next(_matches(run, string, pattern, flags), None) is not None
    except InvalidPatternError:
        return Failure(f"Invalid pattern '{pattern}'")


@define("split", "string: string, delimiter: string")
def split(run: Run, string: str, delimiter: str) -> Any:
    parts, end = [], 0
    try:
        for match in _matches(run, string, delimiter):
            if match.end() == 0:
                # A match of nothing at the start splits nothing off.
                continue
            parts.append(string[end : match.start()])
            end = match.end()
    except InvalidPatternError:
        return Failure(f"Invalid pattern for delimiter '{delimiter}'")
    run.allow_items(len(parts) + 1)
    return [*parts, string[end:]]


@define("extract", "input: string, pattern: string")
def extract(run: Run, string: str, pattern: str) -> Any:
    try:
        found = [match[0] for match in _matches(run, string, pattern)]
    except InvalidPatternError:
        return Failure(f"Invalid pattern '{pattern}'")
    run.allow_items(len(found))
    return found
