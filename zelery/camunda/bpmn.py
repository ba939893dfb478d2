"""Reads a BPMN model for its inbound connectors: pure, bounded, and safe with a hostile file.

    read(xml, process id) → the elements of that process that are inbound connectors, and what is wrong with others

An element that cannot be used is a fault with its id and line; it never takes others with it. Only a file that is no
model, or that lacks the process, is an error. Eligible are start events, message catch events, boundary events and
receive tasks at any depth of sub-processes, marked by the property `inbound.type` (`spec/inbound.md` §1.4, §1.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from lxml import etree

from zelery.errors import ModelError, PropertyError
from zelery.properties import CORRELATION_KEY, TYPE, CorrelationRules, nest

#: Zeebe takes no command above 4 MB unless it is told otherwise; a model is a part of one.
BYTES_MAX = 8 * 2**20
#: How much of a foreign text a message repeats.
_SHOWN_MAX = 200
_NO_DOCTYPE = "delete its document type (<!DOCTYPE …>), which no modeler writes"

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
_DEFINITIONS = f"{_BPMN}definitions"
_PROCESS = f"{_BPMN}process"
_MESSAGE = f"{_BPMN}message"
_MESSAGE_EVENT = f"{_BPMN}messageEventDefinition"
_START = "startEvent"
_BOUNDARY = "boundaryEvent"
_RECEIVE = "receiveTask"
_ELIGIBLE = [_BPMN + name for name in (_START, "intermediateCatchEvent", _BOUNDARY, _RECEIVE)]
_PROPERTY = f"{_BPMN}extensionElements/{_ZEEBE}properties/{_ZEEBE}property"


@dataclass(frozen=True, slots=True)
class ProcessStart:
    """An event creates an instance of this version of the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStart:
    """An event publishes a message that starts the process, or an event sub-process."""

    message: str
    """The message's name as the model has it: it is not evaluated, whatever it looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCatch:
    """An event publishes a message that a waiting instance catches."""

    message: str
    """The message's name as the model has it: it is not evaluated, whatever it looks like."""
    attached_to: str | None = None
    """For a boundary event, the id of the activity that waits."""


