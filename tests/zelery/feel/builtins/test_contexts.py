"""Functions over contexts."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer


@pytest.mark.parametrize(
    "text",
    [
        "get entries([1])",
        'get value(1, "a")',
        "get value({}, 1)",
        "get value({a: 1}, [1])",
        'get value({a: 1}, ["a", "b"])',  # no context on the way
        'put(1, "a", 2)',
        "context put({}, [], 1)",  # no key at all
        "context merge([1])",
        'context([{key: "a"}])',  # no value
        "context([{key: 1, value: 1}])",
        "context([1])",
    ],
)
def test_other_arguments_are_null(text: str) -> None:
    assert answer(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("get entries({a: 1, b: 2})", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
        ('get value({"a-b": 1}, "a-b")', 1),
        ('get value({a: {b: 1}}, ["a", "b"])', 1),
        ('get value({}, "a")', None),
        ('context put({a: 1}, "a", 2)', {"a": 2}),
        ('context put({}, ["a", "b"], 1)', {"a": {"b": 1}}),  # contexts on the way are made
        ('context put({a: 5}, ["a", "b"], 1)', {"a": {"b": 1}}),
        ("context merge({a: 1}, {a: 2, b: 3})", {"a": 2, "b": 3}),  # the later wins
        ("context merge([])", {}),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', {"a": 2}),
        ("context(get entries({a: 1}))", {"a": 1}),
    ],
)
def test_contexts_are_read_and_made(text: str, value: Any) -> None:
    assert answer(text) == value
