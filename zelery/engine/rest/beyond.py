"""What searches filter by and items do not say: variables, elements and incidents of an instance or a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord, IncidentRecord, InstanceRecord, VariableRecord
from zelery.engine.rest.filters import Beyond, Item
from zelery.engine.variables import to_json

T = TypeVar("T")


def beyond(entity: str, history: History) -> Beyond:
    """The fields of an entity that look beyond its items, each with how it reads its values."""
    if entity == "process-instances":
        return _of_instances(history)
    if entity == "user-tasks":
        return _of_user_tasks(history)
    return {}


def _of_instances(history: History) -> Beyond:
    def of_elements(value: Callable[[ElementRecord], Any]) -> Callable[[Item], Any]:
        return _of_instance(history, lambda instance: [value(each) for each in instance.elements])

    def of_incidents(value: Callable[[IncidentRecord], Any]) -> Callable[[Item], Any]:
        active = _active_incidents(history)
        return lambda item: [value(each) for each in active.get(item["processInstanceKey"], ())]

    return {
        "variables": _of_instance(history, lambda instance: _texts(history.variables_of(instance))),
        "elementId": of_elements(lambda each: each.element.id),
        "elementInstanceState": of_elements(lambda each: each.state),
        "hasElementInstanceIncident": of_elements(lambda each: bool(each.incident_key)),
        "errorMessage": of_incidents(lambda each: each.message),
        "incidentErrorHashCode": of_incidents(lambda each: hash_code(each.message)),
    }


def _of_user_tasks(history: History) -> Beyond:
    def local(item: Item) -> Mapping[str, list[str]]:
        task = history.user_tasks.get(int(item["userTaskKey"]))
        return _texts((task.element.variables or {}).values()) if task is not None else {}

    return {
        "processInstanceVariables": _of_instance(history, lambda instance: _texts(history.variables_of(instance))),
        "localVariables": local,
        "candidateGroup": lambda item: item.get("candidateGroups"),
        "candidateUser": lambda item: item.get("candidateUsers"),
    }


def _of_instance(history: History, read: Callable[[InstanceRecord], T]) -> Callable[[Item], T | None]:
    def values(item: Item) -> T | None:
        instance = history.instances.get(int(item["processInstanceKey"]))
        return read(instance) if instance is not None else None

    return values


def _texts(variables: Iterable[VariableRecord]) -> Mapping[str, list[str]]:
    """Values as JSON texts by name; scopes may have variables of one name."""
    texts: dict[str, list[str]] = defaultdict(list)
    for each in variables:
        texts[each.name].append(to_json(each.value))
    return texts


def _active_incidents(history: History) -> Mapping[str, list[IncidentRecord]]:
    """Active incidents by the key of their instance."""
    found: dict[str, list[IncidentRecord]] = defaultdict(list)
    for each in history.incidents.values():
        if each.state == "ACTIVE":
            found[str(each.element.instance.key)].append(each)
    return found


def hash_code(text: str) -> int:
    """The hash that Java has of a text: clusters group incidents by it."""
    units = text.encode("utf-16-be", "surrogatepass")
    total = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        total = (31 * total + (high << 8 | low)) & 0xFFFFFFFF
    return total - (1 << 32) if total >= 1 << 31 else total
