"""Time zones as java.time names them and counts with them: tzdata's and fixed offsets. Offsets are in seconds."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_REGION = re.compile(r"[A-Za-z][A-Za-z0-9~/._+-]+")
_FIXED = re.compile(r"(UTC|GMT|UT)(?:([+-])([0-9]{1,2}):?([0-9]{2})?:?([0-9]{2})?)?")
_FULL_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_NO_REGIONS = frozenset(("EST", "HST", "MST"))  # Names of tzdata that java.time has as abbreviations only.
_NO_REGION_STARTS = ("posix", "right/", "localtime")
_OFFSET_MAX = 18 * 3600
_CALENDAR_S = 146_097 * 86_400  # 400 years: the calendar repeats.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def offset_seconds(sign: str, hours: str, minutes: str | None, seconds: str | None = None) -> int | None:
    """An offset in seconds from its parts, or None where it is beyond 18 hours or no time."""
    parts = int(hours), int(minutes or 0), int(seconds or 0)
    if parts[1] > 59 or parts[2] > 59:
        return None
    total = parts[0] * 3600 + parts[1] * 60 + parts[2]
    if total > _OFFSET_MAX:
        return None
    return -total if sign == "-" else total


def offset_text(offset: int) -> str:
    """Z, +02:00 or +00:53:28."""
    if not offset:
        return "Z"
    size = abs(offset)
    seconds = f":{size % 60:02}" if size % 60 else ""
    return f"{'-' if offset < 0 else '+'}{size // 3600:02}:{size // 60 % 60:02}{seconds}"


@lru_cache(maxsize=1024)
def zone_of(name: str) -> str | None:
    """The zone's id as java.time writes it, or None where there is no such zone."""
    fixed = _FIXED.fullmatch(name)
    if fixed:
        prefix, sign, hours, minutes, seconds = fixed.groups()
        offset = offset_seconds(sign, hours, minutes, seconds) if sign else 0
        if offset is None:
            return None
        return prefix + (offset_text(offset) if offset else "")
    return name if _region(name) else None


def zone_in_text(name: str) -> str | int | None:
    """What a date or time names after "@" or in brackets: a zone's id, an offset in seconds, or None for neither.

    Unlike ZoneId.of, java.time's formatter wants offsets in full, as +02:00 and UTC+02:00.
    """
    if name == "Z":
        return 0
    fixed = _FIXED.fullmatch(name)
    found = _FULL_OFFSET.fullmatch(name[len(fixed[1]) :] if fixed else name)
    if fixed and fixed[2] and not found:
        return None
    return offset_seconds(*found.groups()) if found and not fixed else zone_of(name)


@lru_cache(maxsize=1024)
def _region(name: str) -> ZoneInfo | None:
    if not _REGION.fullmatch(name) or name in _NO_REGIONS or name.startswith(_NO_REGION_STARTS):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # The name of a folder, as Europe, is an OSError.
        return None


def _fixed_offset(zone: str) -> int | None:
    fixed = _FIXED.fullmatch(zone)
    if not fixed:
        return None
    return (offset_seconds(*fixed.groups()[1:]) or 0) if fixed[2] else 0


def _equivalent(second: int) -> int:
    """A second that datetime can hold, in a year with the same calendar; zone rules repeat in the far future."""
    if second > 250_000_000_000:
        second = 64_000_000_000 + (second - 64_000_000_000) % _CALENDAR_S
    return max(second, -62_000_000_000)


def offset_at(zone: str, second: int) -> int:
    """The zone's offset in seconds at an instant."""
    fixed = _fixed_offset(zone)
    region = None if fixed is not None else _region(zone)
    if region is None:
        return fixed or 0
    moment = _EPOCH + timedelta(seconds=_equivalent(second))
    return seconds_of(moment.astimezone(region).utcoffset())


def standard_offset(zone: str, moment: datetime) -> int:
    """The zone's offset in seconds without summer time."""
    fixed = _fixed_offset(zone)
    region = None if fixed is not None else _region(zone)
    if region is None:
        return fixed or 0
    local = moment.astimezone(region)
    return seconds_of(local.utcoffset()) - seconds_of(local.dst())


def local_offsets(zone: str, second: int) -> tuple[int, int]:
    """The offsets that a local time may have, given in seconds from 1970-01-01T00:00 on the zone's clocks.

    Where clocks are changed the first is that before the change, the second that after it; elsewhere they are the same.
    """
    fixed = _fixed_offset(zone)
    region = None if fixed is not None else _region(zone)
    if region is None:
        return fixed or 0, fixed or 0
    local = (_EPOCH + timedelta(seconds=_equivalent(second))).replace(tzinfo=region)
    return seconds_of(local.utcoffset()), seconds_of(local.replace(fold=1).utcoffset())


def seconds_of(delta: timedelta | None) -> int:
    """Whole seconds."""
    return 0 if delta is None else delta.days * 86_400 + delta.seconds
