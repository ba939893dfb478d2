"""FEEL values to and from JSON, as Camunda's runtime does it with Jackson."""

import json
from decimal import Decimal
from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import FLOAT_EXACT, LONG_MAX, LONG_MIN, as_long, text_of, to_float
from zelery.feel.temporal import DateTime, Time
from zelery.feel.temporal_text import clock_text, date_text, json_text
from zelery.feel.values import NUMBERS, TEMPORALS, Context, Failure, Function, Range, key_chars, keys_of, kind_of, text
from zelery.feel.zones import offset_text

_INFINITY = float("inf")
_PLAIN_LEVELS_MAX = 200


def to_json(value: Any, run: Run) -> Any:
    """The value with JSON's types alone: whole numbers of 64 bits as int, others float.

    A list or context that is so already is answered itself, no copy: most of a result is a part of the response.
    What occurs often is accounted for as often, since its text will be that long.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is Context:
        run.charge(len(value))
        # One level is done here: most values are texts and small numbers, and calls are what costs.
        return {
            key: item
            if type(item) is str or (type(item) is int and LONG_MIN <= item <= LONG_MAX)
            else to_json(item, run)
            for key, item in value.items()
        }
    if kind is dict or kind is list:
        steps = _plain_steps(value.values() if kind is dict else value, run.limits.steps)
        if steps >= 0:
            run.charge(steps + (key_chars(value) >> 6 if kind is dict else 0))
            return value
    return _converted(value, run)


def _plain_steps(first: Any, most: int) -> int:
    """What these values cost where JSON can hold them as they are; -1 where it cannot, or where they cost too much."""
    level, steps, chars = [first], 0, 0
    for _ in range(_PLAIN_LEVELS_MAX):
        inner: list[Any] = []
        for values in level:
            steps += 1 + len(values)
            if steps > most:
                return -1
            for item in values:
                kind = type(item)
                if kind is str:
                    chars += len(item)
                elif kind is int:
                    if not LONG_MIN <= item <= LONG_MAX:
                        return -1
                elif kind is dict or kind is list:
                    chars += key_chars(item) if kind is dict else 0
                    inner.append(item if kind is list else item.values())
                elif kind is float:
                    # Whole numbers are written without a point; of what is no number, nothing is greater than 0.
                    if not item % 1.0 > 0.0:
                        return -1
                elif item is not None and kind is not bool:
                    return -1
        if not inner:
            return steps + (chars >> 6)
        level = inner
    return -1


def _converted(value: Any, run: Run) -> Any:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        return value if LONG_MIN <= value <= LONG_MAX else _number(value)
    if kind is dict or kind is Context:
        run.charge(1 + len(value) + (key_chars(value) >> 6))
        # One level is done here: most values are texts and small numbers, and calls are what costs.
        return {
            key: item
            if type(item) is str or (type(item) is int and LONG_MIN <= item <= LONG_MAX)
            else _converted(item, run)
            for key, item in value.items()
        }
    if kind is list:
        run.charge(1 + len(value))
        return [item if type(item) is str else _converted(item, run) for item in value]
    if kind is float and -FLOAT_EXACT < value < FLOAT_EXACT:
        return int(value) if value.is_integer() else value
    if kind is float or kind is Decimal:
        return _number(value)
    if kind in TEMPORALS:
        return json_text(value)
    if kind is Function:
        return _function(value)
    if kind is Range:
        raise Fault(f"java.lang.IllegalArgumentException: no value mapper found for '{text(value, run)}'")
    if kind is Failure:
        # What became of an argument among others that a list gathers; written as the Java runtime happens to do it.
        return {"error": value.reason, "properties": {}, "comparable": False}
    kind_of(value)
    return None


def _number(value: Any) -> Any:
    if kind_of(value) == "null":
        return None
    whole = as_long(value)
    if whole is not None:
        return whole
    number = to_float(value)
    # Jackson writes what JSON has no number for as a text.
    return number if -_INFINITY < number < _INFINITY else "Infinity" if number > 0 else "-Infinity"


def _function(function: Function) -> dict[str, Any]:
    """A function as the Java runtime happens to write it."""
    names = list(function.parameters)
    return {
        "params": names,
        "invoke": {},
        "hasVarArgs": function.variadic,
        "paramSet": names,
        "properties": {},
        "comparable": False,
    }


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPES |= {chr(code): f"\\u{code:04X}" for code in range(32) if chr(code) not in _ESCAPES}
_ESCAPE_TABLE = str.maketrans(_ESCAPES)


def json_of(value: Any, run: Run) -> str:
    """The text of "to json": numbers with all their digits, temporal values with their zone."""
    run.charge(1)
    kind = type(value)
    if kind is str:
        run.charge(len(value) >> 6)
        return f'"{value.translate(_ESCAPE_TABLE)}"'
    if kind is bool or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if kind in NUMBERS:
        return text_of(value) if kind_of(value) == "number" else "null"
    if kind is list:
        return "[" + ",".join([json_of(item, run) for item in value]) + "]"
    if kind is dict or kind is Context:
        return "{" + ",".join([f"{json_of(key, run)}:{json_of(value[key], run)}" for key in keys_of(value, run)]) + "}"
    if kind is Time:
        return f'"{clock_text(value.nanos)}{offset_text(value.offset)}"'
    if kind is DateTime:
        zone = f"[{value.zone}]" if value.zone else ""
        return f'"{date_text(value.day)}T{clock_text(value.nanos)}{offset_text(value.offset)}{zone}"'
    if kind in TEMPORALS:
        return f'"{json_text(value)}"'
    return json_of(text(value, run), run)


def _refused(constant: str) -> Any:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refused)
_BLANKS = " \t\r\n"


def value_of(source: str) -> Any:
    """The first JSON value of a text, as Jackson reads it: what follows it is ignored. Raises ValueError."""
    stripped = source.lstrip(_BLANKS)
    value, end = _DECODER.raw_decode(stripped)
    following = stripped[end : end + 1]
    if following and type(value) in (int, float) and following not in _BLANKS:
        raise ValueError(source)
    return value
