"""Rounding and arithmetic functions."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('decimal(1, 1, "NO")', "Illegal argument 'NO' for rounding mode. Must be one of: "),
        ('decimal(1.25, 1, "UNNECESSARY")', "Failed to apply rounding mode 'UNNECESSARY': Rounding necessary"),
        ('floor("1")', "Illegal arguments: '\"1\"'"),
    ],
)
def test_what_cannot_be_rounded_is_null_and_says_why(text: str, reason: str) -> None:
    assert answer(text) is None
    assert reason in warnings(text)[0]


@pytest.mark.parametrize("text", ["log(0)", "exp(1000)", "modulo(1, 0)"])
def test_what_java_cannot_compute_is_an_error(text: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match="java"):
        answer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("decimal(2.5, 0)", 2),  # half even
        ("decimal(3.5, 0)", 4),
        ('decimal(-2.5, 0, "half_up")', -3),
        ("decimal(1250, -2)", 1200),  # zeros before the point
        ("floor(-1.5)", -2),
        ("ceiling(-1.5)", -1),
        ("ceiling(1.21, 1)", 1.3),
        ("round up(-5.21, 1)", -5.3),
        ("round down(5.29, 1)", 5.2),
        ("round half up(-5.25, 1)", -5.3),
        ("round half down(5.25, 1)", 5.2),
        ("abs(-1.5)", 1.5),
        ('abs(@"-P1Y")', "P1Y"),
        ('abs("a")', None),
        ("modulo(-12, 5)", 3),  # the divisor's sign
        ("modulo(12, -5)", -3),
        ("sqrt(2)", 1.4142135623730951),
        ("sqrt(-1)", None),
        ("odd(-3)", True),
        ("even(0)", True),
        ("even(0.5)", False),
        ("random number() < 1", True),
    ],
)
def test_numbers_are_computed(text: str, value: Any) -> None:
    assert answer(text) == value
