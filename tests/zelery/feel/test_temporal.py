"""The calendar, zones and the arithmetic of java.time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from zelery.feel import temporal
from zelery.feel.errors import Fault
from zelery.feel.temporal import DAY, SECOND, Date, DateTime, Duration, LocalDateTime, LocalTime, Months, Time


@pytest.mark.parametrize(
    "overflowing",
    [
        lambda: temporal.plus(Date(temporal.DAY_MAX), Duration(DAY)),  # years end
        lambda: temporal.plus(Date(temporal.DAY_MIN), Months(-1)),
        lambda: temporal.months(12 * 2**31),  # 32 bits of years
        lambda: temporal.duration(2**63 * SECOND),  # 64 bits of seconds
        lambda: temporal.millis(Duration(2**62 * SECOND)),  # 64 bits of milliseconds
    ],
)
def test_what_java_time_cannot_hold_is_a_crash(overflowing: object) -> None:
    assert callable(overflowing)
    with pytest.raises(Fault, match=r"java\."):
        overflowing()


@pytest.mark.parametrize(
    ("day", "civil"),
    [
        (0, (1970, 1, 1)),
        (-1, (1969, 12, 31)),
        (11_016, (2000, 2, 29)),
        (-719_468, (0, 3, 1)),
        (temporal.DAY_MIN, (-999_999_999, 1, 1)),
        (temporal.DAY_MAX, (999_999_999, 12, 31)),
    ],
)
def test_days_are_counted_from_1970(day: int, civil: tuple[int, int, int]) -> None:
    assert temporal.civil(day) == civil
    assert temporal.day_number(*civil) == day


@pytest.mark.parametrize("date", [(2025, 2, 29), (2026, 0, 1), (2026, 13, 1), (2026, 4, 31), (10**9, 1, 1)])
def test_a_date_that_no_calendar_has_is_none(date: tuple[int, int, int]) -> None:
    assert temporal.checked_day(*date) is None


@pytest.mark.parametrize(
    ("date", "weekday", "of_year", "week"),
    [
        ((2026, 1, 1), 4, 1, 1),
        ((2027, 1, 1), 5, 1, 53),  # still last year's week
        ((2024, 12, 31), 2, 366, 1),  # already next year's
    ],
)
def test_weeks_are_those_of_iso_8601(date: tuple[int, int, int], weekday: int, of_year: int, week: int) -> None:
    day = temporal.day_number(*date)
    assert (temporal.weekday(day), temporal.day_of_year(day), temporal.week_of_year(day)) == (weekday, of_year, week)


def days(*date: int) -> int:
    return temporal.day_number(*date)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ((2026, 1, 31), (2026, 2, 28), 0),  # no whole month
        ((2026, 1, 15), (2026, 3, 15), 2),
        ((2026, 3, 15), (2026, 1, 16), -1),  # towards zero
    ],
)
def test_whole_months_lie_between_dates(start: tuple[int, ...], end: tuple[int, ...], months: int) -> None:
    assert temporal.months_between(days(*start), days(*end)) == months


def test_a_local_time_in_a_gap_moves_on() -> None:
    found = temporal.at_zone(days(2026, 3, 29), 2 * 3600 * SECOND + 1800 * SECOND, "Europe/Paris")
    assert (found.nanos // SECOND, found.offset) == (3 * 3600 + 1800, 7200)


def test_a_local_time_that_occurs_twice_is_the_first_or_the_preferred() -> None:
    twice = days(2026, 10, 25), 2 * 3600 * SECOND + 1800 * SECOND, "Europe/Paris"
    assert temporal.at_zone(*twice).offset == 7200
    assert temporal.at_zone(*twice, preferred=3600).offset == 3600


def test_a_day_in_a_zone_may_have_another_length() -> None:
    start = temporal.at_zone(days(2026, 3, 28), 12 * 3600 * SECOND, "Europe/Paris")
    later = temporal.plus(start, Duration(DAY))
    assert isinstance(later, DateTime)
    assert (later.day, later.nanos // SECOND // 3600, later.offset) == (days(2026, 3, 29), 13, 7200)


def test_values_without_a_sum_have_none() -> None:
    assert temporal.plus(LocalTime(0), Months(1)) is None
    assert temporal.minus(Date(0), LocalTime(0)) is None


def test_times_run_around_midnight() -> None:
    assert temporal.plus(LocalTime(DAY - SECOND), Duration(2 * SECOND)) == LocalTime(SECOND)
    assert temporal.minus(Time(0, 3600), Time(0, 0)) == Duration(3600 * SECOND)
    assert temporal.minus(LocalDateTime(1, 0), LocalDateTime(0, SECOND)) == Duration(DAY - SECOND)


def test_instants_are_ordered_before_what_clocks_show() -> None:
    paris, utc = DateTime(0, 3600 * SECOND, 3600), DateTime(0, 0, 0)
    assert temporal.order_key(paris)[0] == temporal.order_key(utc)[0]
    assert temporal.order_key(Time(0, 3600)) < temporal.order_key(Time(0, 0))


def test_a_datetime_of_python_keeps_its_zone_s_name() -> None:
    found = temporal.of_datetime(datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=ZoneInfo("Europe/Paris")))
    assert found == DateTime(days(2026, 7, 1), 12 * 3600 * SECOND + 5_000, 7200, "Europe/Paris")
    assert temporal.of_datetime(datetime(1970, 1, 1, tzinfo=UTC)) == DateTime(0, 0, 0)


@pytest.mark.parametrize(
    ("x", "y", "quotient", "left"), [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1)]
)
def test_division_is_towards_zero(x: int, y: int, quotient: int, left: int) -> None:
    assert (temporal.truncated(x, y), temporal.rest(x, y)) == (quotient, left)
