"""When entries are due. No clock ticks here: times are numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog.testing
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import BaseSchedule, crontab, schedule

from beat_schedule.rhythm import Calendar, Rate, Run, jitter_ms, rhythm_of
from zelery.errors import SettingError

APP = Celery("tests", set_as_current=False)
APP.conf.update(timezone="UTC")


def at(text: str) -> int:
    """Milliseconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def entry(when: Any, **fields: Any) -> ScheduleEntry:
    return ScheduleEntry(name="mine", task="t", schedule=when, app=APP, **fields)


def test_a_new_entry_runs_at_once_and_then_at_a_fixed_rate() -> None:
    step = Rate(interval_ms=1000).begins(5_000)
    assert step.fires
    assert (step.run.last_ms, step.run.next_ms) == (5_000, 6_000)


def test_lateness_does_not_add_up() -> None:
    rate, run = Rate(interval_ms=1000), Rate(interval_ms=1000).begins(0).run
    for nth in range(1, 50):
        run = rate.step(run, run.next_ms + 900).run  # always late by almost an interval
        assert (run.last_ms, run.missed) == (nth * 1000, 0)


@pytest.mark.parametrize(
    ("late_ms", "missed"),
    [
        (0, 0),
        (999, 0),  # late, and fired
        (1000, 1),  # the newest due time is fired, the one before it is not
        (5500, 5),
    ],
)
def test_due_times_that_passed_are_missed_and_counted_and_the_newest_is_fired(late_ms: int, missed: int) -> None:
    run = Run(last_ms=0, next_ms=1000, interval_ms=1000, missed=7)
    step = Rate(interval_ms=1000).step(run, 1000 + late_ms)
    assert step.fires
    assert step.run == Run(
        last_ms=1000 + missed * 1000, next_ms=2000 + missed * 1000, interval_ms=1000, missed=7 + missed
    )


@pytest.mark.parametrize("jitter", [0, 1, 400, 999])
def test_with_jitter_the_second_run_is_half_to_one_and_a_half_intervals_away_and_the_third_one(jitter: int) -> None:
    rate = Rate(interval_ms=1000, jitter_ms=jitter)
    first = rate.begins(0).run
    assert 500 <= first.next_ms < 1500
    second = rate.step(first, first.next_ms).run
    assert second.next_ms - second.last_ms == 1000


def test_entries_that_were_made_together_are_spread_over_the_interval() -> None:
    seconds = Counter(
        Rate(interval_ms=10_000, jitter_ms=jitter_ms(f"e{n}", 10_000)).begins(0).run.next_ms // 1000
        for n in range(10_000)
    )
    assert len(seconds) == 10
    assert all(850 < count < 1150 for count in seconds.values())


def test_jitter_is_the_same_everywhere_and_always() -> None:
    assert jitter_ms("order/poll", 10_000) == 5853


def test_a_rate_goes_on_in_its_phase_after_a_restart() -> None:
    run = Run(last_ms=10_000, next_ms=20_000, interval_ms=10_000)
    assert Rate(interval_ms=10_000, jitter_ms=77).resumes(run, 12_345) == 20_000


@pytest.mark.parametrize(
    ("interval_ms", "due_ms"),
    [
        (5_000, 15_000),  # sooner than it would have been
        (60_000, 70_000),
        (1_000, 12_345),  # at once, and what would have been due before is not missed
    ],
)
def test_a_changed_interval_counts_from_the_last_run(interval_ms: int, due_ms: int) -> None:
    run = Run(last_ms=10_000, next_ms=20_000, interval_ms=10_000)
    assert Rate(interval_ms=interval_ms).resumes(run, 12_345) == due_ms


def test_a_crontab_does_not_run_when_it_is_new_and_runs_at_its_minute() -> None:
    calendar = rhythm_of(entry(crontab(hour=6, minute=30)))
    step = calendar.begins(at("2026-01-02T06:00:00"))
    assert not step.fires
    assert step.run.next_ms == at("2026-01-02T06:30:00") + 1
    step = calendar.step(step.run, step.run.next_ms)
    assert step.fires
    assert step.run.last_ms == at("2026-01-02T06:30:00") + 1
    assert step.run.next_ms == at("2026-01-03T06:30:00") + 1


def test_a_crontab_that_is_woken_early_is_not_fired() -> None:
    run = Run(last_ms=at("2026-01-02T06:00:00"), next_ms=at("2026-01-02T06:29:59"))
    step = rhythm_of(entry(crontab(hour=6, minute=30))).step(run, run.next_ms)
    assert not step.fires
    assert step.run.next_ms == at("2026-01-02T06:30:00") + 1
    assert step.run.last_ms == run.last_ms


def test_a_crontab_whose_time_came_while_no_beat_ran_is_fired_once() -> None:
    calendar = rhythm_of(entry(crontab(hour=6, minute=30)))
    run = Run(last_ms=at("2026-01-02T06:30:00"), next_ms=at("2026-01-03T06:30:00"))
    now = at("2026-01-05T12:00:00")
    assert calendar.resumes(run, now) == now
    step = calendar.step(run, now)
    assert step.fires
    assert step.run.next_ms == at("2026-01-06T06:30:00") + 1


def test_a_starting_deadline_forbids_what_came_due_long_ago() -> None:
    strict = Celery("strict", set_as_current=False)
    strict.conf.update(timezone="UTC", beat_cron_starting_deadline=60)
    late = ScheduleEntry(name="mine", task="t", schedule=crontab(hour=6, minute=30), app=strict)
    run = Run(last_ms=at("2026-01-02T06:30:00"), next_ms=at("2026-01-03T06:30:00"))
    step = rhythm_of(late).step(run, at("2026-01-05T12:00:00"))
    assert not step.fires
    assert step.run.next_ms == at("2026-01-06T06:30:00") + 1


class Broken(BaseSchedule):
    def is_due(self, last_run_at: datetime) -> Any:
        raise ValueError("no such day")


def test_a_schedule_that_cannot_say_its_time_is_named_and_asked_again_later() -> None:
    with structlog.testing.capture_logs() as lines:
        step = Calendar("mine", Broken(app=APP)).step(Run(last_ms=0, next_ms=1000), 1000)
    assert not step.fires
    assert step.run.next_ms > 60_000
    assert (lines[0]["entry"], lines[0]["why"]) == ("mine", "no such day")


@pytest.mark.parametrize("when", [10, 10.0, timedelta(seconds=10), schedule(run_every=10)])
def test_seconds_and_timedeltas_are_a_fixed_rate(when: Any) -> None:
    assert rhythm_of(entry(when)) == Rate(interval_ms=10_000)


def test_an_entry_that_would_tick_without_a_pause_is_refused_by_its_name() -> None:
    with pytest.raises(SettingError, match=r"entry 'mine': schedule=0:00:00 is too short; 100 ms is the least"):
        rhythm_of(entry(0))


def test_a_run_is_read_as_it_was_written() -> None:
    run = Run(last_ms=1, next_ms=2, interval_ms=3, missed=4)
    assert Run.from_text(run.to_text()) == run


@pytest.mark.parametrize("text", ["", "1|2|3", "1|2|3|x", "1|2|3|4|5"])
def test_what_is_no_run_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Run.from_text(text)
