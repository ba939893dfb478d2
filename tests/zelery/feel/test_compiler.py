"""What each form of expression means."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("missing", "NO_VARIABLE_FOUND: No variable found with name 'missing'"),
        ("missing.a.b", "NO_VARIABLE_FOUND: No variable found with name 'missing'"),  # one warning, no more
        ('"x" and true', "INVALID_TYPE: Expected boolean but found '\"x\"'"),
        ("(1).a", "NO_PROPERTY_FOUND: No property found with name 'a' of value '1'. Available properties: "),
    ],
)
def test_what_is_not_there_is_null_and_says_so(text: str, warning: str) -> None:
    assert answer(text) is None
    assert warnings(text) == [warning]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("if null then 1 else 2", 2),  # no boolean is no yes
        ('if "true" then 1 else 2', 2),
        ("if false then 1 else if true then 2 else 3", 2),
        ("if false then 1 else if null then 2 else 3", 3),
    ],
)
def test_a_condition_must_be_true(text: str, value: int) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true and null", None),
        ("false and null", False),  # the decisive value decides
        ("null and false", False),
        ("true or null", True),
        ("null or true", True),
        ("false or null", None),
        ('true or "x"', True),
        ("false or true and false", False),
    ],
)
def test_logic_has_three_values(text: str, value: bool | None) -> None:
    assert answer(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, b: a + 1}", {"a": 1, "b": 2}),  # an entry sees those before it
        ("{a: 1, a: 2}", {"a": 2}),
        ("{f: function(x) x + 1, r: f(2)}.r", 3),  # functions too
        ("{a: x, x: 5, b: x}", {"a": 1, "x": 5, "b": 5}),  # and they cover what is outside
        ("[x, [x]]", [1, [1]]),
    ],
)
def test_literals_hold_what_is_evaluated_in_them(text: str, value: Any) -> None:
    assert answer(text, x=1) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 instance of number", True),
        ("null instance of Any", False),
        ('@"P1Y" instance of years and months duration', True),
        ("[1] instance of list", True),
        ("(function(x) x) instance of function", True),
        ('@"10:00:00" instance of time', True),  # with or without an offset
    ],
)
def test_instance_of_knows_the_types(text: str, value: bool | None) -> None:
    assert answer(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 in (> 3)", True),
        ("5 in [1..5]", True),
        ("5 in [1..5)", False),
        ("5 in (1, 2, 5)", True),
        ("5 in x", True),  # a list holds it
        ('"a" in (> 3)', None),
    ],
)
def test_in_is_a_unary_test(text: str, value: bool | None) -> None:
    assert answer(text, x=[4, 5]) is value
