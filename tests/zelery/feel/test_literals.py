"""Values written into an expression."""

from typing import Any

import pytest

from tests.zelery.feel.answers import MOMENT, answer, warnings
from zelery import feel
from zelery.feel.literals import Literals


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("-5", -5),
        (".5", 0.5),
        ("1.50", 1.5),
        ('"a\\nb"', "a\nb"),  # an escape
        ('"\\u0041"', "\\u0041"),  # the reference leaves this one
        ('@"2026-01-02"', "2026-01-02"),
        ('@"nothing"', None),  # no temporal value
        ('date("2026-02-30")', None),  # no such day
        ('date and time("2026-01-02")', "2026-01-02T00:00:00"),
        ('time("10:00:00@Europe/Paris")', "10:00+01:00"),
        ('duration("P14M")', "P1Y2M"),
    ],
)
def test_a_literal_is_its_value(text: str, value: Any) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a b-c: 1", "a b-c"),  # any symbols
        ('"a: b": 1', "a: b"),  # a string
        ("`a:b`: 1", "a:b"),  # backticks
        (" a : 1", "a"),  # blanks around are none of it
    ],
)
def test_a_key_is_nearly_any_text(text: str, key: str) -> None:
    assert Literals(text, feel.Limits(), MOMENT).key() == key


def test_a_literal_that_is_no_date_is_null_without_a_warning() -> None:
    assert warnings('date("2026-02-30")') == []
