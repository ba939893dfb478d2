"""Which values are equal, and which is greater."""

from typing import Any

import pytest

from tests.zelery.feel.answers import ENGINE, answer, warnings
from zelery import feel
from zelery.feel.compare import order
from zelery.feel.errors import Fault
from zelery.feel.limits import Run

RUN = Run(feel.Limits(), None, None)


@pytest.mark.parametrize("text", ['1 = "1"', "true = 1", '1 < "2"', "null < 1", "[1] = {}", "{} < {}"])
def test_values_of_different_kinds_are_never_compared(text: str) -> None:
    assert answer(text) is None
    assert warnings(text)[0].startswith("NOT_COMPARABLE: Can't compare ")


def test_values_without_an_order_have_none() -> None:
    with pytest.raises(Fault, match="can not be compared to"):
        order([1], [2], RUN)


def test_lists_in_order_crash_as_in_the_reference() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="can not be compared"):
        ENGINE.compile("[1] < [2]").evaluate({})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null = null", True),
        ("null = 1", False),  # null is compared with anything
        ("1 = 1.0", True),
        ("0.1 = x", True),  # a float by its shortest text
        ("[1, [2]] = [1, [2.0]]", True),
        ("[1] = [1, 2]", False),
        ("{a: 1, b: 2} = {b: 2, a: 1}", True),  # whatever the order
        ("{a: 1} = {a: 2}", False),
        ('@"2026-01-02" < @"2026-01-03"', True),
        ('@"10:00:00+01:00" < @"10:00:00Z"', True),  # by the instant
        ('"b" > "a"', True),
        ('"\ue000" > "\U0001f600"', True),  # by UTF-16 units
        ("5 between 1 and 5", True),
        ("1 != 2", True),
    ],
)
def test_values_of_one_kind_are_compared(text: str, value: Any) -> None:
    assert answer(text, x=0.1) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("list contains([x], x)", True),  # a variable's context
        ("list contains([{a: 1}], {a: 1})", False),  # two literals are two contexts
        ("list contains([1.0], 1)", True),
        ("list contains([null], null)", True),
        ('list contains(["1"], 1)', False),
        ("list contains([[1, 2]], [1, 2.0])", True),
        ("list contains([[1]], [1, 2])", False),
        ('list contains([@"P1D"], @"PT24H")', True),
    ],
)
def test_list_contains_has_an_equality_of_its_own(text: str, value: bool) -> None:
    assert answer(text, x={"a": 1}) is value
