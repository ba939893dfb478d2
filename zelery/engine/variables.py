"""Variables: a tree of scopes (docs: "Variables"; spec/engine.md §3).

What an element or a job brings is merged upwards to the nearest scope that has a variable of the name, else to the
root. What a mapping or a loop sets is local.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zelery.engine.bpmn.model import Kind
from zelery.engine.errors import Failure
from zelery.engine.events import VariablesSet
from zelery.engine.records import ElementInstance

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

#: Names in the target of a mapping: JSON is not nested much deeper than what clients may send.
_PATH_MAX = 100


def scopes(instance: ElementInstance) -> Iterator[ElementInstance]:
    """The instance and the scopes around it, inner ones first, up to its process."""
    scope: ElementInstance | None = instance
    while scope is not None:
        yield scope
        scope = scope.scope


def visible(instance: ElementInstance) -> dict[str, Any]:
    """All that is seen from a scope: inner variables hide outer ones."""
    found: dict[str, Any] = {}
    for scope in reversed(list(scopes(instance))):
        if scope.variables:
            found.update(scope.variables)
    return found


def set_local(tx: Transaction, scope: ElementInstance, values: Mapping[str, Any]) -> None:
    """Set variables in a scope. Values that are there already cause no event."""
    there = scope.variables
    changed = {name: value for name, value in values.items() if name not in there or not _same(there[name], value)}
    if changed:
        new = sum(name not in there for name in changed)
        tx.emit(VariablesSet(scope.key, tx.keys(new), changed))


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: `1` and `true` are not."""
    return one is other or (type(one) is type(other) and one == other and not isinstance(one, dict | list))


def merge(tx: Transaction, scope: ElementInstance, values: Mapping[str, Any]) -> None:
    """Set variables where they are: in the nearest scope that has each, else in the root of the instance.

    Nothing goes beyond the inner instance of an ad-hoc sub-process: each activation is for itself.
    """
    remaining = dict(values)
    current = scope
    while remaining:
        if current.scope is None or current.element.kind is Kind.AD_HOC_INNER:
            set_local(tx, current, remaining)
            return
        if current.variables:
            here = {name: remaining.pop(name) for name in list(remaining) if name in current.variables}
            if here:
                set_local(tx, current, here)
        current = current.scope


def put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Write a value at a path in a new tree of objects: what is there of other names stays.

    Raises:
        Failure: The path is too long to be written as JSON.
    """
    if len(path) > _PATH_MAX:
        raise Failure(
            "IO_MAPPING_ERROR",
            f"The target '{'.'.join(path[:3])}…' of a mapping has {len(path)} names, more than {_PATH_MAX}: use fewer",
        )
    for name in path[:-1]:
        there = into.get(name)
        into[name] = dict(there) if isinstance(there, dict) else {}
        into = into[name]
    into[path[-1]] = value


def to_json(value: Any) -> str:
    """A value as JSON text, without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
