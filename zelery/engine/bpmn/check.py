"""What must hold of a compiled process as a whole, beside what each element needs for itself.

Docs: the page of each element.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from zelery.engine.bpmn.model import (
    Element,
    ErrorEvent,
    EscalationEvent,
    Expression,
    Kind,
    LinkEvent,
    MessageEvent,
    Process,
    SignalEvent,
    TimerEvent,
    TimerKind,
)
from zelery.engine.intervals import parse_cycle, parse_date, parse_duration

Complain = Callable[[str, str], None]

_PARSERS = {TimerKind.DATE: parse_date, TimerKind.DURATION: parse_duration, TimerKind.CYCLE: parse_cycle}
_BEHIND_EVENT_GATEWAY = (MessageEvent, TimerEvent, SignalEvent)


def process(found: Process, complain: Complain) -> None:
    """Complain of all that is wrong with a process as a whole."""
    for element in (*found.elements.values(), found.root):
        _element(element, complain)
    for scope in found.elements.values():
        _scope(scope, complain)
        if scope.inner is not None:
            _scope(scope.inner, complain)


def _element(element: Element, complain: Complain) -> None:
    if element.kind is Kind.EVENT_BASED_GATEWAY:
        _event_based_gateway(element, complain)
    if element.kind in (Kind.EXCLUSIVE_GATEWAY, Kind.INCLUSIVE_GATEWAY):
        _conditions(element, complain)
    if element.kind is Kind.START_EVENT and element.incoming:
        complain(element.id, "Start events must not have incoming sequence flows: lead the flow to another element")
    if element.kind is Kind.END_EVENT and element.outgoing:
        complain(element.id, "End events must not have outgoing sequence flows: use a throw event instead")
    if element.kind is Kind.BOUNDARY_EVENT:
        _boundary(element, complain)
    if isinstance(element.event, TimerEvent):
        _timer(element, element.event, complain)
    if element.kind is Kind.THROW_EVENT and isinstance(element.event, LinkEvent) and element.link_target is None:
        complain(
            element.id, f"Can't find a catch link event for the link '{element.event.name}': add one in the same scope"
        )


def _event_based_gateway(element: Element, complain: Complain) -> None:
    if len(element.outgoing) < 2:  # noqa: PLR2004 - one event needs no gateway
        complain(element.id, "Event-based gateway must have at least 2 outgoing sequence flows: add the other event")
    for flow in element.outgoing:
        target = flow.target
        if target.kind is not Kind.CATCH_EVENT or not isinstance(target.event, _BEHIND_EVENT_GATEWAY):
            complain(
                element.id,
                f"Event-based gateway must not have an outgoing sequence flow to '{target.id}': lead "
                "it to an intermediate "
                "catch event with a message, a timer or a signal",
            )
        elif len(target.incoming) > 1:
            complain(target.id, "Target of an event-based gateway must not have any other incoming sequence flows")


def _conditions(element: Element, complain: Complain) -> None:
    if element.default is not None and element.default.condition is not None and element.kind is Kind.EXCLUSIVE_GATEWAY:
        complain(element.id, f"Default sequence flow '{element.default.id}' must not have a condition: delete it")
    if len(element.outgoing) < 2:  # noqa: PLR2004 - one flow needs no condition
        return
    for flow in element.outgoing:
        if flow.condition is None and flow is not element.default:
            complain(flow.id, "Must have a condition or be default flow: give it a condition")


def _boundary(element: Element, complain: Complain) -> None:
    if element.incoming:
        complain(element.id, "Boundary events must not have incoming sequence flows: lead the flow to another element")
    if not element.interrupting and isinstance(element.event, ErrorEvent):
        complain(element.id, "Error events must be interrupting: errors end the activity, set cancelActivity")
    if element.interrupting and isinstance(element.event, TimerEvent) and element.event.kind is TimerKind.CYCLE:
        complain(
            element.id,
            "Interrupting timer event with time cycle is not allowed: use a duration, or make it non-interrupting",
        )


def _timer(element: Element, event: TimerEvent, complain: Complain) -> None:
    if event.kind is TimerKind.CYCLE and element.kind is Kind.CATCH_EVENT:
        complain(
            element.id,
            "Intermediate timer catch event must have a time duration or a date: a cycle repeats, use a duration",
        )
    if event.expression.feel is not None or event.expression.text.startswith("="):
        return
    try:
        _PARSERS[event.kind](event.expression.text)
    except ValueError as error:
        complain(element.id, f"Time {event.kind.value} is invalid, '{event.expression.text}': {error}")


def _scope(scope: Element, complain: Complain) -> None:
    match scope.kind:
        case Kind.PROCESS:
            _starts(scope, complain)
        case Kind.SUB_PROCESS:
            _sub_process(scope, complain)
        case Kind.EVENT_SUB_PROCESS:
            _event_sub_process(scope, complain)
        case Kind.AD_HOC_SUB_PROCESS:
            _ad_hoc(scope, complain)
    _catchers(scope, complain)


def _none_starts(scope: Element) -> list[Element]:
    return [each for each in scope.children if each.kind is Kind.START_EVENT and each.event is None]


def _starts(scope: Element, complain: Complain) -> None:
    if scope.start is None and not scope.starts:
        complain(scope.id, "Must have at least one start event: add one")
    if len(_none_starts(scope)) > 1:
        complain(scope.id, "Multiple none start events are not allowed: keep one")
    for start in scope.starts:
        if isinstance(start.event, ErrorEvent | EscalationEvent):
            complain(
                start.id,
                "Start events of a process must be one of: none, message, timer, signal; use an "
                "event sub-process for errors",
            )


def _sub_process(scope: Element, complain: Complain) -> None:
    starts = [each for each in scope.children if each.kind is Kind.START_EVENT]
    if len(starts) != 1:
        complain(scope.id, f"Must have exactly one start event, but it has {len(starts)}")
    elif starts[0].event is not None:
        complain(
            scope.id, "Start events in subprocesses must be of type none: use an event sub-process, or a catch event"
        )


def _event_sub_process(scope: Element, complain: Complain) -> None:
    starts = [each for each in scope.children if each.kind is Kind.START_EVENT]
    if len(starts) != 1:
        complain(scope.id, f"Must have exactly one start event, but it has {len(starts)}")
    elif starts[0].event is None:
        complain(
            scope.id,
            "Start events in event subprocesses must be one of: message, timer, error, signal or "
            "escalation: choose one",
        )
    elif isinstance(starts[0].event, ErrorEvent) and not starts[0].interrupting:
        complain(starts[0].id, "Error events must be interrupting: set isInterrupting")
    if scope.incoming or scope.outgoing:
        complain(scope.id, "Event subprocesses must not have sequence flows: their start event begins them")


def _ad_hoc(scope: Element, complain: Complain) -> None:
    inner = scope.inner
    children = inner.children if inner is not None else []
    if not any(each.kind not in (Kind.BOUNDARY_EVENT, Kind.EVENT_SUB_PROCESS) for each in children):
        complain(scope.id, "Must have at least one activity: add one")
    for each in children:
        if each.kind in (Kind.START_EVENT, Kind.END_EVENT):
            complain(scope.id, f"Must not contain a start event or an end event, but it has '{each.id}': delete it")


def _catchers(scope: Element, complain: Complain) -> None:
    """Complain of events of one host that catch the same: nobody could say which one does."""
    starts = [each.start for each in scope.event_sub_processes if each.start is not None]
    for host in (scope.boundary_events, starts):
        for what, count in Counter(map(_caught, host)).items():
            if what and count > 1:
                complain(scope.id, f"Multiple {what} are not allowed on one element: keep one")
    links = [each.event for each in scope.children if each.kind is Kind.CATCH_EVENT]
    names = Counter(each.name for each in links if isinstance(each, LinkEvent))
    for name, count in names.items():
        if count > 1:
            complain(
                scope.id, f"Multiple intermediate catch link events with the name '{name}' are not allowed: keep one"
            )


def _caught(element: Element) -> str:
    """What an event catches, in words; empty where that is known only when it runs."""
    match element.event:
        case MessageEvent(name=name) if name.feel is None and name.text:
            return f"message event definitions with the same name '{name.text}'"
        case SignalEvent(name=name) if name.feel is None and name.text:
            return f"signal event definitions with the same name '{name.text}'"
        case ErrorEvent(code=code):
            return f"error events {_with(code)}"
        case EscalationEvent(code=code):
            return f"escalation events {_with(code)}"
        case _:
            return ""


def _with(code: Expression | None) -> str:
    return f"with the code '{code.text}'" if code is not None else "that catch any code"
