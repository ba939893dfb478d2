from __future__ import annotations

import pytest

from tests.zelery.engine.bpmn.models import complaints, definition, flow, node, process, task, timer

WAIT = node("intermediateCatchEvent", "wait", timer("timeDuration", "PT1H"))
PAID = node("intermediateCatchEvent", "paid_in", definition("message", "paid"))
LINK = '<linkEventDefinition name="A"/>'


def test_an_event_based_gateway_leads_to_events() -> None:
    found = process(node("eventBasedGateway"), WAIT, PAID, flow("e", "wait"), flow("e", "paid_in"))
    assert [each.target.id for each in found.elements["e"].outgoing] == ["wait", "paid_in"]


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        ((WAIT, flow("e", "wait")), "e", "at least 2 outgoing"),
        ((), "e", "at least 2 outgoing"),
        ((WAIT, task("t"), flow("e", "wait"), flow("e", "t")), "e", "must not have a sequence flow to 't'"),
        (
            (WAIT, node("receiveTask", "r", messageRef="paid"), flow("e", "wait"), flow("e", "r")),
            "e",
            "must not have a sequence flow to 'r'",
        ),
        (
            (WAIT, PAID, flow("e", "wait"), flow("e", "paid_in"), flow("start", "wait")),
            "wait",
            "must not have other incoming sequence flows",
        ),
        (
            (PAID, PAID.replace("paid_in", "again"), flow("e", "paid_in"), flow("e", "again")),
            "e",
            "2 events behind it wait for the message 'paid'",
        ),
    ],
)
def test_an_event_based_gateway_that_cannot_wait_is_refused(content: tuple[str, ...], path: str, expected: str) -> None:
    ((found, what),) = complaints(node("eventBasedGateway"), *content)
    assert found == path
    assert expected in what


@pytest.mark.parametrize("kind", ["exclusiveGateway", "inclusiveGateway"])
def test_a_gateway_with_several_flows_needs_a_condition_at_each_but_the_default(kind: str) -> None:
    flows = (flow("e", "a", "= x"), flow("e", "b"))
    assert process(node(kind, default="e-b"), task("a"), task("b"), *flows).flows["e-b"].condition is None
    ((path, what),) = complaints(node(kind), task("a"), task("b"), *flows)
    assert path == "e-b"
    assert "Must have a condition" in what


@pytest.mark.parametrize("kind", ["exclusiveGateway", "inclusiveGateway"])
def test_a_default_flow_may_have_a_condition(kind: str) -> None:
    found = process(node(kind, default="e-a"), task("a"), flow("e", "a", "= x"))
    assert found.elements["e"].default is found.flows["e-a"]  # It is not evaluated: camunda issue 10966.


@pytest.mark.parametrize("kind", ["exclusiveGateway", "inclusiveGateway"])
def test_a_gateway_with_one_flow_needs_no_condition(kind: str) -> None:
    assert process(node(kind), task("a"), flow("e", "a")).flows["e-a"].condition is None


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        ((node("exclusiveGateway"), task("a"), flow("e", "a", "x")), "e-a > conditionExpression", "begin it with '='"),
        ((node("exclusiveGateway"), task("a"), flow("e", "a", "= x >")), "e-a > conditionExpression", "no FEEL"),
        ((task(), flow("e", "start")), "start", "must not have incoming"),
        ((node("endEvent"), task("t"), flow("e", "t")), "e", "must not have outgoing"),
        (
            (task("t"), node("boundaryEvent", "e", definition("error"), attachedToRef="t"), flow("t", "e")),
            "e",
            "must not have incoming",
        ),
        ((node("intermediateThrowEvent", "e", LINK),), "e", "no catch event for the link 'A'"),
        ((node("intermediateCatchEvent", "e", LINK), flow("start", "e")), "e", "must not have incoming"),
        (
            (
                node("intermediateThrowEvent", "e", LINK),
                node("intermediateCatchEvent", "to", LINK),
                task("t"),
                flow("e", "t"),
            ),
            "e",
            "must not have outgoing",
        ),
    ],
)
def test_flows_that_cannot_be_are_refused(content: tuple[str, ...], path: str, expected: str) -> None:
    ((found, what),) = complaints(*content)
    assert found == path
    assert expected in what


def test_a_boundary_event_needs_no_outgoing_flow() -> None:
    found = process(task("t"), node("boundaryEvent", "e", definition("error"), attachedToRef="t"))
    assert found.elements["e"].outgoing == []  # Since 8.6: camunda issue 33589.
