"""FEEL in a connector's properties: what stays an expression, what becomes a value, and how either fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import pytest

from zelery.binding import validated
from zelery.errors import ConnectorError, InputError
from zelery.sdk import Duration, Expression, ExpressionError, Feel, FeelText, Input


class Function(Input):
    expression: Expression | None = None


class Values(Input):
    anything: Annotated[Any, Feel()] = None
    words: Annotated[list[str] | None, Feel()] = None
    pairs: Annotated[dict[str, Any] | None, Feel()] = None
    every: Duration = None
    text: FeelText | None = None


def bound(variables: dict[str, Any] | None = None, **given: Any) -> Values:
    return validated(given, Values, variables=variables)


# -- errors


@pytest.mark.parametrize("text", ["request.body", "", " ", "{a: 1}"])
def test_a_function_needs_its_sign(text: str) -> None:
    with pytest.raises(InputError, match="expression"):
        validated({"expression": text}, Function)


@pytest.mark.parametrize("given", [5, True, ["=1"], {"a": "=1"}])
def test_a_function_is_text(given: Any) -> None:
    with pytest.raises(InputError, match="expression"):
        validated({"expression": given}, Function)


@pytest.mark.parametrize("text", ["=1 +", "={", '=assert(x, x != null, "no x")'])
def test_a_value_that_fails_says_which_expression_and_why(text: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        bound(anything=text)
    assert raised.value.expression == text
    assert raised.value.message == f"Failed to evaluate expression '{text}'. Reason: {raised.value.reason}"
    assert raised.value.java_type == "io.camunda.connector.feel.FeelEngineWrapperException"


def test_an_expression_that_fails_is_an_error_of_the_connector() -> None:
    with pytest.raises(ConnectorError):
        Expression("=1 +")({})


@pytest.mark.parametrize(
    "given",
    [
        {"every": "five minutes"},
        {"every": '="soon"'},
        {"every": "P1M"},  # months have no length
        {"words": "=5"},
        {"pairs": "=[1]"},
        {"pairs": "no object"},
    ],
)
def test_a_value_of_another_type_names_its_field(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(given))):
        bound(**given)


def test_a_deep_json_text_is_a_text_and_no_crash() -> None:
    text = "[" * 100_000
    assert bound(anything=text).anything == text


# -- functions


def test_a_function_is_evaluated_as_often_as_the_connector_likes() -> None:
    expression = validated({"expression": " = a + 1"}, Function).expression
    assert expression is not None
    assert [expression({"a": 1}), expression({"a": 2})] == [2, 3]
    assert expression({}) is None
    assert repr(expression) == "Expression(' = a + 1')"


def test_no_function_is_none() -> None:
    assert validated({}, Function).expression is None
    assert validated({"expression": None}, Function).expression is None


# -- values


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("= 1 + 1", 2),
        ("={a: x}", {"a": 7}),
        ("=missing", None),
        ("plain", "plain"),
        ("a, b", "a, b"),  # a list only where one is wanted
        ("", None),
        ("  ", None),
        ('{"a": [1]}', {"a": [1]}),
        ("5", 5),
        ("true", True),
        ({"a": "=x", "b": {"c": "= x + 1", "d": "text"}}, {"a": 7, "b": {"c": 8, "d": "text"}}),
        (5, 5),
    ],
)
def test_a_value_is_what_feel_or_json_or_the_text_says(given: Any, value: Any) -> None:
    assert bound({"x": 7}, anything=given).anything == value


@pytest.mark.parametrize(
    ("given", "value"),
    [("a, b ,c", ["a", "b", "c"]), ("a", ["a"]), ('["a", "b"]', ["a", "b"]), ('=["a"]', ["a"]), ("", None)],
)
def test_a_list_may_be_words_with_commas(given: str, value: list[str] | None) -> None:
    assert bound(words=given).words == value


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("PT50S", timedelta(seconds=50)),
        ('=duration("PT1M")', timedelta(minutes=1)),
        ('="PT2S"', timedelta(seconds=2)),
        ("=x", timedelta(days=1)),
        ("=missing", None),
        ("", None),
    ],
)
def test_a_duration_is_iso_or_feel(given: str, value: timedelta | None) -> None:
    assert bound({"x": "P1D"}, every=given).every == value


@pytest.mark.parametrize(
    ("given", "value"), [("=x", "7"), ("5", "5"), ("={a: [x]}", '{"a":[7]}'), ('{"a": 1}', '{"a": 1}')]
)
def test_a_text_stays_text(given: str, value: str) -> None:
    assert bound({"x": 7}, text=given).text == value
