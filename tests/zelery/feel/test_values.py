"""Values as FEEL knows them."""

from decimal import Decimal
from typing import Any

import pytest

from zelery import feel
from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.temporal import Date, Duration, LocalTime, Time
from zelery.feel.values import (
    Context,
    Failure,
    Function,
    Range,
    is_ordered,
    joined,
    keys_of,
    kind_of,
    text,
    type_name,
    utf16,
)


def test_a_value_of_no_known_type_is_refused() -> None:
    with pytest.raises(Fault, match="holds a Python set, which FEEL has no type for"):
        kind_of({1})


def test_a_subclass_is_no_known_type() -> None:
    class Text(str):
        __slots__ = ()

    with pytest.raises(Fault, match="holds a Python Text"):
        kind_of(Text("a"))


RUN = Run(feel.Limits(), None, None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),  # before number: to Python it is one
        (1, "number"),
        (1.5, "number"),
        (float("inf"), "null"),  # as in the reference
        (float("nan"), "null"),
        (Decimal(1), "number"),
        (Context(), "context"),
        (LocalTime(0), "local time"),
        (Time(0, 0), "time"),
    ],
)
def test_the_kind_of_a_value(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_times_have_one_type_name() -> None:
    assert type_name(LocalTime(0)) == type_name(Time(0, 0)) == "time"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", '"a"'),
        (None, "null"),
        (False, "false"),
        (1.0, "1.0"),
        ([1, "a"], '[1, "a"]'),
        ({"a": {"b": 1}}, "{a:{b:1}}"),
        (Duration(0), "P0D"),
        (Function(parameters=("x", "y"), call=print), "function(x, y)"),
        (Range(1, True, 2, False), "[1..2)"),
        (Failure("why"), 'error("why")'),
        (Failure("why", fatal=True), 'fatal error("why")'),
    ],
)
def test_a_value_as_feel_writes_it(value: Any, written: str) -> None:
    assert text(value, RUN) == written


@pytest.mark.parametrize(
    ("value", "ordered"),
    [
        (1, True),
        ("a", True),
        (Date(0), True),
        (True, False),
        ({}, False),
        ([], False),
        ([1, 2], True),
        ([1, "a"], False),
    ],
)
def test_some_kinds_have_an_order(value: Any, ordered: bool) -> None:
    assert is_ordered(value) is ordered


def test_few_keys_keep_their_order() -> None:
    assert keys_of(dict.fromkeys("dbca"), RUN) == ["d", "b", "c", "a"]


def test_many_keys_stand_in_the_order_of_scala_s_hash_tries() -> None:
    assert keys_of(dict.fromkeys("abcdef"), RUN) == ["e", "f", "a", "b", "c", "d"]


def test_characters_beyond_the_basic_plane_are_two_units() -> None:
    assert utf16("a😀") == "a\ud83d\ude00"
    assert joined("a\ud83d\ude00") == "a😀"
    assert joined("\ud83d") == "\ud83d"  # half a character stays
