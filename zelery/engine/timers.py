"""Timers: when they are due, and what they do then (docs: "Timer events")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zelery.engine import catches, instances
from zelery.engine import events as ev
from zelery.engine.bpmn.model import TimerEvent, TimerKind
from zelery.engine.errors import Failure
from zelery.engine.expressions import EXTRACT_VALUE_ERROR, type_of
from zelery.engine.intervals import add, parse_cycle, parse_date, parse_duration
from zelery.engine.records import NO_VARIABLES, Definition, ElementInstance, Timer

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def first(tx: Transaction, event: TimerEvent, scope: ElementInstance | None) -> tuple[int, int]:
    """When a timer is due first, and how often it fires (-1: without end).

    Raises:
        Failure: Its expression gives no date, duration or cycle.
    """
    value = _text(tx, event, scope)
    try:
        match event.kind:
            case TimerKind.DATE:
                return parse_date(value), 1
            case TimerKind.DURATION:
                return add(tx.now, parse_duration(value)), 1
            case TimerKind.CYCLE:
                cycle = parse_cycle(value)
                return cycle.first(tx.now), cycle.repetitions
    except ValueError as error:
        raise Failure(EXTRACT_VALUE_ERROR, f"Invalid timer {event.kind.value} expression {value!r}: {error}") from None


def _text(tx: Transaction, event: TimerEvent, scope: ElementInstance | None) -> str:
    """The timer's value in ISO 8601 (or cron): FEEL's temporal values are written so."""
    value: Any = tx.expressions.evaluate(event.expression, scope)
    if isinstance(value, str):
        return value
    raise Failure(
        EXTRACT_VALUE_ERROR,
        f"Invalid timer {event.kind.value} expression: expected the result of "
        f"'{event.expression.text.removeprefix('=').strip()}' to be a date, a duration, a cycle or its text, but was "
        f"'{type_of(value)}'",
    )


def fire(tx: Transaction, timer: Timer) -> None:
    """Let a timer that is due happen, and set it again where it repeats."""
    tx.emit(ev.TimerTriggered(timer.key))
    _again(tx, timer)
    if timer.element is None:
        instances.start(tx, timer.definition, timer.catch, NO_VARIABLES)
    else:
        catches.trigger(tx, timer.element, timer.catch, NO_VARIABLES)


def _again(tx: Transaction, timer: Timer) -> None:
    event = timer.catch.event
    if not isinstance(event, TimerEvent) or event.kind is not TimerKind.CYCLE or timer.repetitions in (0, 1):
        return
    try:
        # From when it was due, not from now: a late tick does not shift the cycle.
        due = parse_cycle(_text(tx, event, timer.element)).next(timer.due)
    except (ValueError, Failure):
        return  # An expression that had a value and has none now, or a date beyond the calendar: the cycle ends.
    if due <= timer.due:
        due = tx.now + 1  # An interval of nothing, or into the past: once per tick, or the tick would never end.
    left = timer.repetitions if timer.repetitions < 0 else timer.repetitions - 1
    element_key = timer.element.key if timer.element is not None else 0
    definition_key = 0 if timer.element is not None else timer.definition.key
    tx.emit(ev.TimerCreated(tx.key(), element_key, definition_key, timer.catch.id, due, left))


def open_starts(tx: Transaction, definition: Definition) -> None:
    """Set the timers of a definition's start events. Raises Failure, before anything is set."""
    found = [(each, first(tx, each.event, None)) for each in timer_starts(definition)]
    for catch, (due, repetitions) in found:
        tx.emit(ev.TimerCreated(tx.key(), 0, definition.key, catch.id, due, repetitions))


def timer_starts(definition: Definition) -> list[Any]:
    """The start events of a definition with a timer."""
    return [each for each in definition.process.root.starts if isinstance(each.event, TimerEvent)]


def close_starts(tx: Transaction, definition: Definition) -> None:
    """Cancel the timers of a definition's start events."""
    for timer in [each for each in tx.state.timers.values() if each.element is None]:
        if timer.definition is definition:
            tx.emit(ev.TimerCanceled(timer.key))
