"""The life of an element instance: activated by a token, completed as the model says, or terminated.

    flow taken → activate: input mappings ▸ behavior's `activate` → waits, or →
    complete: payload ▸ output mappings ▸ behavior's `outgoing` → flows taken, or the scope is looked at

What an element of a kind does differently is in its behavior (`elements/`). A failure becomes an incident, and its
resolution calls `enter` or `complete` again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zelery.engine import catches, incidents, jobs, variables
from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Flow, Kind, VariableMapping
from zelery.engine.errors import Failure
from zelery.engine.expressions import IO_MAPPING_ERROR
from zelery.engine.records import ElementInstance

if TYPE_CHECKING:
    from zelery.engine.elements.behavior import Behavior
    from zelery.engine.transaction import Transaction

#: Filled by `elements/__init__.py`: what each kind of element does.
BEHAVIORS: dict[Kind, Behavior] = {}

#: Where a token waits for others.
_JOINS = frozenset({Kind.PARALLEL_GATEWAY, Kind.INCLUSIVE_GATEWAY})


def behavior(instance: ElementInstance) -> Behavior:
    """What the element of an instance does."""
    return BEHAVIORS[instance.element.kind]


def activate(
    tx: Transaction, element: Element, scope: ElementInstance, values: Mapping[str, Any] | None = None
) -> ElementInstance:
    """Activate an element in a scope, with local variables. What it does there follows as a step."""
    key = tx.key()
    tx.emit(ev.ElementActivated(key, element.id, scope.key, scope.instance.key))
    instance = tx.state.elements[key]
    if values:
        variables.set_local(tx, instance, values)
    tx.later(enter, instance)
    return instance


def activate_soon(
    tx: Transaction, element: Element, scope: ElementInstance, values: Mapping[str, Any] | None = None
) -> None:
    """Activate an element as a step; until then its scope does not complete."""
    scope.pending += 1
    tx.later(_activate_now, element, scope, values)


def _activate_now(tx: Transaction, element: Element, scope: ElementInstance, values: Mapping[str, Any] | None) -> None:
    scope.pending -= 1
    if tx.is_active(scope) and scope.interrupted_by in ("", element.id):
        activate(tx, element, scope, values)


def enter(tx: Transaction, instance: ElementInstance) -> None:
    """Begin what an activated element does; after an incident, once more."""
    if not tx.is_active(instance):
        return
    if instance.scope is None or instance.scope.element.kind is not Kind.MULTI_INSTANCE_BODY:
        tx.activations += 1  # A collection of any length is no loop: it ends.
    if tx.activations > tx.activations_max:
        incidents.create(tx, instance, _endless(tx), incidents.ACTIVATING)
        return
    try:
        if instance.element.inputs:
            _map_inputs(tx, instance)
        behavior(instance).activate(tx, instance)
    except Failure as failure:
        incidents.create(tx, instance, failure, incidents.ACTIVATING)


def _endless(tx: Transaction) -> Failure:
    return Failure(
        "UNKNOWN",
        f"More than {tx.activations_max} elements were activated by one command without waiting. The process may loop "
        "for ever: let it wait (a job, a timer, a message) or end, then resolve this incident to go on.",
    )


def _map_inputs(tx: Transaction, instance: ElementInstance) -> None:
    """Evaluate input mappings in their order, each seeing those before it, and set them in the element's scope."""
    mapped: dict[str, Any] = {}
    for mapping in instance.element.inputs:
        value = tx.expressions.evaluate(mapping.source, instance, type_=IO_MAPPING_ERROR, more=mapped)
        variables.put(mapped, mapping.target, value)
    variables.set_local(tx, instance, mapped)


def complete_soon(tx: Transaction, instance: ElementInstance) -> None:
    """Complete an element instance as a step."""
    tx.later(complete, instance)


def complete(tx: Transaction, instance: ElementInstance, payload: Mapping[str, Any] | None = None) -> None:
    """Complete an element instance that waits for nothing more.

    Args:
        tx: The transaction.
        instance: What completes; nothing happens if it has ended, or if something goes on in it: then that is waited
            for.
        payload: Variables that a job, a message or a called process has brought.
    """
    if not tx.is_active(instance) or instance.children:
        return
    try:
        behavior(instance).completing(tx, instance)
        _hand_over(tx, instance, payload or {})
        if instance.scope is not None:
            BEHAVIORS[instance.scope.element.kind].child_completing(tx, instance.scope, instance)
        flows = behavior(instance).outgoing(tx, instance)
    except Failure as failure:
        incidents.create(tx, instance, failure, incidents.COMPLETING)
        return
    leave(tx, instance, flows)


