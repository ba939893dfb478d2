"""Compiles a BPMN file: its executable processes, or why it is not executed (`Refused`).

    read(xml, resource) → tree of elements (`elements.py`) → flows, boundary events, links (`connect.py`)
                        → what must hold of the whole (`check.py`, `check_scopes.py`)

Docs: "BPMN coverage", and the page of each element. What is not executable (lanes, data objects, annotations, the
diagram) is ignored; what is executable and not supported is refused with its id and what to use instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from zelery import feel
from zelery.camunda.bpmn import parse
from zelery.engine.bpmn import check, check_scopes
from zelery.engine.bpmn.connect import connect
from zelery.engine.bpmn.elements import Tree, read_tree, refuse_extensions
from zelery.engine.bpmn.events import start_form
from zelery.engine.bpmn.extensions import properties, single
from zelery.engine.bpmn.model import Element, Kind, Process
from zelery.engine.bpmn.nodes import BPMN, Node, bpmn_name, flag, is_id, line_of
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import Complaint, Refused, shown
from zelery.errors import ModelError

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
        raise Refused(resource, [Complaint("", str(error))]) from None
    reading = Reading(resource, root, engine)
    _check_ids(reading)
    nodes = [each for each in root.iterchildren(f"{BPMN}process") if flag(each, "isExecutable", default=False)]
    if not nodes:
        reading.complain("", 'the file has no executable process: set isExecutable="true" on one')
    processes = [_process(reading, node) for node in nodes]
    reading.finish()
    return processes


def _check_ids(reading: Reading) -> None:
    """Complain of ids that are there twice or are none, as BPMN's schema does (`xsd:ID`)."""
    there: set[str] = set()
    for node in reading.root.iter(f"{BPMN}*"):
        found = node.get("id")
        if found is None:
            continue
        if found in there:
            reading.complain(found or "", f"the id '{shown(found)}' is there twice: give each element its own")
        elif not is_id(found):
            reading.complain(
                found or bpmn_name(node) or "",
                f"the id '{shown(found)}' is none: begin with a letter or '_', go on with letters, digits, '_', '-', "
                "'.'",
            )
        there.add(found)


def _process(reading: Reading, node: Node) -> Process:
    process_id = node.get("id") or ""
    if not process_id:
        reading.complain("process", "the process has no id: give it one")
    refuse_extensions(reading, node)
    root = Element(process_id, Kind.PROCESS, name=node.get("name"), line=line_of(node), properties=properties(node))
    tree = read_tree(reading, node, root)
    flows = connect(reading, tree)
    for element in tree.elements.values():
        check.element(reading, element)
    for scope in tree.scopes:
        check_scopes.scope(reading, scope.element)
    tag = single(reading, node, "versionTag")
    return Process(
        id=process_id,
        name=root.name,
        version_tag=(tag.get("value") or "").strip() or None if tag is not None else None,
        root=root,
        elements={root.id: root, **tree.elements, **_inner_instances(tree)},
        flows=flows,
        start_form=_start_form(tree, root),
    )


def _start_form(tree: Tree, root: Element) -> str | None:
    return start_form(tree.nodes[root.start.id]) if root.start is not None else None


def _inner_instances(tree: Tree) -> dict[str, Element]:
    """The inner instances of ad-hoc sub-processes, by id."""
    return {scope.around.id: scope.around for scope in tree.scopes if scope.around is not scope.element}
