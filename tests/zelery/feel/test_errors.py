"""Errors carry what a person needs to find the mistake."""

import pytest

from tests.zelery.feel.answers import ENGINE
from zelery import feel


def refused(text: str) -> feel.FeelParseError:
    with pytest.raises(feel.FeelParseError) as caught:
        ENGINE.compile(text)
    return caught.value


def test_a_parse_error_knows_the_furthest_place_and_what_could_stand_there() -> None:
    error = refused("= [1,\n 2 x]")
    assert (error.line, error.column) == (2, 4)
    assert '"]"' in error.expected
    assert error.hint.startswith("line 2, column 4: expected ")
    assert error.hint.endswith("found 'x]'")


def test_a_text_that_ends_too_early_says_so() -> None:
    assert refused("if a then 1").hint.endswith("found '' (end)")


def test_a_parse_error_without_a_message_writes_its_own() -> None:
    assert str(feel.FeelParseError("a b", 2)) == "failed to parse expression 'a b': expected something else at 2"


def test_the_text_of_an_error_is_the_reference_s() -> None:
    expected = "failed to parse expression '1 +': Expected (binaryComparison | between | instanceOf | in | "
    assert str(refused("1 +")) == expected + '"and" | "or" | end-of-input):1:3, found "+"'


def test_an_evaluation_error_keeps_its_reason_apart() -> None:
    with pytest.raises(feel.FeelEvaluationError) as caught:
        ENGINE.compile('assert(1, false, "too small")').evaluate({})
    assert caught.value.reason == "too small"
    assert str(caught.value).startswith("Assertion failure on evaluate the expression 'assert(")


def test_every_error_is_a_feel_error() -> None:
    for kind in (feel.FeelParseError, feel.FeelEvaluationError, feel.FeelLimitError):
        assert issubclass(kind, feel.FeelError)
