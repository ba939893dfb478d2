"""Durations as Java writes and reads them: ISO 8601 with days and time only, `PT5M`, `P1DT2H`, `-PT0.5S`.

Months, years and weeks have no fixed length in Java's `Duration`, and are no durations here either.
"""

from __future__ import annotations

import re

_DURATION = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>[-+]?[0-9]+)D)?"
    r"(?P<time>T(?:(?P<hours>[-+]?[0-9]+)H)?(?:(?P<minutes>[-+]?[0-9]+)M)?"
    r"(?:(?P<seconds>[-+]?[0-9]+)(?:[.,](?P<fraction>[0-9]{0,9}))?S)?)?",
    re.IGNORECASE,
)
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_NANOS = 10**9
#: A longer text is no duration that fits into Java's 64 bits of seconds.
_LENGTH_MAX = 200
_SECONDS_MAX = 2**63 // 1000


def parse_ms(text: str) -> int:
    """The milliseconds of a duration, cut towards zero; negative durations are durations.

    Raises ValueError for anything that Java's `Duration.parse` refuses, or that has no 64-bit number of milliseconds.
    """
    match = _DURATION.fullmatch(text) if len(text) <= _LENGTH_MAX else None
    parts = {name: match[name] for name in _SECONDS if match[name] is not None} if match else {}
    if match is None or not parts or (match["time"] or "").upper() == "T":
        raise ValueError(
            f"{text[:_LENGTH_MAX]!r} is no ISO 8601 duration of days, hours, minutes and seconds, e.g. PT5M"
        )
    seconds = sum(int(number) * _SECONDS[name] for name, number in parts.items())
    nanos = int((match["fraction"] or "").ljust(9, "0")) * (-1 if parts.get("seconds", "").startswith("-") else 1)
    total = (seconds * _NANOS + nanos) * (-1 if match["sign"] == "-" else 1)
    if abs(total) >= _SECONDS_MAX * _NANOS:
        raise ValueError(f"{text!r} is longer than any duration can be")
    return abs(total) // 10**6 * (1 if total >= 0 else -1)
