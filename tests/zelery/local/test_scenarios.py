from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from zelery.camunda.bpmn import read
from zelery.catalogue import served, served_inbound
from zelery.local.scenarios import SCENARIOS, SECRET, Scenario, complaint, shown
from zelery.settings import Settings

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"

#: What the official REST element template writes (`spec/outbound.md` §5.1).
INPUTS = {
    "authentication.type",
    "method",
    "url",
    "headers",
    "queryParameters",
    "body",
    "connectionTimeoutInSeconds",
    "readTimeoutInSeconds",
    "writeTimeoutInSeconds",
}
HEADERS = {"resultVariable", "resultExpression", "errorExpression", "retryBackoff"}

INBOUND = [each for each in SCENARIOS if each.by_webhook or each.with_polling or each.with_rabbitmq]
OUTBOUND = [each for each in SCENARIOS if each not in INBOUND]

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=[each.name for each in SCENARIOS])
each_outbound = pytest.mark.parametrize("scenario", OUTBOUND, ids=[each.name for each in OUTBOUND])
each_inbound = pytest.mark.parametrize("scenario", INBOUND, ids=[each.name for each in INBOUND])


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ({"outcome": "found"}, None),  # as it must be
        ({"outcome": "lost"}, "m: an instance ended with outcome 'lost', expected 'found'"),  # another way
        ({}, "m: an instance ended with outcome None, expected 'found'"),  # no expression was evaluated
        ({"outcome": "found", "a": [{"b": "x hidden y"}]}, "m: the secret's value is in the variables of an instance"),
    ],
)
def test_an_instance_is_complained_about_by_name(ended: dict[str, Any], expected: str | None) -> None:
    assert complaint(Scenario(name="m", shows="", outcome="found"), ended, "hidden") == expected


def test_a_complaint_does_not_say_the_secret() -> None:
    said = complaint(Scenario(name="m", shows="", outcome="found"), {"outcome": "hidden"}, "hidden")
    assert said is not None
    assert "hidden" not in said


@each_outbound
def test_a_model_uses_the_official_template_and_only_its_properties(scenario: Scenario) -> None:
    (task,) = ET.fromstring(scenario.model).iter(f"{BPMN}serviceTask")
    assert task.attrib[f"{ZEEBE}modelerTemplate"] == "io.camunda.connectors.HttpJson.v2"
    inputs = {each.attrib["target"] for each in task.iter(f"{ZEEBE}input")}
    headers = {each.attrib["key"] for each in task.iter(f"{ZEEBE}header")}
    assert {"authentication.type", "method", "url"} <= inputs <= INPUTS
    assert {"resultExpression", "retryBackoff"} <= headers <= HEADERS


@each_outbound
def test_a_model_names_a_connector_that_is_served_here(scenario: Scenario) -> None:
    (definition,) = ET.fromstring(scenario.model).iter(f"{ZEEBE}taskDefinition")
    assert definition.attrib["type"] in served(Settings.read({}))
    assert int(definition.attrib["retries"]) >= (scenario.attempts or 1)


@each_inbound
def test_an_inbound_model_reads_without_fault_and_its_connectors_are_served_here(scenario: Scenario) -> None:
    found = read(scenario.model, scenario.process_id)
    assert (bool(found.elements), found.faults) == (True, ())
    assert {each.type for each in found.elements} <= served_inbound(Settings.read({})).keys()
    assert all(each.template and each.template.id.startswith("io.camunda.connectors.") for each in found.elements)


def test_what_needs_a_server_is_shown_only_with_it() -> None:
    assert {"parcel", "letter"} == {each.name for each in {*SCENARIOS} - {*shown(polling=False, rabbitmq=False)}}
    assert {each.name for each in {*SCENARIOS} - {*shown(polling=True, rabbitmq=False)}} == {"letter"}
    assert shown(polling=True, rabbitmq=True) == SCENARIOS


@each_scenario
def test_a_modeler_can_draw_every_element_of_a_model(scenario: Scenario) -> None:
    model = ET.fromstring(scenario.model)
    (process,) = model.iter(f"{BPMN}process")
    assert process.attrib["id"] == scenario.process_id
    flows = {each.attrib["id"] for each in process.iter(f"{BPMN}sequenceFlow")}
    elements = {each.attrib["id"] for each in process if "id" in each.attrib}
    assert {each.attrib["bpmnElement"] for each in model.iter(f"{DI}BPMNEdge")} == flows
    assert {each.attrib["bpmnElement"] for each in model.iter(f"{DI}BPMNShape")} == elements - flows


def test_one_model_shows_the_secret_by_its_name_alone() -> None:
    assert [each.name for each in SCENARIOS if f"{{{{secrets.{SECRET}}}}}".encode() in each.model] == ["customer"]
