from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import ValidationError

from zelery.sdk import Input
from zelery.sdk.types import (
    NOT_BLANK,
    NOT_EMPTY,
    NOT_NULL,
    Choice,
    Flag,
    Int,
    Must,
    Text,
    TextMap,
    matching,
    number_text,
)


class Everything(Input):
    text: Text | None = None
    number: Int = None
    flag: Flag = False
    texts: TextMap | None = None
    verb: Annotated[Literal["POST", "GET", "DELETE"], Choice("Verb")] | None = None


def bound(name: str, value: Any) -> Any:
    return getattr(Everything.model_validate({name: value}), name)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("text", "1.10", "1.10"),  # text stays as it is
        ("text", "=x", "=x"),
        ("text", 12, "12"),
        ("text", 12345678901234567890, "12345678901234567890"),
        ("text", 34.50, "34.5"),
        ("text", 1e21, "1.0E21"),
        ("text", True, "true"),
        ("text", ["a"], "a"),
        ("text", [1], "1"),
        ("text", None, None),
        ("number", 5, 5),
        ("number", " 5 ", 5),
        ("number", "007", 7),
        ("number", "+5", 5),
        ("number", "-5", -5),
        ("number", 1.9, 1),  # cut
        ("number", -1.9, -1),
        ("number", "", None),
        ("number", "  ", None),
        ("number", "null", None),
        ("number", [5], 5),
        ("number", ["5"], 5),
        ("number", 2147483647, 2147483647),
        ("flag", True, True),
        ("flag", "true", True),
        ("flag", " TRUE ", True),
        ("flag", "False", False),
        ("flag", "", False),
        ("flag", 1, True),
        ("flag", 0, False),
        ("flag", [True], True),
        ("texts", {"a": 1, "b": None, "c": True, "d": ["x"]}, {"a": "1", "b": None, "c": "true", "d": "x"}),
        ("texts", [{"a": "1"}], {"a": "1"}),
        ("texts", {}, {}),
        ("verb", "get", "GET"),
        ("verb", " PoSt ", "POST"),
        ("verb", 0, "POST"),  # the position
        ("verb", "2", "DELETE"),
        ("verb", ["GET"], "GET"),
    ],
)
def test_a_value_is_taken_as_leniently_as_jackson_does(name: str, value: Any, expected: Any) -> None:
    found = bound(name, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("text", {"a": 1}, "It Must be `String`, not an object"),
        ("text", ["a", "b"], "It Must be `String`, not a list"),
        ("text", [], "It Must be `String`, not a list"),
        ("text", [["a"]], "It Must be `String`, not a list"),
        ("text", [None], "It Must be `String`, not a list"),
        ("number", "abc", "It Must be `Integer`"),
        ("number", "1.9", "It Must be `Integer`"),
        ("number", "1e1", "It Must be `Integer`"),
        ("number", "=5", "It Must be `Integer`"),
        ("number", "\u0665", "It Must be `Integer`"),  # a digit of another script
        ("number", True, "It Must be `Integer`, not a boolean"),
        ("number", {"a": 1}, "It Must be `Integer`, not an object"),
        ("number", [[5]], "It Must be `Integer`, not a list"),
        ("number", 2147483648, "It Must be `Integer`, not a number"),
        ("number", "9" * 100, "It Must be `Integer`"),
        ("number", float("inf"), "It Must be `Integer`, not a number"),
        ("flag", "yes", "It Must be `boolean`"),
        ("flag", "tRUE", "It Must be `boolean`"),
        ("flag", 1.0, "It Must be `boolean`, not a number"),
        ("texts", "a=1", "It Must be `LinkedHashMap`, not text"),
        ("texts", "", "It Must be `LinkedHashMap`"),
        ("texts", 5, "It Must be `LinkedHashMap`, not a number"),
        ("texts", [], "It Must be `LinkedHashMap`, not a list"),
        ("texts", {"a": {"b": 1}}, "It Must be `String`, not an object"),
        ("verb", "HEAD", "It Must be `Verb`"),
        ("verb", "", "It Must be `Verb`"),
        ("verb", 3, "It Must be `Verb`, not a number"),
        ("verb", -1, "It Must be `Verb`, not a number"),
        ("verb", "01", "It Must be `Verb`"),
        ("verb", True, "It Must be `Verb`, not a boolean"),
        ("verb", 1.0, "It Must be `Verb`, not a number"),
    ],
)
def test_what_cannot_become_the_type_is_told_by_type_and_never_by_value(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        bound(name, value)
    assert [error["msg"] for error in raised.value.errors()] == [message]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-1.5e300, "-1.5E300"),
        (1e23, "1.0E23"),  # not 9.999999999999999E22
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
        (7, "7"),
    ],
)
def test_numbers_are_written_as_java_writes_them(number: float, text: str) -> None:
    assert number_text(number) == text


class Ruled(Input):
    url: Annotated[Text, Must(NOT_BLANK, matching(r"https?://.*", "Must be a http(s) URL"))]
    user: Annotated[Text, Must(NOT_EMPTY)] = "u"
    verb: Annotated[Annotated[Literal["GET"], Choice("Verb")], Must(NOT_NULL)] = "GET"


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({"url": "http://x"}, []),
        ({}, ["must not be blank"]),  # absent is null
        ({"url": None}, ["must not be blank"]),
        ({"url": " "}, ["must not be blank", "Must be a http(s) URL"]),
        ({"url": "ftp://x"}, ["Must be a http(s) URL"]),
        ({"url": "http://x\n"}, ["Must be a http(s) URL"]),
        ({"url": "http://x", "user": ""}, ["must not be empty"]),
        ({"url": "http://x", "user": None}, []),  # null is absent: the default
    ],
)
def test_every_broken_rule_is_told(given: dict[str, Any], broken: list[str]) -> None:
    try:
        Ruled.model_validate(given)
        found = []
    except ValidationError as error:
        found = [message for each in error.errors() for message in each["ctx"]["messages"]]
    assert found == broken


def test_an_input_is_made_by_field_names_too() -> None:
    class Named(Input):
        read_timeout: Int
        other_name: Text

    assert Named(read_timeout=1, other_name="x").read_timeout == 1
