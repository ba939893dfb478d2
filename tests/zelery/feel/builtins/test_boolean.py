"""not, is defined, get or else, assert."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer
from zelery import feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("assert(1, false)", "The condition is not fulfilled"),
        ("assert(1, null)", "The condition is not fulfilled"),  # null is not true
        ('assert(x, x != null, "x is needed")', "x is needed"),
        ("{a: [assert(1, 1 > 2)]}", "The condition is not fulfilled"),  # however deep
    ],
)
def test_an_assertion_that_does_not_hold_fails_the_expression(text: str, reason: str) -> None:
    with pytest.raises(feel.FeelEvaluationError) as caught:
        answer(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not(true)", False),
        ("not(null)", None),
        ('not("a")', None),
        ("is defined(null)", False),  # null is as good as nothing
        ("is defined(missing)", False),
        ("is defined(0)", True),
        ("get or else(missing, 1)", 1),
        ("get or else(false, 1)", False),
        ("assert(1, true)", 1),
        ('assert(1, true, "unused")', 1),
    ],
)
def test_booleans_and_nulls(text: str, value: Any) -> None:
    assert answer(text) == value
