"""Builds BPMN files for tests, as Camunda Modeler writes them but for the diagram.

    model(
        process(
            "order",
            path(start(), exclusive("paid"), service("ship"), end("shipped")),
            path("paid", service("remind"), end("reminded"), when="= not(paid)"),
            ...
        )
    )

A path connects its elements in order; an id stands for an element that is defined elsewhere in the same scope. Elements
that stand in a scope without a path are placed there, unconnected: event sub-processes, what an ad-hoc sub-process may
activate. `process(id, start(), task, end())` with nothing but elements that flows connect is short for one path.
The flow from `a` to `b` has the id `a_to_b`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from lxml import etree

from tests.zelery.engine.rules.definitions import Event, Parts, Tag, qualified
from tests.zelery.engine.rules.file import write
from tests.zelery.engine.rules.structure import Common, Content, Element, Part, Path, Process, content_of

__all__ = ["Common", "Element", "Part", "Path", "Process"]


def path(*steps: Element | str, when: str = "", default: bool = False) -> Path:
    """Elements, or ids of elements, that flows connect in this order.

    Args:
        steps: Elements, each defined here, or ids of others in the same scope.
        when: The condition of the first flow.
        default: Whether the first flow is the default flow of the gateway that it leaves.
    """
    return Path(steps, when, default)


def process(process_id: str, *parts: Part, version_tag: str = "", executable: bool = True) -> Process:
    """A process of paths, or of elements that one path connects."""
    return Process(process_id, content_of(parts, connected=True), version_tag, executable)


def model(*processes: Process, pools: bool = False) -> bytes:
    """A BPMN file of these processes.

    Args:
        processes: In the order of the file.
        pools: Whether there is a collaboration with a pool for each, and a collapsed one.
    """
    return write(processes, pools=pools)


def _element(
    element_id: str,
    tag: str,
    common: Common,
    *,
    first: Parts = (),
    attributes: Mapping[str, str] | None = None,
    event: Event | None = None,
    body: Parts = (),
    content: Content | None = None,
) -> Element:
    """An element with what any may have, in the order in which Modeler writes it."""
    inputs, outputs = common.get("inputs", {}), common.get("outputs", {})
    extensions = list(first)
    if inputs or outputs:
        mapped = [Tag("zeebe:input", {"source": source, "target": target}) for target, source in inputs.items()]
        mapped += [Tag("zeebe:output", {"source": source, "target": target}) for target, source in outputs.items()]
        extensions.append(Tag("zeebe:ioMapping", parts=mapped))
    if headers := common.get("headers"):
        listed = [Tag("zeebe:header", {"key": key, "value": value}) for key, value in headers.items()]
        extensions.append(Tag("zeebe:taskHeaders", parts=listed))
    if properties := common.get("properties"):
        listed = [Tag("zeebe:property", {"name": key, "value": value}) for key, value in properties.items()]
        extensions.append(Tag("zeebe:properties", parts=listed))
    extensions += common.get("extensions", ())
    named = {"name": common["name"]} if "name" in common else {}
    documented = [Tag("bpmn:documentation", text=common["documentation"])] if "documentation" in common else []
    return Element(
        element_id,
        tag,
        {**named, **(attributes or {}), **common.get("attributes", {})},
        extensions,
        event,
        common.get("multi"),
        documented,
        body,
        content,
    )


# Events.


def start(element_id: str = "start", event: Event | None = None, **common: Unpack[Common]) -> Element:
    """A start event."""
    return _element(element_id, "startEvent", common, event=event)


def start_on(event: Event, element_id: str = "started", *, interrupting: bool = True) -> Element:
    """The start event of an event sub-process."""
    return _element(
        element_id, "startEvent", {}, event=event, attributes={} if interrupting else {"isInterrupting": "false"}
    )


def end(element_id: str = "end", event: Event | None = None, **common: Unpack[Common]) -> Element:
    """An end event."""
    return _element(element_id, "endEvent", common, event=event)


def catch(element_id: str, event: Event, **common: Unpack[Common]) -> Element:
    """An intermediate catch event."""
    return _element(element_id, "intermediateCatchEvent", common, event=event)


def throw(element_id: str, event: Event | None = None, **common: Unpack[Common]) -> Element:
    """An intermediate throw event."""
    return _element(element_id, "intermediateThrowEvent", common, event=event)


def boundary(element_id: str, on: str, event: Event, *, interrupting: bool = True, **common: Unpack[Common]) -> Element:
    """A boundary event on the activity with the id `on`."""
    attributes = {**({} if interrupting else {"cancelActivity": "false"}), "attachedToRef": on}
    return _element(element_id, "boundaryEvent", common, event=event, attributes=attributes)


# Tasks.


def _job(job_type: str, retries: str) -> Parts:
    return [Tag("zeebe:taskDefinition", {"type": job_type, **({"retries": retries} if retries else {})})]


def service(element_id: str, job_type: str = "", retries: str = "", **common: Unpack[Common]) -> Element:
    """A service task; its job type is its id unless one is given."""
    return _element(element_id, "serviceTask", common, first=_job(job_type or element_id, retries))


def send(element_id: str, job_type: str = "", retries: str = "", **common: Unpack[Common]) -> Element:
    """A send task."""
    return _element(element_id, "sendTask", common, first=_job(job_type or element_id, retries))


def rule(element_id: str, job_type: str = "", retries: str = "", **common: Unpack[Common]) -> Element:
    """A business rule task that is a job."""
    return _element(element_id, "businessRuleTask", common, first=_job(job_type or element_id, retries))


def decision(element_id: str, decision_id: str, result: str = "result") -> Element:
    """A business rule task that calls a DMN decision."""
    called = Tag("zeebe:calledDecision", {"decisionId": decision_id, "resultVariable": result})
    return _element(element_id, "businessRuleTask", {}, first=[called])


def script(element_id: str, expression: str, result: str = "result", **common: Unpack[Common]) -> Element:
    """A script task with a FEEL expression."""
    scripted = Tag("zeebe:script", {"expression": expression, "resultVariable": result})
    return _element(element_id, "scriptTask", common, first=[scripted])


def script_job(element_id: str, job_type: str = "", **common: Unpack[Common]) -> Element:
    """A script task that is a job."""
    return _element(element_id, "scriptTask", common, first=_job(job_type or element_id, ""))


def user(element_id: str, **common: Unpack[Common]) -> Element:
    """A user task that the engine keeps; assignments and the like are `extensions`."""
    return _element(element_id, "userTask", common, first=[Tag("zeebe:userTask")])


def user_job(element_id: str, **common: Unpack[Common]) -> Element:
    """A user task that is a job."""
    return _element(element_id, "userTask", common)


def receive(element_id: str, event: Event, **common: Unpack[Common]) -> Element:
    """A receive task."""
    return _element(element_id, "receiveTask", common, event=event)


def manual(element_id: str, **common: Unpack[Common]) -> Element:
    """A manual task."""
    return _element(element_id, "manualTask", common)


def task(element_id: str, **common: Unpack[Common]) -> Element:
    """An undefined task."""
    return _element(element_id, "task", common)


# Gateways.


def exclusive(element_id: str, **common: Unpack[Common]) -> Element:
    """An exclusive gateway."""
    return _element(element_id, "exclusiveGateway", common)


def inclusive(element_id: str, **common: Unpack[Common]) -> Element:
    """An inclusive gateway."""
    return _element(element_id, "inclusiveGateway", common)


def parallel(element_id: str, **common: Unpack[Common]) -> Element:
    """A parallel gateway."""
    return _element(element_id, "parallelGateway", common)


def event_based(element_id: str, **common: Unpack[Common]) -> Element:
    """An event-based gateway."""
    return _element(element_id, "eventBasedGateway", common)


def other(element_id: str, tag: str, **common: Unpack[Common]) -> Element:
    """An element of any other type, by its name in BPMN."""
    return _element(element_id, tag, common)


# Scopes.


def sub_process(element_id: str, *parts: Part, **common: Unpack[Common]) -> Element:
    """An embedded sub-process of paths, or of elements that one path connects."""
    return _element(element_id, "subProcess", common, content=content_of(parts, connected=True))


def event_sub_process(element_id: str, *parts: Part, **common: Unpack[Common]) -> Element:
    """An event sub-process; it begins with `start_on`."""
    return _element(
        element_id,
        "subProcess",
        common,
        attributes={"triggeredByEvent": "true"},
        content=content_of(parts, connected=True),
    )


def ad_hoc(
    element_id: str,
    *parts: Part,
    active: str = "",
    until: str = "",
    cancel_remaining: bool | None = None,
    collect: tuple[str, str] | None = None,
    job_type: str = "",
    **common: Unpack[Common],
) -> Element:
    """An ad-hoc sub-process; elements outside paths are not connected.

    Args:
        element_id: Its id.
        parts: Elements and paths.
        active: The active elements collection.
        until: The completion condition.
        cancel_remaining: Whether what is left is canceled then; None: the attribute is not written.
        collect: The output collection and the output element.
        job_type: For the implementation by a job worker.
        common: What any element may have.
    """
    collection = {"outputCollection": collect[0], "outputElement": collect[1]} if collect else {}
    adhoc = {**({"activeElementsCollection": active} if active else {}), **collection}
    first = _job(job_type, "") if job_type else []
    remaining = {} if cancel_remaining is None else {"cancelRemainingInstances": str(cancel_remaining).lower()}
    return _element(
        element_id,
        "adHocSubProcess",
        common,
        first=[*first, *([Tag("zeebe:adHoc", adhoc)] if adhoc else [])],
        attributes=remaining,
        body=[Tag("bpmn:completionCondition", {qualified("xsi:type"): "bpmn:tFormalExpression"}, text=until)]
        if until
        else [],
        content=content_of(parts, connected=False),
    )


def call(
    element_id: str,
    process_id: str,
    *,
    binding: str = "",
    version_tag: str = "",
    all_in: bool | None = None,
    all_out: bool | None = None,
    **common: Unpack[Common],
) -> Element:
    """A call activity.

    Args:
        element_id: Its id.
        process_id: The process that it calls.
        binding: `latest`, `deployment`, `versionTag`; empty: the attribute is not written.
        version_tag: The tag, for that binding.
        all_in: `propagateAllParentVariables`; None: the attribute is not written.
        all_out: `propagateAllChildVariables`; None: the attribute is not written.
        common: What any element may have.
    """
    attributes = {
        "processId": process_id,
        "bindingType": binding,
        "versionTag": version_tag,
        "propagateAllParentVariables": "" if all_in is None else str(all_in).lower(),
        "propagateAllChildVariables": "" if all_out is None else str(all_out).lower(),
    }
    called = Tag("zeebe:calledElement", {name: value for name, value in attributes.items() if value})
    return _element(element_id, "callActivity", common, first=[called])


def as_text(file: bytes) -> str:
    """A file as text, indented: for people."""
    return etree.tostring(etree.fromstring(file), pretty_print=True, encoding="unicode")