def _hand_over(tx: Transaction, instance: ElementInstance, payload: Mapping[str, Any]) -> None:
    """Hand variables to the enclosing scope: the mapped ones where there are output mappings, else the payload."""
    outputs = instance.element.outputs
    if not outputs:
        if payload:
            variables.merge(tx, instance, payload)
        return
    if payload:
        variables.set_local(tx, instance, payload)
    mapped = map_outputs(tx, instance, outputs)
    variables.merge(tx, _mapped_into(instance), mapped)


def _mapped_into(instance: ElementInstance) -> ElementInstance:
    """The scope that output mappings write to: the enclosing one.

    An inner instance of a multi-instance body writes to its own, where its output element's variable is.
    """
    scope = instance.scope
    return instance if scope is None or scope.element.kind is Kind.MULTI_INSTANCE_BODY else scope


def map_outputs(tx: Transaction, instance: ElementInstance, outputs: Sequence[VariableMapping]) -> Mapping[str, Any]:
    """Evaluate output mappings. A nested target is written into the object that the enclosing scopes have."""
    mapped: dict[str, Any] = {}
    around = variables.visible(_mapped_into(instance))
    for mapping in outputs:
        value = tx.expressions.evaluate(mapping.source, instance, type_=IO_MAPPING_ERROR, more=mapped)
        name = mapping.target[0]
        if len(mapping.target) > 1 and name not in mapped and isinstance(around.get(name), dict):
            mapped[name] = around[name]
        variables.put(mapped, mapping.target, value)
    return mapped


def leave(tx: Transaction, instance: ElementInstance, flows: Sequence[Flow] = ()) -> None:
    """End a completed element instance and let its tokens go along the flows."""
    scope = instance.scope
    catches.close(tx, instance)
    incidents.close(tx, instance)
    tx.emit(ev.ElementCompleted(instance.key))
    if scope is None:
        behavior(instance).left(tx, instance)
        return
    for flow in flows:
        tx.emit(ev.FlowTaken(scope.key, flow.id))
        scope.pending += 1
        tx.later(_arrive, flow, scope)
    behavior(instance).left(tx, instance)
    BEHAVIORS[scope.element.kind].child_left(tx, scope, instance)


def _arrive(tx: Transaction, flow: Flow, scope: ElementInstance) -> None:
    """A token at the end of its flow: it activates the element there, or waits for others."""
    scope.pending -= 1
    if not tx.is_active(scope) or scope.interrupted_by:
        return
    target = flow.target
    joins = target.kind in _JOINS and len(target.incoming) > 1
    if joins and not BEHAVIORS[target.kind].joins(tx, target, scope):
        look_at(tx, scope)
        return
    activate(tx, target, scope)


def look_at(tx: Transaction, scope: ElementInstance) -> None:
    """Let a scope decide, as a step, whether anything goes on in it."""
    tx.later(_look_at, scope)


def _look_at(tx: Transaction, scope: ElementInstance) -> None:
    if tx.is_active(scope):
        BEHAVIORS[scope.element.kind].quiet(tx, scope)


def is_empty(scope: ElementInstance) -> bool:
    """Whether nothing goes on in a scope: no element, no step, no token that waits."""
    return not scope.children and not scope.pending and not scope.tokens


def terminate(tx: Transaction, instance: ElementInstance) -> None:
    """Terminate an element instance and all below it, called processes too: inner ones first."""
    order: list[ElementInstance] = []
    below = [instance]
    while below:
        current = below.pop()
        order.append(current)
        below.extend((current.children or {}).values())
        if current.called and (called := tx.state.elements.get(current.called)) is not None:
            below.append(called)
    for current in order:
        catches.close(tx, current)
    for current in reversed(order):
        _terminate_one(tx, current)


def _terminate_one(tx: Transaction, instance: ElementInstance) -> None:
    jobs.cancel(tx, instance)
    incidents.close(tx, instance)
    tx.emit(ev.ElementTerminated(instance.key))
    behavior(instance).left(tx, instance)


def terminate_children(tx: Transaction, scope: ElementInstance, *, but: ElementInstance | None = None) -> None:
    """Terminate all that goes on in a scope, but one."""
    for child in list((scope.children or {}).values()):
        if child is not but and tx.is_active(child):
            terminate(tx, child)
