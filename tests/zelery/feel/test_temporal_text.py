"""Temporal values from and to text."""

import pytest

from tests.zelery.feel.answers import MOMENT
from zelery.feel import temporal_text
from zelery.feel.temporal import DAY, SECOND, Duration, LocalTime, Months, Time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30",  # no such day
        "2026-1-1",  # two digits each
        "26-01-01",
        "-0000-01-01",  # no year of minus zero
        "2026-01-01T25:00:00",
        "2026-01-01T10:00:00+19:00",  # beyond 18 hours
        "2026-01-01T10:00:00@Nowhere/City",
        "10:61",
        "P",
        "PT",
        "P1Y1D",  # months and days do not mix
        "P99999999999Y",  # 32 bits
        "P9999999999999999999D",  # 64 bits
    ],
)
def test_what_is_no_temporal_value_is_none(text: str) -> None:
    assert temporal_text.read_any(text, MOMENT) is None


@pytest.mark.parametrize(
    ("text", "feel", "json"),
    [
        ("2026-01-02", "2026-01-02", "2026-01-02"),
        ("-2026-01-02", "-2026-01-02", "-2026-01-02"),
        ("12026-01-02", "+12026-01-02", "+12026-01-02"),  # years beyond 9999 get a sign
        ("10:11", "10:11:00", "10:11:00"),
        ("10:11:12.5", "10:11:12.5", "10:11:12.5"),
        ("10:11:00Z", "10:11:00Z", "10:11Z"),
        ("10:11:12+02:00", "10:11:12+02:00", "10:11:12+02:00"),
        ("10:11:12@Europe/Paris", "10:11:12@Europe/Paris", "10:11:12+01:00"),  # the standard offset
        ("24:00:00", "00:00:00", "00:00:00"),  # midnight at the end
        ("2026-01-02T10:11:12", "2026-01-02T10:11:12", "2026-01-02T10:11:12"),
        ("2026-07-02T10:11:12@Europe/Paris", "2026-07-02T10:11:12@Europe/Paris", "2026-07-02T10:11:12+02:00"),
        ("2026-01-02T10:11:12Z[Europe/Paris]", "2026-01-02T11:11:12@Europe/Paris", "2026-01-02T11:11:12+01:00"),
        ("P14M", "P1Y2M", "P1Y2M"),
        ("-P1M", "-P1M", "P-1M"),
        ("P0Y", "P0Y", "P0D"),
        ("P1DT2H3M", "P1DT2H3M", "PT26H3M"),
        ("-PT1M30S", "-PT1M30S", "PT-1M-30S"),
        ("PT0S", "P0D", "PT0S"),
    ],
)
def test_a_value_is_read_and_written(text: str, feel: str, json: str) -> None:
    value = temporal_text.read_any(text, MOMENT)
    assert value is not None
    assert temporal_text.feel_text(value) == feel
    assert temporal_text.json_text(value) == json


@pytest.mark.parametrize(
    ("nanos", "written"),
    [
        (0, "00:00"),  # no zero seconds
        (SECOND, "00:00:01"),
        (500_000_000, "00:00:00.500"),  # three digits at least
        (1_000, "00:00:00.000001"),
        (1, "00:00:00.000000001"),
    ],
)
def test_java_s_short_clock_has_groups_of_three_digits(nanos: int, written: str) -> None:
    assert temporal_text.short_clock_text(nanos) == written


def test_a_literal_is_read_more_freely_than_an_argument() -> None:
    text = "2026-01-02T10:11:12."
    assert temporal_text.read_date_time(text, strict=False) is not None
    assert temporal_text.read_date_time(text, strict=True) is None


def test_fractions_of_seconds_have_the_sign_of_the_whole() -> None:
    assert temporal_text.duration_text(Duration(-1_500_000_000)) == "PT-1.5S"
    assert temporal_text.duration_text(Duration(DAY)) == "PT24H"
    assert temporal_text.period_text(Months(-25)) == "P-2Y-1M"


def test_a_time_has_an_offset_or_none() -> None:
    assert temporal_text.read_time("10:00:00Z", MOMENT) == Time(36_000 * SECOND, 0)
    assert temporal_text.read_time("10:00", MOMENT) == LocalTime(36_000 * SECOND)
