from __future__ import annotations

import pytest

from tests.zelery.engine.bpmn.models import (
    JOB,
    complaints,
    definition,
    extended,
    flow,
    node,
    process,
    task,
    timer,
)
from zelery.engine.bpmn.model import Kind

LOOP = '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="= items"/>'
LOOP += "</extensionElements></multiInstanceLoopCharacteristics>"
BOUNDARY = node("boundaryEvent", "b", timer("timeDuration", "PT1H"), attachedToRef="e", cancelActivity="false")


def test_flows_leave_in_the_file_s_order_and_a_gateway_knows_its_default() -> None:
    found = process(
        node("exclusiveGateway", "e", default="e-b"), task("a"), task("b"), flow("e", "b"), flow("e", "a", "= x > 1")
    )
    gateway = found.elements["e"]
    assert [each.id for each in gateway.outgoing] == ["e-b", "e-a"]
    assert gateway.default is found.flows["e-b"]
    condition = found.flows["e-a"].condition
    assert condition is not None
    assert condition.feel is not None
    assert condition.feel.evaluate_json({"x": 2}) is True


def test_a_boundary_event_is_attached_to_its_activity() -> None:
    found = process(task(), BOUNDARY)
    assert found.elements["b"].attached_to is found.elements["e"]
    assert found.elements["e"].boundary_events == [found.elements["b"]]
    assert not found.elements["b"].interrupting


@pytest.mark.parametrize(
    ("attributes", "content"),
    [
        ({}, task()),
        ({"attachedToRef": "gone"}, task()),
        ({"attachedToRef": "start"}, task()),  # an event
        ({"attachedToRef": "inner"}, node("subProcess", "e", node("startEvent", "s") + task("inner"))),
        (
            {"attachedToRef": "e"},
            node("subProcess", "e", node("startEvent", "s", definition("error")), triggeredByEvent="true"),
        ),
    ],
)
def test_a_boundary_event_that_is_attached_to_no_activity_of_its_scope_is_refused(
    attributes: dict[str, str], content: str
) -> None:
    ((element, what),) = complaints(content, node("boundaryEvent", "b", definition("error"), **attributes))
    assert element == "b"
    assert "Must be attached to an activity" in what


def test_a_multi_instance_activity_is_a_body_with_flows_and_boundary_events_around_an_inner_activity() -> None:
    mapping = extended(
        'taskDefinition type="work"/>', 'ioMapping><zeebe:input source="a" target="b"/></zeebe:ioMapping>'
    )
    found = process(node("serviceTask", "e", mapping + LOOP), flow("start", "e"), BOUNDARY)
    body = found.elements["e"]
    assert body.kind is Kind.MULTI_INSTANCE_BODY
    assert body.incoming == [found.flows["start-e"]]
    assert body.boundary_events == [found.elements["b"]]
    assert body.job is None
    assert not body.inputs
    inner = body.inner
    assert inner is not None
    assert (inner.id, inner.kind, inner.scope) == ("e", Kind.SERVICE_TASK, body)
    assert body.children == [inner]
    assert inner.job is not None
    assert len(inner.inputs) == 1
    assert not inner.incoming
    assert found.root.children == [found.elements["start"], body, found.elements["b"]]


def test_what_is_in_a_multi_instance_sub_process_is_in_its_inner_activity() -> None:
    found = process(node("subProcess", "e", LOOP + node("startEvent", "s") + task("t") + flow("s", "t")))
    inner = found.elements["e"].inner
    assert inner is not None
    assert found.elements["t"].scope is inner
    assert inner.start is found.elements["s"]
    assert list(found.flows) == ["s-t"]


def test_an_event_sub_process_is_begun_by_its_start_event_and_is_known_to_its_scope() -> None:
    start = node("startEvent", "s", definition("error", "broke"))
    found = process(node("subProcess", "e", start, triggeredByEvent="true"))
    event_sub_process = found.elements["e"]
    assert event_sub_process.kind is Kind.EVENT_SUB_PROCESS
    assert event_sub_process.start is found.elements["s"]
    assert found.root.event_sub_processes == [event_sub_process]


def test_the_children_of_an_ad_hoc_sub_process_are_in_its_inner_instance() -> None:
    handler = node("subProcess", "h", node("startEvent", "s", definition("error")), triggeredByEvent="true")
    found = process(node("adHocSubProcess", "e", task("a") + task("b") + flow("a", "b") + handler))
    ad_hoc, inner = found.elements["e"], found.elements["e#innerInstance"]
    assert ad_hoc.inner is inner
    assert (inner.kind, inner.scope) == (Kind.AD_HOC_INNER, ad_hoc)
    assert found.elements["a"].scope is inner
    assert [each.id for each in ad_hoc.children] == [each.id for each in inner.children] == ["a", "b", "h"]
    assert found.elements["h"].scope is ad_hoc
    assert ad_hoc.event_sub_processes == [found.elements["h"]]
    assert list(found.flows) == ["a-b"]


def test_a_multi_instance_ad_hoc_sub_process_has_a_body_and_inner_instances() -> None:
    found = process(node("adHocSubProcess", "e", LOOP + task("a")))
    ad_hoc = found.elements["e"].inner
    assert ad_hoc is not None
    assert ad_hoc.kind is Kind.AD_HOC_SUB_PROCESS
    assert ad_hoc.inner is found.elements["a"].scope


def test_a_process_knows_its_start_events_with_and_without_an_event() -> None:
    found = process(
        node("startEvent", "m", definition("message", "unkeyed")), node("startEvent", "t", timer("timeCycle", "R/PT1H"))
    )
    assert found.root.start is found.elements["start"]
    assert [each.id for each in found.root.starts] == ["m", "t"]


LINK_IN = '<linkEventDefinition name="A"/>'


def test_a_link_leads_to_the_catch_event_of_its_name() -> None:
    found = process(
        node("intermediateThrowEvent", "e", LINK_IN),
        node("intermediateThrowEvent", "f", LINK_IN),
        node("intermediateCatchEvent", "to", LINK_IN),
    )
    assert found.elements["e"].link_target is found.elements["f"].link_target is found.elements["to"]


def test_a_link_to_another_scope_is_refused() -> None:
    inner = node("startEvent", "s") + node("intermediateCatchEvent", "to", LINK_IN)
    ((element, what),) = complaints(node("intermediateThrowEvent", "e", LINK_IN), node("subProcess", "sub", inner))
    assert element == "e"
    assert "no catch event for the link 'A'" in what


def test_a_default_flow_of_another_gateway_is_refused() -> None:
    ((element, what),) = complaints(
        node("exclusiveGateway", "e", default="start-a"), task("a", JOB), flow("start", "a")
    )
    assert element == "e"
    assert "must start at the gateway" in what


def test_a_condition_behind_a_task_is_refused() -> None:
    ((element, what),) = complaints(task(), task("a"), flow("e", "a", "= true"))
    assert element == "e-a"
    assert "put a gateway before it" in what
