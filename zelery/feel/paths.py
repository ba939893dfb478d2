"""Entries of contexts and properties of values. Source: path and the properties of Val in the reference."""

from collections.abc import Callable
from typing import Any

from zelery.feel.limits import Run
from zelery.feel.scope import MISSING
from zelery.feel.temporal import (
    DAY_S,
    SECOND,
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Months,
    Time,
    civil,
    rest,
    truncated,
    weekday,
)
from zelery.feel.values import Context, Failure, keys_of, kind_of, text


def entry(value: Any, key: str, run: Run) -> Any:
    """value.key: of each item for a list, null and a warning where there is no such thing."""
    kind = type(value)
    if kind is dict or kind is Context:
        found = value.get(key, MISSING)
        if found is not MISSING:
            return found
        if run.warnings is not None:
            # A literal's keys come in its own order.
            names = value if kind is Context else keys_of(value, run)
            keys = ", ".join(f"'{known}'" for known in names)
            detail = f"Available keys: {keys}" if keys else "The context is empty"
            run.warn("NO_CONTEXT_ENTRY_FOUND", f"No context entry found with key '{key}'. {detail}")
        return None
    if kind is list:
        run.charge(len(value))
        return [entry(item, key, run) for item in value]
    if kind is Failure:
        return value
    if kind_of(value) == "null":
        run.warn("NO_CONTEXT_ENTRY_FOUND", f"No context entry found with key '{key}'. The context is null")
        return None
    return _property(value, key, run)


def _property(value: Any, key: str, run: Run) -> Any:
    known = PROPERTIES.get(type(value), {})
    if key in known:
        return known[key](value)
    if run.warnings is not None:
        names = ", ".join(f"'{name}'" for name in known)
        message = f"No property found with name '{key}' of value '{text(value, run)}'. Available properties: {names}"
        run.warn("NO_PROPERTY_FOUND", message)
    return None


def _hour(value: Any) -> int:
    return int(value.nanos // (3600 * SECOND))


def _minute(value: Any) -> int:
    return int(value.nanos // (60 * SECOND) % 60)


def _second(value: Any) -> int:
    return int(value.nanos // SECOND % 60)


def _offset(value: Any) -> Duration | None:
    return Duration(value.offset * SECOND) if isinstance(value, (Time, DateTime)) else None


def _zone(value: Any) -> Any:
    return getattr(value, "zone", None)


# Each table is in the order in which the reference lists the names.
_TIME: dict[str, Callable[[Any], Any]] = {
    "timezone": _zone,
    "second": _second,
    "time offset": _offset,
    "minute": _minute,
    "hour": _hour,
}
_DATE_TIME: dict[str, Callable[[Any], Any]] = {
    "timezone": _zone,
    "year": lambda value: civil(value.day)[0],
    "second": _second,
    "month": lambda value: civil(value.day)[1],
    "day": lambda value: civil(value.day)[2],
    "time offset": _offset,
    "weekday": lambda value: weekday(value.day),
    "minute": _minute,
    "hour": _hour,
}
PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    Date: {name: _DATE_TIME[name] for name in ("year", "month", "day", "weekday")},
    LocalTime: _TIME,
    Time: _TIME,
    LocalDateTime: _DATE_TIME,
    DateTime: _DATE_TIME,
    Months: {
        "years": lambda value: truncated(value.months, 12),
        "months": lambda value: rest(value.months, 12),
    },
    Duration: {
        "days": lambda value: truncated(value.seconds, DAY_S),
        "hours": lambda value: rest(truncated(value.seconds, 3600), 24),
        "minutes": lambda value: rest(truncated(value.seconds, 60), 60),
        "seconds": lambda value: rest(value.seconds, 60),
    },
}
