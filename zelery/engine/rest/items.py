"""Records as the items of answers; what only later lines say is left out for those before.

Docs: REST API, each search.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from zelery.engine.history.records import (
    CorrelationRecord,
    DefinitionRecord,
    ElementRecord,
    IncidentRecord,
    InstanceRecord,
    JobRecord,
    SubscriptionRecord,
    UserTaskRecord,
    VariableRecord,
)
from zelery.engine.rest.fields import has
from zelery.engine.variables import to_json

Item = dict[str, Any]

#: Searches show so many characters of a variable's value; a single variable is shown whole.
VALUE_MAX = 8191


#: The last second that a date can be written for, milliseconds: leases may be longer.
MOMENT_MAX = 253_402_300_799_000


def moment(ms: int) -> str | None:
    """A time as text; None where it has not come."""
    if not ms:
        return None
    return (
        dt.datetime.fromtimestamp(min(ms, MOMENT_MAX) / 1000, dt.UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def key(value: int) -> str | None:
    """A key as text; None where there is none."""
    return str(value) if value else None


def definition(record: DefinitionRecord, line: str) -> Item:
    """A process definition."""
    found = record.definition
    item: Item = {
        "name": found.process.name,
        "resourceName": found.resource,
        "version": found.version,
        "versionTag": found.process.version_tag,
        "processDefinitionId": found.process_id,
        "tenantId": found.tenant_id,
        "processDefinitionKey": str(found.key),
        "hasStartForm": found.process.start_form is not None,
    }
    if has(line, "8.9"):
        item["state"] = record.state
    return item


def instance(record: InstanceRecord, line: str) -> Item:
    """A process instance."""
    found = record.definition
    item: Item = {
        "processInstanceKey": str(record.key),
        "processDefinitionId": found.process_id,
        "processDefinitionName": found.process.name,
        "processDefinitionVersion": found.version,
        "processDefinitionVersionTag": found.process.version_tag,
        "processDefinitionKey": str(found.key),
        "parentProcessInstanceKey": key(record.parent_key),
        "parentElementInstanceKey": key(record.parent_element_key),
        "startDate": moment(record.start),
        "endDate": moment(record.end),
        "state": record.state,
        "hasIncident": record.incidents > 0,
        "tenantId": found.tenant_id,
        "tags": list(record.tags),
    }
    if has(line, "8.9"):
        item["rootProcessInstanceKey"] = str(record.root_key)
        item["businessId"] = record.business_id or None
    if has(line, "8.10"):
        item["suspendedDate"] = None
    return item


def element(record: ElementRecord, line: str) -> Item:
    """An element instance."""
    found = record.instance.definition
    item: Item = {
        "elementInstanceKey": str(record.key),
        "processInstanceKey": str(record.instance.key),
        "processDefinitionKey": str(found.key),
        "processDefinitionId": found.process_id,
        "startDate": moment(record.start),
        "endDate": moment(record.end),
        "elementId": record.element.id,
        "elementName": record.element.name or record.element.id,
        "type": str(record.element.kind),
        "state": record.state,
        "hasIncident": bool(record.incident_key),
        "incidentKey": key(record.incident_key),
        "tenantId": found.tenant_id,
    }
    if has(line, "8.9"):
        item["rootProcessInstanceKey"] = str(record.instance.root_key)
    return item


def variable(record: VariableRecord, line: str, *, whole: bool = False) -> Item:
    """A variable; its value cut in searches, unless the whole is asked for."""
    text = to_json(record.value)
    item: Item = {
        "variableKey": str(record.key),
        "name": record.name,
        "value": text if whole else text[:VALUE_MAX],
        "tenantId": record.scope.instance.definition.tenant_id,
        "scopeKey": str(record.scope.key),
        "processInstanceKey": str(record.scope.instance.key),
    }
    item["isTruncated"] = not whole and len(text) > VALUE_MAX
    if has(line, "8.9"):
        item["rootProcessInstanceKey"] = str(record.scope.instance.root_key)
    return item


def incident(record: IncidentRecord, line: str) -> Item:
    """An incident."""
    found = record.element.instance.definition
    item: Item = {
        "incidentKey": str(record.key),
        "processDefinitionKey": str(found.key),
        "processDefinitionId": found.process_id,
        "processInstanceKey": str(record.element.instance.key),
        "errorType": record.type,
        "errorMessage": record.message,
        "elementId": record.element.element.id,
        "elementInstanceKey": str(record.element.key),
        "creationTime": moment(record.created),
        "state": record.state,
        "jobKey": key(record.job_key),
        "tenantId": found.tenant_id,
    }
    if has(line, "8.9"):
        item["rootProcessInstanceKey"] = str(record.element.instance.root_key)
    return item


def job(record: JobRecord, line: str) -> Item:
    """A job."""
    found = record.element.instance.definition
    item: Item = {
        "jobKey": str(record.key),
        "type": record.type,
        "worker": record.worker,
        "state": record.state,
        "kind": record.kind,
        "listenerEventType": record.listener_event,
        "retries": record.retries,
        "isDenied": None,
        "deniedReason": None,
        "hasFailedWithRetriesLeft": record.has_failed_with_retries,
        "errorCode": record.error_code or None,
        "errorMessage": record.message or None,
        "customHeaders": dict(record.headers),
        "deadline": moment(record.deadline),
        "endTime": moment(record.ended),
        "processDefinitionId": found.process_id,
        "processDefinitionKey": str(found.key),
        "processInstanceKey": str(record.element.instance.key),
        "elementId": record.element.element.id,
        "elementInstanceKey": str(record.element.key),
        "tenantId": found.tenant_id,
    }
    if has(line, "8.9"):
        item["creationTime"], item["lastUpdateTime"] = moment(record.created), moment(record.updated)
        item["rootProcessInstanceKey"] = str(record.element.instance.root_key)
    if has(line, "8.10"):
        item["priority"] = 0
        item["businessId"] = record.element.instance.business_id or None
    return item


def subscription(record: SubscriptionRecord, line: str) -> Item:
    """A message subscription. Lines before 8.9 do not say of which definition it is."""
    waiting = record.element
    item: Item = {
        "messageSubscriptionKey": str(record.key),
        "processDefinitionId": record.definition.process_id,
        "processInstanceKey": key(waiting.instance.key if waiting else 0),
        "elementId": record.catch.id,
        "elementInstanceKey": key(waiting.key if waiting else 0),
        "messageSubscriptionState": record.state,
        "lastUpdatedDate": moment(record.updated),
        "messageName": record.name,
        "correlationKey": record.correlation_key or (None if waiting is None else ""),
        "tenantId": record.definition.tenant_id,
    }
    if has(line, "8.9"):
        item["processDefinitionKey"] = str(record.definition.key)
        item["rootProcessInstanceKey"] = key(waiting.instance.root_key if waiting else 0)
    if has(line, "8.10"):
        item |= {
            "messageSubscriptionType": "START_EVENT" if waiting is None else "PROCESS_EVENT",
            "processDefinitionName": record.definition.process.name,
            "processDefinitionVersion": record.definition.version,
            "inboundConnectorType": record.catch.properties.get("inbound.type"),
            "toolName": None,
            "toolProperties": {},
            "businessId": (waiting.instance.business_id or None) if waiting else None,
        }
    return item


def correlation(record: CorrelationRecord, line: str) -> Item:
    """A message that was taken."""
    found = record.subscription
    item: Item = {
        "correlationKey": record.correlation_key or None,
        "correlationTime": moment(record.at),
        "elementId": found.catch.id,
        "elementInstanceKey": key(found.element.key if found.element else 0),
        "messageKey": str(record.message_key),
        "messageName": record.name,
        "partitionId": 1,
        "processDefinitionId": found.definition.process_id,
        "processDefinitionKey": str(found.definition.key),
        "processInstanceKey": str(record.instance.key),
        "subscriptionKey": str(found.key),
        "tenantId": found.definition.tenant_id,
    }
    if has(line, "8.9"):
        item["rootProcessInstanceKey"] = str(record.instance.root_key)
    if has(line, "8.10"):
        item["businessId"] = record.instance.business_id or None
    return item


def user_task(record: UserTaskRecord, line: str) -> Item:
    """A user task that the engine keeps."""
    within = record.element.instance
    found = within.definition
    attributes = record.attributes
    task = record.element.element.user_task
    item: Item = {
        "userTaskKey": str(record.key),
        "name": record.element.element.name,
        "state": record.state,
        "assignee": attributes.get("assignee"),
        "elementId": record.element.element.id,
        "elementInstanceKey": str(record.element.key),
        "candidateGroups": attributes.get("candidateGroups") or [],
        "candidateUsers": attributes.get("candidateUsers") or [],
        "processDefinitionId": found.process_id,
        "processDefinitionKey": str(found.key),
        "processDefinitionVersion": found.version,
        "processName": found.process.name,
        "processInstanceKey": str(within.key),
        "creationDate": moment(record.created),
        "completionDate": moment(record.completed),
        "followUpDate": attributes.get("followUpDate"),
        "dueDate": attributes.get("dueDate"),
        "externalFormReference": attributes.get("externalFormReference"),
        "formKey": attributes.get("formKey"),
        "customHeaders": dict(task.headers) if task is not None else {},
        "priority": attributes.get("priority", 50),
        "tenantId": found.tenant_id,
    }
    if has(line, "8.9"):
        item["tags"], item["rootProcessInstanceKey"] = list(within.tags), str(within.root_key)
    if has(line, "8.10"):
        item["businessId"] = within.business_id or None
    return item


def cluster_variable(tenant_id: str, name: str, value: Any, line: str, *, whole: bool = False) -> Item:
    """A cluster variable."""
    text = to_json(value)
    item: Item = {
        "name": name,
        "value": text if whole else text[:VALUE_MAX],
        "scope": "TENANT" if tenant_id else "GLOBAL",
        "tenantId": tenant_id or None,
    }
    if not whole:
        item["isTruncated"] = len(text) > VALUE_MAX
    if has(line, "8.10"):
        item["kind"], item["metadata"] = "JSON", {}
    return item
