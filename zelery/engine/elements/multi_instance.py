"""Multi-instance activities (docs: "Multi-instance").

The body is a scope around the inner instances: parallel ones all at once, sequential ones one after the other.
"""

from __future__ import annotations

import re
from typing import Any

from zelery.engine import events as ev
from zelery.engine import lifecycle, variables
from zelery.engine.bpmn.model import Element, MultiInstance
from zelery.engine.elements.behavior import Activity
from zelery.engine.errors import Failure
from zelery.engine.expressions import EXTRACT_VALUE_ERROR, type_of
from zelery.engine.records import ElementInstance, Loop
from zelery.engine.transaction import Transaction

#: An output element that is a variable, or a path in one: that variable is local to each inner instance.
_VARIABLE = re.compile(r"=\s*([A-Za-z_]\w*)(?:\.\w+)*\s*")


class MultiInstanceBody(Activity):
    """The body of a multi-instance activity."""

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        loop = _characteristics(instance)
        if instance.loop is None:
            collection = tx.expressions.array(loop.input_collection, instance)
            tx.emit(ev.LoopStarted(instance.key, collection))
            if loop.output_collection:
                variables.set_local(tx, instance, {loop.output_collection: [None] * len(collection)})
        items = _loop(instance).items
        if not items:
            lifecycle.complete_soon(tx, instance)
        for number in range(1 if loop.sequential and items else len(items)):
            _activate(tx, instance, number)

    def child_completing(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:
        loop = _characteristics(scope)
        if loop.output_collection and loop.output_element is not None:
            _collect(tx, scope, child, loop)
        condition = loop.completion_condition
        if condition is None or _loop(scope).fulfilled:
            return
        if tx.expressions.boolean(condition, child, _numbers(scope)):
            tx.emit(ev.CompletionConditionFulfilled(scope.key))

    def child_left(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:  # noqa: ARG002
        loop = _loop(scope)
        if loop.fulfilled:
            lifecycle.terminate_children(tx, scope)
        elif _characteristics(scope).sequential and not _is_busy(scope) and loop.started < len(loop.items):
            _activate(tx, scope, loop.started)
            return
        lifecycle.look_at(tx, scope)

    def quiet(self, tx: Transaction, scope: ElementInstance) -> None:
        loop = _loop(scope)
        if lifecycle.is_empty(scope) and (loop.fulfilled or loop.started >= len(loop.items)):
            lifecycle.complete(tx, scope)

    def completing(self, tx: Transaction, instance: ElementInstance) -> None:
        name = _characteristics(instance).output_collection
        if name and instance.scope is not None and name in instance.variables:
            variables.set_local(tx, instance.scope, {name: instance.variables[name]})


def _characteristics(body: ElementInstance) -> MultiInstance:
    loop = body.element.loop
    assert loop is not None  # noqa: S101 - for the type checker: a body has them
    return loop


def _loop(body: ElementInstance) -> Loop:
    return body.loop or Loop(())


def _is_busy(body: ElementInstance) -> bool:
    return bool(body.children or body.pending)


def _inner(body: ElementInstance) -> Element:
    inner = body.element.inner
    assert inner is not None  # noqa: S101 - for the type checker: a body has one
    return inner


def _activate(tx: Transaction, body: ElementInstance, number: int) -> None:
    """Activate the inner instance of an item, counted from 0."""
    loop = _characteristics(body)
    values: dict[str, Any] = {"loopCounter": number + 1}
    if loop.input_element:
        values[loop.input_element] = _loop(body).items[number]
    if loop.output_element is not None and (found := _VARIABLE.fullmatch(loop.output_element.text.strip())):
        values.setdefault(found[1], None)
    lifecycle.activate_soon(tx, _inner(body), body, values)


def _collect(tx: Transaction, body: ElementInstance, child: ElementInstance, loop: MultiInstance) -> None:
    """Write what an inner instance has come to at its place in the output collection."""
    assert loop.output_element is not None  # noqa: S101 - for the type checker: the caller has looked
    assert loop.output_collection is not None  # noqa: S101 - as above
    value = tx.expressions.evaluate(loop.output_element, child)
    collected = body.variables.get(loop.output_collection)
    number = child.variables.get("loopCounter")
    if not isinstance(collected, list) or not isinstance(number, int) or not 0 < number <= len(collected):
        raise Failure(
            EXTRACT_VALUE_ERROR,
            f"Unable to update an item in output collection '{loop.output_collection}' at position {number}: it is of "
            f"type '{type_of(collected)}'. Let nothing within the multi-instance activity change the collection.",
        )
    variables.set_local(tx, body, {loop.output_collection: [*collected[: number - 1], value, *collected[number:]]})


def _numbers(body: ElementInstance) -> dict[str, Any]:
    """What a completion condition knows beside variables, the completing instance counted as completed."""
    loop = _loop(body)
    return {
        "numberOfInstances": len(loop.items),
        "numberOfActiveInstances": len(body.children or ()) - 1,
        "numberOfCompletedInstances": loop.completed + 1,
        "numberOfTerminatedInstances": loop.terminated,
    }
