from __future__ import annotations

import datetime as dt

from zelery.engine.clock import Clock


class Machine:
    """A machine's time that a test moves."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def test_a_clock_follows_the_machine() -> None:
    machine = Machine()
    clock = Clock(machine)
    machine.ms += 5
    assert clock.now_ms() == 1_000_005
    assert not clock.pinned


def test_a_pinned_clock_stands_still() -> None:
    machine = Machine()
    clock = Clock(machine)
    clock.pin(7)
    machine.ms += 5
    assert clock.now_ms() == 7
    assert clock.pinned


def test_time_that_is_added_to_a_clock_stays_while_it_goes_on() -> None:
    machine = Machine()
    clock = Clock(machine)
    clock.add(100)
    clock.add(10)
    machine.ms += 5
    assert clock.now_ms() == 1_000_115


def test_time_is_added_to_a_pinned_clock() -> None:
    clock = Clock(Machine())
    clock.pin(7)
    clock.add(3)
    assert clock.now_ms() == 10
    assert clock.pinned


def test_a_clock_that_is_reset_follows_the_machine_again() -> None:
    clock = Clock(Machine())
    clock.add(100)
    clock.pin(7)
    clock.reset()
    assert clock.now_ms() == 1_000_000
    assert not clock.pinned


def test_the_time_is_aware_of_utc() -> None:
    clock = Clock(Machine())
    clock.pin(1_500)
    assert clock.now() == dt.datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=dt.UTC)


def test_the_machine_s_time_is_now() -> None:
    assert abs(Clock().now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
