"""Text in, values out; what goes wrong inside comes out as a FeelError."""

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.zelery.feel.answers import ENGINE, answer
from zelery import feel
from zelery.feel.builtins.table import BUILTINS
from zelery.feel.engine import stripped
from zelery.feel.values import Function

ODD: dict[str, Any] = {
    "none": None,
    "yes": True,
    "minus": -1,
    "huge": 10**400,
    "float": 1e308,
    "infinite": float("inf"),
    "text": "a(",
    "half": "\ud800",
    "list": [1, "a", None],
    "numbers": [3, 1e308, 10**400],
    "context": {"key": "a", "value": 1},
}
OPERATORS = ("+", "-", "*", "/", "**", "=", "<", ">=", "!=", "in")


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_no_builtin_lets_a_foreign_exception_out(name: str) -> None:
    for size in sorted({len(overload.parameters) for overload in BUILTINS[name]}):
        for names in itertools.product(list(ODD)[: 11 if size < 3 else 5], repeat=size):
            assert holds_json(f"{name}({', '.join(names)})")


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_operator_lets_a_foreign_exception_out(operator: str) -> None:
    for left, right in itertools.product(ODD, repeat=2):
        assert holds_json(f"{left} {operator} {right}")


def holds_json(text: str) -> bool:
    """Whether the expression has a value that JSON can hold, or fails as FEEL does."""
    try:
        return bool(json.dumps(ENGINE.compile(text).evaluate_json(ODD), allow_nan=False))
    except feel.FeelError:
        return True


@pytest.mark.parametrize("foreign", [OverflowError("too large"), ValueError("what"), ZeroDivisionError("by zero")])
def test_an_ordinary_exception_of_a_function_is_an_evaluation_error(foreign: Exception) -> None:
    def call(*_: Any) -> Any:
        raise foreign

    engine = feel.Engine(functions={"broken": (Function(parameters=(), call=call),)})
    with pytest.raises(feel.FeelEvaluationError, match=f"{type(foreign).__name__}: {foreign}") as caught:
        engine.compile("broken()").evaluate({})
    assert caught.value.__cause__ is foreign


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def call(*_: Any) -> Any:
        raise TypeError("ours")

    engine = feel.Engine(functions={"broken": (Function(parameters=(), call=call),)})
    with pytest.raises(TypeError, match="ours"):
        engine.compile("broken()").evaluate({})


def test_a_python_object_is_refused_and_never_touched() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="holds a Python object, which FEEL has no type for"):
        ENGINE.compile("x = 1").evaluate({"x": object()})


@pytest.mark.parametrize("text", ["string(x)", "[x, 1.0]", "x + 1", "get entries(x)"])
def test_keys_that_are_no_texts_are_refused(text: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match="keys that are no texts"):
        ENGINE.compile(text).evaluate_json({"x": dict.fromkeys(range(5))}, warnings=[])


def test_a_mistake_is_remembered_and_raised_again() -> None:
    engine = feel.Engine()
    for _ in range(2):
        with pytest.raises(feel.FeelParseError):
            engine.compile("1 +")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("= a", "a"),  # as models have it
        ("a", "a"),  # without the sign
        (" =a ", "a"),  # with blanks around it
        ("== a", "= a"),  # one sign alone is taken off
    ],
)
def test_one_leading_sign_is_no_part_of_an_expression(text: str, expression: str) -> None:
    assert stripped(text) == expression


def test_the_same_text_is_compiled_once() -> None:
    engine = feel.Engine()
    assert engine.compile("= 1 + 1") is engine.compile("1 + 1")
    assert repr(engine.compile("1 + 1")) == "Expression('1 + 1')"


def test_variables_are_read_in_place_and_never_changed() -> None:
    variables = {"a": {"b": [1, {"c": 2}]}}
    before = json.dumps(variables)
    assert ENGINE.compile("a").evaluate(variables) is variables["a"]
    found = ENGINE.compile('context put(a, "b", append(a.b, 3))').evaluate_json(variables)
    assert found == {"b": [1, {"c": 2}, 3]}
    assert json.dumps(variables) == before
    assert ENGINE.compile("{b: a}").evaluate_json(variables)["b"] is variables["a"]


def test_the_clock_is_the_engine_s() -> None:
    engine = feel.Engine(clock=lambda: datetime(2020, 2, 29, 12, tzinfo=UTC))
    assert engine.compile("[now(), today()]").evaluate_json({}) == ["2020-02-29T12:00:00Z", "2020-02-29"]


def test_own_functions_come_before_builtins() -> None:
    own = Function(parameters=("x",), call=lambda _, x: ["own", x])
    engine = feel.Engine(functions={"abs": (own,)})
    assert engine.compile("abs(-1)").evaluate_json({}) == ["own", -1]


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("> 3", 5, True),  # a comparison
        ("> 3", 3, False),
        ("[1..3], 7", 7, True),  # any of several
        ("not(1, 2)", 2, False),
        ("-", None, True),  # anything
        ('"a"', "a", True),  # a value
        ("? > limit", 5, True),  # any expression
        ("> 3", "x", None),  # never compared
    ],
)
def test_unary_tests_say_whether_a_value_passes(text: str, value: Any, holds: bool | None) -> None:
    assert ENGINE.unary(text, value, {"limit": 4}) is holds


def test_the_value_has_python_s_types() -> None:
    assert ENGINE.compile("0.1 + 0.2").evaluate({}) == Decimal("0.3")
    assert type(ENGINE.compile("1 + 2").evaluate({})) is int


def test_the_input_symbol_outside_of_a_test_fails() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="No input value available"):
        answer("?")
