"""What an element instance waits for: its own event, its boundary events, what starts its event sub-processes.

Opened when it is activated, closed when it ends (docs: "Message events", "Timer events", "Signal events",
"Event subprocess"). What an event does when it comes is in `trigger`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zelery.engine import events as ev
from zelery.engine import incidents, jobs, lifecycle, messages, timers
from zelery.engine.bpmn.model import Element, Kind, MessageEvent, SignalEvent, TimerEvent
from zelery.engine.records import ElementInstance, Timer

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def open_all(tx: Transaction, instance: ElementInstance, elements: Iterable[Element]) -> None:
    """Wait for the events of these elements, those that are not waited for already.

    All expressions are evaluated before anything is opened.

    Raises:
        Failure: One of them has no usable value.
    """
    there = {each.catch.id for each in (instance.catches or {}).values()}
    opened = [_prepared(tx, instance, each) for each in elements if each.id not in there]
    for opening in opened:
        if opening is not None:
            opening()


def _prepared(tx: Transaction, instance: ElementInstance, catch: Element) -> Callable[[], None] | None:
    """What opens an event, its expressions evaluated; None for one that is not waited for (an error)."""
    match catch.event:
        case MessageEvent() as event:
            return _message(tx, instance, catch, event)
        case SignalEvent(name=name):
            signal = tx.expressions.text(name, instance)
            return lambda: tx.emit(ev.SignalSubscribed(tx.key(), instance.key, catch.id, signal))
        case TimerEvent() as event:
            due, repetitions = timers.first(tx, event, instance)
            return lambda: tx.emit(ev.TimerCreated(tx.key(), instance.key, 0, catch.id, due, repetitions))
        case _:
            return None


def _message(tx: Transaction, instance: ElementInstance, catch: Element, event: MessageEvent) -> Callable[[], None]:
    name = tx.expressions.text(event.name, instance)
    # A boundary event's key is of its activity's surroundings; the activity's own variables are not seen.
    scope = instance.scope if catch.kind is Kind.BOUNDARY_EVENT and instance.scope is not None else instance
    correlation_key = (
        "" if event.correlation_key is None else tx.expressions.correlation_key(event.correlation_key, scope)
    )

    def opening() -> None:
        key = tx.key()
        tx.emit(ev.MessageSubscribed(key, instance.key, catch.id, name, correlation_key))
        tx.later(messages.take_buffered, key)

    return opening


def close(tx: Transaction, instance: ElementInstance) -> None:
    """Wait for nothing any more."""
    for key, each in list((instance.catches or {}).items()):
        tx.emit(ev.TimerCanceled(key) if isinstance(each, Timer) else ev.Unsubscribed(key))


def trigger(tx: Transaction, host: ElementInstance, catch: Element, payload: Mapping[str, Any]) -> None:
    """Let an event happen to the element instance that waits for it.

    Args:
        tx: The transaction.
        host: What waited: a catch event, an activity with a boundary event, a scope with an event sub-process.
        catch: The event.
        payload: Its variables.
    """
    if catch.kind is Kind.BOUNDARY_EVENT and host.scope is not None:
        scope = host.scope
        scope.pending += 1
        if catch.interrupting:
            lifecycle.terminate(tx, host)
        scope.pending -= 1
        _happen(tx, catch, scope, payload)
    elif catch.scope is not None and catch.scope.kind is Kind.EVENT_SUB_PROCESS and catch.kind is Kind.START_EVENT:
        _start_event_sub_process(tx, host, catch, payload)
    else:
        lifecycle.behavior(host).triggered(tx, host, catch, payload)


def _happen(tx: Transaction, catch: Element, scope: ElementInstance, payload: Mapping[str, Any]) -> None:
    """Activate an event that has happened already, and complete it with what it has brought."""
    key = tx.key()
    tx.emit(ev.ElementActivated(key, catch.id, scope.key, scope.instance.key))
    tx.later(lifecycle.complete, tx.state.elements[key], payload)


happen = _happen


def _start_event_sub_process(
    tx: Transaction, host: ElementInstance, catch: Element, payload: Mapping[str, Any]
) -> None:
    sub_process = catch.scope
    assert sub_process is not None  # noqa: S101 - for the type checker: the caller has looked
    if catch.interrupting:
        close(tx, host)
        incidents.close(tx, host)
        jobs.cancel(tx, host)
        tx.emit(ev.ScopeInterrupted(host.key, sub_process.id))
        lifecycle.terminate_children(tx, host)
    started = lifecycle.activate(tx, sub_process, host)
    _happen(tx, catch, started, payload)
