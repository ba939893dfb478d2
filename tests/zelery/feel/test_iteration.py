"""for, some, every and filters."""

from typing import Any

import pytest

from tests.zelery.feel.answers import MOMENT, answer, warnings
from zelery import feel
from zelery.feel.iteration import captures, mentions
from zelery.feel.parser import parse
from zelery.feel.syntax import Node

ITEMS = [{"id": "a", "price": 5}, {"id": "b", "price": 25}, {"id": "c"}]


@pytest.mark.parametrize("text", ["for x in 5 return x", "some x in null satisfies true", 'for x in 1.."a" return x'])
def test_only_lists_are_looped_over(text: str) -> None:
    assert answer(text) is None
    assert warnings(text)[0].startswith("INVALID_TYPE: Expected ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("for x in [1, 2] return x * 2", [2, 4]),
        ("for x in 3..1 return x", [3, 2, 1]),  # downwards
        ("for x in [1, 2], y in [x, 10] return y", [None, 10, None, 10]),  # an iterator does not see the one before it
        ("for x in [1, 2], y in [10, 20] return x + y", [11, 21, 12, 22]),  # the last turns fastest
        ("for x in 1..4 return if x < 3 then 1 else sum(partial)", [1, 1, 2, 4]),  # what was found so far
        ("for x in [] return x", []),
        ("for f in [for i in 1..2 return function() i] return count(f)", [2]),
    ],
)
def test_a_loop_has_a_result_for_each_round(text: str, value: Any) -> None:
    assert answer(text) == value


def test_functions_of_a_loop_keep_their_round() -> None:
    text = "{fs: for i in [1, 2] return {f: function() i}, r: for c in fs return c.f()}.r"
    assert answer(text) == [1, 2]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [1, 2] satisfies x > 1", False),
        ("every x in [] satisfies false", True),
        ('some x in [1, "a"] satisfies x < 0', None),  # nobody knows
        ('some x in [1, "a"] satisfies x > 0', True),
        ("some x in [1, 2], y in [2, 3] satisfies x = y", True),
    ],
)
def test_quantifiers_have_three_values(text: str, value: bool | None) -> None:
    assert answer(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("items[1].id", "a"),  # from 1
        ("items[-1].id", "c"),  # from the end
        ("items[0]", None),
        ("items[9]", None),
        ("items[price > 10].id", ["b"]),  # an item's entries are variables
        ("items[item.price > 10].id", ["b"]),
        ("[1, 2, 3][item >= limit]", [2, 3]),
        ("[1, 2, 3][limit]", 2),  # a condition may be an index
        ("[1, 2, 3][count([1, 1])]", 2),
        ("items[price > 10][1].id", "b"),
        ('"abc"[1]', None),  # no list
        ("items[id]", []),  # no boolean
        ("[][item > 1]", []),
    ],
)
def test_a_filter_is_a_condition_or_an_index(text: str, value: Any) -> None:
    assert answer(text, items=ITEMS, limit=2) == value


def tree(text: str) -> Node:
    return parse(text, feel.Limits(), MOMENT)


def test_a_function_literal_anywhere_below_keeps_a_scope() -> None:
    assert captures(tree("[1, {a: function(x) x}]"))
    assert not captures(tree("[1, {a: f(x)}]"))


def test_a_variable_s_reading_is_found_by_its_first_name() -> None:
    assert mentions(tree("[1, {a: partial.b}]"), "partial")
    assert not mentions(tree("[1, {partial: a.partial}]"), "partial")
