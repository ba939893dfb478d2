"""No expression and no data can hold a worker."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.zelery.feel.answers import MOMENT
from zelery import feel
from zelery.feel.limits import CHECK_STEPS, Run

NESTED: dict[str, Callable[[int], str]] = {
    "brackets": lambda levels: "(" * levels + "1" + ")" * levels,
    "calls": lambda levels: "not(" * levels + "true" + ")" * levels,
    "named arguments": lambda levels: "not(negand: " * levels + "true" + ")" * levels,
    "lists": lambda levels: "[" * levels + "1" + "]" * levels,
    "contexts": lambda levels: "{a: " * levels + "1" + "}" * levels,
    "filters": lambda levels: "[1]" + "[[1]" * (levels - 1) + "[1]" + "]" * (levels - 1),
    "conditionals": lambda levels: "if true then " * levels + "1" + " else 2" * levels,
    "loops": lambda levels: "for x in [1] return " * levels + "1",
    "quantifiers": lambda levels: "some x in [1] satisfies " * levels + "true",
    "functions": lambda levels: "function(x) " * levels + "1",
    "tests": lambda levels: "1 in (" * levels + "1" + ")" * levels,
    "sums": lambda levels: "1 + (" * levels + "1" + ")" * levels,
    "ranges": lambda levels: "count([" * (levels // 2) + "1" + "])" * (levels // 2),
}


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_a_hundred_levels_are_parsed_and_evaluated(nested: Callable[[int], str]) -> None:
    feel.Engine().compile(nested(100)).evaluate_json({})


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("levels", [210, 2_000])
def test_more_levels_end_in_a_limit_never_in_python_s_stack(nested: Callable[[int], str], levels: int) -> None:
    with pytest.raises(feel.FeelLimitError, match=r"Limits\(nesting_max=…\) sets|nested too deeply") as caught:
        feel.Engine().compile(nested(levels)).evaluate_json({})
    assert caught.value.limit == "nesting_max"


def test_the_number_of_else_ifs_is_not_limited_by_nesting() -> None:
    text = "".join(f"if x = {at} then {at} else " for at in range(1_000)) + "null"
    assert feel.Engine().compile(text).evaluate({"x": 999}) == 999


@pytest.mark.parametrize(
    ("limits", "text", "limit"),
    [
        ({"text_chars_max": 10}, "1 + 1 + 1 + 1", "text_chars_max"),  # the text itself
        ({"nesting_max": 3}, "((((1))))", "nesting_max"),  # brackets
        ({"nesting_max": 3}, "{}.a.b.c.d", "nesting_max"),  # properties behind a value
        ({"steps": 5_000}, "for x in 1..3000 return x + x", "steps"),  # rounds of a loop
        ({"steps": 5_000}, "for x in 1..100, y in 1..100 return 1", "steps"),  # rounds of loops in each other
        ({"steps": 5_000}, "some x in 1..10000 satisfies x < 0", "steps"),  # rounds of a test
        ({"deadline_s": 0}, "for x in 1..3000 return x", "deadline_s"),  # time
        ({"deadline_s": 0}, 'matches("a", "b")', "deadline_s"),  # a search asks for its time first
        ({"deadline_s": 0.05}, f'matches("{"a" * 64}b", "^(a|aa)+$")', "deadline_s"),  # a search that never ends
        ({"list_items_max": 10}, "for x in 1..11 return x", "list_items_max"),  # a range
        ({"list_items_max": 3}, "append([1, 2], 3, 4)", "list_items_max"),  # a builtin
        ({"string_chars_max": 5}, '"abc" + "def"', "string_chars_max"),  # an operator
        ({"string_chars_max": 5}, 'string join(["abc", "def"])', "string_chars_max"),  # a builtin
        ({"digits_max": 5}, "123456", "digits_max"),  # a literal
        ({"digits_max": 50}, f'number("{"1" * 101}")', "digits_max"),  # a builtin
    ],
)
def test_what_goes_beyond_a_limit_names_it(limits: dict[str, Any], text: str, limit: str) -> None:
    with pytest.raises(feel.FeelLimitError, match=rf"Limits\({limit}=…\) sets the limit") as caught:
        feel.Engine(limits=feel.Limits(**limits)).compile(text).evaluate_json({})
    assert caught.value.limit == limit


@pytest.mark.parametrize(("calls", "ends"), [(50, True), (10_000, False)])
def test_functions_that_call_themselves_too_deeply_end_in_a_limit(calls: int, ends: bool) -> None:
    text = f"{{c: {{f: function(c, n) if n = 0 then 7 else c.f(c, n - 1)}}, r: c.f(c, {calls})}}.r"
    if ends:
        assert feel.Engine().compile(text).evaluate({}) == 7
        return
    with pytest.raises(feel.FeelLimitError) as caught:
        feel.Engine().compile(text).evaluate({})
    assert caught.value.limit == "nesting_max"


def test_data_nested_too_deeply_is_a_limit() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(feel.FeelLimitError, match="nested too deeply"):
        feel.Engine().compile("x").evaluate_json({"x": deep})


def doubled(levels: int, of: str = "1") -> str:
    """A list of so many levels whose items are each the same list twice: few values, a text of 2 ** levels."""
    entries = ", ".join(f"x{level + 1}: [x{level}, x{level}]" for level in range(levels))
    return f"{{x0: [{of}], {entries}}}.x{levels}"


@pytest.mark.parametrize(
    "text",
    [
        doubled(60),  # as the result
        f"[1.0, 0.5 + 0.5, {doubled(60)}]",  # as a part of a result that is no JSON yet
        f"string({doubled(60)})",
        f"to json({doubled(60)})",
        f"flatten({doubled(60)})",
        f"flatten({doubled(60, of='')})",  # of lists that hold nothing
        f"sum({doubled(60)})",  # in the text of a failure
        f"{doubled(60)} + 1",  # in a warning
        f"{doubled(60)} = {doubled(60)}",
        f"distinct values([{doubled(60)}])",
        "for i in 1..1000 return long",  # each of them a reference, the text a gigabyte
        "string(for i in 1..1000 return long)",
        "to json(for i in 1..1000 return long)",
        "(for i in 1..1000 return long) + 1",
        "string(for i in 1..1000 return keyed)",
        "[for i in 1..1000 return keyed.none, 1][1]",  # each warning lists the key
        "for i in 1..1000 return {a: keyed, b: 1/3}",
        "for i in 1..1000 return plain",  # nothing in it is converted, and its text is as long all the same
        "for i in 1..100000 return mixed < mixed",
    ],
)
def test_a_value_is_accounted_for_as_often_as_it_occurs(text: str) -> None:
    variables = {
        "long": "x" * 1_000_000,
        "keyed": {"k" * 1_000_000: 1.0},
        "plain": {"k" * 1_000_000: 1},
        "mixed": [*range(50_000), "a"],
    }
    engine = feel.Engine(limits=feel.Limits(steps=30_000, deadline_s=120))
    with pytest.raises(feel.FeelLimitError) as caught:
        engine.compile(text).evaluate_json(variables, warnings=[])
    assert caught.value.limit == "steps"


def test_a_replacement_is_bounded_before_it_is_written() -> None:
    text = f'replace(long, "x+", "{"$0" * 1000}")'
    with pytest.raises(feel.FeelLimitError) as caught:
        feel.Engine().compile(text).evaluate_json({"long": "x" * 1_000_000})
    assert caught.value.limit == "string_chars_max"


def test_an_account_is_looked_at_once_in_many_steps() -> None:
    run = Run(feel.Limits(deadline_s=0), lambda: MOMENT, None)
    run.charge(CHECK_STEPS - 1)
    with pytest.raises(feel.FeelLimitError):
        run.charge(1)
