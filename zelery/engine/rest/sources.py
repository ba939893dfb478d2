"""What each search is about: the records of the history that its filter can match, as items.

Records are told apart by what a filter asks to be equal before they are made items: there may be 100,000 of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from zelery.engine.history.history import History
from zelery.engine.history.records import ElementRecord, InstanceRecord
from zelery.engine.rest import items
from zelery.engine.rest.fields import has
from zelery.engine.rest.filters import Item, equalities
from zelery.engine.rest.query import equal_to

T = TypeVar("T")

Body: TypeAlias = Mapping[str, Any]
Source: TypeAlias = Callable[[History, Body, str], Iterable[Item]]
"""Items for a request's body and a line."""

Reads: TypeAlias = Mapping[str, Callable[[Any], Any]]
"""How a field is read from a record: its text is the item's."""

_ELEMENTS: Reads = {
    "elementInstanceKey": lambda each: each.key,
    "elementId": lambda each: each.element.id,
    "state": lambda each: each.state,
    "type": lambda each: each.element.kind,
    "processDefinitionKey": lambda each: each.instance.definition.key,
    "processDefinitionId": lambda each: each.instance.definition.process_id,
    "elementInstanceScopeKey": lambda each: each.scope_key,
}

_OF_ELEMENTS: Reads = {
    "state": lambda each: each.state,
    "elementId": lambda each: each.element.element.id,
    "elementInstanceKey": lambda each: each.element.key,
    "processInstanceKey": lambda each: each.element.instance.key,
    "processDefinitionKey": lambda each: each.element.instance.definition.key,
    "processDefinitionId": lambda each: each.element.instance.definition.process_id,
}

_INSTANCES: Reads = {
    "state": lambda each: each.state,
    "processDefinitionKey": lambda each: each.definition.key,
    "processDefinitionId": lambda each: each.definition.process_id,
    "parentProcessInstanceKey": lambda each: each.parent_key,
    "businessId": lambda each: each.business_id,
}

_SUBSCRIPTIONS: Reads = {
    "messageSubscriptionState": lambda each: each.state,
    "messageName": lambda each: each.name,
    "elementId": lambda each: each.catch.id,
    "processDefinitionKey": lambda each: each.definition.key,
    "processDefinitionId": lambda each: each.definition.process_id,
}


def chosen(records: Iterable[T], body: Body, reads: Reads) -> Iterator[T]:
    """The records that have what the body's filter asks to be equal, as far as it is read here."""
    asked = [(reads[name], frozenset(texts)) for name, texts in equalities(body.get("filter")).items() if name in reads]
    return (each for each in records if all(str(read(each)) in texts for read, texts in asked))


def _by_key(index: Mapping[int, T], body: Body, name: str) -> Iterable[T]:
    """The record with the key that is asked for, where one is; else all."""
    wanted = equal_to(body, name)
    if wanted is None:
        return index.values()
    found = index.get(int(wanted)) if _is_key(wanted) else None
    return [found] if found is not None else []


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004 - 64 bits


def definitions(history: History, body: Body, line: str) -> Iterator[Item]:
    """All definitions; of each process the newest version is marked, whatever its state (camunda issue 61720)."""
    newest = {
        (each.definition.tenant_id, each.definition.process_id): each.definition.key
        for each in history.definitions.values()
        if each.state != "DELETED"
    }
    for each in history.definitions.values():
        # What nothing runs in any more is in searches only of lines that tell its state, to who asks for it.
        if each.state == "DELETED" and not (has(line, "8.9") and equal_to(body, "state")):
            continue
        latest = newest.get((each.definition.tenant_id, each.definition.process_id)) == each.definition.key
        yield {**items.definition(each, line), "isLatestVersion": latest}


def instances(history: History, body: Body, line: str) -> Iterator[Item]:
    """Process instances."""
    found: Iterable[InstanceRecord] = _by_key(history.instances, body, "processInstanceKey")
    return (items.instance(each, line) for each in chosen(found, body, _INSTANCES))


def _elements_of(history: History, body: Body) -> Iterable[ElementRecord]:
    """Element instances, those of one process instance where only that is asked for; the process is one of them."""
    if equal_to(body, "processInstanceKey") is None:
        return _by_key(history.elements, body, "elementInstanceKey")
    found: Iterable[InstanceRecord] = _by_key(history.instances, body, "processInstanceKey")
    return [element for each in found for element in (history.elements[each.key], *each.elements)]


def elements(history: History, body: Body, line: str) -> Iterator[Item]:
    """Element instances, with the scope that they are filtered by."""
    for each in chosen(_elements_of(history, body), body, _ELEMENTS):
        yield {**items.element(each, line), "elementInstanceScopeKey": items.key(each.scope_key)}


def variables(history: History, body: Body, line: str) -> Iterator[Item]:
    """Variables; whole where the body says so."""
    whole = bool(body.get("whole"))
    scopes = history.elements if equal_to(body, "scopeKey") is not None else None
    for element in _elements_of(history, body) if scopes is None else _by_key(scopes, body, "scopeKey"):
        for each in chosen((element.variables or {}).values(), body, {"name": lambda variable: variable.name}):
            yield items.variable(each, line, whole=whole)


def incidents(history: History, body: Body, line: str) -> Iterator[Item]:
    """Incidents."""
    found = _by_key(history.incidents, body, "incidentKey")
    return (items.incident(each, line) for each in chosen(found, body, _OF_ELEMENTS))


def jobs(history: History, body: Body, line: str) -> Iterator[Item]:
    """Jobs."""
    found = _by_key(history.jobs, body, "jobKey")
    return (items.job(each, line) for each in chosen(found, body, {**_OF_ELEMENTS, "type": lambda each: each.type}))


def user_tasks(history: History, body: Body, line: str) -> Iterator[Item]:
    """User tasks that the engine keeps."""
    found = _by_key(history.user_tasks, body, "userTaskKey")
    return (items.user_task(each, line) for each in chosen(found, body, _OF_ELEMENTS))


def subscriptions(history: History, body: Body, line: str) -> Iterator[Item]:
    """Message subscriptions; those of start events are listed from 8.10 on (camunda issue 51047)."""
    for each in chosen(history.subscriptions.values(), body, _SUBSCRIPTIONS):
        if each.element is not None or has(line, "8.10"):
            yield items.subscription(each, line)


def correlations(history: History, _body: Body, line: str) -> Iterator[Item]:
    """Messages that were taken."""
    return (items.correlation(each, line) for each in history.correlations())


SOURCES: Mapping[str, Source] = {
    "process-definitions": definitions,
    "process-instances": instances,
    "element-instances": elements,
    "variables": variables,
    "incidents": incidents,
    "jobs": jobs,
    "message-subscriptions": subscriptions,
    "correlated-message-subscriptions": correlations,
    "user-tasks": user_tasks,
}
