"""What must hold of an element among its neighbours (docs: the page of each element)."""

from __future__ import annotations

from collections import Counter

from zelery.engine.bpmn.model import Element, Kind, LinkEvent, MessageEvent, SignalEvent, TimerEvent
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import shown

_BEHIND_EVENT_GATEWAY = (MessageEvent, TimerEvent, SignalEvent)


def element(reading: Reading, found: Element) -> None:
    """Complain of what is wrong with an element's flows, or of a link that leads nowhere."""
    _flows(reading, found)
    match found.kind:
        case Kind.EVENT_BASED_GATEWAY:
            _event_based_gateway(reading, found)
        case Kind.EXCLUSIVE_GATEWAY | Kind.INCLUSIVE_GATEWAY:
            _conditions(reading, found)
        case Kind.THROW_EVENT:
            if isinstance(found.event, LinkEvent) and found.event.name and found.link_target is None:
                reading.complain(
                    found.id,
                    f"there is no catch event for the link '{shown(found.event.name)}': add one in the same scope",
                )


def _flows(reading: Reading, found: Element) -> None:
    """Complain of flows that lead to what nothing leads to, or from what ends."""
    is_link = isinstance(found.event, LinkEvent)
    if found.incoming:
        if found.kind in (Kind.START_EVENT, Kind.BOUNDARY_EVENT):
            what = "Start" if found.kind is Kind.START_EVENT else "Boundary"
            reading.complain(
                found.id, f"{what} events must not have incoming sequence flows: lead the flow to another element"
            )
        elif found.kind is Kind.CATCH_EVENT and is_link:
            reading.complain(found.id, "Link catch events must not have incoming sequence flows: throw the link")
    if found.outgoing:
        if found.kind is Kind.END_EVENT:
            reading.complain(
                found.id, "End events must not have outgoing sequence flows: use an intermediate throw event"
            )
        elif found.kind is Kind.THROW_EVENT and is_link:
            reading.complain(found.id, "Link throw events must not have outgoing sequence flows: delete the flow")
    if found.kind is Kind.EVENT_SUB_PROCESS and (found.incoming or found.outgoing):
        reading.complain(
            found.id, "Event sub-processes must not have sequence flows: their start event begins them, delete the flow"
        )


def _event_based_gateway(reading: Reading, found: Element) -> None:
    """Docs: "Event-based gateway"; camunda issues 1709 (no message twice), 1952 (no other way to a target)."""
    if len(found.outgoing) < 2:  # noqa: PLR2004 - one event needs no gateway
        reading.complain(found.id, "Event-based gateways must have at least 2 outgoing sequence flows: add an event")
    for flow in found.outgoing:
        target = flow.target
        if target.kind is not Kind.CATCH_EVENT or not isinstance(target.event, _BEHIND_EVENT_GATEWAY):
            reading.complain(
                found.id,
                f"Event-based gateways must not have a sequence flow to '{target.id}': lead it to an intermediate "
                "catch event with a message, a timer or a signal",
            )
        elif len(target.incoming) > 1:
            reading.complain(
                target.id,
                "an event behind an event-based gateway must not have other incoming sequence flows: lead them to the "
                "gateway, or to an event of their own",
            )
    names = Counter(_message(flow.target) for flow in found.outgoing)
    for name, count in names.items():
        if name and count > 1:
            reading.complain(found.id, f"{count} events behind it wait for the message '{shown(name)}': keep one")


def _message(found: Element) -> str:
    """The name of the message that an element waits for; empty where there is none, or it is an expression."""
    event = found.event
    return event.name.text if isinstance(event, MessageEvent) and not event.name.text.startswith("=") else ""


def _conditions(reading: Reading, found: Element) -> None:
    """Docs: "Exclusive gateway", "Inclusive gateway". A default flow may have one, unused (camunda issue 10966)."""
    if len(found.outgoing) < 2:  # noqa: PLR2004 - one flow needs no condition
        return
    for flow in found.outgoing:
        if flow.condition is None and flow is not found.default:
            reading.complain(
                flow.id, f"Must have a condition, or be the default flow of '{found.id}': give it a condition"
            )
