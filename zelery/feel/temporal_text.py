"""Temporal values from and to text, as java.time and the reference engine read and write them."""

import re
from datetime import datetime

from zelery.feel.errors import Fault
from zelery.feel.temporal import (
    DAY_S,
    SECOND,
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Months,
    Temporal,
    Time,
    at_instant,
    at_offset,
    at_zone,
    checked_day,
    civil,
    duration,
    months,
    rest,
    truncated,
)
from zelery.feel.zones import offset_seconds, offset_text, standard_offset, zone_in_text

_DATE = r"(-?)((?:[1-9][0-9]{0,4})?[0-9]{4})-([01][0-9])-([0-3][0-9])"
_CLOCK = r"T([0-2][0-9]):([0-5][0-9])(?::([0-5][0-9]))?(?:\.([0-9]{1,9}))?"
_ANY_DATE = r"(-?)([0-9]{4,9})-([0-9]{2})-([0-9]{2})"
_ANY_CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:\.([0-9]{0,9}))?"
_OFFSET = r"(?:([+-])([0-9]{2}):([0-9]{2})|Z)"
_DATE_ONLY = re.compile(_DATE)
_LOCAL_DATE_TIME = re.compile(_DATE + _CLOCK)
_ANY_LOCAL_DATE_TIME = re.compile(_ANY_DATE + "T" + _ANY_CLOCK)
_OFFSET_DATE_TIME = re.compile(_DATE + _CLOCK + rf"(?:{_OFFSET}(?:\[(.+)\])?|@(.*))")
_LOCAL_TIME = re.compile("T?" + _ANY_CLOCK)
_OFFSET_TIME = re.compile(rf"T?([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}})(?:\.([0-9]{{1,9}}))?(?:{_OFFSET}|@(.*))")
_MONTHS = re.compile(r"(-?)P-?(?:[0-9]+Y)?-?(?:[0-9]+M)?")
_PERIOD = re.compile(r"([-+]?)P(?:([-+]?[0-9]+)Y)?(?:([-+]?[0-9]+)M)?", re.IGNORECASE)
_DAY_TIME = re.compile(r"-?P(?:-?(?:[0-9]+D)?(?:T-?(?:[0-9]+H)?-?(?:[0-9]+M)?-?(?:[0-9]+(?:.[0-9]*)?S)?)?)")
_DURATION = re.compile(
    r"([-+]?)P(?:([-+]?[0-9]+)D)?(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?",
    re.IGNORECASE,
)
_MIDNIGHT_AT_END = 24
_INT_DIGITS = 10
_LONG_DIGITS = 19


# ---- reading; None where the text is none of it


def read_date(text: str) -> Date | None:
    found = _DATE_ONLY.fullmatch(text)
    day = _day(found[1], *found.group(2, 3, 4)) if found else None
    return None if day is None else Date(day)


def _day(sign: str, year: str, month: str, day: str) -> int | None:
    if sign and not int(year):
        return None  # Java refuses a year of minus zero.
    return checked_day(int(sign + year), int(month), int(day))


def _nanos(hour: str, minute: str, second: str | None, fraction: str | None) -> int | None:
    clock = int(hour), int(minute), int(second or 0)
    if clock[0] > 23 or clock[1] > 59 or clock[2] > 59 or (second is None and fraction is not None):
        return None
    return (clock[0] * 3600 + clock[1] * 60 + clock[2]) * SECOND + int((fraction or "").ljust(9, "0"))


def _nanos_or_midnight(hour: str, minute: str, second: str | None, fraction: str | None) -> int | None:
    """As _nanos, but 24:00:00 is midnight, which Java allows for times alone."""
    if int(hour) == _MIDNIGHT_AT_END and not int(minute + (second or "") + (fraction or "")):
        hour = "00"
    return _nanos(hour, minute, second, fraction)


def read_time(text: str, now: datetime) -> Time | LocalTime | None:
    """A time, with or without offset; now is when a zone's standard offset is looked up."""
    return read_offset_time(text, now) if is_offset_time(text) else read_local_time(text)


def is_offset_time(text: str) -> bool:
    return _OFFSET_TIME.fullmatch(text) is not None


def read_local_time(text: str) -> LocalTime | None:
    found = _LOCAL_TIME.fullmatch(text)
    nanos = _nanos_or_midnight(*found.groups()) if found else None
    return None if nanos is None else LocalTime(nanos)


