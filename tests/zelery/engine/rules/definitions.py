"""What events wait for and throw, what loops over what, and parts of XML: the words of the builder beside elements."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeAlias

#: Namespaces by prefix, as Camunda Modeler writes them.
NAMESPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "zeebe": "http://camunda.org/schema/zeebe/1.0",
    "modeler": "http://camunda.org/schema/modeler/1.0",
}


def qualified(name: str) -> str:
    """A name as lxml spells it: `bpmn:task` with its namespace."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


@dataclasses.dataclass(frozen=True)
class Tag:
    """A node of XML."""

    name: str
    """With its prefix: `zeebe:input`."""
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parts: Sequence[Tag] = ()
    text: str = ""


Parts: TypeAlias = Sequence[Tag]


@dataclasses.dataclass(frozen=True)
class Root:
    """A message, signal, error or escalation that events refer to. One with the same text is defined once a file."""

    kind: str
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    correlation_key: str = ""


@dataclasses.dataclass(frozen=True)
class Event:
    """An event definition."""

    kind: str
    """`message`, `timer`, `signal`, `error`, `escalation`, `link`, `terminate`, `compensate`, `conditional`."""
    refers_to: Root | None = None
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parts: Parts = ()
    extensions: Parts = ()
    """Of the element: a message that is thrown has a job."""


@dataclasses.dataclass(frozen=True)
class Multi:
    """Loop characteristics."""

    extensions: Parts
    sequential: bool = False
    until: str = ""


def message(name: str, key: str = "") -> Event:
    """A message that is waited for; `key` is its correlation key's expression, which start events need not have."""
    return Event("message", Root("message", {"name": name}, key))


def message_job(job_type: str, name: str = "sent") -> Event:
    """A message that is thrown, by a job."""
    return Event(
        "message", Root("message", {"name": name}), extensions=[Tag("zeebe:taskDefinition", {"type": job_type})]
    )


def signal(name: str) -> Event:
    """A signal, waited for or broadcast."""
    return Event("signal", Root("signal", {"name": name}))


def error(code: str | None = None) -> Event:
    """An error, caught or thrown; None: any is caught."""
    return Event("error", None if code is None else Root("error", {"name": "error", "errorCode": code}))


def escalation(code: str | None = None) -> Event:
    """An escalation, caught or thrown; None: any is caught."""
    return Event(
        "escalation", None if code is None else Root("escalation", {"name": "escalation", "escalationCode": code})
    )


def timer(*, duration: str = "", date: str = "", cycle: str = "") -> Event:
    """A timer, with one of the three."""
    given = {"timeDuration": duration, "timeDate": date, "timeCycle": cycle}
    return Event("timer", parts=[_formal(f"bpmn:{name}", text) for name, text in given.items() if text])


def link(name: str) -> Event:
    """A link, thrown or caught."""
    return Event("link", attributes={"name": name})


def terminate() -> Event:
    """What an end event has that terminates its scope."""
    return Event("terminate")


def each(
    items: str,
    item: str = "",
    *,
    sequential: bool = False,
    collect: tuple[str, str] | None = None,
    until: str = "",
) -> Multi:
    """Loop characteristics of a multi-instance activity.

    Args:
        items: The expression of the input collection.
        item: The input element.
        sequential: One after the other.
        collect: The output collection and the expression of the output element.
        until: The completion condition.
    """
    attributes = {"inputCollection": items, "inputElement": item}
    if collect is not None:
        attributes |= {"outputCollection": collect[0], "outputElement": collect[1]}
    given = {name: value for name, value in attributes.items() if value}
    return Multi([Tag("zeebe:loopCharacteristics", given)], sequential, until)


def _formal(name: str, text: str) -> Tag:
    """A formal expression."""
    return Tag(name, {qualified("xsi:type"): "bpmn:tFormalExpression"}, text=text)


def condition(name: str, text: str) -> Tag:
    """A formal expression by the name of its node."""
    return _formal(name, text)
