from __future__ import annotations

from typing import Any

import pytest

from zelery.connectors.kafka import lenient


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "apples",
        "12apples",  # a number that goes on is none
        "12-34",
        "0123",
        "1.",
        "+49",
        "NaN",
        "-Infinity",
        "truest",
        "[a]",
        '{"a":1',
        "{a: 1}",  # names need quotes, of either kind
        "'it",
        '"a\\',
        "[" * 100_000,
    ],
)
def test_what_does_not_begin_with_a_value_is_no_json_and_stays_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        lenient.first_value(text)
    assert lenient.or_text(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (" \n[1, null]", [1, None]),
        ("12 apples", 12),  # what follows the first value does not count
        ("true story", True),
        ("null", None),
        ('{"a": 1} {"b": 2}', {"a": 1}),
        ('{"a":1}}', {"a": 1}),
        ('"a"b', "a"),
        ("1e3", 1000.0),
        ('"line\nbreak\t"', "line\nbreak\t"),  # control characters as they are
        ("{'a': 'b'}", {"a": "b"}),
        (r"{'a': 'it\'s \"so\" \n'}", {"a": 'it\'s "so" \n'}),
        ("""{'a': "it's"}""", {"a": "it's"}),
        ("""{'say': '"hi"'}""", {"say": '"hi"'}),
    ],
)
def test_the_first_value_counts(text: str, value: Any) -> None:
    assert lenient.first_value(text) == value
    assert lenient.or_text(text) == value
