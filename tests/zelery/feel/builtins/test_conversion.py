"""Values of one type from another."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings
from zelery import feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('date(x + "2026-02-30")', "Failed to parse date from '2026-02-30'"),
        ("date(2026, 2, 30)", "Failed to parse date from: year=2026, month=2, day=30"),
        ("time(24, 0, 0)", "Failed to parse local-time from: hour=24, minute=0, second=0"),
        ('duration(x + "P1")', "Failed to parse duration from 'P1'"),
        ('number("1,5")', "Can't parse '1,5' as a number"),
        ('number("1", "x")', "illegal argument for grouping. Must be one of ' ', ',' or '.'"),
        ('from json("{")', "Failed to parse JSON from '{'"),
        ("number(null)", "Illegal arguments: 'null'"),
        ('number("1", null, null)', "Illegal arguments: '\"1\"', 'null', 'null'"),
        (
            'number("1", "x", ".")',
            "illegal arguments for grouping or decimal. Must be one of ' ' (grouping only), ',' or '.'",
        ),
        ('time(10, 0, 0, @"PT19H")', "Failed to parse time from: hour=10, minute=0, second=0, offset=PT19H"),
        ('time(10, 0, 0, "x")', "Illegal arguments: '10', '0', '0', '\"x\"'"),
        ("from json(1)", "Illegal arguments: '1'"),
    ],
)
def test_what_cannot_be_read_is_null_and_says_why(text: str, reason: str) -> None:
    name = text.partition("(")[0]
    assert answer(text, x="") is None
    assert warnings(text, x="") == [f"FUNCTION_INVOCATION_FAILURE: Failed to invoke function '{name}': {reason}"]


def test_a_zone_that_java_does_not_know_crashes() -> None:
    with pytest.raises(feel.FeelEvaluationError, match="Unknown time-zone ID: Nowhere"):
        answer('date and time(@"2026-01-02T10:00:00", "Nowhere")')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('date(@"2026-01-02T10:00:00")', "2026-01-02"),
        ('date and time(@"2026-01-02", @"10:00:00")', "2026-01-02T10:00:00"),
        ('date and time(@"2026-01-02", @"10:00:00+01:00")', "2026-01-02T10:00:00+01:00"),
        ('date and time(@"2026-01-02T10:00:00Z", "Europe/Paris")', "2026-01-02T11:00:00+01:00"),
        ('time(@"2026-01-02T10:00:00Z")', "10:00Z"),
        ("time(10, 11, 12.5)", "10:11:12.5"),
        ('time(10, 11, 12, @"PT1H")', "10:11:12+01:00"),
        ("time(10, 11, 12, null)", "10:11:12"),
        ('years and months duration(@"2026-03-01", @"2025-01-31")', "P-1Y-1M"),
        ('number("1e3")', 1000),
        ('number("1 234.5", " ", ".")', 1234.5),
        ('number("1.234,5", ".", ",")', 1234.5),
        ('number("1,5", null, ",")', 1.5),
        ("string(1.10)", "1.10"),
        ('string("a")', "a"),
        ("string(null)", None),
        ('string(["a"])', '["a"]'),
        ('string(@"P1DT1H")', "P1DT1H"),
        ('from json("1.50")', 1.5),
        ("from json(null)", None),
        ('to json({a: @"P1D", b: 1.0})', '{"a":"PT24H","b":1.0}'),
    ],
)
def test_values_are_converted(text: str, value: Any) -> None:
    assert answer(text) == value
