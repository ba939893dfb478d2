"""The searches of REST v2: what each line (8.8, 8.9, 8.10) filters and sorts by.

Facts of the published REST contract: names, operators and values as the types of the official clients of each line
have them (npm `@camunda8/orchestration-cluster-api` 8.8.4 and 9.1.5, PyPI `camunda-orchestration-sdk` 10.0.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from zelery.engine.rest.fields import LINES, NEVER, Entity, Field, Kind

TEXT, KEY, CHOICE, INTEGER, DATE = Kind.TEXT, Kind.KEY, Kind.CHOICE, Kind.INTEGER, Kind.DATE
BOOLEAN, TAGS, VARIABLES, ENTRIES = Kind.BOOLEAN, Kind.TAGS, Kind.VARIABLES, Kind.ENTRIES


def _since(line: str, names: str) -> Mapping[str, str]:
    """Names, parted by spaces, that came with a line."""
    return dict.fromkeys(names.split(), line)


def _choice(values: str, since: str = LINES[0]) -> Mapping[str, str]:
    return _since(since, values)


def _fields(*fields: Field) -> Mapping[str, Field]:
    return {field.name: field for field in fields}


ELEMENT_TYPES: Mapping[str, str] = _choice(
    "AD_HOC_SUB_PROCESS AD_HOC_SUB_PROCESS_INNER_INSTANCE BOUNDARY_EVENT BUSINESS_RULE_TASK "
    "CALL_ACTIVITY END_EVENT EVENT_BASED_GATEWAY EVENT_SUB_PROCESS EXCLUSIVE_GATEWAY "
    "INCLUSIVE_GATEWAY INTERMEDIATE_CATCH_EVENT INTERMEDIATE_THROW_EVENT MANUAL_TASK "
    "MULTI_INSTANCE_BODY PARALLEL_GATEWAY PROCESS RECEIVE_TASK SCRIPT_TASK SEND_TASK "
    "SEQUENCE_FLOW SERVICE_TASK START_EVENT SUB_PROCESS TASK UNKNOWN UNSPECIFIED USER_TASK"
)

ERROR_TYPES: Mapping[str, str] = {
    **_choice(
        "AD_HOC_SUB_PROCESS_NO_RETRIES CALLED_DECISION_ERROR CALLED_ELEMENT_ERROR "
        "CONDITION_ERROR DECISION_EVALUATION_ERROR EXECUTION_LISTENER_NO_RETRIES "
        "EXTRACT_VALUE_ERROR FORM_NOT_FOUND IO_MAPPING_ERROR JOB_NO_RETRIES "
        "MESSAGE_SIZE_EXCEEDED RESOURCE_NOT_FOUND TASK_LISTENER_NO_RETRIES "
        "UNHANDLED_ERROR_EVENT UNKNOWN UNSPECIFIED"
    ),
    "SECRET_RESOLUTION_ERROR": "8.10",
}

ENTITIES: Mapping[str, Entity] = {
    "process-definitions": Entity(
        key=("processDefinitionKey",),
        fields=_fields(
            Field("name", TEXT),
            Field("isLatestVersion", BOOLEAN),
            Field("resourceName", TEXT, operators_since=NEVER),
            Field("version", INTEGER, operators_since=NEVER),
            Field("versionTag", TEXT, operators_since=NEVER),
            Field("processDefinitionId", TEXT),
            Field("tenantId", TEXT, operators_since=NEVER),
            Field("processDefinitionKey", KEY, operators_since=NEVER),
            Field("hasStartForm", BOOLEAN),
            Field(
                "state", CHOICE, "8.9", operators_since=NEVER, values=_choice("ACTIVE DELETED DRAINING", since="8.9")
            ),
        ),
        sort=_since("8.8", "processDefinitionKey name resourceName version versionTag processDefinitionId tenantId"),
    ),
    "process-instances": Entity(
        key=("processInstanceKey",),
        fields=_fields(
            Field("startDate", DATE),
            Field("endDate", DATE),
            Field("state", CHOICE, values={**_choice("ACTIVE COMPLETED TERMINATED"), "SUSPENDED": "8.10"}),
            Field("hasIncident", BOOLEAN),
            Field("tenantId", TEXT),
            Field("variables", VARIABLES),
            Field("processInstanceKey", KEY),
            Field("parentProcessInstanceKey", KEY),
            Field("parentElementInstanceKey", KEY),
            Field("batchOperationId", TEXT),
            Field("errorMessage", TEXT),
            Field("hasRetriesLeft", BOOLEAN),
            Field("elementInstanceState", CHOICE, values=_choice("ACTIVE COMPLETED TERMINATED")),
            Field("elementId", TEXT),
            Field("hasElementInstanceIncident", BOOLEAN),
            Field("incidentErrorHashCode", INTEGER),
            Field("tags", TAGS),
            Field("processDefinitionId", TEXT),
            Field("processDefinitionName", TEXT),
            Field("processDefinitionVersion", INTEGER),
            Field("processDefinitionVersionTag", TEXT),
            Field("processDefinitionKey", KEY),
            Field("batchOperationKey", TEXT, "8.9"),
            Field("businessId", TEXT, "8.9"),
            Field("suspendedDate", DATE, "8.10"),
        ),
        sort={
            **_since(
                "8.8",
                "processInstanceKey processDefinitionId processDefinitionName processDefinitionVersion "
                "processDefinitionVersionTag processDefinitionKey parentProcessInstanceKey "
                "parentElementInstanceKey startDate endDate state hasIncident tenantId",
            ),
            "businessId": "8.9",
            "suspendedDate": "8.10",
        },
        alternatives_since="8.8",
    ),
    "element-instances": Entity(
        key=("elementInstanceKey",),
        fields=_fields(
            Field("processDefinitionId", TEXT, operators_since=NEVER),
            Field("state", CHOICE, values=_choice("ACTIVE COMPLETED TERMINATED")),
            Field("type", CHOICE, operators_since=NEVER, values=ELEMENT_TYPES),
            Field("elementId", TEXT, operators_since="8.10"),
            Field("elementName", TEXT, operators_since="8.10"),
            Field("hasIncident", BOOLEAN),
            Field("tenantId", TEXT, operators_since=NEVER),
            Field("elementInstanceKey", KEY, operators_since=NEVER),
            Field("processInstanceKey", KEY, operators_since=NEVER),
            Field("processDefinitionKey", KEY, operators_since=NEVER),
            Field("incidentKey", KEY, operators_since=NEVER),
            Field("startDate", DATE),
            Field("endDate", DATE),
            Field("elementInstanceScopeKey", KEY, operators_since=NEVER),
        ),
        sort=_since(
            "8.8",
            "elementInstanceKey processInstanceKey processDefinitionKey processDefinitionId "
            "startDate endDate elementId elementName type state incidentKey tenantId",
        ),
        alternatives_since="8.10",
    ),
    "variables": Entity(
        key=("variableKey",),
        fields=_fields(
            Field("name", TEXT),
            Field("value", TEXT),
            Field("tenantId", TEXT, operators_since=NEVER),
            Field("isTruncated", BOOLEAN),
            Field("variableKey", KEY),
            Field("scopeKey", KEY),
            Field("processInstanceKey", KEY),
        ),
        sort=_since("8.8", "value name tenantId variableKey scopeKey processInstanceKey"),
    ),
    "incidents": Entity(
        key=("incidentKey",),
        fields=_fields(
            Field("processDefinitionId", TEXT, operators_since="8.9"),
            Field("errorType", CHOICE, operators_since="8.9", values=ERROR_TYPES, operators_more=frozenset({"$notIn"})),
            Field("errorMessage", TEXT, operators_since="8.9"),
            Field("elementId", TEXT, operators_since="8.9"),
            Field("creationTime", DATE),
            Field(
                "state",
                CHOICE,
                operators_since="8.9",
                values={**_choice("ACTIVE MIGRATED PENDING RESOLVED"), "UNKNOWN": "8.9"},
                operators_more=frozenset({"$notIn"}),
            ),
            Field("tenantId", TEXT, operators_since="8.9"),
            Field("incidentKey", KEY, operators_since="8.9"),
            Field("processDefinitionKey", KEY, operators_since="8.9"),
            Field("processInstanceKey", KEY, operators_since="8.9"),
            Field("elementInstanceKey", KEY, operators_since="8.9"),
            Field("jobKey", KEY, operators_since="8.9"),
        ),
        sort=_since(
            "8.8",
            "incidentKey processDefinitionKey processDefinitionId processInstanceKey errorType "
            "errorMessage elementId elementInstanceKey creationTime state jobKey tenantId",
        ),
        sort_until={"errorMessage": "8.8"},
    ),
    "jobs": Entity(
        key=("jobKey",),
        fields=_fields(
            Field("deadline", DATE),
            Field("deniedReason", TEXT),
            Field("elementId", TEXT),
            Field("elementInstanceKey", KEY),
            Field("endTime", DATE),
            Field("errorCode", TEXT),
            Field("errorMessage", TEXT),
            Field("hasFailedWithRetriesLeft", BOOLEAN),
            Field("isDenied", BOOLEAN),
            Field("jobKey", KEY),
            Field("kind", CHOICE, values=_choice("AD_HOC_SUB_PROCESS BPMN_ELEMENT EXECUTION_LISTENER TASK_LISTENER")),
            Field(
                "listenerEventType",
                CHOICE,
                values={
                    **_choice("ASSIGNING CANCELING COMPLETING CREATING END START UNSPECIFIED UPDATING"),
                    "BEFORE_ALL": "8.10",
                    "CANCEL": "8.10",
                },
            ),
            Field("processDefinitionId", TEXT),
            Field("processDefinitionKey", KEY),
            Field("processInstanceKey", KEY),
            Field("retries", INTEGER),
            Field(
                "state",
                CHOICE,
                values={
                    **_choice("CANCELED COMPLETED CREATED ERROR_THROWN FAILED MIGRATED RETRIES_UPDATED TIMED_OUT"),
                    "PRIORITY_UPDATED": "8.10",
                    "TIMEOUT_UPDATED": "8.10",
                },
            ),
            Field("tenantId", TEXT),
            Field("type", TEXT),
            Field("worker", TEXT),
            Field("creationTime", DATE, "8.9"),
            Field("lastUpdateTime", DATE, "8.9"),
            Field("priority", INTEGER, "8.10"),
        ),
        sort={
            **_since(
                "8.8",
                "deadline deniedReason elementId elementInstanceKey endTime errorCode errorMessage "
                "isDenied jobKey kind listenerEventType processDefinitionId processDefinitionKey "
                "processInstanceKey retries state tenantId type worker",
            ),
            "hasFailedWithRetriesLeft": "8.9",
            "creationTime": "8.10",
            "priority": "8.10",
        },
    ),
    "message-subscriptions": Entity(
        key=("messageSubscriptionKey",),
        fields=_fields(
            Field("messageSubscriptionKey", KEY),
            Field("processDefinitionId", TEXT),
            Field("processInstanceKey", KEY),
            Field("elementId", TEXT),
            Field("elementInstanceKey", KEY),
            Field("messageSubscriptionState", CHOICE, values=_choice("CORRELATED CREATED DELETED MIGRATED")),
            Field("lastUpdatedDate", DATE),
            Field("messageName", TEXT),
            Field("correlationKey", TEXT),
            Field("tenantId", TEXT),
            Field("processDefinitionKey", KEY, "8.9"),
            Field("businessId", TEXT, "8.10"),
            Field("messageSubscriptionType", CHOICE, "8.10", values=_choice("PROCESS_EVENT START_EVENT", since="8.10")),
            Field("processDefinitionName", TEXT, "8.10"),
            Field("processDefinitionVersion", INTEGER, "8.10"),
            Field("toolName", TEXT, "8.10"),
            Field("inboundConnectorType", TEXT, "8.10"),
        ),
        sort={
            **_since(
                "8.8",
                "messageSubscriptionKey processDefinitionId processInstanceKey elementId "
                "elementInstanceKey messageSubscriptionState lastUpdatedDate messageName correlationKey "
                "tenantId",
            ),
            "businessId": "8.10",
            "inboundConnectorType": "8.10",
            "messageSubscriptionType": "8.10",
            "processDefinitionName": "8.10",
            "processDefinitionVersion": "8.10",
            "toolName": "8.10",
        },
    ),
    "correlated-message-subscriptions": Entity(
        key=("subscriptionKey",),
        fields=_fields(
            Field("correlationKey", TEXT),
            Field("correlationTime", DATE),
            Field("elementId", TEXT),
            Field("elementInstanceKey", KEY),
            Field("messageKey", KEY),
            Field("messageName", TEXT),
            Field("partitionId", INTEGER),
            Field("processDefinitionId", TEXT),
            Field("processDefinitionKey", KEY),
            Field("processInstanceKey", KEY),
            Field("subscriptionKey", KEY),
            Field("tenantId", TEXT),
            Field("businessId", TEXT, "8.10"),
        ),
        sort={
            **_since(
                "8.8",
                "correlationKey correlationTime elementId elementInstanceKey messageKey messageName "
                "partitionId processDefinitionId processDefinitionKey processInstanceKey "
                "subscriptionKey tenantId",
            ),
            "businessId": "8.10",
        },
    ),
    "user-tasks": Entity(
        key=("userTaskKey",),
        fields=_fields(
            Field(
                "state",
                CHOICE,
                values=_choice("ASSIGNING CANCELED CANCELING COMPLETED COMPLETING CREATED CREATING FAILED UPDATING"),
            ),
            Field("assignee", TEXT),
            Field("priority", INTEGER),
            Field("elementId", TEXT, operators_since=NEVER),
            Field("name", TEXT, operators_since="8.9"),
            Field("candidateGroup", TEXT),
            Field("candidateUser", TEXT),
            Field("tenantId", TEXT),
            Field("processDefinitionId", TEXT, operators_since="8.10"),
            Field("creationDate", DATE),
            Field("completionDate", DATE),
            Field("followUpDate", DATE),
            Field("dueDate", DATE),
            Field("processInstanceVariables", VARIABLES),
            Field("localVariables", VARIABLES),
            Field("userTaskKey", KEY, operators_since=NEVER),
            Field("processDefinitionKey", KEY, operators_since="8.10"),
            Field("processInstanceKey", KEY, operators_since="8.10"),
            Field("elementInstanceKey", KEY, operators_since=NEVER),
            Field("tags", TAGS, "8.9"),
            Field("businessId", TEXT, "8.10"),
        ),
        sort={**_since("8.8", "creationDate completionDate followUpDate dueDate priority name"), "businessId": "8.10"},
        alternatives_since="8.10",
    ),
    "cluster-variables": Entity(
        key=("name", "tenantId"),
        since="8.9",
        fields=_fields(
            Field("name", TEXT, "8.9"),
            Field("value", TEXT, "8.9"),
            Field("scope", CHOICE, "8.9", values=_choice("GLOBAL TENANT", since="8.9")),
            Field("tenantId", TEXT, "8.9"),
            Field("isTruncated", BOOLEAN, "8.9"),
            Field("metadata", ENTRIES, "8.10"),
            Field("kind", CHOICE, "8.10", values=_choice("JSON SECRET_REFERENCE", since="8.10")),
        ),
        sort=_since("8.9", "name value tenantId scope"),
    ),
}

#: The rows of `POST /v2/process-definitions/statistics/message-subscriptions`, which are paged and not sorted.
SUBSCRIPTION_STATISTICS = Entity(
    key=("processDefinitionKey",), since="8.9", fields=_fields(Field("processDefinitionKey", KEY)), sort={}
)
