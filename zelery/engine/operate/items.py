"""Records of the history as Operate's items (docs: "Operate API"). What an item does not have it does not name."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from zelery.engine.bpmn.model import Kind
from zelery.engine.history.history import History
from zelery.engine.history.records import (
    DefinitionRecord,
    ElementRecord,
    IncidentRecord,
    InstanceRecord,
    VariableRecord,
)
from zelery.engine.rest.items import MOMENT_MAX
from zelery.engine.variables import to_json

Item: TypeAlias = Mapping[str, Any]
Filter: TypeAlias = Mapping[str, Any]

#: A variable's value is cut to so many characters, everywhere.
VALUE_MAX = 8191


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What one search is about."""

    name: str
    """As messages have it."""
    found: Callable[[History, Filter], Iterable[Item]]
    """All items that a filter can match, and maybe others."""
    sortable: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    """Names that an item may lack; a filter by any other name that it lacks is passed over."""
    hidden: frozenset[str] = frozenset()
    """Names that can be filtered by and are not shown."""


def whole(value: Any) -> int | None:
    """A key, which may be text; None where it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - 64 bits
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(ms: int) -> str | None:
    """A time as Operate writes it."""
    if not ms:
        return None
    return (
        dt.datetime.fromtimestamp(min(ms, MOMENT_MAX) / 1000, dt.UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "+0000")
    )


def definition(record: DefinitionRecord) -> Item:
    """A process definition."""
    found = record.definition
    return {
        "key": found.key,
        "name": found.process.name or found.process_id,
        "version": found.version,
        "bpmnProcessId": found.process_id,
        "tenantId": found.tenant_id,
    }


def instance(record: InstanceRecord) -> Item:
    """A process instance."""
    found = record.definition
    return _present(
        {
            "key": record.key,
            "processVersion": found.version,
            "bpmnProcessId": found.process_id,
            "parentKey": record.parent_key or None,
            "parentFlowNodeInstanceKey": record.parent_element_key or None,
            "startDate": moment(record.start),
            "endDate": moment(record.end),
            "state": "CANCELED" if record.state == "TERMINATED" else record.state,
            "incident": record.incidents > 0,
            "processDefinitionKey": found.key,
            "tenantId": found.tenant_id,
            "parentProcessInstanceKey": record.parent_key or None,
        }
    )


def node(record: ElementRecord) -> Item:
    """A flow node instance."""
    found = record.instance.definition
    return _present(
        {
            "key": record.key,
            "processInstanceKey": record.instance.key,
            "processDefinitionKey": found.key,
            "startDate": moment(record.start),
            "endDate": moment(record.end),
            "flowNodeId": record.element.id,
            "flowNodeName": record.element.name,
            "incidentKey": record.incident_key or None,
            "type": str(record.element.kind),
            "state": record.state,
            "incident": bool(record.incident_key),
            "tenantId": found.tenant_id,
        }
    )


def incident(record: IncidentRecord) -> Item:
    """An incident."""
    found = record.element.instance.definition
    return _present(
        {
            "key": record.key,
            "processDefinitionKey": found.key,
            "processInstanceKey": record.element.instance.key,
            "type": record.type,
            "message": record.message,
            "creationTime": moment(record.created),
            "state": record.state,
            "jobKey": record.job_key or None,
            "tenantId": found.tenant_id,
        }
    )


def variable(record: VariableRecord) -> Item:
    """A variable, cut; whether it was is asked for and not shown (seen on Operate 8.6)."""
    text = to_json(record.value)
    return {
        "key": record.key,
        "processInstanceKey": record.scope.instance.key,
        "scopeKey": record.scope.key,
        "name": record.name,
        "value": text[:VALUE_MAX],
        "truncated": len(text) > VALUE_MAX,
        "tenantId": record.scope.instance.definition.tenant_id,
    }


def _present(item: Item) -> Item:
    return {name: value for name, value in item.items() if value is not None}


# What a filter can match, without looking at all there is.


def _definitions(history: History, _filter: Filter) -> Iterable[Item]:
    return (definition(each) for each in history.definitions.values() if each.state != "DELETED")


def _instances(history: History, filter_: Filter) -> Iterable[Item]:
    wanted = whole(filter_.get("processDefinitionKey"))
    return (instance(each) for each in history.instances.values() if wanted is None or each.definition.key == wanted)


def _elements(history: History, filter_: Filter) -> Iterable[ElementRecord]:
    """Element instances, those of one process instance where only these are asked for; the process is one of them."""
    wanted = whole(filter_.get("processInstanceKey"))
    if wanted is None:
        return history.elements.values()
    found = history.instances.get(wanted)
    return [history.elements[found.key], *found.elements] if found else []


def _nodes(history: History, filter_: Filter) -> Iterable[Item]:
    wanted, state = filter_.get("flowNodeId"), filter_.get("state")
    for each in _elements(history, filter_):
        if each.element.kind is Kind.PROCESS or (wanted is not None and each.element.id != wanted):
            continue
        if state is None or each.state == state:
            yield node(each)


def _variables(history: History, filter_: Filter) -> Iterable[Item]:
    scope = whole(filter_.get("scopeKey"))
    elements = [history.elements.get(scope)] if scope is not None else _elements(history, filter_)
    name = filter_.get("name")
    for element in elements:
        for each in (element.variables or {}).values() if element is not None else ():
            if name is None or each.name == name:
                yield variable(each)


def _incidents(history: History, _filter: Filter) -> Iterable[Item]:
    return (incident(each) for each in history.incidents.values())


RESOURCES: Mapping[str, Resource] = {
    "process-definitions": Resource(
        name="Process definition",
        found=_definitions,
        sortable=("key", "name", "version", "bpmnProcessId", "tenantId"),
    ),
    "process-instances": Resource(
        name="Process instance",
        found=_instances,
        sortable=("key", "processVersion", "bpmnProcessId", "startDate", "endDate", "state", "tenantId"),
        optional=frozenset({"endDate", "parentKey", "parentFlowNodeInstanceKey", "parentProcessInstanceKey"}),
    ),
    "flownode-instances": Resource(
        name="Flow node instance",
        found=_nodes,
        sortable=("key", "startDate", "endDate", "flowNodeId", "type", "state", "tenantId"),
        optional=frozenset({"endDate", "flowNodeName", "incidentKey"}),
    ),
    "variables": Resource(
        name="Variable",
        found=_variables,
        sortable=("key", "name", "value", "scopeKey", "processInstanceKey", "tenantId"),
        hidden=frozenset({"truncated"}),
    ),
    "incidents": Resource(
        name="Incident",
        found=_incidents,
        sortable=("key", "creationTime", "type", "state", "tenantId"),
        optional=frozenset({"jobKey"}),
    ),
}
