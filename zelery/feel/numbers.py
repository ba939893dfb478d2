"""FEEL's numbers: decimals of 34 digits, as Java's BigDecimal with MathContext.DECIMAL128 and Scala's wrapper do them.

A number is an int, a float (only as a context brings it: read in place, never made here) or a Decimal. All decimal work
goes through contexts of this module; the thread's own is never touched.
"""

import math
from collections.abc import Callable
from decimal import (
    MAX_EMAX,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    DivisionImpossible,
    InvalidOperation,
    Overflow,
    Underflow,
)
from functools import lru_cache

from zelery.feel.doubles import java_digits
from zelery.feel.errors import Fault

type_number = int | float | Decimal

PRECISION = 34
INT_LIMIT = 10**PRECISION  # Whole numbers below it need no rounding.
FLOAT_EXACT = 2**53  # Below it, int and float compare as their decimal texts do.
LONG_MAX = 2**63 - 1
LONG_MIN = -(2**63)
_SCALE_MAX = 2**31 - 1


@lru_cache(maxsize=256)
def _context(precision: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    return Context(
        prec=precision,
        rounding=rounding,
        Emin=-_SCALE_MAX,
        Emax=_SCALE_MAX,
        traps=[InvalidOperation, DivisionByZero, Overflow, Underflow],
    )


CONTEXT = _context(PRECISION)
EXACT = Context(prec=100_000, Emin=-MAX_EMAX, Emax=MAX_EMAX, traps=[InvalidOperation])
_DOUBLE_PLAIN_MIN = 1e-3
_DOUBLE_PLAIN_MAX = 1e7
_DOUBLE_CHARS_SURE = 16  # Up to 15 digits, Python and Java write the same ones.


def decimal_of(number: type_number) -> Decimal:
    """The number as a decimal; a float by the digits and with the scale that Java's Double.toString gives it."""
    kind = type(number)
    if kind is Decimal:
        return number  # type: ignore[return-value] # narrowed by the line above, which is faster than isinstance
    if kind is int:
        return EXACT.create_decimal(number)
    return _decimal_of_float(float(number))


def _decimal_of_float(number: float) -> Decimal:
    if not number:
        return Decimal("0.0")
    plain = _DOUBLE_PLAIN_MIN <= abs(number) < _DOUBLE_PLAIN_MAX
    written = repr(number)
    if plain and len(written) <= _DOUBLE_CHARS_SURE:
        return Decimal(written)
    digits, place = java_digits(abs(number))
    # Java has a digit after the point in any case: 1.0E7, 100.0.
    digits = digits.ljust(max(place + 1, 2) if plain else 2, "0")
    return Decimal((number < 0, tuple(map(int, digits)), place - len(digits)))


def context_of(number: Decimal) -> Context:
    """The precision an operation has: that of its left operand, where this has more than 34 digits (Scala's rule)."""
    digits = len(number.as_tuple().digits)
    return CONTEXT if digits <= PRECISION else _context(digits)


def settle(number: Decimal) -> Decimal:
    """Java knows no negative zero."""
    return number or number.copy_abs()


def add(x: type_number, y: type_number) -> Decimal:
    left = decimal_of(x)
    return settle(_guard(context_of(left).add, left, decimal_of(y)))


def subtract(x: type_number, y: type_number) -> Decimal:
    left = decimal_of(x)
    return settle(_guard(context_of(left).subtract, left, decimal_of(y)))


def multiply(x: type_number, y: type_number) -> Decimal:
    left = decimal_of(x)
    return settle(_guard(context_of(left).multiply, left, decimal_of(y)))


def divide(x: type_number, y: type_number) -> Decimal:
    """x / y; y is not zero."""
    left = decimal_of(x)
    return settle(_guard(context_of(left).divide, left, decimal_of(y)))


def remainder(x: type_number, y: type_number) -> Decimal:
    """The remainder with the sign of x."""
    left, right = decimal_of(x), decimal_of(y)
    if not right:
        raise Fault("java.lang.ArithmeticException: " + ("Division by zero" if left else "Division undefined"))
    context = context_of(left)
    down = _context(context.prec, ROUND_DOWN)
    quotient = _guard(down.divide, left, right)
    if int(quotient.as_tuple().exponent) < 0:
        quotient = quotient.to_integral_value(ROUND_DOWN)
    found = _guard(EXACT.subtract, left, _guard(EXACT.multiply, quotient, right))
    if abs(found) >= abs(right):
        # The whole quotient has more digits than the precision.
        raise Fault("java.lang.ArithmeticException: Division impossible")
    return settle(context.plus(found))


def negate(x: type_number) -> type_number:
    if type(x) is int:
        return -x
    value = decimal_of(x)
    return settle(context_of(value).minus(value))


def _guard(operation: Callable[[Decimal, Decimal], Decimal], x: Decimal, y: Decimal) -> Decimal:
    try:
        return operation(x, y)
    except Overflow:
        raise Fault("java.lang.ArithmeticException: Overflow") from None
    except Underflow:
        raise Fault("java.lang.ArithmeticException: Underflow") from None
    except (DivisionImpossible, InvalidOperation):
        raise Fault("java.lang.ArithmeticException: Division impossible") from None


def power(x: type_number, y: type_number) -> Decimal:
    """x ** y: whole exponents by repeated multiplication, as Java's BigDecimal.pow rounds; others as doubles."""
    if is_whole(y):
        return _power_whole(decimal_of(x), int32(y))
    base, exponent = to_float(x), to_float(y)
    try:
        result = base**exponent
    except OverflowError:
        result = float("inf")
    except ZeroDivisionError:
        result = float("inf")
    return of_double(result if isinstance(result, float) else float("nan"))


def _power_whole(base: Decimal, exponent: int) -> Decimal:
    context = context_of(base)
    size = abs(exponent)
    if size > 999_999_999 or len(str(size)) > context.prec:
        raise Fault("java.lang.ArithmeticException: Invalid operation")
    if not exponent:
        return Decimal(1)
    work = _context(context.prec + len(str(size)) + 1)
    result = Decimal(1)
    for bit in f"{size:b}":
        result = _guard(work.multiply, result, result)
        if bit == "1":
            result = _guard(work.multiply, result, base)
    if exponent < 0:
        if not result:
            raise Fault("java.lang.ArithmeticException: Division by zero")
        result = _guard(work.divide, Decimal(1), result)
    return settle(context.plus(result))


def of_double(value: float) -> Decimal:
    """A double as a number. Java has no decimal for infinity and NaN, and fails."""
    if not math.isfinite(value):
        first = "N" if math.isnan(value) else "I"
        raise Fault(
            f"java.lang.NumberFormatException: Character {first} is neither a decimal digit number, decimal point, "
            'nor "e" notation exponential mark.'
        )
    return _decimal_of_float(value)


def to_float(x: type_number) -> float:
    """The nearest double; infinity beyond the range."""
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


def is_whole(x: type_number) -> bool:
    if type(x) is int:
        return True
    value = decimal_of(x)
    exponent = int(value.as_tuple().exponent)
    if exponent >= 0 or not value:
        return True
    if -exponent > len(value.as_tuple().digits):
        return False
    return not any(value.as_tuple().digits[exponent:])


def as_long(x: type_number) -> int | None:
    """The number as an int where it is whole and fits into 64 bits."""
    if type(x) is int:
        return x if LONG_MIN <= x <= LONG_MAX else None
    value = decimal_of(x)
    if not value:
        return 0
    if value.adjusted() > 19 or not is_whole(value):
        return None
    whole = int(value)
    return whole if LONG_MIN <= whole <= LONG_MAX else None


def int32(x: type_number) -> int:
    """The number cut to 32 bits, as Java's intValue does it: 2147483648 is -2147483648."""
    if type(x) is not int:
        value = decimal_of(x)
        # 10^32 is a multiple of 2^32, so nothing is left of greater powers.
        x = 0 if int(value.as_tuple().exponent) >= 32 else int(value)
    return (x + 2**31) % 2**32 - 2**31


def compare(x: type_number, y: type_number) -> int:
    """-1, 0 or 1."""
    if (
        type(x) is Decimal
        or type(y) is Decimal
        or not (-FLOAT_EXACT < x < FLOAT_EXACT and -FLOAT_EXACT < y < FLOAT_EXACT)
    ):
        x, y = decimal_of(x), decimal_of(y)
    return (x > y) - (x < y)


def text_of(x: type_number) -> str:
    """The number as Java's BigDecimal writes it: 1E+2, 10.0, 0.33."""
    return str(decimal_of(x))
