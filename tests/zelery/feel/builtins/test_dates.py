"""now, today and the calendar."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer, warnings


@pytest.mark.parametrize("name", ["day of year", "day of week", "month of year", "week of year", "last day of month"])
def test_only_dates_have_a_calendar(name: str) -> None:
    assert answer(f'{name}("2026-01-02")') is None
    assert "Illegal arguments: '\"2026-01-02\"'" in warnings(f'{name}("2026-01-02")')[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("now()", "2026-01-02T03:04:05Z"),
        ("today()", "2026-01-02"),
        ('day of year(@"2024-12-31")', 366),
        ('day of week(@"2026-01-04")', "Sunday"),
        ('month of year(@"2026-12-01T10:00:00Z")', "December"),
        ('week of year(@"2027-01-01")', 53),  # ISO 8601
        ('last day of month(@"2024-02-10")', "2024-02-29"),
    ],
)
def test_what_a_calendar_says(text: str, value: Any) -> None:
    assert answer(text) == value
