from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.zelery.engine.bpmn.models import (
    JOB,
    START,
    complaints,
    definition,
    element,
    file,
    node,
    refusal_of,
    task,
    timer,
)
from zelery.engine.bpmn.model import (
    ErrorEvent,
    EscalationEvent,
    LinkEvent,
    MessageEvent,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
    TimerKind,
)
from zelery.engine.bpmn.read import read


def process_start(body: str) -> bytes:
    return file(node("startEvent", "e", body))


def sub_process_start(body: str) -> bytes:
    return file(START, node("subProcess", "sub", node("startEvent", "e", body)))


def event_sub_process_start(body: str, interrupting: str = "true") -> bytes:
    start = node("startEvent", "e", body, isInterrupting=interrupting)
    return file(START, node("subProcess", "sub", start, triggeredByEvent="true"))


def catch(body: str) -> bytes:
    return file(START, node("intermediateCatchEvent", "e", body))


def boundary(body: str, interrupting: str = "true") -> bytes:
    return file(START, task("t"), node("boundaryEvent", "e", body, attachedToRef="t", cancelActivity=interrupting))


def throw(body: str) -> bytes:
    return file(START, node("intermediateThrowEvent", "e", body), node("intermediateCatchEvent", "to", LINK))


def end(body: str) -> bytes:
    return file(START, node("endEvent", "e", body))


LINK = '<linkEventDefinition name="A"/>'
PLACES = {
    "process start": process_start,
    "sub-process start": sub_process_start,
    "event sub-process start": event_sub_process_start,
    "catch": catch,
    "boundary": boundary,
    "throw": throw,
    "end": end,
}
BODIES = {
    "none": "",
    "message": definition("message", "paid"),
    "timer": timer("timeDate", "2026-01-31T12:00:00Z"),
    "signal": definition("signal", "alarm"),
    "error": definition("error", "broke"),
    "escalation": definition("escalation", "late"),
    "link": LINK,
    "terminate": definition("terminate"),
    "compensate": definition("compensate"),
    "conditional": definition("conditional", body="<condition>= x</condition>"),
    "cancel": definition("cancel"),
}
#: Docs: "BPMN coverage".
ALLOWED = {
    "process start": {"none", "message", "timer", "signal"},
    "sub-process start": {"none"},
    "event sub-process start": {"message", "timer", "signal", "error", "escalation"},
    "catch": {"message", "timer", "signal", "link"},
    "boundary": {"message", "timer", "signal", "error", "escalation"},
    "throw": {"none", "message", "signal", "escalation", "link"},
    "end": {"none", "message", "signal", "escalation", "error", "terminate"},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", BODIES)
def test_an_event_is_what_events_at_its_place_may_be(place: str, kind: str) -> None:
    body = (JOB if place in ("throw", "end") else "") + BODIES[kind]
    xml = PLACES[place](body)
    if kind in ALLOWED[place]:
        assert "e" in read(xml, "p.bpmn")[0].elements
    else:
        assert "e" in {each.element for each in refusal_of(xml).complaints}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (BODIES["compensate"], "undo the work by flows"),
        (BODIES["conditional"], "use a message"),
        (BODIES["cancel"], "use an error event"),
    ],
)
def test_events_that_are_not_executed_are_refused_with_what_to_use_instead(body: str, expected: str) -> None:
    ((path, what), *_) = complaints(node("boundaryEvent", "e", body, attachedToRef="t"), task("t"))
    assert path == "e"
    assert expected in what


def test_an_event_with_two_definitions_is_refused() -> None:
    found = complaints(node("endEvent", "e", BODIES["signal"] + BODIES["error"]))
    assert "exactly one event definition" in found[0][1]


def test_a_message_that_is_caught_has_a_name_and_a_correlation_key() -> None:
    event = read(catch(BODIES["message"]), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, MessageEvent)
    assert event.name.text == "paid"
    assert event.correlation_key is not None
    assert event.correlation_key.feel is not None
    assert event.correlation_key.feel.evaluate_json({"order": "o-1"}) == "o-1"


def test_a_message_that_starts_a_process_has_no_correlation_key() -> None:
    event = read(process_start(definition("message", "unkeyed")), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, MessageEvent)
    assert event.correlation_key is None


def test_a_receive_task_waits_for_its_message() -> None:
    event = element(node("receiveTask", "e", messageRef="paid")).event
    assert isinstance(event, MessageEvent)
    assert event.name.text == "paid"


@pytest.mark.parametrize(
    ("xml", "path", "expected"),
    [
        (catch(definition("message", "unkeyed")), "unkeyed", "zeebe:subscription"),
        (event_sub_process_start(definition("message", "unkeyed")), "unkeyed", "zeebe:subscription"),
        (catch(definition("message")), "e > messageEventDefinition", "refers to none"),
        (catch(definition("message", "gone")), "e > messageEventDefinition", "'gone' is not in the file"),
        (process_start(definition("message", "nameless")), "nameless", "the name of a message must be present"),
        (catch(definition("signal", "silent")), "silent", "the name of a signal must be present"),
        (catch(definition("signal")), "e > signalEventDefinition", "Must refer to a signal"),
        (catch("<linkEventDefinition/>"), "e > linkEventDefinition", "the name of a link"),
        (end(definition("error", "codeless")), "codeless", "the errorCode of an error must be present"),
        (end(definition("escalation")), "e > escalationEventDefinition", "Must refer to an escalation"),
        (throw(definition("message", "paid")), "e", "a message is thrown by a job"),
    ],
)
def test_an_event_that_lacks_what_it_refers_to_is_refused(xml: bytes, path: str, expected: str) -> None:
    found = [each.what for each in refusal_of(xml).complaints if each.element == path]
    assert len(found) == 1
    assert expected in found[0]


