"""Events that are caught and thrown (docs: "Events" and the page of each event)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zelery.engine import catches, jobs, lifecycle, signals, throwing
from zelery.engine import events as ev
from zelery.engine.bpmn.model import (
    Element,
    ErrorEvent,
    EscalationEvent,
    Flow,
    LinkEvent,
    SignalEvent,
    TerminateEvent,
)
from zelery.engine.elements.behavior import Behavior
from zelery.engine.errors import Failure
from zelery.engine.expressions import EXTRACT_VALUE_ERROR
from zelery.engine.records import ElementInstance
from zelery.engine.transaction import Transaction


class CatchEvent(Behavior):
    """An intermediate catch event: it waits for a message, a timer or a signal; at a link nothing is waited for."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        if isinstance(instance.element.event, LinkEvent):
            lifecycle.complete_soon(tx, instance)
        else:
            catches.open_all(tx, instance, [instance.element])

    def triggered(
        self,
        tx: Transaction,
        instance: ElementInstance,
        catch: Element,  # noqa: ARG002 - its own
        payload: Mapping[str, Any],
    ) -> None:
        tx.later(lifecycle.complete, instance, payload)


class ThrowEvent(Behavior):
    """An intermediate throw event: none, message (a job), signal, escalation, link."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        element = instance.element
        if element.job is not None:
            if not instance.job_key:
                jobs.create(tx, instance, element.job)
            return
        match element.event:
            case SignalEvent(name=name):
                signal = tx.expressions.text(name, instance)
                lifecycle.complete_soon(tx, instance)
                signals.throw(tx, signal, _given(instance), instance.instance.definition.tenant_id)
            case EscalationEvent(code=code):
                text = "" if code is None else tx.expressions.text(code, instance)
                if throwing.throw_escalation(tx, instance, text, _given(instance)):
                    lifecycle.complete_soon(tx, instance)
            case ErrorEvent(code=code):
                self._throw_error(tx, instance, "" if code is None else tx.expressions.text(code, instance))
            case _:
                lifecycle.complete_soon(tx, instance)

    def _throw_error(self, tx: Transaction, instance: ElementInstance, code: str) -> None:
        if not code:
            raise Failure(EXTRACT_VALUE_ERROR, "Expected the error's code to be a text that is not empty")
        throwing.throw_error(tx, instance, code, "", _given(instance))

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:
        target = instance.element.link_target
        if target is not None and instance.scope is not None:
            lifecycle.activate_soon(tx, target, instance.scope)
            return []
        return super().outgoing(tx, instance)


def _given(instance: ElementInstance) -> Mapping[str, Any]:
    """What an event that is thrown brings: the variables that its input mappings have set."""
    return instance.variables


class EndEvent(ThrowEvent):
    """An end event: as a throw event, and one that terminates its scope."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        if isinstance(instance.element.event, TerminateEvent) and instance.scope is not None:
            tx.emit(ev.ScopeInterrupted(instance.scope.key, instance.element.id))
            lifecycle.terminate_children(tx, instance.scope, but=instance)
        super().activate(tx, instance)


class StartEvent(Behavior):
    """A start event: what it waited for has happened."""


class BoundaryEvent(Behavior):
    """A boundary event: what it waited for has happened."""
