"""What searches can filter and sort by, by line (8.8, 8.9, 8.10): facts of the published REST contract.

A name that a line does not have is refused there, as a cluster of that line does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

#: The lines of Camunda that the REST API can speak, oldest first.
LINES = ("8.8", "8.9", "8.10")


def has(line: str, since: str) -> bool:
    """Whether a line has what came with another."""
    return LINES.index(line) >= LINES.index(since)


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A name that can be filtered by."""

    type: str
    """`string`, `key`, `integer`, `boolean`, `date`, `enum`, `variables` or `tags`."""
    since: str
    values: Sequence[str]
    """Of an enum."""

    def known(self, line: str) -> bool:
        """Whether a line has it."""
        return has(line, self.since)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What one search is about."""

    key: str
    """The field that tells items apart, and orders those that are otherwise alike."""
    fields: Mapping[str, Field]
    sort: Mapping[str, str]
    """Fields to sort by, with the first line that can."""

    def sortable(self, line: str) -> Sequence[str]:
        """The fields that a line can sort by."""
        return [name for name, since in self.sort.items() if has(line, since)]


def _entity(key: str, fields: str, sort: str) -> Entity:
    """An entity from words: `name:type@since=VALUE|VALUE` for fields, `name@since` for what is sorted by."""
    return Entity(
        key=key,
        fields=dict(_field(word) for word in fields.split()),
        sort={name: since or LINES[0] for name, _, since in (word.partition("@") for word in sort.split())},
    )


def _field(word: str) -> tuple[str, Field]:
    name, _, rest = word.partition(":")
    rest, _, values = rest.partition("=")
    type_, _, since = rest.partition("@")
    return name, Field(type_, since or LINES[0], tuple(values.split("|")) if values else ())


ENTITIES: Mapping[str, Entity] = {
    "process-definitions": _entity(
        "processDefinitionKey",
        """
        name:string isLatestVersion:boolean resourceName:string version:integer versionTag:string
        processDefinitionId:string tenantId:string processDefinitionKey:key hasStartForm:boolean
        state:enum@8.9=ACTIVE|DELETED|DRAINING
        """,
        """
        processDefinitionKey name resourceName version versionTag processDefinitionId tenantId
        """,
    ),
    "process-instances": _entity(
        "processInstanceKey",
        """
        startDate:date endDate:date state:enum=ACTIVE|COMPLETED|SUSPENDED|TERMINATED
        hasIncident:boolean tenantId:string variables:variables processInstanceKey:key
        parentProcessInstanceKey:key parentElementInstanceKey:key batchOperationId:string
        errorMessage:string hasRetriesLeft:boolean
        elementInstanceState:enum=ACTIVE|COMPLETED|TERMINATED elementId:string
        hasElementInstanceIncident:boolean incidentErrorHashCode:integer tags:tags
        processDefinitionId:string processDefinitionName:string processDefinitionVersion:integer
        processDefinitionVersionTag:string processDefinitionKey:key batchOperationKey:key@8.9
        businessId:string@8.9 suspendedDate:date@8.10
        """,
        """
        processInstanceKey processDefinitionId processDefinitionName processDefinitionVersion
        processDefinitionVersionTag processDefinitionKey parentProcessInstanceKey
        parentElementInstanceKey startDate endDate state hasIncident tenantId businessId@8.9
        suspendedDate@8.10
        """,
    ),
    "element-instances": _entity(
        "elementInstanceKey",
        """
        processDefinitionId:string state:enum=ACTIVE|COMPLETED|TERMINATED
        type:enum=AD_HOC_SUB_PROCESS|AD_HOC_SUB_PROCESS_INNER_INSTANCE|BOUNDARY_EVENT|BUSINESS_RULE_TASK|CALL_ACTIVITY|END_EVENT|EVENT_BASED_GATEWAY|EVENT_SUB_PROCESS|EXCLUSIVE_GATEWAY|INCLUSIVE_GATEWAY|INTERMEDIATE_CATCH_EVENT|INTERMEDIATE_THROW_EVENT|MANUAL_TASK|MULTI_INSTANCE_BODY|PARALLEL_GATEWAY|PROCESS|RECEIVE_TASK|SCRIPT_TASK|SEND_TASK|SEQUENCE_FLOW|SERVICE_TASK|START_EVENT|SUB_PROCESS|TASK|UNKNOWN|UNSPECIFIED|USER_TASK
        elementId:string elementName:string hasIncident:boolean tenantId:string
        elementInstanceKey:key processInstanceKey:key processDefinitionKey:key incidentKey:key
        startDate:date endDate:date elementInstanceScopeKey:key
        """,
        """
        elementInstanceKey processInstanceKey processDefinitionKey processDefinitionId startDate
        endDate elementId elementName type state incidentKey tenantId
        """,
    ),
    "variables": _entity(
        "variableKey",
        """
        name:string value:string tenantId:string isTruncated:boolean variableKey:key scopeKey:key
        processInstanceKey:key
        """,
        """
        value name tenantId variableKey scopeKey processInstanceKey
        """,
    ),
    "incidents": _entity(
        "incidentKey",
        """
        processDefinitionId:string
        errorType:enum=AD_HOC_SUB_PROCESS_NO_RETRIES|CALLED_DECISION_ERROR|CALLED_ELEMENT_ERROR|CONDITION_ERROR|DECISION_EVALUATION_ERROR|EXECUTION_LISTENER_NO_RETRIES|EXTRACT_VALUE_ERROR|FORM_NOT_FOUND|IO_MAPPING_ERROR|JOB_NO_RETRIES|MESSAGE_SIZE_EXCEEDED|RESOURCE_NOT_FOUND|SECRET_RESOLUTION_ERROR|TASK_LISTENER_NO_RETRIES|UNHANDLED_ERROR_EVENT|UNKNOWN|UNSPECIFIED
        errorMessage:string elementId:string creationTime:date
        state:enum=ACTIVE|MIGRATED|PENDING|RESOLVED|UNKNOWN tenantId:string incidentKey:key
        processDefinitionKey:key processInstanceKey:key elementInstanceKey:key jobKey:key
        """,
        """
        incidentKey processDefinitionKey processDefinitionId processInstanceKey errorType
        errorMessage elementId elementInstanceKey creationTime state jobKey tenantId
        """,
    ),
    "jobs": _entity(
        "jobKey",
        """
        deadline:date deniedReason:string elementId:string elementInstanceKey:key endTime:date
        errorCode:string errorMessage:string hasFailedWithRetriesLeft:boolean isDenied:boolean
        jobKey:key kind:enum=AD_HOC_SUB_PROCESS|BPMN_ELEMENT|EXECUTION_LISTENER|TASK_LISTENER
        listenerEventType:enum=ASSIGNING|BEFORE_ALL|CANCEL|CANCELING|COMPLETING|CREATING|END|START|UNSPECIFIED|UPDATING
        processDefinitionId:string processDefinitionKey:key processInstanceKey:key retries:integer
        state:enum=CANCELED|COMPLETED|CREATED|ERROR_THROWN|FAILED|MIGRATED|PRIORITY_UPDATED|RETRIES_UPDATED|TIMED_OUT|TIMEOUT_UPDATED
        tenantId:string type:string worker:string creationTime:date@8.9 lastUpdateTime:date@8.9
        priority:integer@8.10
        """,
        """
        deadline deniedReason elementId elementInstanceKey endTime errorCode errorMessage isDenied
        jobKey kind listenerEventType processDefinitionId processDefinitionKey processInstanceKey
        retries state tenantId type worker hasFailedWithRetriesLeft@8.9 creationTime@8.10
        priority@8.10
        """,
    ),
    "message-subscriptions": _entity(
        "messageSubscriptionKey",
        """
        messageSubscriptionKey:key processDefinitionId:string processInstanceKey:key
        elementId:string elementInstanceKey:key
        messageSubscriptionState:enum=CORRELATED|CREATED|DELETED|MIGRATED lastUpdatedDate:date
        messageName:string correlationKey:string tenantId:string processDefinitionKey:key@8.9
        businessId:string@8.10 messageSubscriptionType:enum@8.10=PROCESS_EVENT|START_EVENT
        processDefinitionName:string@8.10 processDefinitionVersion:integer@8.10 toolName:string@8.10
        inboundConnectorType:string@8.10
        """,
        """
        messageSubscriptionKey processDefinitionId processInstanceKey elementId elementInstanceKey
        messageSubscriptionState lastUpdatedDate messageName correlationKey tenantId businessId@8.10
        inboundConnectorType@8.10 messageSubscriptionType@8.10 processDefinitionName@8.10
        processDefinitionVersion@8.10 toolName@8.10
        """,
    ),
    "correlated-message-subscriptions": _entity(
        "subscriptionKey",
        """
        correlationKey:string correlationTime:date elementId:string elementInstanceKey:key
        messageKey:key messageName:string partitionId:integer processDefinitionId:string
        processDefinitionKey:key processInstanceKey:key subscriptionKey:key tenantId:string
        businessId:string@8.10
        """,
        """
        correlationKey correlationTime elementId elementInstanceKey messageKey messageName
        partitionId processDefinitionId processDefinitionKey processInstanceKey subscriptionKey
        tenantId businessId@8.10
        """,
    ),
    "user-tasks": _entity(
        "userTaskKey",
        """
        state:enum=ASSIGNING|CANCELED|CANCELING|COMPLETED|COMPLETING|CREATED|CREATING|FAILED|UPDATING
        assignee:string priority:integer elementId:string name:string candidateGroup:string
        candidateUser:string tenantId:string processDefinitionId:string creationDate:date
        completionDate:date followUpDate:date dueDate:date processInstanceVariables:variables
        localVariables:variables userTaskKey:key processDefinitionKey:key processInstanceKey:key
        elementInstanceKey:key tags:tags@8.9 businessId:string@8.10
        """,
        """
        creationDate completionDate followUpDate dueDate priority name businessId@8.10
        """,
    ),
    "cluster-variables": _entity(
        "name",
        """
        name:string@8.9 value:string@8.9 scope:enum@8.9=GLOBAL|TENANT tenantId:string@8.9
        isTruncated:boolean@8.9 kind:enum@8.10=JSON|SECRET_REFERENCE
        """,
        """
        name@8.9 value@8.9 tenantId@8.9 scope@8.9
        """,
    ),
}
