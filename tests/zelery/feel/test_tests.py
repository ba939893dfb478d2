"""Unary tests and ranges."""

from typing import Any

import pytest

from tests.zelery.feel.answers import ENGINE, answer, warnings
from zelery import feel
from zelery.feel.limits import Run
from zelery.feel.tests import after_null, fold
from zelery.feel.values import Failure


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("[1..3]", "a", None),  # another kind
        ("[1..3]", 1, True),
        ("(1..3]", 1, False),
        ("]1..3[", 3, False),
        ("[1..3]", 3, True),
        ('"a", "b"', "c", False),
        ("[1, 2]", 2, True),  # a list that holds it
        ("null", None, True),
        ("true", True, True),
        ("false", False, True),
        ('date("2026-01-02")', "2026-01-02", None),  # a text is no date
        ("< 5, > 10", 12, True),
        ("not(< 5)", 3, False),
        ("? * 2 = 10", 5, True),
        ("missing", None, True),  # null is null
    ],
)
def test_a_test_holds_or_not_or_nobody_knows(text: str, value: Any, holds: bool | None) -> None:
    assert ENGINE.unary(text, value, {}) is holds


def test_the_input_may_have_another_name() -> None:
    assert ENGINE.unary("> 3", None, {"inputVariableName": "x", "x": 5}) is True


@pytest.mark.parametrize("text", ['count([1.."a"])', "count([true..false])"])
def test_a_range_has_two_ends_of_one_ordered_kind(text: str) -> None:
    assert answer(text) is None
    assert any("Invalid range definition" in warning for warning in warnings(text))


@pytest.mark.parametrize(
    ("values", "decisive", "answered"),
    [
        ([], True, False),  # nothing decides
        ([False, True], True, True),
        ([None, True], True, True),
        ([False, None], True, None),
        ([None, False], True, None),
        ([True, None, False], False, False),
        (["x", True], True, True),  # no boolean is null
    ],
)
def test_folding_stops_at_the_decisive_value(values: list[Any], decisive: bool, answered: bool | None) -> None:
    assert fold(values, decisive, Run(feel.Limits(), None, None)) is answered


def test_a_fatal_failure_survives_a_null_before_it() -> None:
    fatal = Failure("why", fatal=True)
    assert after_null(fatal, True) is fatal
    assert after_null(Failure("why"), True) is None
