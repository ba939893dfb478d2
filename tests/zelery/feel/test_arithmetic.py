"""+ - * / ** over all kinds of values."""

from typing import Any

import pytest

from tests.zelery.feel.answers import ENGINE, answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('"a" + 1', "INVALID_TYPE: Can't add '1' to '\"a\"'"),
        ('1 - "a"', "INVALID_TYPE: Can't subtract '\"a\"' from '1'"),
        ("true * 2", "INVALID_TYPE: Can't multiply 'true' by '2'"),
        ("1 / 0", "INVALID_TYPE: Can't divide '1' by '0'"),
        ("null ** 2", "INVALID_TYPE: Expected number but found 'null'"),
        ("-null", "INVALID_TYPE: Expected number but found 'null'"),
        ('@"P1Y" + @"10:00:00"', "INVALID_TYPE: Can't add '10:00:00' to 'P1Y'"),
        ('@"P1Y" / @"P0Y"', "INVALID_TYPE: Can't divide 'P1Y' by 'P0Y'"),
    ],
)
def test_what_cannot_be_done_is_null_and_says_why(text: str, warning: str) -> None:
    assert answer(text) is None
    assert warnings(text) == [warning]


@pytest.mark.parametrize("text", ['@"P1D" / @"PT0.0001S"', '@"999999999-12-31" + @"P1D"', '@"P2147483647Y" * 2'])
def test_what_crashes_the_reference_is_an_error(text: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match="java"):
        ENGINE.compile(text).evaluate_json({})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", 0.3),  # decimals
        ("9007199254740992 + 1", 9007199254740993),  # beyond a double
        ("1 / 3 * 3", 1.0),
        ("10 - 2 * 3", 4),
        ("2 ** 3 ** 2", 64),  # from the left
        ("-2 ** 2", 4),  # the sign binds tighter
        ('"a" + "b"', "ab"),
        ('@"2026-01-31" + @"P1M"', "2026-02-28"),  # the month's last day
        ('@"P1D" + @"2026-01-31"', "2026-02-01"),  # either way round
        ('@"2026-03-01" - @"2026-02-01"', "PT672H"),
        ('@"10:00:00" - @"12:00:00"', "PT-2H"),
        ('@"P1Y" * 2', "P2Y"),
        ('2 * @"PT1H"', "PT2H"),
        ('@"P1Y" / @"P5M"', 2),  # whole times
        ('@"PT1H" / 4', "PT15M"),
    ],
)
def test_values_that_go_together_are_combined(text: str, value: Any) -> None:
    assert answer(text) == value
