"""Calls of builtins and of function literals."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("nothing(1)", "NO_FUNCTION_FOUND: No function found with name 'nothing' and 1 parameters"),
        ("abs(1, 2)", "NO_FUNCTION_FOUND: No function found with name 'abs' and 2 parameters"),  # no such overload
        ("abs(x: 1)", "NO_FUNCTION_FOUND: No function found with name 'abs' and parameters: x"),  # no such name
        (
            "string length(1)",
            "FUNCTION_INVOCATION_FAILURE: Failed to invoke function 'string length': Illegal arguments: '1'",
        ),
    ],
)
def test_a_call_that_fits_nothing_is_null_and_says_so(text: str, warning: str) -> None:
    assert answer(text) is None
    assert warnings(text) == [warning]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('substring(start position: 2, string: "abc")', "bc"),  # by name, in any order
        ("max(1, 3, 2)", 3),  # further arguments are a list
        ("max([1, 3, 2])", 3),  # and a list stands for itself
        ("append([1], 2, 3)", [1, 2, 3]),
        ("{f: function(x, y) x - y, r: f(y: 1, x: 3)}.r", 2),
        ("{f: function(x) x, f: function(x, y) y, r: [f(1), f(1, 2)]}.r", [1, 2]),  # overloads
        ("{a: {f: function(x) x + n}, r: a.f(1)}.r", 11),  # a function in a context, with its scope
        ("{abs: function(x) x, r: abs(-1)}.r", -1),  # a literal covers a builtin
    ],
)
def test_arguments_find_their_function(text: str, value: Any) -> None:
    assert answer(text, n=10) == value


def test_a_function_that_a_context_lacks_is_an_error() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="No function found with name 'f' and 1 parameters"):
        answer("{a: {}, r: a.f(1)}")


def test_only_a_name_can_be_called() -> None:
    with pytest.raises(feel.FeelParseError):
        answer("(function(x) x)(1)")


def test_only_a_context_has_functions() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="Expected context but found '1'"):
        answer("{a: 1, r: a.f(1)}")


def test_a_failure_among_the_arguments_is_the_call_s() -> None:
    assert answer("count([1, {a: {}, b: a.f()}])") is None
