"""Functions that turn values of one type into another."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.json_values import json_of, value_of
from zelery.feel.limits import Run
from zelery.feel.numbers import EXACT, decimal_of, int32, is_whole, text_of
from zelery.feel.signature import Table, illegal
from zelery.feel.temporal import (
    SECOND,
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Months,
    Time,
    at_instant,
    at_offset,
    at_zone,
    checked_day,
    months_between,
)
from zelery.feel.temporal_text import (
    duration_text,
    is_day_time,
    is_local_date_time,
    is_months,
    is_offset_time,
    read_date,
    read_date_time,
    read_duration,
    read_months,
    read_time,
)
from zelery.feel.values import Failure
from zelery.feel.values import text as text_of_value
from zelery.feel.zones import offset_seconds, zone_of

TABLE = Table()
define = TABLE.define
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,10})?")
_OFFSET_ID = re.compile(r"([+-])([0-9]{1,2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?")
_EXPONENT_MAX = 2**31 - 1


def _or_failure(value: Any, message: str) -> Any:
    return Failure(message) if value is None else value


# ---- dates and times


@define("date", "from")
def date(run: Run, source: Any) -> Any:
    if type(source) is str:
        return _or_failure(read_date(source), f"Failed to parse date from '{source}'")
    return Date(source.day) if type(source) in (Date, LocalDateTime, DateTime) else illegal(run, source)


@define("date", "year: number, month: number, day: number")
def date_of_parts(_: Run, year: Any, month: Any, day: Any) -> Any:
    found = checked_day(int32(year), int32(month), int32(day))
    if found is None:
        shown = f"year={text_of(year)}, month={text_of(month)}, day={text_of(day)}"
        return Failure(f"Failed to parse date from: {shown}")
    return Date(found)


@define("date and time", "from: string")
def date_and_time(_: Run, source: str) -> Any:
    found = read_date_time(source, strict=True)
    local = "local-date-time" if is_local_date_time(source) else "date-time"
    kind = "date(-time)" if read_date_kind(source) else local
    return _or_failure(found, f"Failed to parse {kind} from '{source}'")


def read_date_kind(source: str) -> bool:
    """Whether the text has the form of a date alone."""
    return "T" not in source and re.fullmatch(r"-?(?:[1-9]\d{0,4})?\d{4}-[01]\d-[0-3]\d", source) is not None


@define("date and time", "date, time")
def date_and_time_of_parts(run: Run, day: Any, time: Any) -> Any:
    if type(day) in (Date, LocalDateTime, DateTime):
        if type(time) is LocalTime:
            return LocalDateTime(day.day, time.nanos)
        if type(time) is Time:
            return at_zone(day.day, time.nanos, time.zone) if time.zone else DateTime(day.day, time.nanos, time.offset)
        if type(time) is str and type(day) is not Date:
            return _in_zone(day, time)
    return illegal(run, day, time)


def _in_zone(moment: LocalDateTime | DateTime, zone: str) -> DateTime:
    fixed = _OFFSET_ID.fullmatch(zone)
    offset = 0 if zone == "Z" else offset_seconds(*fixed.groups()) if fixed else None
    name = zone_of(zone)
    if offset is None and name is None:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9~/._+-]+", zone):
            raise Fault(f"java.time.zone.ZoneRulesException: Unknown time-zone ID: {zone}")
        raise Fault(f"java.time.DateTimeException: Invalid ID for region-based ZoneId, invalid format: {zone}")
    if isinstance(moment, LocalDateTime):
        return at_zone(moment.day, moment.nanos, name) if name else DateTime(moment.day, moment.nanos, offset or 0)
    if name:
        return at_instant(moment.second, moment.nanos % SECOND, name)
    return at_offset(moment.second, moment.nanos % SECOND, offset or 0)


@define("time", "from")
def time(run: Run, source: Any) -> Any:
    if type(source) is str:
        kind = "time" if is_offset_time(source) else "local-time"
        return _or_failure(read_time(source, run.now()), f"Failed to parse {kind} from '{source}'")
    if type(source) is LocalDateTime:
        return LocalTime(source.nanos)
    if type(source) is DateTime:
        return Time(source.nanos, source.offset, source.zone)
    return Time(0, 0) if type(source) is Date else illegal(run, source)


def _fraction(number: Any) -> Decimal:
    return Decimal(0) if is_whole(number) else EXACT.remainder(decimal_of(number), Decimal(1))


def _clock(hour: Any, minute: Any, second: Any, *, fraction: bool = True) -> int | None:
    parts = int32(hour), int32(minute), int32(second)
    nano = int(_fraction(second) * SECOND) if fraction else 0
    if not (0 <= parts[0] <= 23 and 0 <= parts[1] <= 59 and 0 <= parts[2] <= 59 and nano >= 0):
        return None
    return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * SECOND + nano


def _shown(hour: Any, minute: Any, second: Any) -> str:
    return f"hour={text_of(hour)}, minute={text_of(minute)}, second={text_of(second)}"


@define("time", "hour: number, minute: number, second: number")
def time_of_parts(_: Run, hour: Any, minute: Any, second: Any) -> Any:
    nanos = _clock(hour, minute, second)
    if nanos is None:
        return Failure(f"Failed to parse local-time from: {_shown(hour, minute, second)}")
    return LocalTime(nanos)


@define("time", "hour: number, minute: number, second: number, offset")
def time_with_offset(run: Run, hour: Any, minute: Any, second: Any, offset: Any) -> Any:
    if offset is None:
        nanos = _clock(hour, minute, second, fraction=False)
        return _or_failure(
            None if nanos is None else LocalTime(nanos),
            f"Failed to parse local-time from: {_shown(hour, minute, second)}",
        )
    if type(offset) is not Duration:
        return illegal(run, hour, minute, second, offset)
    nanos = _clock(hour, minute, second)
    if nanos is None or abs(offset.seconds) > 18 * 3600:
        return Failure(f"Failed to parse time from: {_shown(hour, minute, second)}, offset={duration_text(offset)}")
    return Time(nanos, offset.seconds)


@define("duration", "from: string")
def duration(_: Run, source: str) -> Any:
    if is_months(source):
        return _or_failure(read_months(source), f"Failed to parse year-month-duration from '{source}'")
    if is_day_time(source):
        return _or_failure(read_duration(source), f"Failed to parse day-time-duration from '{source}'")
    return Failure(f"Failed to parse duration from '{source}'")


@define("years and months duration", "from, to")
def years_and_months(run: Run, start: Any, end: Any) -> Any:
    if any(type(value) not in (Date, LocalDateTime, DateTime) for value in (start, end)):
        return illegal(run, start, end)
    return Months(months_between(start.day, end.day))


# ---- numbers


def _number(run: Run, source: str) -> Any:
    run.allow_digits(len(source) if len(source) > 100 else 0)
    try:
        value = Decimal(source) if _NUMBER.fullmatch(source) else None
    except InvalidOperation:
        value = None
    if value is None or abs(int(value.as_tuple().exponent)) > _EXPONENT_MAX:
        return Failure(f"Can't parse '{source}' as a number")
    return value or value.copy_abs()


@define("number", "from: string")
def number(run: Run, source: str) -> Any:
    return _number(run, source)


@define("number", "from: string, grouping separator: string")
def number_grouped(run: Run, source: str, grouping: str) -> Any:
    if grouping not in (" ", ",", "."):
        return Failure("illegal argument for grouping. Must be one of ' ', ',' or '.'")
    return _number(run, source.replace(grouping, ""))


@define("number", "from: string, grouping separator, decimal separator")
def number_separated(run: Run, source: str, grouping: Any, decimal: Any) -> Any:
    if (
        any(mark is not None and type(mark) is not str for mark in (grouping, decimal))
        or grouping is decimal is None
        or (grouping is None and decimal not in (",", "."))
        or (decimal is None and grouping not in (" ", ",", "."))
    ):
        return illegal(run, source, grouping, decimal)
    if grouping is not None:
        if grouping not in (" ", ",", ".") or grouping == decimal or decimal not in (",", ".", None):
            text = "illegal arguments for grouping or decimal. Must be one of ' ' (grouping only), ',' or '.'"
            return Failure(text)
        source = source.replace(grouping, "")
    return _number(run, source if decimal is None else source.replace(decimal, "."))


# ---- strings and JSON


@define("string", "from")
def string(run: Run, source: Any) -> Any:
    if source is None or type(source) is str:
        return source
    written = text_of_value(source, run)
    run.allow_chars(len(written))
    return written


@define("from json", "json")
def from_json(run: Run, source: Any) -> Any:
    if source is None:
        return None
    if type(source) is not str:
        return illegal(run, source)
    run.charge(len(source) >> 2)
    try:
        return value_of(source)
    except (ValueError, RecursionError):
        return Failure(f"Failed to parse JSON from '{source}'")


@define("to json", "value")
def to_json(run: Run, value: Any) -> str:
    written = json_of(value, run)
    run.allow_chars(len(written))
    return written
