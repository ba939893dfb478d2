"""Which executables the clock fires, and what it calls then."""

from __future__ import annotations

from typing import Any

import pytest

from inbound.entries import LOOKUP, PATIENCE_MS, POLL, POLL_INSTANCE, QUEUE, entry_of, entry_of_instance, name_of
from inbound.executables import Point, State
from tests.inbound.elements import element, executable
from zelery.camunda.definitions.port import ElementInstance
from zelery.schedule import INTERVAL_MS_MIN, Entry


def poller(**given: Any) -> Any:
    return executable(element("a"), **{"kind": "polling", "every_ms": 10_000, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "webhook"},
        {"kind": "subscription"},
        {"kind": None},
        {"state": State.FAILED},
        {"state": State.QUEUED},
        {"state": State.UNREGISTERED},
    ],
)
def test_what_does_not_poll_or_does_not_live_has_no_entry(given: dict[str, Any]) -> None:
    assert entry_of(poller(**given)) is None


def test_one_that_looks_for_itself_has_an_entry_for_its_looks() -> None:
    assert entry_of(poller()) == Entry(
        name="tests:hook:1 | order | a | <default> | id-a",
        task=POLL,
        interval_ms=10_000,
        args=("id-a",),
        queue=QUEUE,
        expires_ms=10_000,
    )


@pytest.mark.parametrize(("every_ms", "lasts_ms"), [(1_000, PATIENCE_MS), (60_000, 60_000)])
def test_a_message_waits_for_a_busy_worker_as_long_as_its_interval_and_never_less_than_patience(
    every_ms: int, lasts_ms: int
) -> None:
    entry = entry_of(poller(every_ms=every_ms))
    assert entry is not None
    assert entry.lasts_ms == lasts_ms


def test_one_that_looks_for_each_instance_has_an_entry_that_searches_for_them() -> None:
    entry = entry_of(poller(lookup_ms=5_000))
    assert entry is not None
    assert (entry.task, entry.interval_ms) == (LOOKUP, 5_000)


@pytest.mark.parametrize("every_ms", [None, 0, 1])
def test_nothing_is_fired_faster_than_the_clock_can(every_ms: int | None) -> None:
    entry = entry_of(poller(every_ms=every_ms))
    assert entry is not None
    assert entry.interval_ms == INTERVAL_MS_MIN


def test_two_executables_never_share_an_entry() -> None:
    assert name_of(poller(id="1" * 64)) != name_of(poller(id="2" * 64))


def test_an_instance_has_an_entry_of_its_own_that_says_all_there_is_to_know() -> None:
    of = executable(element("a", point=Point.MESSAGE), kind="polling", every_ms=7_000, lookup_ms=5_000)
    waiting = ElementInstance(key=9, process_instance_key=8, element_id="a")
    entry = entry_of_instance(of, of.elements[0], waiting)
    assert entry.name == "tests:hook:1 | order | a | <default> | id-a | a | 9"
    assert entry.args == ("id-a", "a", {"key": 9, "process_instance_key": 8, "element_id": "a"})
    assert (entry.task, entry.interval_ms) == (POLL_INSTANCE, 7_000)
    assert Entry.from_json(entry.to_json()) == entry
