"""BPMN for tests: a line of service tasks, as small as Zeebe takes it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr


def line_of_tasks(process_id: str, *types: str, headers: Mapping[str, str] | None = None, retries: int = 3) -> bytes:
    """A process of service tasks `t0`, `t1`, … of these job types, one after the other; the headers are the first's."""
    nodes = ["s", *(f"t{n}" for n in range(len(types))), "e"]
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(itertools.pairwise(nodes))
    )
    tasks = "".join(_task(f"t{n}", type_, retries, (headers or {}) if n == 0 else {}) for n, type_ in enumerate(types))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="tests">
<bpmn:process id={quoteattr(process_id)} isExecutable="true">
<bpmn:startEvent id="s"/>{tasks}<bpmn:endEvent id="e"/>{flows}</bpmn:process></bpmn:definitions>""".encode()


def _task(element_id: str, type_: str, retries: int, headers: Mapping[str, str]) -> str:
    lines = "".join(f"<zeebe:header key={quoteattr(k)} value={quoteattr(v)}/>" for k, v in headers.items())
    return (
        f'<bpmn:serviceTask id="{element_id}"><bpmn:extensionElements>'
        f'<zeebe:taskDefinition type={quoteattr(type_)} retries="{retries}"/>'
        f"<zeebe:taskHeaders>{lines}</zeebe:taskHeaders></bpmn:extensionElements></bpmn:serviceTask>"
    )
