"""Writes a BPMN file: the elements of its processes, and what their events refer to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

from lxml import etree

from tests.zelery.engine.rules.definitions import NAMESPACES, Event, Multi, Parts, Root, Tag, condition, qualified
from tests.zelery.engine.rules.structure import Content, Element, Flow, Process

Node: TypeAlias = etree._Element

#: What Modeler says of itself, and of the platform that a model is for.
_HEAD = {
    "id": "Definitions_1",
    "targetNamespace": "http://bpmn.io/schema/bpmn",
    "exporter": "Camunda Modeler",
    "exporterVersion": "5.40.0",
    qualified("modeler:executionPlatform"): "Camunda Cloud",
    qualified("modeler:executionPlatformVersion"): "8.8.0",
}


def write(processes: Sequence[Process], *, pools: bool) -> bytes:
    """The file of some processes."""
    root = etree.Element(qualified("bpmn:definitions"), _HEAD, nsmap=NAMESPACES)
    writer = _Writer(root)
    if pools:
        _collaboration(root, processes)
    for process in processes:
        _process(writer, process)
    writer.write_roots()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


class _Writer:
    """A file that is being written."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._roots: dict[str, tuple[str, Root]] = {}

    def id_of(self, root: Root) -> str:
        """The id of a message, signal, error or escalation: the same for the same."""
        text = json.dumps([root.kind, dict(root.attributes), root.correlation_key])
        if text not in self._roots:
            self._roots[text] = (f"{root.kind.capitalize()}_{len(self._roots) + 1}", root)
        return self._roots[text][0]

    def write_roots(self) -> None:
        """Write what events have referred to, after the processes, as Modeler does."""
        for root_id, root in self._roots.values():
            node = _node(self.root, f"bpmn:{root.kind}", {"id": root_id, **root.attributes})
            if root.correlation_key:
                _extensions(node, [Tag("zeebe:subscription", {"correlationKey": root.correlation_key})])


def _collaboration(root: Node, processes: Sequence[Process]) -> None:
    collaboration = _node(root, "bpmn:collaboration", {"id": "Collaboration_1"})
    for each in processes:
        _node(collaboration, "bpmn:participant", {"id": f"Participant_{each.id}", "processRef": each.id})
    _node(collaboration, "bpmn:participant", {"id": "Participant_outside", "name": "Outside"})


def _process(writer: _Writer, process: Process) -> None:
    attributes = {"id": process.id, "isExecutable": str(process.executable).lower()}
    node = _node(writer.root, "bpmn:process", attributes)
    if process.version_tag:
        _extensions(node, [Tag("zeebe:versionTag", {"value": process.version_tag})])
    _content(writer, node, process.content)


def _content(writer: _Writer, scope: Node, content: Content) -> None:
    for element in content.elements:
        _element(writer, scope, element, content.flows)
    for flow in content.flows:
        node = _node(scope, "bpmn:sequenceFlow", {"id": flow.id, "sourceRef": flow.source, "targetRef": flow.target})
        if flow.when:
            _part(node, condition("bpmn:conditionExpression", flow.when))


def _element(writer: _Writer, scope: Node, element: Element, flows: Sequence[Flow]) -> None:
    """Write an element, in the order of BPMN's schema."""
    node = _node(scope, f"bpmn:{element.tag}", _attributes(writer, element, flows))
    for each in element.documentation:
        _part(node, each)
    _extensions(node, [*element.extensions, *(element.event.extensions if element.event is not None else ())])
    _ends(node, "bpmn:incoming", [flow.id for flow in flows if flow.target == element.id])
    _ends(node, "bpmn:outgoing", [flow.id for flow in flows if flow.source == element.id])
    if element.loop is not None:
        _loop(node, element.loop)
    if element.event is not None and not element.refers:
        _event(writer, node, element.event)
    if element.content is not None:
        _content(writer, node, element.content)
    for each in element.body:
        _part(node, each)


def _attributes(writer: _Writer, element: Element, flows: Sequence[Flow]) -> dict[str, str]:
    """An element's attributes, with what refers to a flow or a message."""
    attributes = {"id": element.id, **element.attributes}
    default = next((each.id for each in flows if each.default and each.source == element.id), None)
    if default is not None:
        attributes["default"] = default
    if element.event is not None and element.refers and element.event.refers_to is not None:
        attributes["messageRef"] = writer.id_of(element.event.refers_to)
    return attributes


def _ends(node: Node, name: str, flow_ids: Sequence[str]) -> None:
    for each in flow_ids:
        _node(node, name).text = each


def _event(writer: _Writer, node: Node, event: Event) -> None:
    attributes = {"id": f"{event.kind.capitalize()}EventDefinition_{node.get('id')}", **event.attributes}
    if event.refers_to is not None:
        attributes[f"{event.kind}Ref"] = writer.id_of(event.refers_to)
    definition = _node(node, f"bpmn:{event.kind}EventDefinition", attributes)
    for each in event.parts:
        _part(definition, each)


def _loop(node: Node, loop: Multi) -> None:
    written = _node(node, "bpmn:multiInstanceLoopCharacteristics", {"isSequential": "true"} if loop.sequential else {})
    _extensions(written, loop.extensions)
    if loop.until:
        _part(written, condition("bpmn:completionCondition", loop.until))


def _extensions(node: Node, parts: Parts) -> None:
    if parts:
        extensions = _node(node, "bpmn:extensionElements")
        for each in parts:
            _part(extensions, each)


def _part(node: Node, part: Tag) -> None:
    written = _node(node, part.name, dict(part.attributes))
    if part.text:
        written.text = part.text
    for each in part.parts:
        _part(written, each)


def _node(parent: Node, name: str, attributes: dict[str, str] | None = None) -> Node:
    return etree.SubElement(parent, qualified(name), attributes or {})
