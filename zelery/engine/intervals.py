"""Dates, durations and cycles as timers have them: ISO 8601, and cron for cycles (docs: "Timer events").

Pure; times are milliseconds since 1970, UTC unless the text says otherwise.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator

_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?!$)(?:(?P<years>[+-]?\d+)Y)?(?:(?P<months>[+-]?\d+)M)?(?:(?P<weeks>[+-]?\d+)W)?"
    r"(?:(?P<days>[+-]?\d+)D)?(?:T(?=[\d+-])(?:(?P<hours>[+-]?\d+)H)?(?:(?P<minutes>[+-]?\d+)M)?"
    r"(?:(?P<seconds>[+-]?\d+(?:[.,]\d+)?)S)?)?",
    re.IGNORECASE,
)
_CYCLE = re.compile(r"R(?P<times>-?\d*)/(?:(?P<start>[^/P][^/]*)/)?(?P<interval>P.+)", re.IGNORECASE)
_ZONE = re.compile(r"\[(?P<zone>[^\]]+)\]$|@(?P<at>[A-Za-z_+\-/0-9]+)$")

#: Cron's fields, six of them: their least and greatest values.
_FIELDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
_MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
#: Durations are shorter than this, in either direction: a calendar has 9999 years.
_YEARS_MAX = 10_000
#: How far a cron expression is looked ahead: the 29th of February is at most eight years away.
_CRON_DAYS_MAX = 366 * 9


@dataclasses.dataclass(frozen=True, slots=True)
class Duration:
    """A duration: months by the calendar, the rest in milliseconds."""

    months: int = 0
    ms: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Cycle:
    """A repetition: after a duration each time, or by cron."""

    repetitions: int
    """-1: without end."""
    interval: Duration | None = None
    start: int | None = None
    """When it is due first; None: one interval from now."""
    cron: str | None = None

    def first(self, now: int) -> int:
        """When it is due first."""
        if self.start is not None:
            return self.start
        return self.next(now)

    def next(self, after: int) -> int:
        """When it is due after a time."""
        if self.cron is not None:
            return next_cron(self.cron, after)
        return add(after, self.interval or Duration())


def parse_date(text: str) -> int:
    """A date with time and zone, `2026-01-31T12:00:00Z`. Raises ValueError."""
    found = _ZONE.search(text)
    plain = text[: found.start()] if found else text
    try:
        moment = dt.datetime.fromisoformat(plain)
    except ValueError:
        raise ValueError("expected a date and time such as 2026-01-31T12:00:00Z") from None
    if found:
        try:
            zone = zoneinfo.ZoneInfo(found["zone"] or found["at"])
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {found['zone'] or found['at']!r}") from None
        moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1000)


def parse_duration(text: str) -> Duration:
    """A duration such as `PT15S`, `P1D`, `P1Y2M`. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(
        found[name] for name in ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    ):
        raise ValueError("expected a duration such as PT15S or P1D")
    sign = -1 if found["sign"] == "-" else 1

    def number(name: str) -> float:
        return float((found[name] or "0").replace(",", "."))

    days = number("weeks") * 7 + number("days")
    ms = (((days * 24 + number("hours")) * 60 + number("minutes")) * 60 + number("seconds")) * 1000
    months = number("years") * 12 + number("months")
    if abs(months) > _YEARS_MAX * 12 or abs(ms) > _YEARS_MAX * 365 * 86_400_000:
        raise ValueError(f"expected a duration of less than {_YEARS_MAX} years")
    return Duration(sign * int(months), sign * int(ms))


def parse_cycle(text: str) -> Cycle:
    """A cycle: `R3/PT10S`, `R/PT1H`, `R/2026-01-31T12:00:00Z/P1D`, or cron's six fields. Raises ValueError."""
    written = text.strip()
    found = _CYCLE.fullmatch(written)
    if found:
        times = int(found["times"]) if found["times"] not in ("", "-") else -1
        start = parse_date(found["start"]) if found["start"] else None
        return Cycle(times, parse_duration(found["interval"]), start)
    if written.startswith("@") or len(written.split()) == len(_FIELDS):
        cron = _MACROS.get(written.lower(), written)
        _cron_fields(cron)
        return Cycle(-1, cron=cron)
    raise ValueError("expected a cycle such as R3/PT10S, R/PT1H, or six fields of cron such as 0 0 9 * * MON-FRI")


def add(ms: int, duration: Duration) -> int:
    """A time so much later. A month is added by the calendar: January 31st and a month is the end of February."""
    if duration.months:
        moment = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
        month = moment.month - 1 + duration.months
        year, month = moment.year + month // 12, month % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        ms = int(moment.replace(year=year, month=month, day=day).timestamp() * 1000)
    return ms + duration.ms


def next_cron(text: str, after: int) -> int:
    """When cron's six fields (seconds first) hold next after a time, in UTC. Raises ValueError when never."""
    seconds, minutes, hours, days, months, weekdays = _cron_fields(text)
    start = dt.datetime.fromtimestamp(after // 1000 + 1, dt.UTC)
    day = start.date()
    for _ in range(_CRON_DAYS_MAX):
        if day.month in months and day.day in days and day.isoweekday() % 7 in weekdays:
            least = start.time() if day == start.date() else dt.time(0, 0, 0)
            for moment in _times(hours, minutes, seconds, least):
                return int(dt.datetime.combine(day, moment, dt.UTC).timestamp() * 1000)
        day += dt.timedelta(days=1)
    raise ValueError("it is never due")


def _times(hours: set[int], minutes: set[int], seconds: set[int], least: dt.time) -> Iterator[dt.time]:
    for hour in sorted(hours):
        if hour < least.hour:
            continue
        for minute in sorted(minutes):
            if (hour, minute) < (least.hour, least.minute):
                continue
            for second in sorted(seconds):
                if (moment := dt.time(hour, minute, second)) >= least.replace(microsecond=0):
                    yield moment


def _cron_fields(text: str) -> tuple[set[int], ...]:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError("expected six fields of cron: seconds, minutes, hours, day, month, weekday")
    found = [_cron_field(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
    found[5] = {each % 7 for each in found[5]}
    return tuple(found)


def _cron_field(field: str, least: int, most: int) -> set[int]:
    """The numbers that one field allows: `*`, `?`, `5`, `1-5`, `*/10`, `MON-FRI`, and lists of these."""
    allowed: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = least, most
        else:
            begin, _, end = span.partition("-")
            first = _cron_number(begin)
            last = _cron_number(end) if end else (most if step else first)
        if not least <= first <= last <= most or (step and not step.isdigit()) or step == "0":
            raise ValueError(f"{part!r} is not between {least} and {most}")
        allowed.update(range(first, last + 1, int(step or 1)))
    return allowed


def _cron_number(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text in _MONTHS or text in _DAYS:
        return _MONTHS.get(text, _DAYS.get(text, 0))
    raise ValueError(f"{text!r} is no number, month or weekday")
