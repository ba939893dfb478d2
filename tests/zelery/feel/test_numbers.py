"""Numbers as Java's BigDecimal has them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from zelery.feel import numbers
from zelery.feel.errors import Fault


@pytest.mark.parametrize(
    ("operation", "x", "y", "crash"),
    [
        (numbers.remainder, 1, 0, "Division by zero"),
        (numbers.remainder, 0, 0, "Division undefined"),
        (numbers.power, 0, -1, "Division by zero"),
        (numbers.power, 2, 1_000_000_000, "Invalid operation"),  # as BigDecimal.pow refuses it
        (numbers.power, -1, 0.5, "NumberFormatException"),  # no number
        (numbers.multiply, Decimal("1E+2000000000"), Decimal("1E+2000000000"), "Overflow"),
    ],
)
def test_what_java_cannot_do_is_a_crash(operation: Callable[[Any, Any], Any], x: Any, y: Any, crash: str) -> None:
    with pytest.raises(Fault, match=crash):
        operation(x, y)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_infinity_is_no_number(value: float) -> None:
    with pytest.raises(Fault, match="neither a decimal digit number"):
        numbers.of_double(value)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (10, "10"),
        (1.0, "1.0"),  # a double has a digit behind its point
        (1e7, "1.0E+7"),
        (0.001, "0.001"),
        (1e-5, "0.000010"),
        (Decimal("1E+2"), "1E+2"),
        (-0.0, "0.0"),  # no negative zero
    ],
)
def test_a_number_is_written_as_java_writes_it(number: Any, written: str) -> None:
    assert numbers.text_of(number) == written


@pytest.mark.parametrize(
    ("x", "y", "quotient"),
    [
        (1, 3, "0.3333333333333333333333333333333333"),  # 34 digits
        (2, 3, "0.6666666666666666666666666666666667"),  # half even
        (10, 4, "2.5"),
    ],
)
def test_a_quotient_has_34_digits(x: int, y: int, quotient: str) -> None:
    assert str(numbers.divide(x, y)) == quotient


@pytest.mark.parametrize(
    ("number", "cut"), [(2**31, -(2**31)), (2**32, 0), (-(2**31) - 1, 2**31 - 1), (Decimal("1E+40"), 0), (2.9, 2)]
)
def test_32_bits_are_cut_as_java_cuts_them(number: Any, cut: int) -> None:
    assert numbers.int32(number) == cut


@pytest.mark.parametrize(
    ("number", "whole"),
    [
        (1, True),
        (1.0, True),
        (Decimal("1.50"), False),
        (Decimal("1E+3"), True),
        (Decimal("0E-5"), True),
        (Decimal("1E-40"), False),
    ],
)
def test_a_whole_number_has_nothing_behind_its_point(number: Any, whole: bool) -> None:
    assert numbers.is_whole(number) is whole


@pytest.mark.parametrize(
    ("x", "y", "sign"),
    [(1, 1.0, 0), (2**53, 2**53 + 1, -1), (2.0**53, 2**53 + 1, -1), (Decimal("0.1"), 0.1, 0), (1e300, 10**300, 0)],
)
def test_numbers_of_different_types_are_compared_exactly(x: Any, y: Any, sign: int) -> None:
    assert numbers.compare(x, y) == sign


def test_a_number_of_64_bits_is_a_long() -> None:
    assert numbers.as_long(Decimal("9223372036854775807.0")) == 2**63 - 1
    assert numbers.as_long(2**63) is None
    assert numbers.as_long(Decimal("1E+5000000")) is None
    assert numbers.to_float(-(10**400)) == float("-inf")


def test_the_left_operand_s_precision_is_kept() -> None:
    long = Decimal("1" * 40)
    assert numbers.add(long, 1) == Decimal("1" * 39 + "2")
    assert numbers.power(2, -2) == Decimal("0.25")
    assert numbers.power(4, 0.5) == 2
    assert numbers.negate(5) == -5
