"""Short texts of BPMN for the reader's tests."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from zelery.engine.bpmn.model import Element, Process
from zelery.engine.bpmn.read import read
from zelery.engine.bpmn.refuse import Refused

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions">'
)
START = '<startEvent id="start"/>'

#: What events refer to.
ROOTS = (
    '<message id="paid" name="paid"><extensionElements><zeebe:subscription correlationKey="= order"/>'
    '</extensionElements></message><message id="unkeyed" name="unkeyed"/><message id="nameless"/>'
    '<signal id="alarm" name="alarm"/><signal id="silent"/>'
    '<error id="broke" errorCode="BROKE"/><error id="wrong" errorCode="= code"/><error id="codeless"/>'
    '<escalation id="late" escalationCode="LATE"/><escalation id="later" escalationCode="= code"/>'
)


def node(kind: str, element_id: str = "e", body: str = "", /, **attributes: str) -> str:
    """One element."""
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f'<{kind} id="{element_id}"{given}>{body}</{kind}>'


def extended(*parts: str) -> str:
    """Extension elements, in the namespace `zeebe`."""
    return f"<extensionElements>{''.join(f'<zeebe:{part}' for part in parts)}</extensionElements>"


JOB = extended('taskDefinition type="work"/>')


def task(element_id: str = "e", body: str = JOB) -> str:
    """A service task."""
    return node("serviceTask", element_id, body)


def flow(source: str, target: str, condition: str = "", flow_id: str = "") -> str:
    """A sequence flow, with the id `source-target`."""
    body = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    return node("sequenceFlow", flow_id or f"{source}-{target}", body, sourceRef=source, targetRef=target)


def definition(kind: str, ref: str = "", body: str = "") -> str:
    """An event definition."""
    reference = f' {kind}Ref="{ref}"' if ref else ""
    return f"<{kind}EventDefinition{reference}>{body}</{kind}EventDefinition>"


def timer(kind: str, text: str) -> str:
    """A timer's definition."""
    return definition("timer", body=f"<{kind}>{text}</{kind}>")


def file(*content: str, roots: str = ROOTS) -> bytes:
    """A file with an executable process `p`."""
    process = f'<process id="p" name="Pay" isExecutable="true">{"".join(content)}</process>'
    return f"{HEAD}{process}{roots}</definitions>".encode()


def process(*content: str) -> Process:
    """The process of a file that has a none start event beside this content."""
    (found,) = read(file(START, *content), "order.bpmn")
    return found


def element(*content: str) -> Element:
    """The element `e` of such a process."""
    return process(*content).elements["e"]


def refusal(*content: str) -> Refused:
    """Why such a process is refused. Fails where it is not."""
    return refusal_of(file(START, *content))


def refusal_of(xml: bytes) -> Refused:
    """Why a file is refused. Fails where it is not."""
    try:
        read(xml, "order.bpmn")
    except Refused as refused:
        return refused
    raise AssertionError("the file was not refused")


def complaints(*content: str) -> list[tuple[str, str]]:
    """The complaints about a process with a none start event."""
    return [(each.element, each.what) for each in refusal(*content).complaints]
