"""What an element of a kind does: the part of its life that differs (`lifecycle.py` has what all share)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zelery.engine import catches, lifecycle
from zelery.engine.bpmn.model import Element, Flow
from zelery.engine.commands import JobResult
from zelery.engine.errors import Code, Rejected
from zelery.engine.records import ElementInstance
from zelery.engine.transaction import Transaction


class Behavior:
    """An element that does nothing, and leaves along all its flows."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        """Begin: open what it waits for, or complete. May be called again after an incident. Raises Failure."""
        lifecycle.complete_soon(tx, instance)

    def completing(self, tx: Transaction, instance: ElementInstance) -> None:
        """Do what comes before the output mappings. May be called again after an incident. Raises Failure."""

    def outgoing(self, tx: Transaction, instance: ElementInstance) -> Sequence[Flow]:  # noqa: ARG002 - for others
        """The flows that tokens leave along. Raises Failure."""
        return instance.element.outgoing

    def left(self, tx: Transaction, instance: ElementInstance) -> None:
        """Do what follows its end, whether it completed or was terminated."""

    def joins(self, tx: Transaction, element: Element, scope: ElementInstance) -> bool:
        """Whether the tokens that wait before a gateway activate it."""
        raise NotImplementedError

    def child_left(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:
        """Look at a scope in which an element has completed or was terminated."""
        raise NotImplementedError

    def quiet(self, tx: Transaction, scope: ElementInstance) -> None:
        """Complete a scope in which nothing goes on."""
        raise NotImplementedError

    def child_completing(self, tx: Transaction, scope: ElementInstance, child: ElementInstance) -> None:
        """Take from an element in a scope, before it ends, what the scope collects. Raises Failure."""

    def open_catches(self, tx: Transaction, instance: ElementInstance) -> None:
        """Wait for the element's boundary events, and for what starts its event sub-processes. Raises Failure."""
        element = instance.element
        if element.boundary_events or element.event_sub_processes:
            starts = [each.start for each in element.event_sub_processes if each.start is not None]
            catches.open_all(tx, instance, [*element.boundary_events, *starts])

    def triggered(self, tx: Transaction, instance: ElementInstance, catch: Element, payload: Mapping[str, Any]) -> None:
        """Take an event that the element itself waited for."""
        raise NotImplementedError

    def called_done(self, tx: Transaction, instance: ElementInstance, values: Mapping[str, Any]) -> None:
        """Go on when the process that the element has called is done."""
        raise NotImplementedError

    def check_result(self, instance: ElementInstance, result: JobResult | None) -> None:
        """Refuse a job's result that this element has no use for. Raises Rejected."""
        if result is not None and (result.activate_elements or result.denied or result.corrections):
            raise Rejected(
                Code.INVALID_ARGUMENT,
                f"Expected a result for the job of element '{instance.element.id}' that suits it, but a "
                f"{instance.element.kind} takes none of activated elements, denial or corrections",
            )

    def job_done(
        self,
        tx: Transaction,
        instance: ElementInstance,
        payload: Mapping[str, Any],
        result: JobResult | None,  # noqa: ARG002 - for others
    ) -> None:
        """Go on when the element's job was completed."""
        lifecycle.complete(tx, instance, payload)


class Activity(Behavior):
    """An activity: its boundary events are waited for while it is active."""

    def activate(self, tx: Transaction, instance: ElementInstance) -> None:
        self.open_catches(tx, instance)
        self.begin(tx, instance)

    def begin(self, tx: Transaction, instance: ElementInstance) -> None:
        """Begin the work of the activity. Raises Failure."""
        lifecycle.complete_soon(tx, instance)
