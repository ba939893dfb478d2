from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelery.engine.intervals import Cycle, Duration, add, next_cron, parse_cycle, parse_date, parse_duration


def ms(text: str) -> int:
    """Milliseconds since 1970 of a date in UTC."""
    return int(dt.datetime.fromisoformat(f"{text}+00:00").timestamp() * 1000)


def text(time: int) -> str:
    return dt.datetime.fromtimestamp(time / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("PT15S", Duration(ms=15_000)),
        ("PT1.5S", Duration(ms=1_500)),
        ("PT1,5S", Duration(ms=1_500)),
        ("PT1M", Duration(ms=60_000)),
        ("P1M", Duration(months=1)),
        ("P14D", Duration(ms=14 * 86_400_000)),
        ("P2W", Duration(ms=14 * 86_400_000)),
        ("P1Y2M3DT4H5M6.007S", Duration(14, ((3 * 24 + 4) * 3600 + 5 * 60 + 6) * 1000 + 7)),
        ("PT36H", Duration(ms=36 * 3_600_000)),
        ("-PT1S", Duration(ms=-1_000)),
        ("PT-1S", Duration(ms=-1_000)),
        ("PT0S", Duration()),
        (" pt1s ", Duration(ms=1_000)),
    ],
)
def test_a_duration_is_read(written: str, duration: Duration) -> None:
    assert parse_duration(written) == duration


@pytest.mark.parametrize("written", ["", "P", "PT", "1S", "PT1", "P1S", "PT1D", "P1.5D", "15 seconds", "PT1S1M"])
def test_a_text_that_is_no_duration_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match="PT15S"):
        parse_duration(written)


@pytest.mark.parametrize("written", ["PT" + "9" * 400 + "S", "P" + "9" * 5000 + "Y", "P10001Y", "-P3660000D"])
def test_a_duration_beyond_any_calendar_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="less than 10000 years"):
        parse_duration(written)


@given(st.text(max_size=30) | st.from_regex(r"[RP0-9TYMWDHS/.@*?,+\- ]{1,20}", fullmatch=True))
def test_any_text_is_a_date_a_duration_and_a_cycle_or_refused(written: str) -> None:
    for parse in (parse_date, parse_duration, parse_cycle):
        found: object = None
        with contextlib.suppress(ValueError):
            found = parse(written)
        assert found is None or isinstance(found, int | Duration | Cycle)


@pytest.mark.parametrize(
    ("after", "months", "then"),
    [
        ("2026-01-31T12:00:00", 1, "2026-02-28T12:00:00"),
        ("2028-01-31T12:00:00", 1, "2028-02-29T12:00:00"),
        ("2026-01-31T12:00:00", 2, "2026-03-31T12:00:00"),
        ("2026-12-31T23:59:59", 1, "2027-01-31T23:59:59"),
        ("2024-02-29T00:00:00", 12, "2025-02-28T00:00:00"),
        ("2026-03-31T12:00:00", -1, "2026-02-28T12:00:00"),
        ("2026-01-15T12:00:00", -1, "2025-12-15T12:00:00"),
    ],
)
def test_months_are_added_by_the_calendar(after: str, months: int, then: str) -> None:
    assert text(add(ms(after), Duration(months=months))) == then