def read_offset_time(text: str, now: datetime) -> Time | None:
    found = _OFFSET_TIME.fullmatch(text)
    nanos = _nanos_or_midnight(*found.group(1, 2, 3, 4)) if found else None
    if found is None or nanos is None:
        return None
    if found[8] is None:
        offset = offset_seconds(*found.group(5, 6, 7)) if found[5] else 0
        return None if offset is None else Time(nanos, offset)
    zone = zone_in_text(found[8])
    if isinstance(zone, str):
        return Time(nanos, standard_offset(zone, now), zone)
    return None if zone is None else Time(nanos, zone)


def is_offset_date_time(text: str) -> bool:
    return _OFFSET_DATE_TIME.fullmatch(text) is not None


def is_local_date_time(text: str) -> bool:
    return _LOCAL_DATE_TIME.fullmatch(text) is not None


def read_date_time(text: str, *, strict: bool) -> DateTime | LocalDateTime | None:
    """A date and time. Literals are read more freely (strict=False) than the function's argument."""
    date = _DATE_ONLY.fullmatch(text)
    if date:
        day = _day(date[1], *date.group(2, 3, 4))
        return None if day is None else LocalDateTime(day, 0)
    if is_offset_date_time(text):
        return read_offset_date_time(text)
    return read_local_date_time(text, strict=strict)


def read_local_date_time(text: str, *, strict: bool) -> LocalDateTime | None:
    found = (_LOCAL_DATE_TIME if strict else _ANY_LOCAL_DATE_TIME).fullmatch(text)
    if not found:
        return None
    day, nanos = _day(found[1], *found.group(2, 3, 4)), _nanos(*found.group(5, 6, 7, 8))
    return None if day is None or nanos is None else LocalDateTime(day, nanos)


def read_offset_date_time(text: str) -> DateTime | None:
    found = _OFFSET_DATE_TIME.fullmatch(text)
    if not found:
        return None
    day, nanos = _day(found[1], *found.group(2, 3, 4)), _nanos(*found.group(5, 6, 7, 8))
    if day is None or nanos is None:
        return None
    if found[13] is not None:
        zone = zone_in_text(found[13])
        if isinstance(zone, str):
            return at_zone(day, nanos, zone)
        return None if zone is None else DateTime(day, nanos, zone)
    offset = offset_seconds(*found.group(9, 10, 11)) if found[9] else 0
    if offset is None:
        return None
    if found[12] is None:
        return DateTime(day, nanos, offset)
    zone = zone_in_text(found[12])
    second = day * DAY_S + nanos // SECOND - offset
    if isinstance(zone, str):
        return at_instant(second, nanos % SECOND, zone)
    return None if zone is None else at_offset(second, nanos % SECOND, zone)


def is_months(text: str) -> bool:
    return _MONTHS.fullmatch(text) is not None


def is_day_time(text: str) -> bool:
    return _DAY_TIME.fullmatch(text) is not None


def read_months(text: str) -> Months | None:
    found = _PERIOD.fullmatch(text)
    if not found or (found[2] is None and found[3] is None) or _too_long(found.groups(), _INT_DIGITS):
        return None
    years, rest_months = int(found[2] or 0), int(found[3] or 0)
    sign = -1 if found[1] == "-" else 1
    if not all(-(2**31) <= part < 2**31 for part in (sign * years, sign * rest_months)):
        return None
    try:
        return months(sign * (years * 12 + rest_months))
    except Fault:
        return None


def read_duration(text: str) -> Duration | None:
    """A days and time duration, as java.time.Duration.parse reads it."""
    found = _DURATION.fullmatch(text)
    if not found or found[3] in ("T", "t") or not any(found.group(2, 4, 5, 6)):
        return None
    days, hours, minutes, seconds, fraction = found.group(2, 4, 5, 6, 7)
    if _too_long((days, hours, minutes, seconds), _LONG_DIGITS):
        return None
    total = int(days or 0) * DAY_S + int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    nanos = int((fraction or "").ljust(9, "0")) * (-1 if (seconds or "").startswith("-") else 1)
    try:
        return duration((total * SECOND + nanos) * (-1 if found[1] == "-" else 1))
    except Fault:
        return None


def _too_long(parts: tuple[str | None, ...], digits: int) -> bool:
    return any(len((part or "").lstrip("+-").lstrip("0")) > digits for part in parts)


def read_any(text: str, now: datetime) -> Temporal | None:
    """The value of @"…"."""
    if _DATE_ONLY.fullmatch(text):
        return read_date(text)
    if is_offset_time(text):
        return read_offset_time(text, now)
    if is_offset_date_time(text):
        return read_offset_date_time(text)
    if _LOCAL_DATE_TIME.fullmatch(text):
        return read_local_date_time(text, strict=True)
    if is_months(text):
        return read_months(text)
    if is_day_time(text):
        return read_duration(text)
    return read_local_time(text)


