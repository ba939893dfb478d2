from __future__ import annotations

import time

import pytest

from tests.zelery.engine.bpmn.models import (
    HEAD,
    JOB,
    START,
    complaints,
    definition,
    extended,
    file,
    flow,
    node,
    process,
    refusal_of,
    task,
)
from zelery.engine.bpmn.read import read

NESTED_MAX = 100
SLOW_S = 2.0


def test_every_executable_process_of_a_file_is_read_and_no_other() -> None:
    pools = "".join(
        f'<process id="{name}" isExecutable="{executable}">{node("startEvent", f"{name}_start")}</process>'
        for name, executable in (("a", "true"), ("b", "false"), ("c", "1"))
    )
    xml = f'{HEAD}<collaboration id="pools"><participant id="one" processRef="a"/></collaboration>{pools}</definitions>'
    assert [each.id for each in read(xml.encode(), "pools.bpmn")] == ["a", "c"]


def test_a_process_has_its_name_version_tag_elements_and_flows() -> None:
    found = process(extended('versionTag value="2.1"/>'), task(), flow("start", "e"))
    assert (found.id, found.name, found.version_tag) == ("p", "Pay", "2.1")
    assert list(found.elements) == ["p", "start", "e"]
    assert found.elements["p"] is found.root
    assert found.flows["start-e"].target is found.elements["e"]
    assert found.root.start is found.elements["start"]
    assert found.elements["e"].incoming == found.elements["start"].outgoing == [found.flows["start-e"]]


def test_an_element_knows_its_line_name_and_documentation() -> None:
    xml = file(START, "\n\n", node("task", "e", "<documentation> Pays. </documentation>", name="Pay it"))
    element = read(xml, "p.bpmn")[0].elements["e"]
    assert (element.line, element.name, element.documentation) == (3, "Pay it", "Pays.")


def test_what_is_not_executable_is_ignored() -> None:
    content = (
        '<laneSet id="lanes"><lane id="lane"><flowNodeRef>start</flowNodeRef></lane></laneSet>',
        *(node(name, name) for name in ("dataObject", "dataObjectReference", "dataStoreReference", "group")),
        node("textAnnotation", "note", "<text>why</text>"),
        node("association", "line", sourceRef="start", targetRef="note"),
        node("subProcess", "e", node("startEvent", "inner") + node("potentialOwner", "owner")),
        "<!-- a comment --><?instruction?><zeebe:something/>",
    )
    assert list(process(*content).elements) == ["p", "start", "e", "inner"]


@pytest.mark.parametrize(
    ("form", "expected"), [('formId="order"', "order"), ('formKey="camunda-forms:1"', "camunda-forms:1"), ("", None)]
)
def test_the_form_of_the_none_start_event_is_the_process_s(form: str, expected: str | None) -> None:
    (found,) = read(file(node("startEvent", "start", extended(f"formDefinition {form}/>"))), "p.bpmn")
    assert found.start_form == expected


def test_a_refusal_names_the_file_the_element_and_the_remedy() -> None:
    text = str(refusal_of(file(START, node("serviceTask", "charge", extended("taskDefinition/>")))))
    assert text == (
        "'order.bpmn': - Element: charge > extensionElements > taskDefinition\n"
        "    - ERROR: Attribute 'type' must be present and not empty: give the job a type"
    )


def test_all_complaints_are_told_at_once_each_once() -> None:
    found = complaints(node("serviceTask", "a"), node("serviceTask", "b"), node("complexGateway", "c"))
    assert [element for element, _ in found] == ["a", "b", "c"]


def test_a_refusal_s_text_is_short_whatever_a_file_has() -> None:
    tasks = "".join(node("serviceTask", f"t{number}", "", name="x" * 1000) for number in range(1000))
    expression = node("serviceTask", "long", extended(f'taskDefinition type="= {"(" * 5000}"/>'))
    text = str(refusal_of(file(START, expression, tasks)))
    assert len(text) < 8000
    assert "… and 986 more" in text


