"""Entries of contexts and properties of values."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("{a: 1}.b", "NO_CONTEXT_ENTRY_FOUND: No context entry found with key 'b'. Available keys: 'a'"),
        ("{}.b", "NO_CONTEXT_ENTRY_FOUND: No context entry found with key 'b'. The context is empty"),
        ("(null).b", "NO_CONTEXT_ENTRY_FOUND: No context entry found with key 'b'. The context is null"),
        (
            '@"2026-01-02".hour',
            (
                "NO_PROPERTY_FOUND: No property found with name 'hour' of value '2026-01-02'. "
                "Available properties: 'year', 'month', 'day', 'weekday'"
            ),
        ),
    ],
)
def test_what_is_not_there_is_null_and_says_what_is(text: str, warning: str) -> None:
    assert answer(text) is None
    assert warnings(text) == [warning]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: {b: 1}}.a.b", 1),
        ("[{a: 1}, {a: 2}, {}].a", [1, 2, None]),  # of each item
        ("[[{a: 1}]].a", [[1]]),
        ('@"2026-01-02".weekday', 5),  # from Monday
        ('@"2026-01-02".year', 2026),
        ('@"10:11:12".minute', 11),
        ('@"10:11:12+02:00".time offset', "PT2H"),
        ('@"10:11:12".time offset', None),
        ('@"2026-01-02T10:11:12@Europe/Paris".timezone', "Europe/Paris"),
        ('@"P1Y14M".years', 2),
        ('@"-P14M".months', -2),
        ('@"P1DT26H61M".hours', 3),
        ('@"P1DT26H61M".days', 2),
        ('@"PT61S".seconds', 1),
    ],
)
def test_entries_and_properties_are_found(text: str, value: Any) -> None:
    assert answer(text) == value
