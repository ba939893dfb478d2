"""Rounding and arithmetic functions."""

import math
import random
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any

from zelery.feel.limits import Run
from zelery.feel.numbers import EXACT, add, compare, decimal_of, int32, negate, of_double, remainder, settle, to_float
from zelery.feel.signature import Table, illegal
from zelery.feel.temporal import Duration, Months
from zelery.feel.values import Failure, kind_of

TABLE = Table()
define = TABLE.define
_MODES = {
    "UP": ROUND_UP,
    "DOWN": ROUND_DOWN,
    "CEILING": ROUND_CEILING,
    "FLOOR": ROUND_FLOOR,
    "HALF_UP": ROUND_HALF_UP,
    "HALF_DOWN": ROUND_HALF_DOWN,
    "HALF_EVEN": ROUND_HALF_EVEN,
    "UNNECESSARY": "",
}


_INT_MAX = 2**31 - 1
_FURTHER_MAX = 646_000_000  # About as many digits as Java's BigInteger can have.


def rounded(run: Run, number: Any, scale: Any, mode: str) -> Any:
    """The number with so many digits after the point; with zeros before it for a negative scale."""
    value, places = decimal_of(number), int32(scale)
    further = places + int(value.as_tuple().exponent)
    if value and abs(further) > _FURTHER_MAX:
        reason = "Underflow" if -further > _INT_MAX else "BigInteger would overflow supported range"
        return Failure(f"Failed to apply rounding mode '{mode}': {reason}")
    if further > 0 and value.adjusted() + 1 + places > run.limits.digits_max:
        # The same number with more zeros than anybody means.
        return settle(value)
    unit = Decimal((0, (1,), -places))
    if not _MODES[mode]:
        exact = value.quantize(unit, rounding=ROUND_DOWN, context=EXACT)
        return (
            settle(exact) if exact == value else Failure(f"Failed to apply rounding mode '{mode}': Rounding necessary")
        )
    return settle(value.quantize(unit, rounding=_MODES[mode], context=EXACT))


@define("decimal", "n: number, scale: number")
def decimal(run: Run, n: Any, scale: Any) -> Any:
    return rounded(run, n, scale, "HALF_EVEN")


@define("decimal", "n: number, scale: number, mode: string")
def decimal_by_mode(run: Run, n: Any, scale: Any, mode: str) -> Any:
    if mode.upper() not in _MODES:
        return Failure(f"Illegal argument '{mode}' for rounding mode. Must be one of: {', '.join(_MODES)}")
    return rounded(run, n, scale, mode.upper())


def _rounding(name: str, mode: str, *signatures: str) -> None:
    def function(run: Run, n: Any, scale: Any = 0) -> Any:
        return rounded(run, n, scale, mode)

    define(name, *signatures)(function)


_rounding("floor", "FLOOR", "n: number", "n: number, scala: number")
_rounding("ceiling", "CEILING", "n: number", "n: number, scale: number")
_rounding("round up", "UP", "n: number, scale: number")
_rounding("round down", "DOWN", "n: number, scale: number")
_rounding("round half up", "HALF_UP", "n: number, scale: number")
_rounding("round half down", "HALF_DOWN", "n: number, scala: number")


@define("abs", "number", "n")
def absolute(run: Run, n: Any) -> Any:
    if type(n) is Months:
        return Months(abs(n.months))
    if type(n) is Duration:
        return Duration(abs(n.nanos))
    if kind_of(n) != "number":
        return illegal(run, n)
    return negate(n) if compare(n, 0) < 0 else n


@define("modulo", "dividend: number, divisor: number")
def modulo(_: Run, dividend: Any, divisor: Any) -> Any:
    return remainder(add(remainder(dividend, divisor), divisor), divisor)


@define("sqrt", "number: number")
def sqrt(_: Run, number: Any) -> Any:
    return None if compare(number, 0) < 0 else of_double(math.sqrt(to_float(number)))


@define("log", "number: number")
def log(_: Run, number: Any) -> Any:
    value = to_float(number)
    return of_double(math.log(value) if value > 0 else -math.inf if value == 0 else math.nan)


@define("exp", "number: number")
def exp(_: Run, number: Any) -> Any:
    try:
        return of_double(math.exp(to_float(number)))
    except OverflowError:
        return of_double(math.inf)


@define("odd", "number: number")
def odd(_: Run, number: Any) -> bool:
    return abs(remainder(number, 2)) == 1


@define("even", "number: number")
def even(_: Run, number: Any) -> bool:
    return remainder(number, 2) == 0


@define("random number", "")
def random_number(_: Run) -> Any:
    return of_double(random.random())  # noqa: S311 # FEEL promises chance, not secrecy
