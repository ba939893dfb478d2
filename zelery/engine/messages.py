"""Messages: published, buffered, correlated (docs: "Messages", spec/engine.md §5).

One message goes to at most one instance of each process id: to one that waits, else to one that it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zelery.engine import catches, instances
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Kind
from zelery.engine.errors import Code, Rejected
from zelery.engine.records import Message, MessageSubscription, StartSubscription
from zelery.engine.state import buffered_for, waits_for

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def publish(tx: Transaction, command: cmd.PublishMessage) -> cmd.Published:
    """Publish a message: who waits takes it, and it is buffered as long as it may live."""
    same = (command.tenant_id, command.name, command.correlation_key, command.message_id)
    if command.message_id and same in tx.state.message_ids:
        raise Rejected(
            Code.ALREADY_EXISTS,
            f"Expected to publish a new message with id '{command.message_id}', but a message with that id was already "
            "published",
        )
    message = _published(tx, command, buffered=command.ttl_ms > 0, ttl_ms=command.ttl_ms)
    _offer(tx, message)
    if command.ttl_ms <= 0:
        tx.emit(ev.MessageExpired(message.key))
    return cmd.Published(message.key, command.tenant_id)


def correlate(tx: Transaction, command: cmd.CorrelateMessage) -> cmd.Correlated:
    """Correlate a message now, or refuse it (docs: REST API, "Correlate message")."""
    waiting = tx.state.waiting.get((command.tenant_id, command.name, command.correlation_key), {})
    starts = tx.state.starts.get((command.tenant_id, "message", command.name), {})
    if not waiting and not any(_may_start(tx, each, command.correlation_key) for each in starts.values()):
        raise Rejected(
            Code.NOT_FOUND,
            f"Expected to find subscription for message with name '{command.name}' and correlation key "
            f"'{command.correlation_key}', but none was found.",
        )
    message = _published(tx, command, buffered=False, ttl_ms=0)
    taken = _offer(tx, message)
    tx.emit(ev.MessageExpired(message.key))
    return cmd.Correlated(message.key, command.tenant_id, taken[0] if taken else 0)


def _published(
    tx: Transaction, command: cmd.PublishMessage | cmd.CorrelateMessage, *, buffered: bool, ttl_ms: int
) -> Message:
    key = tx.key()
    message_id = command.message_id if isinstance(command, cmd.PublishMessage) else ""
    tx.emit(
        ev.MessagePublished(
            key,
            command.name,
            command.correlation_key,
            message_id,
            tx.now + ttl_ms,
            command.variables,
            command.tenant_id,
            buffered,
        )
    )
    return tx.state.messages[key]


def _offer(tx: Transaction, message: Message) -> list[int]:
    """Let those take a message who wait for it, then let it start instances. The keys of the instances."""
    taken: list[int] = []
    for subscription in list(tx.state.waiting.get(buffered_for(message), {}).values()):
        if subscription.key in tx.state.subscriptions and _is_wanted(message, subscription):
            taken.append(subscription.element.instance.key)
            _take(tx, message, subscription)
    starts = list(tx.state.starts.get((message.tenant_id, "message", message.name), {}).values())
    for start in starts:
        may = _may_start(tx, start, message.correlation_key)
        if may and start.definition.process_id not in message.taken_by:
            taken.append(_start(tx, message, start))
    return taken


def _is_wanted(message: Message, subscription: MessageSubscription) -> bool:
    return subscription.element.instance.definition.process_id not in message.taken_by


def _take(tx: Transaction, message: Message, subscription: MessageSubscription) -> None:
    instance = subscription.element.instance
    tx.emit(ev.MessageCorrelated(message.key, subscription.key, instance.key))
    if interrupts(subscription.catch):
        tx.emit(ev.Unsubscribed(subscription.key))
    catches.trigger(tx, subscription.element, subscription.catch, message.variables)


def interrupts(catch: Element) -> bool:
    """Whether an event is waited for once only."""
    if catch.kind is Kind.BOUNDARY_EVENT or (catch.scope is not None and catch.scope.kind is Kind.EVENT_SUB_PROCESS):
        return catch.interrupting
    return True


def _may_start(tx: Transaction, start: StartSubscription, correlation_key: str) -> bool:
    """Whether no instance of the process is active that a message of the key has started (camunda issue 50288)."""
    held = (start.definition.tenant_id, start.definition.process_id, correlation_key)
    return not correlation_key or held not in tx.state.held


def _start(tx: Transaction, message: Message, start: StartSubscription) -> int:
    key = instances.start(
        tx,
        start.definition,
        start.catch,
        message.variables,
        correlation_key=message.correlation_key,
    )
    tx.emit(ev.MessageCorrelated(message.key, start.key, key))
    return key


def take_buffered(tx: Transaction, subscription_key: int) -> None:
    """Let a subscription that has just opened take what is buffered, oldest first; one message if it interrupts."""
    subscription = tx.state.subscriptions.get(subscription_key)
    if not isinstance(subscription, MessageSubscription):
        return
    for message in list(tx.state.buffered.get(waits_for(subscription), {}).values()):
        if message.deadline > tx.now and _is_wanted(message, subscription):
            _take(tx, message, subscription)
            if interrupts(subscription.catch):
                return


def start_next(tx: Transaction, tenant_id: str, process_id: str, correlation_key: str) -> None:
    """Start the next instance by the oldest buffered message of a key, when the one that held the key has ended."""
    waiting = [
        (message.key, message, start)
        for start in _message_starts(tx, tenant_id, process_id)
        for message in tx.state.buffered.get((tenant_id, start.name, correlation_key), {}).values()
        if message.deadline > tx.now and process_id not in message.taken_by
    ]
    if waiting:
        _, message, start = min(waiting, key=lambda each: each[0])
        if _may_start(tx, start, correlation_key):
            _start(tx, message, start)


def _message_starts(tx: Transaction, tenant_id: str, process_id: str) -> list[StartSubscription]:
    """What starts the newest version of a process by messages."""
    return [
        each
        for (tenant, kind, _), starts in tx.state.starts.items()
        if (tenant, kind) == (tenant_id, "message")
        for each in starts.values()
        if each.definition.process_id == process_id
    ]
