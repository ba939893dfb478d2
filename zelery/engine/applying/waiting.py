"""What is waited for: messages, signals, timers, by element instances and by start events."""

from __future__ import annotations

import heapq
from typing import Any

from zelery.engine import events as ev
from zelery.engine.records import (
    ElementInstance,
    Message,
    MessageSubscription,
    SignalSubscription,
    StartSubscription,
    Timer,
)
from zelery.engine.state import State, buffered_for, waits_for


def message_subscribed(state: State, event: ev.MessageSubscribed) -> None:
    element = state.elements[event.element_key]
    catch = element.instance.definition.process.elements[event.catch_id]
    opened = MessageSubscription(event.key, element, catch, event.name, event.correlation_key)
    state.subscriptions[event.key] = opened
    _catches(element)[event.key] = opened
    state.waiting.setdefault(waits_for(opened), {})[event.key] = opened


def _catches(element: ElementInstance) -> dict[int, Any]:
    if element.catches is None:
        element.catches = {}
    return element.catches


def start_subscribed(state: State, event: ev.StartSubscribed) -> None:
    definition = state.definitions[event.definition_key]
    catch = definition.process.elements[event.catch_id]
    opened = StartSubscription(event.key, definition, catch, event.kind, event.name)
    state.subscriptions[event.key] = opened
    state.starts.setdefault((definition.tenant_id, event.kind, event.name), {})[event.key] = opened


def signal_subscribed(state: State, event: ev.SignalSubscribed) -> None:
    element = state.elements[event.element_key]
    catch = element.instance.definition.process.elements[event.catch_id]
    opened = SignalSubscription(event.key, element, catch, event.name)
    state.subscriptions[event.key] = opened
    _catches(element)[event.key] = opened
    tenant_id = element.instance.definition.tenant_id
    state.signals.setdefault((tenant_id, event.name), {})[event.key] = opened


def unsubscribed(state: State, event: ev.Unsubscribed) -> None:
    closed = state.subscriptions.pop(event.key)
    match closed:
        case MessageSubscription():
            _remove(state.waiting, waits_for(closed), event.key)
        case SignalSubscription():
            _remove(state.signals, (closed.element.instance.definition.tenant_id, closed.name), event.key)
        case StartSubscription():
            _remove(state.starts, (closed.definition.tenant_id, closed.kind, closed.name), event.key)
    if not isinstance(closed, StartSubscription) and closed.element.catches is not None:
        closed.element.catches.pop(event.key, None)


def message_published(state: State, event: ev.MessagePublished) -> None:
    message = Message(
        event.key,
        event.name,
        event.correlation_key,
        event.message_id,
        event.deadline,
        event.variables,
        event.tenant_id,
        set(),
    )
    state.messages[event.key] = message
    if not event.buffered:
        return
    state.buffered.setdefault(buffered_for(message), {})[event.key] = message
    if event.message_id:
        state.message_ids[(*buffered_for(message), event.message_id)] = event.key
    heapq.heappush(state.due, (event.deadline, event.key, "message"))


def message_correlated(state: State, event: ev.MessageCorrelated) -> None:
    message = state.messages.get(event.message_key)
    taken = state.subscriptions.get(event.subscription_key)
    if message is not None and taken is not None:
        definition = taken.definition if isinstance(taken, StartSubscription) else taken.element.instance.definition
        message.taken_by.add(definition.process_id)


def message_expired(state: State, event: ev.MessageExpired) -> None:
    message = state.messages.pop(event.key)
    if event.key in state.buffered.get(buffered_for(message), ()):
        _remove(state.buffered, buffered_for(message), event.key)
    if message.message_id:
        state.message_ids.pop((*buffered_for(message), message.message_id), None)


def timer_created(state: State, event: ev.TimerCreated) -> None:
    element = state.elements[event.element_key] if event.element_key else None
    definition = element.instance.definition if element else state.definitions[event.definition_key]
    catch = definition.process.elements[event.catch_id]
    timer = Timer(event.key, element, definition, catch, event.due, event.repetitions)
    state.timers[event.key] = timer
    if element is not None:
        _catches(element)[event.key] = timer
    heapq.heappush(state.due, (event.due, event.key, "timer"))


def timer_ended(state: State, event: ev.TimerTriggered | ev.TimerCanceled) -> None:
    timer = state.timers.pop(event.key)
    if timer.element is not None and timer.element.catches is not None:
        timer.element.catches.pop(event.key, None)


def catch_migrated(state: State, event: ev.CatchMigrated) -> None:
    waiting = state.timers.get(event.key) or state.subscriptions[event.key]
    assert not isinstance(waiting, StartSubscription)  # noqa: S101 - for the type checker: an instance's
    definition = waiting.element.instance.definition if waiting.element is not None else waiting.definition
    waiting.catch = definition.process.elements[event.catch_id]
    if isinstance(waiting, Timer):
        waiting.definition = definition


def _remove(index: dict[Any, dict[int, Any]], name: Any, key: int) -> None:
    """Take a key out of an index, and its list with the last one."""
    del index[name][key]
    if not index[name]:
        del index[name]