CorrelationPoint: TypeAlias = ProcessStart | MessageStart | MessageCatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The element template that an element was made with."""

    id: str
    version: str | None = None
    icon: str | None = None
    """A picture as a data URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundElement:
    """An element of a process that is an inbound connector."""

    element_id: str
    name: str | None = None
    bpmn_type: str
    """Its name in BPMN: `startEvent`, `intermediateCatchEvent`, `boundaryEvent`, `receiveTask`."""
    point: CorrelationPoint
    """What an event does."""
    template: Template | None = None
    properties: Mapping[str, str]
    """All of them by their dotted names, in the model's order; secrets are placeholders still."""
    line: int | None = None
    """Where it stands in the file."""

    @property
    def type(self) -> str:
        """The connector's type."""
        return self.properties[TYPE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one element."""

    element_id: str | None
    line: int | None
    what: str
    """For the model's author, with the remedy; said after the element's id: `has no property …`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProcess:
    """A process as inbound sees it, in the model's order."""

    elements: tuple[InboundElement, ...] = ()
    faults: tuple[Fault, ...] = ()
    """Elements that are left out, and oddities of those that are not."""


def read(xml: bytes, process_id: str) -> ReadProcess:
    """The inbound elements of one process of a file. Raises ModelError for no XML, no BPMN, no such process."""
    root = parse(xml)
    names = {message.get("id"): message.get("name") for message in root.iterchildren(_MESSAGE)}
    elements: list[InboundElement] = []
    faults: list[Fault] = []
    for node in _process(root, process_id).iter(*_ELIGIBLE):
        values, repeated = _properties(node)
        if TYPE not in values:
            continue
        faults += [
            _fault(node, f"has property {key} more than once: the first counts, delete others") for key in repeated
        ]
        element = _element(node, values, names)
        if isinstance(element, Fault):
            faults.append(element)
        else:
            elements.append(element)
    return ReadProcess(elements=tuple(elements), faults=tuple(faults))


def processes(xml: bytes) -> tuple[str, ...]:
    """The ids of a file's processes, executable or not. Raises ModelError for no XML and no BPMN."""
    return _ids(parse(xml))


def _ids(root: etree._Element) -> tuple[str, ...]:
    return tuple(str(process.get("id")) for process in root.iterchildren(_PROCESS) if process.get("id"))


class _Refusing(etree.Resolver):
    """Opens nothing: libxml2 asks for the external part of a document type even when told not to load it."""

    def resolve(self, system_url: str, public_id: str, context: object = None) -> None:  # noqa: ARG002 - lxml's
        raise ModelError(f"the model refers to {system_url[:_SHOWN_MAX]!r}, which is not opened; {_NO_DOCTYPE}")


def parse(xml: bytes) -> etree._Element:
    """The root of a BPMN file. Raises ModelError for no XML, no BPMN, a file too large or with a document type."""
    if len(xml) > BYTES_MAX:
        raise ModelError(f"the model has {len(xml)} bytes, more than the {BYTES_MAX} that are read: split it")
    # A parser of its own: one that is shared would let only one thread read at a time. Depth is libxml2's to bound.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, collect_ids=False)
    parser.resolvers.add(_Refusing())
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        why = " ".join(str(error.msg).split())[:_SHOWN_MAX]
        raise ModelError(f"the model is no XML that can be read: {why}", line=error.lineno) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ModelError(f"the model has a document type: {_NO_DOCTYPE}")
    if root.tag != _DEFINITIONS:
        found = str(root.tag)[:_SHOWN_MAX]
        raise ModelError(f"the file is no BPMN: it begins with {found}, not with {_DEFINITIONS}", line=_line(root))
    return root


def _process(root: etree._Element, process_id: str) -> etree._Element:
    for process in root.iterchildren(_PROCESS):
        if process.get("id") == process_id:
            return process
    there = ", ".join(map(repr, _ids(root)))[:_SHOWN_MAX]
    raise ModelError(f"the model has no process {process_id!r}; it has {there or 'none'}", line=_line(root))


def _properties(node: etree._Element) -> tuple[dict[str, str], list[str]]:
    """Properties that have a value, and the names of those that come again; the first of a name counts."""
    values: dict[str, str] = {}
    repeated: dict[str, None] = {}
    for each in node.iterfind(_PROPERTY):
        key, value = each.get("name"), each.get("value")
        if key is None or value is None:
            continue
        if key in values:
            repeated[key] = None
        else:
            values[key] = value
    return values, list(repeated)


def _element(
    node: etree._Element, values: Mapping[str, str], names: Mapping[str | None, str | None]
) -> InboundElement | Fault:
    element_id = node.get("id")
    if not element_id:
        return _fault(node, "has no id, and a connector is known by it: give it one")
    point = _point(node, values, names)
    if isinstance(point, Fault):
        return point
    try:
        # Whoever reads them again, later, may rely on it that they can be read.
        nest(values)
        CorrelationRules.of(values)
    except PropertyError as error:
        return _fault(node, f"cannot be used: {error}")
    return InboundElement(
        element_id=element_id,
        name=node.get("name"),
        bpmn_type=_bpmn_type(node),
        point=point,
        template=_template(node),
        properties=values,
        line=_line(node),
    )


def _point(
    node: etree._Element, values: Mapping[str, str], names: Mapping[str | None, str | None]
) -> CorrelationPoint | Fault:
    bpmn_type = _bpmn_type(node)
    event = node if bpmn_type == _RECEIVE else node.find(_MESSAGE_EVENT)
    if event is None:
        if bpmn_type == _START:
            return ProcessStart()
        return _fault(node, "is no message event: an inbound connector here needs one, so change the event's type")
    reference = _local(event.get("messageRef"))
    if reference is None:
        return _fault(node, "refers to no message: choose one, or apply its element template again")
    message = names.get(reference)
    if not message:
        return _fault(node, f"refers to message {reference!r}, which is missing or has no name: give it a name")
    if bpmn_type == _START:
        return MessageStart(message=message)
    return _catch(node, values, message)


def _catch(node: etree._Element, values: Mapping[str, str], message: str) -> MessageCatch | Fault:
    if CORRELATION_KEY not in values:
        return _fault(node, f"has no property {CORRELATION_KEY}: say where an event has its correlation key")
    attached_to = _local(node.get("attachedToRef"))
    if attached_to is None and _bpmn_type(node) == _BOUNDARY:
        return _fault(node, "is attached to no activity: attach it to one")
    return MessageCatch(message=message, attached_to=attached_to)


def _local(reference: str | None) -> str | None:
    """What a reference refers to: it is a qualified name, and an id has no colon."""
    return reference.rpartition(":")[2] if reference else None


def _template(node: etree._Element) -> Template | None:
    template = node.get(f"{_ZEEBE}modelerTemplate")
    if template is None:
        return None
    return Template(
        id=template,
        version=node.get(f"{_ZEEBE}modelerTemplateVersion"),
        icon=node.get(f"{_ZEEBE}modelerTemplateIcon"),
    )


def _line(node: etree._Element) -> int | None:
    return cast("int | None", node.sourceline)  # The stubs do not know it.


def _bpmn_type(node: etree._Element) -> str:
    return str(node.tag).removeprefix(_BPMN)


def _fault(node: etree._Element, what: str) -> Fault:
    return Fault(element_id=node.get("id"), line=_line(node), what=what)
