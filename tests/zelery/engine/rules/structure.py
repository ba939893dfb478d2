"""What a model is made of: elements, paths, scopes, processes. Its words are in `builder.py`."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypedDict

from tests.zelery.engine.rules.definitions import Event, Multi, Parts

#: Elements that flows never connect.
_ALONE = frozenset(
    {"boundaryEvent", "dataObject", "dataObjectReference", "dataStoreReference", "group", "textAnnotation"}
)


@dataclasses.dataclass(frozen=True)
class Element:
    """An element, and for a sub-process what is in it."""

    id: str
    tag: str
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    extensions: Parts = ()
    event: Event | None = None
    loop: Multi | None = None
    documentation: Parts = ()
    body: Parts = ()
    """BPMN's own parts, as a completion condition."""
    content: Content | None = None
    """What is in a sub-process."""

    @property
    def refers(self) -> bool:
        """Whether it refers to its message by an attribute, without an event definition."""
        return self.tag == "receiveTask"


@dataclasses.dataclass(frozen=True)
class Path:
    """Elements that flows connect in this order."""

    steps: Sequence[Element | str]
    when: str = ""
    """The condition of the first flow."""
    default: bool = False
    """Whether the first flow is the default flow of its gateway."""


@dataclasses.dataclass(frozen=True)
class Content:
    """The elements of a scope and their flows."""

    elements: Sequence[Element]
    flows: Sequence[Flow]


@dataclasses.dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    source: str
    target: str
    when: str
    default: bool

    @property
    def id(self) -> str:
        """`a_to_b`."""
        return f"{self.source}_to_{self.target}"


@dataclasses.dataclass(frozen=True)
class Process:
    """An executable process."""

    id: str
    content: Content
    version_tag: str = ""
    executable: bool = True


Part: TypeAlias = Element | Path


class Common(TypedDict, total=False):
    """What any element may have."""

    name: str
    inputs: Mapping[str, str]
    """Input mappings: sources by target."""
    outputs: Mapping[str, str]
    """Output mappings: sources by target."""
    headers: Mapping[str, str]
    properties: Mapping[str, str]
    documentation: str
    multi: Multi
    extensions: Parts
    """Further parts of `extensionElements`."""
    attributes: Mapping[str, str]
    """Further attributes."""


def content_of(parts: Sequence[Part], *, connected: bool) -> Content:
    """What parts make of a scope.

    Args:
        parts: Elements and paths.
        connected: Whether elements outside paths are connected, in order.
    """
    loose = [each for each in parts if isinstance(each, Element)]
    paths = [each for each in parts if isinstance(each, Path)]
    if connected and (chain := [each for each in loose if _is_connected(each)]):
        paths.insert(0, Path(chain))
        loose = [each for each in loose if not _is_connected(each)]
    elements = [each for one in paths for each in one.steps if isinstance(each, Element)] + loose
    return Content(elements, [flow for each in paths for flow in _flows(each)])


def _is_connected(element: Element) -> bool:
    return element.tag not in _ALONE and element.attributes.get("triggeredByEvent") != "true"


def _flows(one: Path) -> Iterator[Flow]:
    ids = [each if isinstance(each, str) else each.id for each in one.steps]
    for number, (source, target) in enumerate(itertools.pairwise(ids)):
        yield Flow(source, target, one.when if number == 0 else "", one.default and number == 0)
