"""Processes, sub-processes, event sub-processes (docs: "Processes", "Embedded subprocess", "Event subprocess")."""

from __future__ import annotations

from collections.abc import Sequence

from zelery.engine import catches, lifecycle, messages
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Flow
from zelery.engine.elements.behavior import Behavior
from zelery.engine.records import DefinitionState, ElementInstance
from zelery.engine.transaction import Transaction


class Scope(Behavior):
    """A scope that completes when nothing goes on in it."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        self.open_catches(tx, instance)
        self.begin(tx, instance)

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        """Activate what the scope begins with. Raises Failure."""
        if instance.element.start is not None:
            lifecycle.activate_soon(tx, instance.element.start, instance)

    def child_left(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:  # noqa: ARG002
        if lifecycle.is_empty(scope):
            lifecycle.look_at(tx, scope)
        else:
            join_inclusive(tx, scope)

    def quiet(self, tx: Transaction, scope: ElementInstance) -> None:
        join_inclusive(tx, scope)
        if lifecycle.is_empty(scope):
            lifecycle.complete(tx, scope)


def join_inclusive(tx: Transaction, scope: ElementInstance) -> None:
    """Activate inclusive gateways for which tokens wait and no other can arrive any more."""
    for flow_id in list(scope.tokens or ()):
        if (scope.tokens or {}).get(flow_id):
            target: Element = tx.state.flow(scope, flow_id).target
            if lifecycle.BEHAVIORS[target.kind].joins(tx, target, scope):
                lifecycle.activate(tx, target, scope)


class SubProcess(Scope):
    """An embedded sub-process."""


class EventSubProcess(Scope):
    """An event sub-process: its start event is activated by what has triggered it."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        """Begin nothing: `catches.trigger` has activated the start event."""

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:  # noqa: ARG002 - the port's
        return []


class Process(Scope):
    """A process: its instance."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        """Activate the start event that has happened."""
        begun = instance.instance
        if begun.start_id:
            start = begun.definition.process.elements[begun.start_id]
            catches.happen(tx, start, instance, begun.payload)

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:  # noqa: ARG002 - the port's
        return []

    def completing(self, tx: Transaction, instance: ElementInstance) -> None:
        ended = instance.instance
        if ended.parent is not None and tx.is_active(ended.parent):
            lifecycle.behavior(ended.parent).called_done(tx, ended.parent, instance.variables)

    def left(self, tx: Transaction, instance: ElementInstance) -> None:
        ended = instance.instance
        definition = ended.definition
        if ended.correlation_key:
            tx.later(
                messages.start_next,
                definition.tenant_id,
                definition.process_id,
                ended.correlation_key,
            )
        if definition.state is DefinitionState.DRAINING and not definition.running:
            tx.emit(ev.DefinitionDrained(definition.key))
