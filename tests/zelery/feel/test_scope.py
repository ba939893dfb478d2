"""The names an expression can see."""

from zelery import feel
from zelery.feel.limits import Run
from zelery.feel.scope import MISSING, Functions, Scope, fitting
from zelery.feel.values import Function


def function(*parameters: str, variadic: bool = False) -> Function:
    return Function(parameters=parameters, call=print, variadic=variadic)


def test_the_innermost_variable_is_seen() -> None:
    outer = Scope({"a": 1, "b": 2}, None, Run(feel.Limits(), None, None))
    inner = outer.inner({"a": None})
    assert (inner.get("a"), inner.get("b"), inner.get("c")) == (None, 2, MISSING)


def test_an_overload_takes_its_number_of_arguments_or_their_names() -> None:
    one, many = function("a"), function("a", "rest", variadic=True)
    overloads = (one, many)
    assert fitting(overloads, 1, frozenset()) is one
    assert fitting(overloads, 3, frozenset()) is many
    assert fitting(overloads, 0, frozenset()) is None
    assert fitting(overloads, None, frozenset({"rest"})) is many
    assert fitting(overloads, None, frozenset({"x"})) is None


def test_an_outer_function_is_found_where_the_inner_does_not_fit() -> None:
    inner, outer = function("a"), function("a", "b")
    functions = Functions({"f": [inner]}, Functions({"f": [outer]}, None))
    assert functions.find("f", 1, frozenset()) is inner
    assert functions.find("f", 2, frozenset()) is outer
    assert functions.find("g", 1, frozenset()) is None
