"""FEEL values to and from JSON, as Camunda's runtime does it with Jackson."""

import json
from decimal import Decimal
from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import FLOAT_EXACT, LONG_MAX, LONG_MIN, as_long, text_of, to_float
from zelery.feel.temporal import DateTime, Time
from zelery.feel.temporal_text import clock_text, date_text, json_text
from zelery.feel.values import NUMBERS, TEMPORALS, Context, Failure, Function, Range, keys_of, kind_of, text
from zelery.feel.zones import offset_text

_INFINITY = float("inf")


def to_json(value: Any) -> Any:
    """The value with JSON's types alone, in new containers: whole numbers of 64 bits as int, others float."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if LONG_MIN <= value <= LONG_MAX else _number(value)
    if kind is dict:
        # One level is done here: most values are texts and small numbers, and calls are what costs.
        return {
            key: item if type(item) is str or (type(item) is int and LONG_MIN <= item <= LONG_MAX) else to_json(item)
            for key, item in value.items()
        }
    if kind is list:
        return [item if type(item) is str else to_json(item) for item in value]
    if kind is float and -FLOAT_EXACT < value < FLOAT_EXACT:
        return int(value) if value.is_integer() else value
    if kind is float or kind is Decimal:
        return _number(value)
    if kind is Context:
        return {key: to_json(item) for key, item in value.items()}
    if kind in TEMPORALS:
        return json_text(value)
    if kind is Function:
        return _function(value)
    if kind is Range:
        raise Fault(f"java.lang.IllegalArgumentException: no value mapper found for '{text(value)}'")
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
        return f'"{value.translate(_ESCAPE_TABLE)}"'
    if kind is bool or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if kind in NUMBERS:
        return text_of(value) if kind_of(value) == "number" else "null"
    if kind is list:
        return "[" + ",".join([json_of(item, run) for item in value]) + "]"
    if kind is dict or kind is Context:
        return "{" + ",".join([f"{json_of(key, run)}:{json_of(value[key], run)}" for key in keys_of(value)]) + "}"
    if kind is Time:
        return f'"{clock_text(value.nanos)}{offset_text(value.offset)}"'
    if kind is DateTime:
        zone = f"[{value.zone}]" if value.zone else ""
        return f'"{date_text(value.day)}T{clock_text(value.nanos)}{offset_text(value.offset)}{zone}"'
    if kind in TEMPORALS:
        return f'"{json_text(value)}"'
    return json_of(text(value), run)


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