# ---- writing


def date_text(day: int, plus: str = "+") -> str:
    """ISO 8601's date. Years beyond 9999 get a sign, except where the reference's own formatter writes them."""
    year, month, of_month = civil(day)
    sign = "-" if year < 0 else plus if year > 9999 else ""
    return f"{sign}{abs(year):04}-{month:02}-{of_month:02}"


def clock_text(nanos: int) -> str:
    """hh:mm:ss with as many digits of a fraction as needed."""
    seconds, fraction = divmod(nanos, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:09}".rstrip("0") if fraction else text


def short_clock_text(nanos: int) -> str:
    """hh:mm, and seconds and 3, 6 or 9 digits of a fraction only where they are not zero: java.time's toString."""
    seconds, fraction = divmod(nanos, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if seconds % 60 or fraction:
        text += f":{seconds % 60:02}"
    if not fraction:
        return text
    digits = f"{fraction:09}"
    return f"{text}.{digits[:3] if digits.endswith('000000') else digits[:6] if digits.endswith('000') else digits}"


def feel_text(value: Temporal) -> str:
    """The text of string(value)."""
    if isinstance(value, Date):
        return date_text(value.day)
    if isinstance(value, LocalTime):
        return clock_text(value.nanos)
    if isinstance(value, Time):
        return clock_text(value.nanos) + (f"@{value.zone}" if value.zone else offset_text(value.offset))
    if isinstance(value, LocalDateTime):
        return f"{date_text(value.day, plus='')}T{clock_text(value.nanos)}"
    if isinstance(value, DateTime):
        zone = f"@{value.zone}" if value.zone else offset_text(value.offset)
        return f"{date_text(value.day, plus='')}T{clock_text(value.nanos)}{zone}"
    return _feel_months(value) if isinstance(value, Months) else _feel_duration(value)


def _feel_months(value: Months) -> str:
    if not value.months:
        return "P0Y"
    years, rest_months = divmod(abs(value.months), 12)
    return (
        ("-" if value.months < 0 else "") + "P" + (f"{years}Y" * bool(years)) + (f"{rest_months}M" * bool(rest_months))
    )


def _feel_duration(value: Duration) -> str:
    seconds = value.seconds
    parts = (
        truncated(seconds, DAY_S),
        rest(truncated(seconds, 3600), 24),
        rest(truncated(seconds, 60), 60),
        rest(seconds, 60),
    )
    if not any(parts):
        return "P0D"
    sign = "-" if all(part <= 0 for part in parts) else ""
    day, hour, minute, second = (
        (f"{abs(part) if sign else part}{unit}" if part else "") for part, unit in zip(parts, "DHMS", strict=True)
    )
    clock = hour + minute + second
    return f"{sign}P{day}{'T' if clock else ''}{clock}"


def json_text(value: Temporal) -> str:
    """The text in a result's JSON, as Jackson writes the java.time value."""
    if isinstance(value, Time):
        return short_clock_text(value.nanos) + offset_text(value.offset)
    if isinstance(value, LocalDateTime):
        return f"{date_text(value.day)}T{clock_text(value.nanos)}"
    if isinstance(value, DateTime):
        return f"{date_text(value.day)}T{clock_text(value.nanos)}{offset_text(value.offset)}"
    if isinstance(value, Months):
        return period_text(value)
    return duration_text(value) if isinstance(value, Duration) else feel_text(value)


def period_text(value: Months) -> str:
    """java.time.Period's text: P1Y2M, P-1M, P0D."""
    if not value.months:
        return "P0D"
    years, rest_months = truncated(value.months, 12), rest(value.months, 12)
    return "P" + (f"{years}Y" * bool(years)) + (f"{rest_months}M" * bool(rest_months))


def duration_text(value: Duration) -> str:
    """java.time.Duration's text: PT26H3M, PT-1.5S, PT0S."""
    if not value.nanos:
        return "PT0S"
    seconds, nanos = truncated(value.nanos, SECOND), rest(value.nanos, SECOND)
    hours, minutes, left = truncated(seconds, 3600), rest(truncated(seconds, 60), 60), rest(seconds, 60)
    text = "PT" + (f"{hours}H" * bool(hours)) + (f"{minutes}M" * bool(minutes))
    if not left and not nanos:
        return text
    sign = "-" if value.nanos < 0 else ""
    fraction = f".{abs(nanos):09}".rstrip("0") if nanos else ""
    return f"{text}{sign}{abs(left)}{fraction}S"
