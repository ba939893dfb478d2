"""+ - * / over all kinds of values. Source: addOp, subOp, mulOp and divOp of the reference.

Each answers null and a warning where there is no such operation, and lets a Failure through: the caller makes it null.
"""

from typing import Any

from zelery.feel import numbers
from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import int32
from zelery.feel.temporal import Duration, Months, duration, millis, minus, months, plus, truncated
from zelery.feel.values import NUMBERS, TEMPORALS, Failure, kind_of, text


def add(x: Any, y: Any, run: Run) -> Any:
    kind, other = type(x), type(y)
    if kind is int and other is int:
        total = x + y
        if -numbers.INT_LIMIT < total < numbers.INT_LIMIT:
            return total
    if kind is str and other is str:
        run.allow_chars(len(x) + len(y))
        return x + y
    if _are_numbers(x, y):
        return numbers.add(x, y)
    if kind in TEMPORALS and other in TEMPORALS:
        duration_first = kind in (Months, Duration) and other not in (Months, Duration)
        total = plus(y, x) if duration_first else plus(x, y) if other in (Months, Duration) else None
        if total is not None:
            return total
    return _impossible("Can't add '{1}' to '{0}'", x, y, run)


def subtract(x: Any, y: Any, run: Run) -> Any:
    kind, other = type(x), type(y)
    if kind is int and other is int:
        difference = x - y
        if -numbers.INT_LIMIT < difference < numbers.INT_LIMIT:
            return difference
    if _are_numbers(x, y):
        return numbers.subtract(x, y)
    if kind in TEMPORALS and other in TEMPORALS:
        found = minus(x, y)
        if found is not None:
            return found
    return _impossible("Can't subtract '{1}' from '{0}'", x, y, run)


def multiply(x: Any, y: Any, run: Run) -> Any:
    kind, other = type(x), type(y)
    if kind is int and other is int:
        product = x * y
        if -numbers.INT_LIMIT < product < numbers.INT_LIMIT:
            return product
    if _are_numbers(x, y):
        return numbers.multiply(x, y)
    if other in (Months, Duration) and kind_of(x) == "number":
        return _times(y, int32(x))
    if kind in (Months, Duration) and kind_of(y) == "number":
        return _times(x, int32(y))
    return _impossible("Can't multiply '{0}' by '{1}'", x, y, run)


def _times(value: Months | Duration, factor: int) -> Months | Duration:
    return months(value.months * factor) if isinstance(value, Months) else duration(value.nanos * factor)


def divide(x: Any, y: Any, run: Run) -> Any:
    kind, other = type(x), type(y)
    if _are_numbers(x, y):
        if numbers.compare(y, 0):
            return numbers.divide(x, y)
    elif kind in (Months, Duration) and kind_of(y) == "number":
        if numbers.compare(y, 0):
            return _shared(x, y)
    elif kind is Months and other is Months:
        if y.months:
            return truncated(x.months, y.months)
    elif kind is Duration and other is Duration and y.nanos:
        if not millis(y):
            raise Fault("java.lang.ArithmeticException: / by zero")
        return truncated(millis(x), millis(y))
    return _impossible("Can't divide '{0}' by '{1}'", x, y, run)


def _shared(value: Months | Duration, parts: Any) -> Months | Duration:
    if isinstance(value, Months):
        return months(int32(numbers.divide(value.months, parts)))
    # The reference cuts the milliseconds to 32 bits.
    return duration(int32(numbers.divide(millis(value), parts)) * 1_000_000)


def power(x: Any, y: Any, run: Run) -> Any:
    for value in (x, y):
        if type(value) is Failure:
            return value
        if kind_of(value) != "number":
            run.warn("INVALID_TYPE", f"Expected number but found '{text(value, run)}'")
            return None
    return numbers.power(x, y)


def negate(x: Any, run: Run) -> Any:
    if type(x) is Failure:
        return x
    if kind_of(x) != "number":
        if run.warnings is not None:
            run.warn("INVALID_TYPE", f"Expected number but found '{text(x, run)}'")
        return None
    return numbers.negate(x)


def _are_numbers(x: Any, y: Any) -> bool:
    return type(x) in NUMBERS and type(y) in NUMBERS and kind_of(x) == "number" == kind_of(y)


def _impossible(message: str, x: Any, y: Any, run: Run) -> Any:
    for value in (x, y):
        if type(value) is Failure:
            return value
    if run.warnings is not None:
        run.warn("INVALID_TYPE", message.format(text(x, run), text(y, run)))
    return None