def test_months_are_added_before_the_rest() -> None:
    assert text(add(ms("2026-01-31T12:00:00"), parse_duration("P1M1D"))) == "2026-03-01T12:00:00"


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        add(ms("2026-01-01T00:00:00"), parse_duration("P9000Y"))


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00"),
        ("2026-01-31T12:00:00", "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00[Europe/Berlin]", "2026-01-31T11:00:00"),
        ("2026-07-31T12:00:00[Europe/Berlin]", "2026-07-31T10:00:00"),
        ("2026-07-31T12:00:00@America/New_York", "2026-07-31T16:00:00"),
        ("2026-01-31T12:00:00+01:00[Europe/Berlin]", "2026-01-31T11:00:00"),
        ("2026-01-31T12:00:00.500Z", "2026-01-31T12:00:00"),
    ],
)
def test_a_date_is_read_with_its_zone(written: str, utc: str) -> None:
    assert text(parse_date(written)) == utc


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("tomorrow", "expected a date and time"),
        ("2026-02-30T00:00:00Z", "expected a date and time"),
        ("2026-01-31T12:00:00[Mars/Olympus]", "no time zone 'Mars/Olympus'"),
        ("2026-01-31T12:00:00[../../etc/passwd]", "no time zone"),
        ("2026-01-31T12:00:00[a\0b]", "no time zone"),
    ],
)
def test_a_text_that_is_no_date_is_refused(written: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_date(written)


@pytest.mark.parametrize(
    ("written", "cycle"),
    [
        ("R3/PT10S", Cycle(3, Duration(ms=10_000))),
        ("R/PT1H", Cycle(-1, Duration(ms=3_600_000))),
        ("R-1/PT1H", Cycle(-1, Duration(ms=3_600_000))),
        ("R0/PT1H", Cycle(0, Duration(ms=3_600_000))),
        ("R/2026-01-31T12:00:00Z/P1D", Cycle(-1, Duration(ms=86_400_000), ms("2026-01-31T12:00:00"))),
        ("0 0 9 * * MON-FRI", Cycle(-1, cron="0 0 9 * * MON-FRI")),
        ("@daily", Cycle(-1, cron="0 0 0 * * *")),
    ],
)
def test_a_cycle_is_read(written: str, cycle: Cycle) -> None:
    assert parse_cycle(written) == cycle


@pytest.mark.parametrize(
    "written",
    [
        "PT10S",
        "R3",
        "R/",
        "R3/nonsense",
        "3/PT1S",
        "* * * * *",
        "0 0 9 * * MON FRI",
        "@reboot",
        "60 * * * * *",
        "0 0 0 */0 * *",
        "0 0 0 5-1 * *",
        "0 0 0 32 * *",
        "R" + "9" * 5000 + "/PT1S",
    ],
)
def test_a_text_that_is_no_cycle_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_cycle(written)


def test_a_cycle_with_a_start_is_due_there_first_and_then_by_its_interval() -> None:
    cycle = parse_cycle("R/2026-01-31T12:00:00Z/P1M")
    first = cycle.first(ms("2026-01-01T00:00:00"))
    assert text(first) == "2026-01-31T12:00:00"
    assert text(cycle.next(first)) == "2026-02-28T12:00:00"


def test_a_cycle_without_a_start_is_due_after_one_interval() -> None:
    assert text(parse_cycle("R3/PT10M").first(ms("2026-01-01T00:00:00"))) == "2026-01-01T00:10:00"


@pytest.mark.parametrize(
    ("cron", "after", "then"),
    [
        ("0 0 9 * * MON-FRI", "2026-01-02T09:00:00", "2026-01-05T09:00:00"),  # from Friday to Monday
        ("0 0 9 * * MON-FRI", "2026-01-02T08:59:59", "2026-01-02T09:00:00"),
        ("*/15 * * * * *", "2026-01-01T00:00:14", "2026-01-01T00:00:15"),
        ("0 0/30 9-10 * * *", "2026-01-01T09:45:00", "2026-01-01T10:00:00"),
        ("0 0/30 9-10 * * *", "2026-01-01T10:45:00", "2026-01-02T09:00:00"),
        ("0 0 0 29 2 ?", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 31 * *", "2026-01-31T00:00:00", "2026-03-31T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59", "2027-12-31T23:59:59"),
        ("0 0 0 * JAN,JUL 0", "2026-02-01T00:00:00", "2026-07-05T00:00:00"),
        ("0 0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),  # 7 is Sunday, as 0
        ("0 0 0 1 1 *", "2026-06-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_cron_is_due_next(cron: str, after: str, then: str) -> None:
    assert text(next_cron(cron, ms(after))) == then


def test_cron_that_never_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="never due"):
        next_cron("0 0 0 30 2 *", ms("2026-01-01T00:00:00"))


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_cron_is_always_due_later(after: int) -> None:
    due = next_cron("*/7 3,50 */5 * * *", after)
    assert after < due <= after + 86_400_000
    assert due % 1000 == 0
