"""Errors and escalations: thrown inside, caught by the nearest scope around that has an event for them.

Docs: "Error events", "Escalation events". In one scope an event with the code comes before one that catches all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zelery.engine import catches
from zelery.engine.bpmn.model import Element, ErrorEvent, EscalationEvent
from zelery.engine.errors import Failure
from zelery.engine.records import ElementInstance

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

UNHANDLED_ERROR_EVENT = "UNHANDLED_ERROR_EVENT"


def catcher(
    tx: Transaction, thrower: ElementInstance, code: str, event: type[ErrorEvent | EscalationEvent]
) -> tuple[ElementInstance, Element] | None:
    """The nearest instance with an event that catches a code, and the event. Raises Failure."""
    for host in outwards(thrower):
        offered = _offered(host, event)
        for wanted in (lambda found: found == code, lambda found: found is None):
            for catch in offered:
                if wanted(_code(tx, catch, host)):
                    return host, catch
    return None


def outwards(instance: ElementInstance) -> Iterator[ElementInstance]:
    """The instance, its scopes, and those of the call activities around."""
    current: ElementInstance | None = instance
    while current is not None:
        yield current
        current = current.scope or current.instance.parent


def _offered(host: ElementInstance, event: type[ErrorEvent | EscalationEvent]) -> list[Element]:
    starts = [each.start for each in host.element.event_sub_processes if each.start is not None]
    if host.interrupted_by:
        starts = []
    return [each for each in (*host.element.boundary_events, *starts) if isinstance(each.event, event)]


def _code(tx: Transaction, catch: Element, host: ElementInstance) -> str | None:
    """The code that an event catches; None: any."""
    event = catch.event
    assert isinstance(event, ErrorEvent | EscalationEvent)  # noqa: S101 - for the type checker: only such are offered
    return None if event.code is None else tx.expressions.text(event.code, host)


def throw_error(tx: Transaction, thrower: ElementInstance, code: str, message: str, payload: Mapping[str, Any]) -> None:
    """Throw an error from an element instance. Raises Failure where nothing catches it."""
    found = catcher(tx, thrower, code, ErrorEvent)
    if found is None:
        raise unhandled(tx, thrower, code, message)
    catches.trigger(tx, *found, payload)


def unhandled(tx: Transaction, thrower: ElementInstance, code: str, message: str) -> Failure:
    """The incident of an error that nothing catches; it names the codes that would be caught."""
    codes = [
        found
        for host in outwards(thrower)
        for catch in _offered(host, ErrorEvent)
        if (found := _code(tx, catch, host)) is not None
    ]
    there = (
        f"Available error events are [{', '.join(codes)}]" if codes else "No error events are available in the scope."
    )
    said = f" with message '{message}'" if message else ""
    return Failure(
        UNHANDLED_ERROR_EVENT,
        f"Expected to throw an error event with the code '{code}'{said}, but it was not caught. {there}",
    )


def throw_escalation(tx: Transaction, thrower: ElementInstance, code: str, payload: Mapping[str, Any]) -> bool:
    """Throw an escalation; what is not caught is no fault. Whether the thrower goes on."""
    found = catcher(tx, thrower, code, EscalationEvent)
    if found is None:
        return True
    catches.trigger(tx, *found, payload)
    return tx.is_active(thrower)
