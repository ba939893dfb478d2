"""Compiles a BPMN file: its executable processes, or why it is not executed (`Refused`).

Docs: "BPMN coverage", and the page of each element. What is not executable (lanes, data objects, annotations, the
diagram) is ignored; what is executable and not supported is refused with its id and what to use instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from lxml import etree

from zelery import feel
from zelery.camunda.bpmn import parse
from zelery.engine.bpmn import check
from zelery.engine.bpmn.events import EventReader
from zelery.engine.bpmn.extensions import BPMN, Reader, extension, id_of
from zelery.engine.bpmn.model import Element, Flow, JobDefinition, Kind, LinkEvent, Process
from zelery.engine.bpmn.refuse import Complaint, Refused
from zelery.errors import ModelError

#: Elements by their name in BPMN.
_KINDS = {
    "startEvent": Kind.START_EVENT,
    "endEvent": Kind.END_EVENT,
    "intermediateCatchEvent": Kind.CATCH_EVENT,
    "intermediateThrowEvent": Kind.THROW_EVENT,
    "boundaryEvent": Kind.BOUNDARY_EVENT,
    "task": Kind.TASK,
    "serviceTask": Kind.SERVICE_TASK,
    "sendTask": Kind.SEND_TASK,
    "businessRuleTask": Kind.BUSINESS_RULE_TASK,
    "scriptTask": Kind.SCRIPT_TASK,
    "userTask": Kind.USER_TASK,
    "receiveTask": Kind.RECEIVE_TASK,
    "manualTask": Kind.MANUAL_TASK,
    "callActivity": Kind.CALL_ACTIVITY,
    "subProcess": Kind.SUB_PROCESS,
    "adHocSubProcess": Kind.AD_HOC_SUB_PROCESS,
    "exclusiveGateway": Kind.EXCLUSIVE_GATEWAY,
    "inclusiveGateway": Kind.INCLUSIVE_GATEWAY,
    "parallelGateway": Kind.PARALLEL_GATEWAY,
    "eventBasedGateway": Kind.EVENT_BASED_GATEWAY,
}
#: What has no token, and is ignored.
_IGNORED = frozenset(
    {
        "sequenceFlow",
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "association",
        "group",
        "category",
        "artifact",
        "documentation",
        "extensionElements",
        "incoming",
        "outgoing",
        "ioSpecification",
        "property",
        "dataInputAssociation",
        "dataOutputAssociation",
        "completionCondition",
        "multiInstanceLoopCharacteristics",
        "script",
        "auditing",
        "monitoring",
        "messageEventDefinition",
    }
)
#: What is not executed, and what to use instead.
_REFUSED = {
    "transaction": "transactions are not executed: use an embedded sub-process with boundary events",
    "complexGateway": "complex gateways are not executed: use an inclusive or exclusive gateway",
    "standardLoopCharacteristics": (
        "loop markers are not executed: use a multi-instance marker, or a flow that leads back"
    ),
    "implicitThrowEvent": "implicit throw events are not executed: use an intermediate throw event",
    "callChoreography": "choreographies are not executed: use a process",
    "subChoreography": "choreographies are not executed: use a process",
}
_REFUSED_EXTENSIONS = {
    "executionListeners": "execution listeners are not executed by this engine: delete them, or use a service task",
    "taskListeners": "task listeners are not executed by this engine: delete them, or use a service task",
    "calledDecision": (
        "decisions (DMN) are not executed by this engine: use a task definition (a job worker "
        "decides), or a script task "
        "with a FEEL expression"
    ),
}
_SCOPES = frozenset({Kind.SUB_PROCESS, Kind.EVENT_SUB_PROCESS, Kind.AD_HOC_SUB_PROCESS})
_ACTIVITIES_WITH_JOB = frozenset({Kind.SERVICE_TASK, Kind.SEND_TASK, Kind.BUSINESS_RULE_TASK})

_DEFAULT = feel.Engine()


def read(xml: bytes, resource: str, engine: feel.Engine = _DEFAULT) -> Sequence[Process]:
    """The executable processes of a file.

    Args:
        xml: The file.
        resource: Its name, for messages.
        engine: Compiles FEEL.

    Raises:
        Refused: It is no BPMN, has no executable process, or something that is not executed.
    """
    try:
        root = parse(xml)
    except ModelError as error:
        raise Refused(resource, [Complaint("(the file)", str(error))]) from None
    return _File(root, resource, engine).processes()


class _File:
    """One file, as it is compiled."""

    def __init__(self, root: etree._Element, resource: str, engine: feel.Engine) -> None:
        self._root = root
        self._resource = resource
        self._complaints: list[Complaint] = []
        self._reader = Reader(engine, self._complain)
        self._events = EventReader(root, self._reader)
        self._ids: set[str] = set()

    def _complain(self, element_id: str, what: str) -> None:
        self._complaints.append(Complaint(element_id, what))

    def processes(self) -> Sequence[Process]:
        """All executable processes. Raises Refused."""
        nodes = [each for each in self._root.iterchildren(f"{BPMN}process") if each.get("isExecutable") == "true"]
        if not nodes:
            self._complain("(the file)", 'it has no executable process: set isExecutable="true" on one')
        found = [self._process(node) for node in nodes]
        if self._complaints:
            raise Refused(self._resource, self._complaints)
        return found

    def _process(self, node: etree._Element) -> Process:
        self._known(node)
        root = Element(
            id_of(node),
            Kind.PROCESS,
            name=node.get("name"),
            line=_line(node),
            properties=self._reader.properties(node),
        )
        elements: dict[str, Element] = {root.id: root}
        flows: dict[str, Flow] = {}
        self._children(node, root, elements, flows)
        tag, form = extension(node, "versionTag"), None
        if root.start is not None:
            form = self._start_form(node, root.start.id)
        process = Process(
            id=root.id,
            name=root.name,
            version_tag=tag.get("value") if tag is not None else None,
            root=root,
            elements=elements,
            flows=flows,
            start_form=form,
        )
        check.process(process, self._complain)
        return process

    def _start_form(self, node: etree._Element, start_id: str) -> str | None:
        for start in node.iterchildren(f"{BPMN}startEvent"):
            if start.get("id") == start_id and (form := extension(start, "formDefinition")) is not None:
                return form.get("formId") or form.get("formKey")
        return None

    def _known(self, node: etree._Element) -> None:
        """Complain of an element without an id, or with one that another has."""
        element_id = node.get("id")
        if not element_id:
            self._complain(id_of(node), "it has no id: give it one")
        elif element_id in self._ids:
            self._complain(element_id, "another element has the same id: ids are unique in a file, so change one")
        else:
            self._ids.add(element_id)

    def _children(
        self, node: etree._Element, scope: Element, elements: dict[str, Element], flows: dict[str, Flow]
    ) -> None:
        """Compile all that is directly within a scope, then its flows. Sub-processes are compiled on the way."""
        inner: dict[str, Element] = {}
        for child in node.iterchildren(etree.Element):
            if (element := self._element(child, scope, elements, flows)) is not None:
                inner[element.id] = element
        for flow in node.iterchildren(f"{BPMN}sequenceFlow"):
            self._flow(flow, inner, flows)
        self._defaults(node, inner)
        self._attach(node, inner)
        _link(inner.values())
        _derive(scope)

    def _element(
        self, node: etree._Element, scope: Element, elements: dict[str, Element], flows: dict[str, Flow]
    ) -> Element | None:
        tag = etree.QName(node)
        if tag.namespace != BPMN[1:-1] or tag.localname in _IGNORED or tag.localname.endswith("EventDefinition"):
            return None
        if tag.localname not in _KINDS:
            instead = _REFUSED.get(tag.localname, f"elements of type {tag.localname} are not executed: use another")
            self._complain(id_of(node), instead)
            return None
        self._known(node)
        self._refuse_parts(node)
        kind = _KINDS[tag.localname]
        if kind is Kind.SUB_PROCESS and node.get("triggeredByEvent") == "true":
            kind = Kind.EVENT_SUB_PROCESS
        element = self._compiled(node, kind)
        placed = self._placed(node, element, scope)
        elements[element.id] = placed
        if kind in _SCOPES:
            self._children(node, self._inner_scope(element, elements), elements, flows)
        return placed

    def _refuse_parts(self, node: etree._Element) -> None:
        for name, instead in _REFUSED_EXTENSIONS.items():
            if extension(node, name) is not None:
                self._complain(id_of(node), instead)
        for name in ("standardLoopCharacteristics",):
            if node.find(f"{BPMN}{name}") is not None:
                self._complain(id_of(node), _REFUSED[name])
        if node.get("isForCompensation") == "true":
            self._complain(id_of(node), "compensation is not executed: undo the work in a flow of the model")

    def _compiled(self, node: etree._Element, kind: Kind) -> Element:
        element = Element(
            id_of(node),
            kind,
            name=node.get("name"),
            line=_line(node),
            inputs=self._reader.mappings(node, "input"),
            outputs=self._reader.mappings(node, "output"),
            properties=self._reader.properties(node),
        )
        element.interrupting = (node.get("cancelActivity") or node.get("isInterrupting") or "true") != "false"
        self._specialize(node, element)
        return element

    def _specialize(self, node: etree._Element, element: Element) -> None:
        """Read what elements of its kind have."""
        match element.kind:
            case Kind.SERVICE_TASK | Kind.SEND_TASK | Kind.BUSINESS_RULE_TASK:
                element.job = self._required_job(node)
            case Kind.SCRIPT_TASK:
                element.script = self._reader.script(node)
                element.job = None if element.script is not None else self._required_job(node)
            case Kind.USER_TASK:
                element.user_task = self._reader.user_task(node)
                element.job = None if element.user_task is not None else self._reader.user_task_job(node)
            case Kind.CALL_ACTIVITY:
                element.called = self._reader.called(node)
            case Kind.AD_HOC_SUB_PROCESS:
                element.ad_hoc = self._reader.ad_hoc(node)
                element.job = self._reader.job(node)
            case _:
                self._events.read(node, element)

    def _required_job(self, node: etree._Element) -> JobDefinition | None:
        job = self._reader.job(node)
        if job is None and extension(node, "calledDecision") is None:
            self._complain(
                id_of(node),
                "Must have exactly one 'zeebe:taskDefinition' extension element: give it a job type, "
                "or an element template",
            )
        return job

    def _placed(self, node: etree._Element, element: Element, scope: Element) -> Element:
        """Put an element into its scope; a multi-instance activity within its body."""
        element.scope = scope
        characteristics = node.find(f"{BPMN}multiInstanceLoopCharacteristics")
        if characteristics is None:
            scope.children.append(element)
            return element
        body = Element(element.id, Kind.MULTI_INSTANCE_BODY, scope=scope, name=element.name, line=element.line)
        body.loop = self._reader.loop(node, characteristics)
        body.inner = element
        body.children.append(element)
        element.scope = body
        scope.children.append(body)
        return body

    def _inner_scope(self, element: Element, elements: dict[str, Element]) -> Element:
        """Where the children of a scope are: an ad-hoc sub-process has an inner instance around each."""
        if element.kind is not Kind.AD_HOC_SUB_PROCESS:
            return element
        inner = Element(f"{element.id}#innerInstance", Kind.AD_HOC_INNER, scope=element, line=element.line)
        element.inner = inner
        element.children = inner.children
        elements[inner.id] = inner
        return inner

    def _flow(self, node: etree._Element, inner: dict[str, Element], flows: dict[str, Flow]) -> None:
        self._known(node)
        source, target = inner.get(node.get("sourceRef") or ""), inner.get(node.get("targetRef") or "")
        if source is None or target is None:
            missing = node.get("sourceRef") if source is None else node.get("targetRef")
            self._complain(
                id_of(node),
                f"the flow refers to '{missing}', which is no element of its scope: connect it to "
                "one, flows do not cross "
                "the border of a sub-process",
            )
            return
        text = node.findtext(f"{BPMN}conditionExpression")
        flow = Flow(id_of(node), source, target)
        if text is not None and text.strip():
            flow.condition = self._reader.feel(node, text, "conditionExpression")
            if not text.strip().startswith("="):
                self._complain(
                    id_of(node), f"Expected expression but found static value '{text}': begin a condition with ="
                )
        source.outgoing.append(flow)
        target.incoming.append(flow)
        flows[flow.id] = flow

    def _defaults(self, node: etree._Element, inner: dict[str, Element]) -> None:
        for child in node.iterchildren(etree.Element):
            default, element = child.get("default"), inner.get(child.get("id") or "")
            if default is None or element is None:
                continue
            element.default = next((flow for flow in element.outgoing if flow.id == default), None)
            if element.default is None:
                self._complain(
                    element.id, f"Default sequence flow '{default}' must start at it: choose another default"
                )

    def _attach(self, node: etree._Element, inner: dict[str, Element]) -> None:
        """Attach boundary events to their activities."""
        for child in node.iterchildren(f"{BPMN}boundaryEvent"):
            event = inner.get(child.get("id") or "")
            if event is None:
                continue
            attached = (child.get("attachedToRef") or "").rpartition(":")[2]
            event.attached_to = inner.get(attached)
            if event.attached_to is None:
                self._complain(
                    event.id, f"Must be attached to an activity, but '{attached}' is none of its scope: attach it"
                )
            else:
                event.attached_to.boundary_events.append(event)


def _line(node: etree._Element) -> int | None:
    return cast("int | None", node.sourceline)  # The stubs do not know it.


def _link(elements: Iterable[Element]) -> None:
    """Lead links that are thrown to the catch events of their names."""
    found = list(elements)
    targets = {
        each.event.name: each for each in found if each.kind is Kind.CATCH_EVENT and isinstance(each.event, LinkEvent)
    }
    for each in found:
        if each.kind is Kind.THROW_EVENT and isinstance(each.event, LinkEvent):
            each.link_target = targets.get(each.event.name)


def _derive(scope: Element) -> None:
    """Note what those who run a scope look for."""
    starts = [each for each in scope.children if each.kind is Kind.START_EVENT]
    for start in starts:
        if start.event is None or scope.kind is Kind.EVENT_SUB_PROCESS:
            scope.start = scope.start or start
        else:
            scope.starts.append(start)
    around = scope.scope if scope.kind is Kind.AD_HOC_INNER and scope.scope is not None else scope
    around.event_sub_processes.extend(each for each in scope.children if each.kind is Kind.EVENT_SUB_PROCESS)
