"""The tree of a process's elements: each with what it has for itself, in its scope, not yet connected."""

from __future__ import annotations

import dataclasses

from zelery.engine.bpmn import extensions, user_tasks
from zelery.engine.bpmn.events import read_event, receive
from zelery.engine.bpmn.extensions import extension
from zelery.engine.bpmn.model import Element, Kind
from zelery.engine.bpmn.nodes import BPMN, ZEEBE, Node, bpmn_name, flag, line_of, path_of
from zelery.engine.bpmn.reading import Reading

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
#: What is executable and not executed here, and what to use instead.
_REFUSED = {
    "transaction": "transactions are not executed by this engine: use an embedded sub-process with boundary events",
    "complexGateway": "complex gateways are not executed: use an inclusive, exclusive or parallel gateway",
    "implicitThrowEvent": "implicit throw events are not executed: use an intermediate throw event",
    "event": "events without a type are not executed: use a start, intermediate or end event",
    "callChoreography": "choreographies are not executed: use a call activity",
    "subChoreography": "choreographies are not executed: use a sub-process",
    "choreographyTask": "choreographies are not executed: use a task",
}
#: What is not executable, and parts of elements that are read with them or not at all.
_IGNORED = frozenset(
    {
        *("sequenceFlow", "incoming", "outgoing", "extensionElements", "documentation", "completionCondition"),
        *("multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "auditing", "monitoring"),
        *("laneSet", "dataObject", "dataObjectReference", "dataStoreReference", "property", "ioSpecification"),
        *("ioBinding", "dataInputAssociation", "dataOutputAssociation", "categoryValueRef"),
        *("artifact", "textAnnotation", "association", "group", "supportedInterfaceRef", "supports"),
        *("resourceRole", "performer", "humanPerformer", "potentialOwner", "correlationSubscription"),
    }
)
#: Extension elements that change what is executed and are not executed here, the children that make them so, and what
#: to do.
_REFUSED_EXTENSIONS = {
    "executionListeners": (
        "executionListener",
        "execution listeners are not executed by this engine: delete them, or use service tasks",
    ),
    "taskListeners": ("taskListener", "task listeners are not executed by this engine: delete them"),
    "linkedResources": ("linkedResource", "linked resources are not resolved by this engine: use a variable or header"),
    "calledDecision": (
        None,
        "decisions (DMN) are not executed by this engine: use a script task with FEEL, or a job that decides",
    ),
}
#: What boundary events can be attached to, and what can be multi-instance.
ACTIVITIES = frozenset(
    {
        *(Kind.TASK, Kind.SERVICE_TASK, Kind.SEND_TASK, Kind.BUSINESS_RULE_TASK, Kind.SCRIPT_TASK, Kind.USER_TASK),
        *(Kind.RECEIVE_TASK, Kind.MANUAL_TASK, Kind.CALL_ACTIVITY, Kind.SUB_PROCESS, Kind.AD_HOC_SUB_PROCESS),
    }
)
_WITH_CHILDREN = frozenset({Kind.SUB_PROCESS, Kind.EVENT_SUB_PROCESS, Kind.AD_HOC_SUB_PROCESS})


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """A scope whose children are read."""

    node: Node
    element: Element
    """The process or sub-process."""
    around: Element
    """The scope of its children: of an ad-hoc sub-process its inner instance, else the element."""


@dataclasses.dataclass(slots=True)
class Tree:
    """The elements of a process."""

    elements: dict[str, Element] = dataclasses.field(default_factory=dict)
    """By id, at any depth, the process left out; for a multi-instance activity its body."""
    nodes: dict[str, Node] = dataclasses.field(default_factory=dict)
    """Where they are from, by id."""
    scopes: list[Scope] = dataclasses.field(default_factory=list)
    """The process and its sub-processes, outer ones first."""


def read_tree(reading: Reading, node: Node, root: Element) -> Tree:
    """Read all elements of a process. A list of what is still to read takes the place of recursion."""
    tree = Tree()
    tree.scopes.append(Scope(node, root, root))
    for scope in tree.scopes:  # It grows while it is read.
        for child in scope.node.iterchildren():
            _child(reading, tree, scope, child)
    return tree


def _child(reading: Reading, tree: Tree, scope: Scope, node: Node) -> None:
    """Read one element into its scope, if it is one."""
    name = bpmn_name(node)
    if name is None or name in _IGNORED:
        return
    if name not in _KINDS:
        reading.complain(node, _REFUSED.get(name, f"an element of type '{name}' is not known: delete it"))
        reading.refused_ids.add(node.get("id") or "")
        return
    element_id = node.get("id")
    if not element_id:
        reading.complain(path_of(node), "the element has no id: give it one")
        return
    kind = _KINDS[name]
    if kind is Kind.SUB_PROCESS and flag(node, "triggeredByEvent", default=False):
        kind = Kind.EVENT_SUB_PROCESS
    element = _element(reading, node, kind, scope)
    tree.elements[element_id] = _placed(reading, node, element)
    tree.nodes[element_id] = node
    if kind in _WITH_CHILDREN:
        tree.scopes.append(Scope(node, element, _inner_scope(element)))


def _element(reading: Reading, node: Node, kind: Kind, scope: Scope) -> Element:
    """An element with what it has for itself."""
    refuse_extensions(reading, node)
    documentation = node.find(f"{BPMN}documentation")
    element = Element(
        node.get("id") or "",
        kind,
        # An event sub-process of an ad-hoc sub-process is begun by its event, in no inner instance.
        scope=scope.element if kind is Kind.EVENT_SUB_PROCESS else scope.around,
        name=node.get("name"),
        line=line_of(node),
        documentation=(documentation.text or "").strip() or None if documentation is not None else None,
        inputs=extensions.mappings(reading, node, "input"),
        outputs=extensions.mappings(reading, node, "output"),
        properties=extensions.properties(node),
        interrupting=flag(node, "cancelActivity" if kind is Kind.BOUNDARY_EVENT else "isInterrupting", default=True),
    )
    scope.around.children.append(element)
    _specialize(reading, node, element)
    return element


def _specialize(reading: Reading, node: Node, element: Element) -> None:
    """Read what elements of its kind have."""
    match element.kind:
        case Kind.SERVICE_TASK | Kind.SEND_TASK | Kind.BUSINESS_RULE_TASK | Kind.SCRIPT_TASK:
            _work(reading, node, element)
        case Kind.USER_TASK:
            element.user_task = user_tasks.user_task(reading, node)
            element.job = None if element.user_task is not None else user_tasks.job(reading, node)
        case Kind.RECEIVE_TASK:
            element.event = receive(reading, node)
        case Kind.CALL_ACTIVITY:
            element.called = extensions.called(reading, node)
        case Kind.AD_HOC_SUB_PROCESS:
            element.ad_hoc = extensions.ad_hoc(reading, node)
            element.job = extensions.job(reading, node)
        case _:
            read_event(reading, node, element)


def _work(reading: Reading, node: Node, element: Element) -> None:
    """Read what a task does by itself: a job, or a script in place."""
    remedy = "give it a job type, or an element template"
    if element.kind is Kind.SCRIPT_TASK:
        element.script = extensions.script(reading, node)
        remedy = "give it one, or a 'zeebe:script' with a FEEL expression"
    if element.script is None and extension(node, "calledDecision") is None:
        element.job = extensions.required_job(reading, node, remedy)


def _placed(reading: Reading, node: Node, element: Element) -> Element:
    """What has the flows and boundary events of an element: itself, or the body of a multi-instance activity."""
    if node.find(f"{BPMN}standardLoopCharacteristics") is not None:
        reading.complain(node, "loop markers are not executed: use a multi-instance marker, or a flow that leads back")
    characteristics = node.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if characteristics is None or element.scope is None:
        return element
    if element.kind not in ACTIVITIES:
        reading.complain(node, "only tasks, sub-processes and call activities can be multi-instance: delete the marker")
        return element
    body = Element(
        element.id,
        Kind.MULTI_INSTANCE_BODY,
        scope=element.scope,
        name=element.name,
        line=element.line,
        documentation=element.documentation,
        properties=element.properties,
        loop=extensions.loop(reading, characteristics),
        inner=element,
        children=[element],
    )
    element.scope.children[-1] = body
    element.scope = body
    return body


def _inner_scope(element: Element) -> Element:
    """The scope of an element's children: in an ad-hoc sub-process each has an inner instance around it."""
    if element.kind is not Kind.AD_HOC_SUB_PROCESS:
        return element
    element.inner = Element(
        f"{element.id}#innerInstance", Kind.AD_HOC_INNER, scope=element, line=element.line, children=element.children
    )
    return element.inner


def refuse_extensions(reading: Reading, node: Node) -> None:
    """Complain of what an element has that would change its execution and is not executed here."""
    for name, (part, remedy) in _REFUSED_EXTENSIONS.items():
        found = extension(node, name)
        if found is not None and (part is None or found.find(f"{ZEEBE}{part}") is not None):
            reading.complain(node, remedy)
    if flag(node, "isForCompensation", default=False):
        reading.complain(node, "compensation is not executed by this engine: undo the work by flows of the model")
