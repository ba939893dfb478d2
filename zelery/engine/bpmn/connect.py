"""What connects the elements of a process: flows, default flows, boundary events, links, and where scopes begin."""

from __future__ import annotations

from zelery.engine.bpmn.elements import ACTIVITIES, Scope, Tree
from zelery.engine.bpmn.model import Element, Flow, Kind, LinkEvent
from zelery.engine.bpmn.nodes import BPMN, Node, path_of, reference, text_of
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import shown

_WITH_DEFAULT = frozenset({Kind.EXCLUSIVE_GATEWAY, Kind.INCLUSIVE_GATEWAY})


def connect(reading: Reading, tree: Tree) -> dict[str, Flow]:
    """Connect all elements. The flows by id."""
    flows: dict[str, Flow] = {}
    for scope in tree.scopes:
        for node in scope.node.iterchildren(f"{BPMN}sequenceFlow"):
            _flow(reading, tree, scope, node, flows)
    for element_id, element in tree.elements.items():
        node = tree.nodes[element_id]
        if element.kind in _WITH_DEFAULT:
            _default(reading, node, element)
        elif element.kind is Kind.BOUNDARY_EVENT:
            _attach(reading, tree, node, element)
    for scope in tree.scopes:
        _links(scope.around)
        _begin(scope.element)
    return flows


def _flow(reading: Reading, tree: Tree, scope: Scope, node: Node, flows: dict[str, Flow]) -> None:
    source, target = (_end(reading, tree, scope, node, name) for name in ("sourceRef", "targetRef"))
    flow_id = node.get("id")
    if not flow_id:
        reading.complain(path_of(node), "the flow has no id: give it one")
    if source is None or target is None or not flow_id:
        return
    flow = Flow(flow_id, source, target)
    condition = node.find(f"{BPMN}conditionExpression")
    if condition is not None and text_of(condition):
        if source.kind in _WITH_DEFAULT:
            flow.condition = reading.expression(condition, "conditionExpression", text_of(condition))
        else:
            reading.complain(
                node, "Conditions are evaluated behind exclusive and inclusive gateways only: put a gateway before it"
            )
    source.outgoing.append(flow)
    target.incoming.append(flow)
    flows[flow_id] = flow


def _end(reading: Reading, tree: Tree, scope: Scope, node: Node, name: str) -> Element | None:
    """The source or target of a flow; None where there is none in its scope, which is complained of."""
    ref = reference(node, name)
    found = tree.elements.get(ref or "")
    if found is not None and found.scope is scope.around:
        return found
    if ref in reading.refused_ids:
        return None
    if found is not None and found.kind is Kind.EVENT_SUB_PROCESS and found.scope is scope.element:
        return found
    why = "is in another scope" if found is not None else "is no element of the process"
    reading.complain(
        node,
        f"the {name} '{shown(ref or '')}' {why}: connect the flow to an element of its scope, flows do not cross the "
        "border of a sub-process",
    )
    return None


def _default(reading: Reading, node: Node, element: Element) -> None:
    ref = reference(node, "default")
    if ref is None:
        return
    element.default = next((flow for flow in element.outgoing if flow.id == ref), None)
    if element.default is None:
        reading.complain(node, f"the default flow '{shown(ref)}' must start at the gateway: choose one that does")


def _attach(reading: Reading, tree: Tree, node: Node, element: Element) -> None:
    """Attach a boundary event to its activity."""
    ref = reference(node, "attachedToRef")
    activity = tree.elements.get(ref or "")
    if ref in reading.refused_ids:
        return
    if activity is None or activity.scope is not element.scope or not is_activity(activity):
        what = f"'{shown(ref)}' is none in its scope" if ref is not None else "it has no attachedToRef"
        reading.complain(node, f"Must be attached to an activity, but {what}: attach it to one")
        return
    element.attached_to = activity
    activity.boundary_events.append(element)


def _links(scope: Element) -> None:
    """Lead links that are thrown to the catch events of their names."""
    targets = {
        each.event.name: each
        for each in scope.children
        if each.kind is Kind.CATCH_EVENT and isinstance(each.event, LinkEvent)
    }
    for each in scope.children:
        if each.kind is Kind.THROW_EVENT and isinstance(each.event, LinkEvent):
            each.link_target = targets.get(each.event.name)


def _begin(scope: Element) -> None:
    """Note what those who run a scope look for: how it begins, and its event sub-processes."""
    for each in scope.children:
        if each.kind is Kind.EVENT_SUB_PROCESS:
            scope.event_sub_processes.append(each)
        elif each.kind is Kind.START_EVENT:
            if each.event is None or scope.kind is Kind.EVENT_SUB_PROCESS:
                scope.start = scope.start or each
            else:
                scope.starts.append(each)


def is_activity(element: Element) -> bool:
    """Whether an element is a task, a sub-process or a call activity, or the body of one that is multi-instance."""
    return element.kind is Kind.MULTI_INSTANCE_BODY or element.kind in ACTIVITIES
