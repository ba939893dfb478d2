"""What requests may say: names and types, by endpoint (facts of the published REST contract)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Body: TypeAlias = Mapping[str, type | tuple[type, ...]]

_NUMBER = (int,)
_KEY = (str, int)

#: A reference that clients may send with any command.
_REFERENCE: Body = {"operationReference": _NUMBER}

BODIES: Mapping[str, Body] = {
    "create": {
        **_REFERENCE,
        "processDefinitionId": str,
        "processDefinitionKey": _KEY,
        "processDefinitionVersion": _NUMBER,
        "variables": dict,
        "tenantId": str,
        "startInstructions": list,
        "runtimeInstructions": list,
        "awaitCompletion": bool,
        "fetchVariables": list,
        "requestTimeout": _NUMBER,
        "tags": list,
        "businessId": str,
    },
    "activate": {
        "type": str,
        "worker": str,
        "timeout": _NUMBER,
        "maxJobsToActivate": _NUMBER,
        "fetchVariable": list,
        "requestTimeout": _NUMBER,
        "tenantIds": list,
        "tenantFilter": str,
    },
    "complete": {"variables": dict, "result": dict},
    "fail": {"retries": _NUMBER, "errorMessage": str, "retryBackOff": _NUMBER, "variables": dict},
    "throw": {"errorCode": str, "errorMessage": str, "variables": dict},
    "update": {**_REFERENCE, "changeset": dict},
    "cancel": _REFERENCE,
    "resolve": _REFERENCE,
    "deletion": {**_REFERENCE, "deleteHistory": bool},
    "variables": {**_REFERENCE, "variables": dict, "local": bool},
    "modify": {
        **_REFERENCE,
        "activateInstructions": list,
        "moveInstructions": list,
        "terminateInstructions": list,
    },
    "migrate": {**_REFERENCE, "targetProcessDefinitionKey": _KEY, "mappingInstructions": list},
    "publish": {
        "name": str,
        "correlationKey": str,
        "timeToLive": _NUMBER,
        "messageId": str,
        "variables": dict,
        "tenantId": str,
    },
    "correlate": {"name": str, "correlationKey": str, "variables": dict, "tenantId": str},
    "signal": {"signalName": str, "variables": dict, "tenantId": str},
    "complete-task": {"variables": dict, "action": str},
    "assign": {"assignee": str, "allowOverride": bool, "action": str},
    "unassign": {},
    "update-task": {"changeset": dict, "action": str},
    "ad-hoc": {"elements": list, "cancelRemainingInstances": bool},
    "cluster-variable": {"name": str, "value": (str, int, float, bool, dict, list), "metadata": dict, "kind": str},
    "evaluate": {"expression": str, "tenantId": str, "variables": dict, "scope": str},
    "pin": {"timestamp": _NUMBER},
}