HOSTILE = {
    "no XML": (b"order", "no XML that can be read"),
    "no BPMN": (b"<order/>", "no BPMN"),
    "empty": (b"", "no XML that can be read"),
    "a document type": (b'<!DOCTYPE d [<!ENTITY e "x">]>' + file(START), "document type"),
    "nothing executable": (f"{HEAD}</definitions>".encode(), 'isExecutable="true"'),
    "no id": (f'{HEAD}<process isExecutable="true">{START}</process></definitions>'.encode(), "has no id"),
    "no start": (file(task()), "Must have at least one start event"),
    "two starts": (file(START, node("startEvent", "again")), "Multiple none start events"),
    "an id twice": (file(START, task(), task()), "the id 'e' is there twice"),
    "an id of a message": (file(START, task("paid")), "the id 'paid' is there twice"),
    "an id that is none": (file(START, task("1 e")), "the id '1 e' is none"),
    "an element without id": (file(START, f"<task>{JOB}</task>"), "the element has no id"),
    "a flow without id": (file(START, task(), '<sequenceFlow sourceRef="start" targetRef="e"/>'), "the flow has no id"),
    "a flow to nothing": (file(START, flow("start", "gone")), "the targetRef 'gone' is no element"),
    "a flow from nothing": (file(START, '<sequenceFlow id="f" targetRef="start"/>'), "the sourceRef '' is no element"),
    "an unknown element": (file(START, node("magicTask")), "'magicTask' is not known"),
}


@pytest.mark.parametrize(("xml", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_executed_is_refused_in_words(xml: bytes, expected: str) -> None:
    text = str(refusal_of(xml))
    assert text.startswith("'order.bpmn': ")
    assert expected in text


def test_a_flow_across_the_border_of_a_sub_process_is_refused() -> None:
    inner = node("startEvent", "inner") + task()
    found = complaints(node("subProcess", "sub", inner), flow("start", "e"), flow("inner", "sub"))
    assert [element for element, _ in found] == ["start-e", "inner-sub"]
    assert "is in another scope" in found[0][1]


REFUSED = {
    "transaction": "sub-process with boundary events",
    "complexGateway": "inclusive, exclusive or parallel",
    "callChoreography": "call activity",
}


@pytest.mark.parametrize(("name", "instead"), REFUSED.items())
def test_what_is_executable_and_not_executed_is_refused_with_what_to_use_instead(name: str, instead: str) -> None:
    found = complaints(node(name), flow("start", "e"))
    assert len(found) == 1, "what leads to it is not complained of as well"
    assert found[0][0] == "e"
    assert instead in found[0][1]


def listener(kind: str) -> str:
    return f'{kind}s><zeebe:{kind} type="l"/></zeebe:{kind}s>'


EXTENSIONS = {
    "execution listeners": (listener("executionListener"), "execution listeners"),
    "task listeners": (listener("taskListener"), "task listeners"),
    "linked resources": ('linkedResources><zeebe:linkedResource resourceId="r"/></zeebe:linkedResources>', "linked"),
}


@pytest.mark.parametrize(("part", "expected"), EXTENSIONS.values(), ids=EXTENSIONS)
def test_extensions_that_are_not_executed_are_refused(part: str, expected: str) -> None:
    (found,) = complaints(node("userTask", "e", extended(part)))
    assert found[0] == "e"
    assert expected in found[1]


def test_execution_listeners_of_a_process_are_refused_too() -> None:
    assert complaints(extended(listener("executionListener")))[0][0] == "p"


def test_a_container_without_listeners_is_no_reason_to_refuse() -> None:
    assert "e" in process(node("userTask", "e", extended("executionListeners/>"))).elements


def test_a_hundred_nested_sub_processes_are_read() -> None:
    content = task()
    for number in range(NESTED_MAX):
        content = node("subProcess", f"s{number}", node("startEvent", f"start{number}") + content)
    found = process(content).elements["e"]
    depth = 0
    while found.scope is not None:
        found, depth = found.scope, depth + 1
    assert depth == NESTED_MAX + 1


def test_sub_processes_nested_beyond_what_the_parser_takes_are_refused() -> None:
    content = "".join(f'<subProcess id="s{number}">' for number in range(5000)) + "</subProcess>" * 5000
    assert "no XML that can be read" in str(refusal_of(file(START, content)))


def test_ten_thousand_elements_are_read_in_well_under_two_seconds() -> None:
    parts = [START]
    before = "start"
    for number in range(10_000):
        mapping = f'ioMapping><zeebe:input source="= order.items[{number % 1000}]" target="item"/></zeebe:ioMapping>'
        parts += [task(f"t{number}", extended('taskDefinition type="work"/>', mapping)), flow(before, f"t{number}")]
        before = f"t{number}"
    xml = file(*parts)
    began = time.process_time()
    (found,) = read(xml, "long.bpmn")
    assert time.process_time() - began < SLOW_S
    assert len(found.flows) == 10_000


def test_an_event_of_another_namespace_is_no_event_definition() -> None:
    assert process(node("endEvent", "e", '<zeebe:errorEventDefinition errorRef="x"/>')).elements["e"].event is None


def test_the_roots_of_a_file_are_found_by_kind_and_id() -> None:
    found = complaints(node("endEvent", "e", definition("signal", "paid")))
    assert "'paid' is not in the file" in found[0][1]
