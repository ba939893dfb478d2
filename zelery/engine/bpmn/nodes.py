"""The XML of a model: its namespaces, and small questions about a node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias, cast

from lxml import etree

Node: TypeAlias = etree._Element  # noqa: SLF001 - lxml names its elements' type so

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"

#: An XML id, as BPMN's schema wants it (`xsd:ID`).
_ID = re.compile(r"[^\W\d][\w.\-]*")


def bpmn_name(node: Node) -> str | None:
    """A node's name in BPMN's namespace; None for a node of another, a comment, a processing instruction."""
    tag = node.tag
    return tag[len(BPMN) :] if isinstance(tag, str) and tag.startswith(BPMN) else None


def bpmn_children(node: Node, *names: str) -> Iterator[Node]:
    """The direct children with these names in BPMN's namespace."""
    return node.iterchildren(*(BPMN + name for name in names))


def path_of(node: Node) -> str:
    """Where a node stands: the id of the nearest element that has one, then the names down to the node."""
    names: list[str] = []
    current: Node | None = node
    while current is not None:
        if found := current.get("id"):
            names.append(found)
            break
        names.append(str(current.tag).rpartition("}")[2])
        current = current.getparent()
    return " > ".join(reversed(names))


def text_of(node: Node) -> str:
    """The text in a node, without comments and the blanks around it."""
    return str(node.xpath("string()")).strip()


def reference(node: Node, name: str) -> str | None:
    """What an attribute refers to: it is a qualified name, and an id has no colon."""
    value = node.get(name)
    return value.strip().rpartition(":")[2] if value and value.strip() else None


def flag(node: Node, name: str, *, default: bool) -> bool:
    """A boolean attribute (`xsd:boolean`)."""
    value = node.get(name)
    return default if value is None else value.strip() in ("true", "1")


def line_of(node: Node) -> int | None:
    """Where a node stands in the file."""
    return cast("int | None", node.sourceline)  # The stubs do not know it.


def is_id(text: str) -> bool:
    """Whether a text is an XML id."""
    return _ID.fullmatch(text) is not None
