"""What the endpoints that act are asked with, by line (8.8, 8.9, 8.10).

Facts of the published REST contract, as the types of the official clients of each line have them (npm
`@camunda8/orchestration-cluster-api` 8.8.4 and 9.1.5, PyPI `camunda-orchestration-sdk` 10.0.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from zelery.engine.rest.shapes import Member, Shape, Type, date, flag, free, key_, many, object_, text, whole

#: A number that clients may send with a command, to find its records by.
REFERENCE: Shape = {"operationReference": whole(least=1)}
_TEXTS = many(text())
_LEASE: Shape = {"jobLeaseToken": text(since="8.10")}
_VARIABLES: Shape = {"variables": free()}
_ACTIVATED: Shape = {"elementId": text(required=True), **_VARIABLES}
_SCOPED_VARIABLES = many(object_({"variables": free(required=True), "scopeId": text()}))
_TASK: Shape = {
    "dueDate": date(clearable=True),
    "followUpDate": date(clearable=True),
    "candidateUsers": _TEXTS,
    "candidateGroups": _TEXTS,
    "priority": whole(least=0, most=100),
}

_INSTANCE: Shape = {
    **REFERENCE,
    **_VARIABLES,
    "processDefinitionId": text(),
    "processDefinitionKey": key_(),
    "processDefinitionVersion": whole(),
    "processDefinitionVersionTag": text(since="8.10"),
    "tenantId": text(),
    "startInstructions": many(object_({"elementId": text(required=True)})),
    "runtimeInstructions": many(
        object_({"type": text("TERMINATE_PROCESS_INSTANCE"), "afterElementId": text(required=True)})
    ),
    "awaitCompletion": flag(),
    "fetchVariables": _TEXTS,
    "requestTimeout": whole(),
    "tags": _TEXTS,
    "businessId": text(since="8.9"),
}

_JOB_RESULT: Shape = {
    "type": text("userTask", "adHocSubProcess"),
    "denied": flag(),
    "deniedReason": text(),
    "corrections": object_({**_TASK, "assignee": text()}),
    "activateElements": many(object_({"elementId": text(), **_VARIABLES})),
    "isCompletionConditionFulfilled": flag(),
    "isCancelRemainingInstances": flag(),
}

_MODIFICATION: Shape = {
    **REFERENCE,
    "activateInstructions": many(
        object_(
            {
                "elementId": text(required=True),
                "variableInstructions": _SCOPED_VARIABLES,
                "ancestorElementInstanceKey": key_(),
            }
        )
    ),
    "moveInstructions": many(
        object_(
            {
                "sourceElementInstruction": object_(
                    {
                        "sourceType": text("byId", "byKey"),
                        "sourceElementId": text(),
                        "sourceElementInstanceKey": key_(),
                    },
                    required=True,
                ),
                "targetElementId": text(required=True),
                "ancestorScopeInstruction": object_(
                    {
                        "ancestorScopeType": text("direct", "inferred", "sourceParent"),
                        "ancestorElementInstanceKey": key_(),
                    }
                ),
                "variableInstructions": _SCOPED_VARIABLES,
            }
        ),
        since="8.9",
    ),
    "terminateInstructions": many(object_({"elementId": text(since="8.9"), "elementInstanceKey": key_()})),
}

_MESSAGE: Shape = {
    **_VARIABLES,
    "name": text(required=True),
    "correlationKey": text(),
    "tenantId": text(),
    "businessId": text(since="8.10"),
}

BODIES: Mapping[str, Shape] = {
    "create": _INSTANCE,
    "cancel": REFERENCE,
    "modify": _MODIFICATION,
    "migrate": {
        **REFERENCE,
        "targetProcessDefinitionKey": key_(required=True),
        "mappingInstructions": many(
            object_({"sourceElementId": text(required=True), "targetElementId": text(required=True)}), required=True
        ),
    },
    "activate": {
        "type": text(required=True),
        "worker": text(),
        "timeout": whole(required=True, least=1),
        "maxJobsToActivate": whole(required=True, least=1),
        "fetchVariable": _TEXTS,
        "requestTimeout": whole(),
        "tenantIds": _TEXTS,
        "tenantFilter": text("ASSIGNED", "PROVIDED", since="8.9"),
        "withLease": flag(since="8.10"),
    },
    "complete": {**_VARIABLES, **_LEASE, "result": object_(_JOB_RESULT), "businessId": text(since="8.10")},
    "fail": {
        **_VARIABLES,
        **_LEASE,
        "retries": whole(),
        "errorMessage": text(),
        "retryBackOff": whole(least=0),
    },
    "throw": {**_VARIABLES, **_LEASE, "errorCode": text(required=True), "errorMessage": text()},
    "update": {
        **REFERENCE,
        **_LEASE,
        "changeset": object_({"retries": whole(), "timeout": whole(), "priority": whole(since="8.10")}, required=True),
    },
    "resolve": REFERENCE,
    "deletion": {**REFERENCE, "deleteHistory": flag(since="8.9")},
    "variables": {**REFERENCE, "variables": free(required=True), "local": flag()},
    "publish": {**_MESSAGE, "timeToLive": whole(), "messageId": text()},
    "correlate": _MESSAGE,
    "signal": {**_VARIABLES, "signalName": text(required=True), "tenantId": text()},
    "complete-task": {**_VARIABLES, "action": text()},
    "assign": {"assignee": text(required=True), "allowOverride": flag(), "action": text()},
    "unassign": {},
    "update-task": {"changeset": object_(_TASK), "action": text()},
    "ad-hoc": {"elements": many(object_(_ACTIVATED), required=True), "cancelRemainingInstances": flag()},
    "cluster-variable": {
        "name": text(since="8.9", required=True),
        "value": Member(type=Type.ANY, since="8.9", required=True),
        "metadata": free(since="8.10"),
        "kind": text("JSON", "SECRET_REFERENCE", since="8.10"),
    },
    "cluster-variable-update": {
        "value": Member(type=Type.ANY, since="8.9", required=True),
        "metadata": free(since="8.10"),
    },
    "evaluate": {
        **_VARIABLES,
        "expression": text(since="8.9", required=True),
        "tenantId": text(since="8.9"),
        "scopeKey": key_(since="8.10"),
    },
    "pin": {"timestamp": whole(required=True, least=0)},
    "link": {"timeToLive": whole(least=1)},
    "document": {
        "contentType": text(),
        "fileName": text(),
        "expiresAt": date(),
        "size": whole(least=0),
        "processDefinitionId": text(),
        "processInstanceKey": key_(),
        "customProperties": free(),
    },
}