def test_a_message_is_thrown_by_a_job() -> None:
    thrown = element(node("endEvent", "e", JOB + definition("message", "paid")))
    assert thrown.job is not None
    assert thrown.job.type.text == "work"
    assert thrown.event is None


def test_signals_links_and_terminations_are_read() -> None:
    assert element(node("endEvent", "e", BODIES["terminate"])).event == TerminateEvent()
    assert read(throw(LINK), "p.bpmn")[0].elements["e"].event == LinkEvent("A")
    event = read(throw(BODIES["signal"]), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, SignalEvent)
    assert event.name.text == "alarm"


@pytest.mark.parametrize(("kind", "type_"), [("error", ErrorEvent), ("escalation", EscalationEvent)])
@pytest.mark.parametrize("ref", ["codeless", ""])
def test_an_event_that_catches_without_a_code_catches_any(
    kind: str, type_: type[ErrorEvent | EscalationEvent], ref: str
) -> None:
    ref = ref if kind == "error" else ""
    event = read(boundary(definition(kind, ref)), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, type_)
    assert event.code is None


@pytest.mark.parametrize(("kind", "ref"), [("error", "wrong"), ("escalation", "later")])
def test_a_code_may_be_an_expression_where_it_is_thrown_and_a_text_alone_where_it_is_caught(
    kind: str, ref: str
) -> None:
    event = read(end(definition(kind, ref)), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, ErrorEvent | EscalationEvent)
    assert event.code is not None
    assert event.code.feel is not None
    (found,) = refusal_of(boundary(definition(kind, ref))).complaints
    assert found.element == ref
    assert "no expression" in found.what


@pytest.mark.parametrize("make", [boundary, event_sub_process_start])
def test_an_error_is_caught_by_interrupting_events_alone_and_an_escalation_by_either(
    make: Callable[[str, str], bytes],
) -> None:
    (found,) = refusal_of(make(BODIES["error"], "false")).complaints
    assert "must be interrupting" in found.what
    assert not read(make(BODIES["escalation"], "false"), "p.bpmn")[0].elements["e"].interrupting


DATE, DURATION, CYCLE = (
    timer("timeDate", "2026-01-31T12:00:00Z"),
    timer("timeDuration", "PT1H"),
    timer("timeCycle", "R3/PT1H"),
)


@pytest.mark.parametrize(
    ("place", "interrupting", "body", "allowed"),
    [
        # Docs: "Timer events", one paragraph for each.
        ("process start", "true", DATE, True),
        ("process start", "true", CYCLE, True),
        ("process start", "true", DURATION, False),
        ("catch", "true", DATE, True),
        ("catch", "true", DURATION, True),
        ("catch", "true", CYCLE, False),
        ("boundary", "true", DATE, True),
        ("boundary", "true", DURATION, True),
        ("boundary", "true", CYCLE, False),
        ("boundary", "false", DATE, True),
        ("boundary", "false", DURATION, True),
        ("boundary", "false", CYCLE, True),
        ("event sub-process start", "true", DURATION, True),
        ("event sub-process start", "true", CYCLE, False),
        ("event sub-process start", "false", CYCLE, True),
    ],
)
def test_a_timer_is_a_date_a_duration_or_a_cycle_by_its_place(
    place: str, interrupting: str, body: str, allowed: bool
) -> None:
    if place in ("boundary", "event sub-process start"):
        xml = (boundary if place == "boundary" else event_sub_process_start)(body, interrupting)
    else:
        xml = PLACES[place](body)
    if allowed:
        assert isinstance(read(xml, "p.bpmn")[0].elements["e"].event, TimerEvent)
    else:
        (found,) = refusal_of(xml).complaints
        assert found.element == "e > timerEventDefinition"
        assert "timer of" in found.what


def test_a_timer_s_expression_is_compiled() -> None:
    event = read(catch(timer("timeDuration", " = wait ")), "p.bpmn")[0].elements["e"].event
    assert isinstance(event, TimerEvent)
    assert event.kind is TimerKind.DURATION
    assert event.expression.text == "= wait"
    assert event.expression.feel is not None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (timer("timeDuration", "10"), "the timeDuration '10' is invalid: expected a duration such as PT15S"),
        (timer("timeDate", "tomorrow"), "the timeDate 'tomorrow' is invalid"),
        (timer("timeDate", "= ("), "is no FEEL expression"),
        (definition("timer"), "exactly one of timeDate"),
        (definition("timer", body="<timeDate>=a</timeDate><timeDuration>=b</timeDuration>"), "exactly one of timeDate"),
    ],
)
def test_a_timer_that_can_never_be_due_is_refused(body: str, expected: str) -> None:
    (found,) = refusal_of(catch(body)).complaints
    assert expected in found.what
