"""JSON in and out."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.zelery.feel.answers import answer
from zelery import feel
from zelery.feel.json_values import json_of, to_json, value_of
from zelery.feel.limits import Run
from zelery.feel.temporal import Duration
from zelery.feel.values import Context

RUN = Run(feel.Limits(), None, None)


@pytest.mark.parametrize("source", ["", "{", "[1,]", "NaN", "{'a': 1}", "1x", "tru"])
def test_what_is_no_json_is_refused(source: str) -> None:
    assert answer("from json(source)", source=source) is None
    with pytest.raises(ValueError):  # noqa: PT011 # any text will do: the caller names the source
        value_of(source)


def test_what_follows_a_value_is_ignored() -> None:
    assert value_of(' {"a": 1} x') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (10**400, "Infinity"),  # as Jackson writes what JSON has no number for
        (-(10**400), "-Infinity"),
        (float("inf"), None),  # null in the reference
        (2**63, 9.223372036854775807e18),  # no long any more
        (1.0, 1),  # whole
        (1e300, 1e300),
        ({"a": [1.0, {"b": 2.0}]}, {"a": [1, {"b": 2}]}),
    ],
)
def test_a_value_with_json_s_types(value: Any, written: Any) -> None:
    assert to_json(value, RUN) == written
    json.dumps(to_json(value, RUN), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"a": [1, 0.5, "x", None, True, {"b": []}]}, True),  # JSON already
        ([2**63 - 1, -(2**63), -0.25], True),
        ([[10.0]], False),  # whole numbers are written without a point
        ([[2**63]], False),  # no long any more
        ([[1e20]], False),
        ([[float("nan")]], False),
        ([[float("-inf")]], False),
        ([[Decimal("0.5")]], False),
        ([[Context()]], False),
        ([[Duration(0)]], False),
    ],
)
def test_what_is_json_already_is_answered_itself_and_not_a_copy(value: Any, kept: bool) -> None:
    written = to_json(value, RUN)
    assert (written is value) is kept
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_deep_data_is_answered_too() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    assert to_json(deep, RUN) == deep


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 / 3", 0.3333333333333333),
        ("2 / 2", 1),
        ("10 ** 20", 1e20),
        ('@"P1DT2H3M"', "PT26H3M"),
        ('@"2026-01-02T10:00:00@Europe/Paris"', "2026-01-02T10:00:00+01:00"),  # a zone's name is lost
        ('@"10:00:00Z"', "10:00Z"),
        ("{a: 1, f: function(x) x}", {"a": 1}),  # functions are no entries
        ("[1..5]", None),  # a test, not a value
    ],
)
def test_results_are_written_as_the_connector_runtime_writes_them(text: str, value: Any) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('a"\n\x01', '"a\\"\\n\\u0001"'),
        ({"a": [None, True, 1.0]}, '{"a":[null,true,1.0]}'),
        (float("nan"), "null"),
    ],
)
def test_the_text_of_to_json(value: Any, written: str) -> None:
    assert json_of(value, RUN) == written
