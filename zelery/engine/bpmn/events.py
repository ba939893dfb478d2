"""What events wait for and throw: their event definitions, and the messages, signals, errors these refer to.

Docs: "BPMN coverage", and the page of each event.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import NamedTuple

from zelery.engine.bpmn.extensions import extension, job, single
from zelery.engine.bpmn.model import (
    Element,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    Expression,
    Kind,
    LinkEvent,
    MessageEvent,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
    TimerKind,
)
from zelery.engine.bpmn.nodes import BPMN, Node, bpmn_name, reference, text_of
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import shown
from zelery.engine.intervals import parse_cycle, parse_date, parse_duration

_DEFINITION = "EventDefinition"


class Place(enum.Enum):
    """Where an event stands, in words."""

    PROCESS_START = "a start event of a process"
    SUB_PROCESS_START = "a start event of an embedded sub-process"
    EVENT_SUB_PROCESS_START = "a start event of an event sub-process"
    CATCH = "an intermediate catch event"
    BOUNDARY = "a boundary event"
    THROW = "an intermediate throw event"
    END = "an end event"


#: What an event may be, by where it stands (docs: "BPMN coverage").
_ALLOWED: Mapping[Place, tuple[str, ...]] = {
    Place.PROCESS_START: ("none", "message", "timer", "signal"),
    Place.SUB_PROCESS_START: ("none",),
    Place.EVENT_SUB_PROCESS_START: ("message", "timer", "signal", "error", "escalation"),
    Place.CATCH: ("message", "timer", "signal", "link"),
    Place.BOUNDARY: ("message", "timer", "signal", "error", "escalation"),
    Place.THROW: ("none", "message", "signal", "escalation", "link"),
    Place.END: ("none", "message", "signal", "escalation", "error", "terminate"),
}
_PLACES = {
    Kind.CATCH_EVENT: Place.CATCH,
    Kind.BOUNDARY_EVENT: Place.BOUNDARY,
    Kind.THROW_EVENT: Place.THROW,
    Kind.END_EVENT: Place.END,
}
_CATCHING = frozenset(
    {Place.PROCESS_START, Place.SUB_PROCESS_START, Place.EVENT_SUB_PROCESS_START, Place.CATCH, Place.BOUNDARY}
)
#: What Zeebe executes and this engine does not, and what to use instead.
_NOT_EXECUTED = {
    "compensate": "compensation is not executed by this engine: undo the work by flows of the model",
    "conditional": "conditional events are not executed by this engine: use a message, or a gateway with conditions",
    "cancel": "cancel events belong to transactions, which are not executed: use an error event",
}
#: Parsers of timers that are static.
_PARSERS = {TimerKind.DATE: parse_date, TimerKind.DURATION: parse_duration, TimerKind.CYCLE: parse_cycle}


def place_of(element: Element) -> Place | None:
    """Where an event stands; None for what is no event."""
    if element.kind is not Kind.START_EVENT:
        return _PLACES.get(element.kind)
    match element.scope.kind if element.scope is not None else Kind.PROCESS:
        case Kind.PROCESS:
            return Place.PROCESS_START
        case Kind.EVENT_SUB_PROCESS:
            return Place.EVENT_SUB_PROCESS_START
        case _:
            return Place.SUB_PROCESS_START


def read_event(reading: Reading, node: Node, element: Element) -> None:
    """Read what an event waits for or throws into its element, whose scope is set."""
    place = place_of(element)
    if place is None:
        return
    found = [each for each in node.iterchildren() if (bpmn_name(each) or "").endswith(_DEFINITION)]
    if len(found) > 1 or node.find(f"{BPMN}eventDefinitionRef") is not None:
        reading.complain(node, "Must have exactly one event definition, in the event itself: use several events")
        return
    name = (bpmn_name(found[0]) or "").removesuffix(_DEFINITION) if found else "none"
    if name in _NOT_EXECUTED:
        reading.complain(node, _NOT_EXECUTED[name])
    elif name not in _ALLOWED[place]:
        reading.complain(node, f"{place.value} must be one of {', '.join(_ALLOWED[place])}, but is {name}: change it")
    elif name == "message" and place not in _CATCHING:
        element.job = job(reading, node) or job(reading, found[0])
        if element.job is None:
            reading.complain(
                node,
                "Must have exactly one 'zeebe:taskDefinition' extension element: a message is thrown by a job, so give "
                "it a job type",
            )
    elif found:
        element.event = _READERS[name](_Definition(reading, found[0], place, element))


def receive(reading: Reading, node: Node) -> MessageEvent | None:
    """The message that a receive task waits for."""
    return _message(reading, node, keyed=True)


def _message(reading: Reading, node: Node, *, keyed: bool) -> MessageEvent | None:
    """The message that a node refers to; keyed: with the key it is correlated by (docs: "Message events")."""
    message = _referred(reading, node, "message")
    if message is None:
        return None
    name = _required(reading, message, "name")
    if not keyed:
        return MessageEvent(name=name)
    subscription = single(reading, message, "subscription")
    if subscription is None or not (subscription.get("correlationKey") or "").strip():
        reading.complain(
            message,
            "Must have exactly one 'zeebe:subscription' extension element with a correlationKey: say what the message "
            "is correlated by, as '= orderId'",
        )
        return MessageEvent(name=name)
    key = reading.expression(subscription, "correlationKey", subscription.get("correlationKey"))
    return MessageEvent(name=name, correlation_key=key)


def _referred(reading: Reading, node: Node, kind: str) -> Node | None:
    """The message, signal, error or escalation that a definition refers to; complained of where it is missing."""
    ref = reference(node, f"{kind}Ref")
    found = reading.definition(kind, ref)
    if found is None:
        why = f"but '{shown(ref)}' is not in the file" if ref is not None else "but refers to none"
        reading.complain(node, f"Must refer to {_a(kind)}, {why}: choose one")
    return found


def _required(reading: Reading, definition: Node, attribute: str) -> Expression:
    """The name or code of a definition."""
    found = reading.attribute(definition, attribute)
    if found is None:
        what = _a(bpmn_name(definition) or "")
        reading.complain(definition, f"the {attribute} of {what} must be present and not empty: give it one")
    return found or Expression("")


def _a(kind: str) -> str:
    """A kind of definition with its article."""
    return f"an {kind}" if kind.startswith("e") else f"a {kind}"


class _Definition(NamedTuple):
    """An event definition that is read."""

    reading: Reading
    node: Node
    place: Place
    element: Element


def _message_event(at: _Definition) -> EventDefinition | None:
    return _message(at.reading, at.node, keyed=at.place is not Place.PROCESS_START)


def _signal(at: _Definition) -> EventDefinition | None:
    signal = _referred(at.reading, at.node, "signal")
    return SignalEvent(_required(at.reading, signal, "name")) if signal is not None else None


def _error(at: _Definition) -> EventDefinition:
    if at.place in _CATCHING and not at.element.interrupting:
        at.reading.complain(
            at.element.id, "Error events must be interrupting, as an error ends what it is thrown in: make it so"
        )
    return ErrorEvent(_code(at, "error"))


def _escalation(at: _Definition) -> EventDefinition:
    return EscalationEvent(_code(at, "escalation"))


def _code(at: _Definition, kind: str) -> Expression | None:
    """The code of an error or an escalation; None: any is caught (docs: "Error events", "Escalation events")."""
    attribute = f"{kind}Code"
    if at.place not in _CATCHING:
        definition = _referred(at.reading, at.node, kind)
        return _required(at.reading, definition, attribute) if definition is not None else None
    if reference(at.node, f"{kind}Ref") is None:
        return None
    definition = _referred(at.reading, at.node, kind)
    code = at.reading.attribute(definition, attribute)
    if definition is not None and code is not None and code.text.startswith("="):
        at.reading.complain(
            definition, f"the {attribute} is caught, so it must be a text and no expression: write the code itself"
        )
    return code


def _link(at: _Definition) -> EventDefinition:
    name = (at.node.get("name") or "").strip()
    if not name:
        at.reading.complain(at.node, "the name of a link must be present and not empty: give it one")
    return LinkEvent(name)


def _terminate(at: _Definition) -> EventDefinition:  # noqa: ARG001 - as the other readers
    return TerminateEvent()


def _timer(at: _Definition) -> EventDefinition | None:
    """A timer (docs: "Timer events")."""
    found = ((kind, at.node.find(f"{BPMN}{kind.value}")) for kind in TimerKind)
    given = [(kind, text) for kind, node in found if node is not None and (text := text_of(node))]
    if len(given) != 1:
        at.reading.complain(at.node, "Must have exactly one of timeDate, timeDuration, timeCycle: keep one")
        return None
    kind, text = given[0]
    allowed = _timers(at.place, at.element)
    if kind not in allowed:
        what = f"{'an interrupting' if at.element.interrupting else 'a non-interrupting'} timer of {at.place.value}"
        can = " or a ".join(each.value for each in allowed)
        at.reading.complain(at.node, f"{what} must have a {can}, but has a {kind.value}: change it")
    expression = at.reading.value(at.node, kind.value, text)
    if not expression.text.startswith("="):
        try:
            _PARSERS[kind](expression.text)
        except ValueError as error:
            at.reading.complain(at.node, f"the {kind.value} '{shown(text)}' is invalid: {error}")
    return TimerEvent(kind, expression)


def _timers(place: Place, element: Element) -> tuple[TimerKind, ...]:
    if place is Place.PROCESS_START:
        return TimerKind.DATE, TimerKind.CYCLE
    if place is Place.CATCH or element.interrupting:
        return TimerKind.DURATION, TimerKind.DATE
    return TimerKind.DURATION, TimerKind.DATE, TimerKind.CYCLE


_READERS: Mapping[str, Callable[[_Definition], EventDefinition | None]] = {
    "message": _message_event,
    "signal": _signal,
    "timer": _timer,
    "error": _error,
    "escalation": _escalation,
    "link": _link,
    "terminate": _terminate,
}


def start_form(node: Node) -> str | None:
    """The form of a none start event: its id, or its key."""
    found = extension(node, "formDefinition")
    return (found.get("formId") or found.get("formKey") or None) if found is not None else None
