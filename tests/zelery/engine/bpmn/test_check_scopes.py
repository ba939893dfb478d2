from __future__ import annotations

import pytest

from tests.zelery.engine.bpmn.models import (
    complaints,
    definition,
    file,
    flow,
    node,
    process,
    refusal_of,
    task,
    timer,
)
from zelery.engine.bpmn.read import read

INNER = node("startEvent", "s")


def boundary(element_id: str, body: str, attached_to: str = "t") -> str:
    return node("boundaryEvent", element_id, body, attachedToRef=attached_to)


def event_sub_process(element_id: str, body: str) -> str:
    return node("subProcess", element_id, node("startEvent", f"{element_id}_start", body), triggeredByEvent="true")


def test_a_process_may_start_by_events_alone() -> None:
    found = read(file(node("startEvent", "m", definition("message", "unkeyed"))), "p.bpmn")[0]
    assert found.root.start is None
    assert len(found.root.starts) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (node("subProcess"), "exactly one start event, but it has none"),
        (node("subProcess", "e", INNER + node("startEvent", "r")), "exactly one start event, but it has 's', 'r'"),
        (node("subProcess", "e", task("t"), triggeredByEvent="true"), "exactly one start event, but it has none"),
        (node("adHocSubProcess"), "at least one activity"),
        (
            node("adHocSubProcess", "e", node("intermediateCatchEvent", "c", timer("timeDuration", "PT1H"))),
            "at least one activity",
        ),
        (node("adHocSubProcess", "e", task("t") + node("endEvent", "x")), "it has 'x': delete it"),
        (node("adHocSubProcess", "e", task("t") + INNER), "it has 's': delete it"),
    ],
)
def test_a_sub_process_that_cannot_begin_is_refused(content: str, expected: str) -> None:
    ((path, what),) = complaints(content)
    assert path == "e"
    assert expected in what


def test_an_intermediate_event_of_an_ad_hoc_sub_process_needs_no_outgoing_flow() -> None:
    wait = node("intermediateCatchEvent", "c", timer("timeDuration", "PT1H"))
    found = process(node("adHocSubProcess", "e", task("t") + wait))
    assert found.elements["c"].outgoing == []  # camunda issue 31576


def test_an_event_sub_process_with_flows_is_refused() -> None:
    ((path, what),) = complaints(event_sub_process("e", definition("error")), flow("start", "e"))
    assert path == "e"
    assert "must not have sequence flows" in what


ALIKE = {
    "an error": (definition("error", "broke"), "the code 'BROKE' of an error"),
    "any error": (definition("error"), "any code of an error"),
    "an escalation": (definition("escalation", "late"), "the code 'LATE' of an escalation"),
    "any escalation": (definition("escalation"), "any code of an escalation"),
    "a message": (definition("message", "paid"), "the message 'paid'"),
    "a signal": (definition("signal", "alarm"), "the signal 'alarm'"),
}


@pytest.mark.parametrize(("body", "expected"), ALIKE.values(), ids=ALIKE)
def test_two_events_of_one_place_that_catch_the_same_are_refused(body: str, expected: str) -> None:
    at_task = complaints(task("t"), boundary("a", body), boundary("b", body))
    in_scope = complaints(event_sub_process("a", body), event_sub_process("b", body))
    assert [path for path, _ in (*at_task, *in_scope)] == ["t", "p"]
    assert all(expected in what for _, what in (*at_task, *in_scope))


def test_events_that_catch_one_code_and_any_code_may_be_together() -> None:
    found = process(task("t"), boundary("a", definition("error", "broke")), boundary("b", definition("error")))
    assert len(found.elements["t"].boundary_events) == 2


def test_events_of_different_places_may_catch_the_same() -> None:
    body = definition("message", "paid")
    assert process(task("t"), task("u"), boundary("a", body), boundary("b", body, "u"), event_sub_process("c", body))


def test_two_start_events_of_one_message_are_refused() -> None:
    body = definition("message", "unkeyed")
    (found,) = refusal_of(file(node("startEvent", "a", body), node("startEvent", "b", body))).complaints
    assert found.element == "p"
    assert "2 events for the message 'unkeyed'" in found.what


def test_two_catch_events_of_one_link_in_a_scope_are_refused() -> None:
    link = '<linkEventDefinition name="A"/>'
    catching = [node("intermediateCatchEvent", name, link) for name in ("a", "b")]
    ((path, what),) = complaints(*catching)
    assert path == "p"
    assert "2 catch events for the link 'A'" in what
