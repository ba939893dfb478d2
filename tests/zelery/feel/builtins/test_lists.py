"""Functions over lists."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("count(1)", "Illegal arguments: '1'"),
        ('sum([1, "a"])', "expected number but found '\"a\"'"),
        ('min([1, "a"])', '[1, "a"] is not comparable'),
        ("sublist([1], 0)", "start position must be a non-zero number"),
        ("insert before([1], 0, 2)", "position must be a non-zero number"),
        ("partition([1], 0)", "'size' should be greater than zero but was '0'"),
        ("sort([1], function(x) true)", "expect boolean function with 2 arguments, but found '1'"),
        (
            "sort([2, 1], function(x, y) null)",
            "fail to sort list by given precedes function: expected boolean but found 'null'",
        ),
        ("string join([1])", "expected a list of strings but found 'Vector(1)'"),
    ],
)
def test_what_cannot_be_done_is_null_and_says_why(text: str, reason: str) -> None:
    assert answer(text) is None
    assert warnings(text)[0].endswith(f": {reason}")


def test_the_deviation_of_one_number_crashes_as_in_the_reference() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="Division undefined"):
        answer("stddev([1])")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("min([])", None),
        ('max("a", "c", "b")', "c"),
        ('min(@"2026-01-02", @"2025-01-02")', "2025-01-02"),
        ("sum([])", None),
        ("sum(0.1, 0.2)", 0.3),
        ("mean([1, 2])", 1.5),
        ("median([3, 1, 2])", 2),
        ("stddev(2, 4, 7, 5)", 2.0816659994661326),
        ("mode([1, 2, 2, 1])", [1, 2]),
        ("mode([])", []),
        ("all([])", True),
        ("all([true, null])", None),
        ("all([null, false])", False),
        ("any([])", False),
        ('any(["a", true])', True),
        ("sublist([1, 2, 3], 2)", [2, 3]),
        ("sublist([1, 2, 3], -2, 1)", [2]),
        ("sublist([1, 2, 3], 1, 9)", [1, 2, 3]),
        ("concatenate([1], 2, [[3]])", [1, 2, [3]]),
        ("insert before([1, 2], -1, 9)", [1, 9, 2]),
        ("remove([1, 2, 3], -1)", [1, 2]),
        ("index of([1, 1.0, 2], 1)", [1, 2]),
        ("union([1, 2], [2.0, 3])", [1, 2, 3]),
        ("distinct values([1, 1.0, null, null, [1], [1]])", [1, None, [1]]),
        ("duplicate values([1, 2, 1, 1])", [1]),
        ("flatten([1, [2, [3, []]]])", [1, 2, 3]),
        ('sort(["b", "a"], function(x, y) x < y)', ["a", "b"]),
        ("sort([{p: 2}, {p: 1}], function(x, y) x.p < y.p).p", [1, 2]),
        ('string join(["a", null, "b"])', "ab"),
        ('string join(["a", "b"], "-", "<", ">")', "<a-b>"),
        ("partition([1, 2, 3], 2)", [[1, 2], [3]]),
    ],
)
def test_lists_are_read_and_made(text: str, value: Any) -> None:
    assert answer(text) == value
