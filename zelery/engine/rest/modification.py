"""Modifications as the engine takes them: what a request says of elements becomes what it says of their instances.

Docs: REST API, "Modify process instance"; the move instructions are there from 8.9 on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from zelery.engine import commands as cmd
from zelery.engine.records import ElementInstance
from zelery.engine.rest.problems import invalid


class Move(NamedTuple):
    """An element instance that ends, and what begins in its place."""

    source: ElementInstance
    target: cmd.ActivateElement


def modification(elements: Mapping[int, ElementInstance], key: int, body: Mapping[str, Any]) -> cmd.ModifyInstance:
    """The command of a request.

    Args:
        elements: Active element instances by key.
        key: The process instance.
        body: The request, checked.

    Raises:
        Problem: An instruction names no element instance, or none that is active.
    """
    moves = [move for each in body.get("moveInstructions", ()) for move in _moves(elements, key, each)]
    activated = [_activation(each) for each in body.get("activateInstructions", ())]
    ended = [ended for each in body.get("terminateInstructions", ()) for ended in _ended(elements, key, each)]
    return cmd.ModifyInstance(
        key,
        (*activated, *(move.target for move in moves)),
        tuple(dict.fromkeys([*ended, *(move.source.key for move in moves)])),
    )


def _activation(instruction: Mapping[str, Any]) -> cmd.ActivateElement:
    ancestor = int(instruction.get("ancestorElementInstanceKey", 0))
    # Clients write "none" as -1, as the gateway's protocol does.
    return cmd.ActivateElement(instruction["elementId"], _variables(instruction), max(ancestor, 0))


def _variables(instruction: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Variables by the id of the scope that they go to; empty: the process."""
    found: dict[str, dict[str, Any]] = {}
    for each in instruction.get("variableInstructions", ()):
        found.setdefault(each.get("scopeId", ""), {}).update(each["variables"])
    return found


def _ended(elements: Mapping[int, ElementInstance], key: int, instruction: Mapping[str, Any]) -> Iterator[int]:
    element_id, element_key = instruction.get("elementId"), instruction.get("elementInstanceKey")
    if (element_id is None) == (element_key is None):
        raise invalid("Exactly one of [elementId, elementInstanceKey] is required in a terminate instruction")
    if element_key is not None:
        yield int(element_key)
        return
    for instance in _active(elements, key, str(element_id)):
        yield instance.key


def _moves(elements: Mapping[int, ElementInstance], key: int, instruction: Mapping[str, Any]) -> Iterator[Move]:
    """One move for each active instance of the source."""
    variables = _variables(instruction)
    for source in _sources(elements, key, instruction["sourceElementInstruction"]):
        ancestor = _ancestor(source, instruction["targetElementId"], instruction.get("ancestorScopeInstruction", {}))
        yield Move(source, cmd.ActivateElement(instruction["targetElementId"], variables, ancestor))


def _sources(
    elements: Mapping[int, ElementInstance], key: int, instruction: Mapping[str, Any]
) -> list[ElementInstance]:
    element_id, element_key = instruction.get("sourceElementId"), instruction.get("sourceElementInstanceKey")
    if element_key is not None:
        found = elements.get(int(element_key))
        if found is None or found.instance.key != key:
            raise invalid(
                f"Expected to move element instance '{element_key}' of process instance '{key}', but it is not active"
            )
        return [found]
    if element_id is None:
        raise invalid("Exactly one of [sourceElementId, sourceElementInstanceKey] is required in a move instruction")
    return _active(elements, key, element_id)


def _active(elements: Mapping[int, ElementInstance], key: int, element_id: str) -> list[ElementInstance]:
    """The active instances of an element; of a multi-instance one its body, not what is inside."""
    root = elements.get(key)
    if root is None:
        return []  # The engine says so, in the words of every command.
    found = [each for each in _below(root) if each.element.id == element_id and not _is_inner(each)]
    if not found:
        raise invalid(f"Expected to end instances of element '{element_id}' of process instance '{key}', there is none")
    return found


def _below(scope: ElementInstance) -> Iterator[ElementInstance]:
    waiting = [scope]
    while waiting:
        children = list((waiting.pop().children or {}).values())
        yield from children
        waiting += children


def _is_inner(instance: ElementInstance) -> bool:
    return instance.scope is not None and instance.scope.element.id == instance.element.id


def _ancestor(source: ElementInstance, target_id: str, instruction: Mapping[str, Any]) -> int:
    """The key of the scope that a target begins in or below; 0: the engine finds it."""
    match instruction.get("ancestorScopeType"):
        case "direct":
            if "ancestorElementInstanceKey" not in instruction:
                raise invalid(
                    "No ancestorElementInstanceKey provided in an ancestor scope instruction of type 'direct'"
                )
            return max(int(instruction["ancestorElementInstanceKey"]), 0)
        case "sourceParent":
            return source.scope.key if source.scope is not None else 0
        case "inferred":
            return _common_scope(source, target_id)
        case _:
            return 0


def _common_scope(source: ElementInstance, target_id: str) -> int:
    """The nearest scope around a source that is also around the target; 0 where that is unknown."""
    target = source.instance.definition.process.elements.get(target_id)
    around = set()
    while target is not None and target.scope is not None:
        target = target.scope
        around.add(target.id)
    scope = source.scope
    while scope is not None and scope.element.id not in around:
        scope = scope.scope
    return scope.key if scope is not None else 0
