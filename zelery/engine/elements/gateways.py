"""Gateways (docs: "Exclusive gateway", "Inclusive gateway", "Parallel gateway", "Event-based gateway")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zelery.engine import catches, lifecycle
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Flow
from zelery.engine.elements.behavior import Behavior
from zelery.engine.errors import Failure
from zelery.engine.records import ElementInstance
from zelery.engine.transaction import Transaction

CONDITION_ERROR = "CONDITION_ERROR"


class ExclusiveGateway(Behavior):
    """Leaves along the first flow whose condition holds, else along the default flow."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        self.outgoing(tx, instance)  # A condition that fails leaves the gateway activating.
        super().activate(tx, instance)

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:
        element = instance.element
        conditional = [flow for flow in element.outgoing if flow is not element.default]
        if len(element.outgoing) == 1 and element.outgoing[0].condition is None:
            return element.outgoing
        for flow in conditional:
            if flow.condition is not None and tx.expressions.boolean(flow.condition, instance):
                return [flow]
        return _default(element)


def _default(element: Element) -> Sequence[Flow]:
    if element.default is not None:
        return [element.default]
    if not element.outgoing:
        return []
    raise Failure(
        CONDITION_ERROR,
        "Expected at least one condition to evaluate to true, or to have a default flow",
    )


class InclusiveGateway(Behavior):
    """Leaves along all flows whose conditions hold, else along the default flow; joins what can still arrive."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        self.outgoing(tx, instance)
        super().activate(tx, instance)

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:
        element = instance.element
        if len(element.outgoing) == 1 and element.outgoing[0].condition is None:
            return element.outgoing
        taken = [
            flow
            for flow in element.outgoing
            if flow is not element.default
            and (flow.condition is None or tx.expressions.boolean(flow.condition, instance))
        ]
        return taken or _default(element)

    def joins(self, tx: Transaction, element: Element, scope: ElementInstance) -> bool:  # noqa: ARG002 - the port's
        return waits_for_nobody(element, scope)


def waits_for_nobody(element: Element, scope: ElementInstance) -> bool:
    """Whether a token has arrived at an inclusive gateway, and no other in its scope can still reach it."""
    waiting = scope.tokens or {}
    if scope.pending or not any(waiting.get(flow.id) for flow in element.incoming):
        return False
    empty = [flow for flow in element.incoming if not waiting.get(flow.id)]
    sources = _upstream(empty, element)
    active = {each.element for each in (scope.children or {}).values()}
    held = {flow_id for flow_id, count in waiting.items() if count}
    on_the_way = {
        flow.target for source in sources for flow in source.incoming if flow.id in held and flow.target is not element
    }
    return not (active & sources) and not on_the_way


def _upstream(flows: Sequence[Flow], until: Element) -> set[Element]:
    """The elements from which a token can come along these flows, without passing the gateway itself."""
    found: set[Element] = set()
    open_ = [flow.source for flow in flows]
    while open_:
        element = open_.pop()
        if element in found or element is until:
            continue
        found.add(element)
        open_.extend(flow.source for flow in element.incoming)
        if element.attached_to is not None:
            open_.append(element.attached_to)
    return found


class ParallelGateway(Behavior):
    """Leaves along all flows; joins when a token has arrived on each incoming flow."""

    def joins(self, tx: Transaction, element: Element, scope: ElementInstance) -> bool:  # noqa: ARG002 - the port's
        waiting = scope.tokens or {}
        return all(waiting.get(flow.id) for flow in element.incoming)


class EventBasedGateway(Behavior):
    """Waits for the events behind it, and goes on with the first that happens."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        catches.open_all(tx, instance, [flow.target for flow in instance.element.outgoing])

    def triggered(self, tx: Transaction, instance: ElementInstance, catch: Element, payload: Mapping[str, Any]) -> None:
        scope = instance.scope
        assert scope is not None  # noqa: S101 - for the type checker: only a process has none
        scope.pending += 1
        lifecycle.leave(tx, instance)
        scope.pending -= 1
        flow = next(each for each in instance.element.outgoing if each.target is catch)
        tx.emit(ev.FlowTaken(scope.key, flow.id))
        catches.happen(tx, catch, scope, payload)
