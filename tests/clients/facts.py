"""What a client of Zeebe's protocol sees when it drives `shop.bpmn`: the same facts, whoever wrote the client.

Sources: Camunda's documentation (pages "Job workers", "Messages", "Incidents", "Process instance creation", "Ad-hoc
sub-process", "Zeebe API (gRPC)", "Orchestration Cluster REST API").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: What HTTP calls a status of gRPC's.
_NAMES = {
    "400": "INVALID_ARGUMENT",
    "404": "NOT_FOUND",
    "409": "ALREADY_EXISTS",
    "504": "DEADLINE_EXCEEDED",
}

FACTS: Mapping[str, Any] = {
    "topology": {"brokers": True, "healthy": True},
    "deployed": ["agent", "alarm", "ask", "bulk", "double", "order", "stuck"],
    "deployed_again": [1],
    "broken_model": "INVALID_ARGUMENT",
    "unknown_process": "NOT_FOUND",
    "result": {"a": 21, "doubled": 42},
    "result_fetched": {"doubled": 42},
    "result_late": "DEADLINE_EXCEEDED",
    "activated": {
        "type": "charge",
        "process": "order",
        "version": 1,
        "element": "charge",
        "headers": {"currency": "EUR"},
        "retries": 3,
        "variables": {"orderId": "j-1", "total": 12.5},
        "own_instance": True,
        "worker": "tests",
    },
    "failed": {"at_once": 0, "retries": 1, "variables": {"n": 0, "tried": True}},
    "thrown": {"orderId": "j-2", "why": "poor"},
    "lease": [True, 7],
    "completed_twice": "NOT_FOUND",
    "agent": ["AD_HOC_SUB_PROCESS", "Rome", "rain?"],
    "worked": [12, 1],
    "worked_by_stream": [12, 1],
    "streamed": {"n": 99},
    "shipped": {"by": "card", "orderId": "m-1", "parcel": {"weight": 1.5}, "receipt": 7},
    "published_twice": "ALREADY_EXISTS",
    "correlated": True,
    "correlated_nobody": "NOT_FOUND",
    "alarmed": 1,
    "incident": {
        "type": "JOB_NO_RETRIES",
        "message": "broken",
        "element": "try",
        "state": "ACTIVE",
        "without_retries": "refused",
        "again": [True, True],
        "left": 0,
    },
    "unknown_incident": "NOT_FOUND",
    "user_task": {
        "element": "answer",
        "state": "CREATED",
        "groups": ["sales"],
        "assignee": "ann",
        "afterwards": "COMPLETED",
        "answer": ['"so"'],
    },
    "definition": ["Order", 1, True, True],
    "pages": [[2, 2, 1], True],
    "waiting": {
        "subscriptions": [["paid", "s-1", "CREATED", "paid"]],
        "elements": [
            ["received", "START_EVENT", "COMPLETED"],
            ["charge", "SERVICE_TASK", "COMPLETED"],
            ["paid", "INTERMEDIATE_CATCH_EVENT", "ACTIVE"],
        ],
        "jobs": [["charge", "COMPLETED", "charge"]],
    },
    "variables": [["list", "[1,2]", True], ["number", "1", True], ["text", '"a"', True]],
    "gets": ["ACTIVE", "Answer", '"why?"', "Answer", "NOT_FOUND"],
    "operators": {"by_date": 2, "by_incident": 0, "by_key": 1, "by_state": 0, "by_variable": 1},
    "offset": [["order", "stuck"], 7],
    "cancelled": ["NOT_FOUND", 1],
    "deleted": "NOT_FOUND",
}


def differences(seen: Mapping[str, Any], *, without: Collection[str] = ()) -> Mapping[str, tuple[Any, Any]]:
    """What a client saw and what it must see, by fact, where the two differ.

    Args:
        seen: What it saw.
        without: Facts that need a call which the client does not have.
    """
    unknown = set(without) - set(FACTS)
    assert not unknown, f"no such facts: {unknown}"
    missing = "nothing"
    pairs = {name: (_named(seen.get(name, missing)), fact) for name, fact in FACTS.items() if name not in without}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _named(seen: Any) -> Any:
    """What was seen, with HTTP's statuses by gRPC's names."""
    if isinstance(seen, list):
        return [_named(each) for each in seen]
    return _NAMES.get(seen, seen) if isinstance(seen, str) else seen
