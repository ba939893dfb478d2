from __future__ import annotations

import pytest

from tests.zelery.engine.rules.builder import boundary, catch, end, path, process, service, start
from tests.zelery.engine.rules.definitions import Event, timer
from tests.zelery.engine.running import NOW, Running
from zelery.engine import commands as cmd
from zelery.engine import events as ev

_DAY = 86_400_000


def beating(event: Event) -> Running:
    """An engine with an instance that has a non-interrupting timer."""
    running = Running(
        process(
            "p",
            path(start(), service("a"), end()),
            boundary("b", "a", event, interrupting=False),
            path("b", end("beaten")),
        )
    )
    running.start()
    return running


@pytest.mark.parametrize("interval", ["PT0S", "P0D", "PT-1S", "PT0.0001S"])
def test_a_cycle_without_an_interval_fires_once_a_tick_and_the_tick_ends(interval: str) -> None:
    running = beating(timer(cycle=f"R/{interval}"))
    running.advance(0)
    before = len(running.of(ev.TimerTriggered))
    running.advance(_DAY)
    running.advance(_DAY)
    assert len(running.of(ev.TimerTriggered)) == before + 2
    assert len(running.engine.state.timers) == 1


def test_a_cycle_catches_up_with_what_a_late_tick_has_missed() -> None:
    running = beating(timer(cycle="R/PT1H"))
    running.advance(3 * 3_600_000 + 1)
    assert len(running.of(ev.TimerTriggered)) == 3
    [left] = running.engine.state.timers.values()
    assert left.due == NOW + 4 * 3_600_000


def test_a_cycle_fires_as_often_as_it_says() -> None:
    running = beating(timer(cycle="R3/PT1H"))
    running.advance(_DAY)
    assert len(running.of(ev.TimerTriggered)) == 3
    assert not running.engine.state.timers


def test_a_cycle_ends_where_the_calendar_does() -> None:
    running = beating(timer(cycle="R/2026-01-01T00:00:00Z/P9000Y"))
    running.advance(0)
    assert len(running.of(ev.TimerTriggered)) == 1
    assert not running.engine.state.timers


def test_timers_fire_in_the_order_of_their_time() -> None:
    running = Running(process("p", start(), catch("wait", timer(duration="= d")), end()))
    keys = {each: running.start(d=each) for each in ("PT3H", "PT1H", "PT2H")}
    running.advance(_DAY)
    fired = [each.key for each in running.of(ev.ElementCompleted) if each.key in keys.values()]
    assert fired == [keys["PT1H"], keys["PT2H"], keys["PT3H"]]


@pytest.mark.parametrize("value", ["PT" + "9" * 400 + "S", "P9999Y", "soon", "", 5, None, "P" + "9" * 5000 + "Y"])
def test_a_duration_that_cannot_be_is_an_incident_that_can_be_resolved(value: object) -> None:
    running = Running(process("p", start(), catch("wait", timer(duration="= d")), end()))
    key = running.start(d=value)
    assert running.incident.type == "EXTRACT_VALUE_ERROR"
    running.engine.execute(cmd.SetVariables(key, {"d": "PT1S"}))
    running.engine.execute(cmd.ResolveIncident(running.incident.key))
    running.advance(1_000)
    assert not running.engine.state.instances
