"""Signals: broadcast to all who wait at that moment (docs: "Signals")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zelery.engine import catches, instances
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.messages import interrupts

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction


def broadcast(tx: Transaction, command: cmd.BroadcastSignal) -> int:
    """Broadcast a signal, and answer its key."""
    return throw(tx, command.name, command.variables, command.tenant_id)


def throw(tx: Transaction, name: str, variables: Mapping[str, Any], tenant_id: str) -> int:
    """Let a signal happen to all who wait for it, and start what it starts."""
    key = tx.key()
    tx.emit(ev.SignalBroadcast(key, name, variables, tenant_id))
    waiting = list(tx.state.signals.get((tenant_id, name), {}).values())
    for start in list(tx.state.starts.get((tenant_id, "signal", name), {}).values()):
        instances.start(tx, start.definition, start.catch, variables)
    for subscription in waiting:
        if subscription.key not in tx.state.subscriptions:
            continue
        if interrupts(subscription.catch):
            tx.emit(ev.Unsubscribed(subscription.key))
        catches.trigger(tx, subscription.element, subscription.catch, variables)
    return key
