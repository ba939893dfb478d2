from __future__ import annotations

from typing import Any

import pytest

from zelery.engine.rest.bodies import BODIES
from zelery.engine.rest.fields import LINES
from zelery.engine.rest.problems import Problem
from zelery.engine.rest.shapes import Shape, checked

GOOD: dict[str, dict[str, Any]] = {
    "create": {"processDefinitionId": "order", "variables": {"a": {"b": None}}, "awaitCompletion": True, "tags": ["a"]},
    "cancel": {"operationReference": 1},
    "modify": {
        "activateInstructions": [
            {"elementId": "a", "variableInstructions": [{"variables": {"x": 1}}], "ancestorElementInstanceKey": "1"}
        ],
        "terminateInstructions": [{"elementInstanceKey": "2"}],
    },
    "migrate": {
        "targetProcessDefinitionKey": "5",
        "mappingInstructions": [{"sourceElementId": "a", "targetElementId": "b"}],
    },
    "activate": {"type": "pay", "timeout": 1000, "maxJobsToActivate": 1, "requestTimeout": -1, "fetchVariable": []},
    "complete": {
        "variables": {"a": 1},
        "result": {"type": "adHocSubProcess", "activateElements": [{"elementId": "a", "variables": {"t": 1}}]},
    },
    "fail": {"retries": 0, "errorMessage": "no", "retryBackOff": 5, "variables": {}},
    "throw": {"errorCode": "E", "variables": {}},
    "update": {"changeset": {"retries": 3}},
    "resolve": {},
    "deletion": {},
    "variables": {"variables": {}, "local": True},
    "publish": {"name": "paid", "correlationKey": "", "timeToLive": 0},
    "correlate": {"name": "paid", "correlationKey": "7"},
    "signal": {"signalName": "s"},
    "complete-task": {"action": "done"},
    "assign": {"assignee": "ann", "allowOverride": False},
    "unassign": {},
    "update-task": {"changeset": {"dueDate": "2026-01-01T00:00:00Z", "followUpDate": "", "priority": 100}},
    "ad-hoc": {"elements": [{"elementId": "a"}]},
    "cluster-variable": {"name": "n", "value": False},
    "cluster-variable-update": {"value": [1]},
    "evaluate": {"expression": "=1", "variables": {"x": 1}},
    "pin": {"timestamp": 0},
    "link": {"timeToLive": 1},
    "document": {"fileName": "a.txt", "expiresAt": "2026-01-01T00:00:00+01:00", "customProperties": {"a": 1}},
}


def test_each_body_has_an_example() -> None:
    assert GOOD.keys() == BODIES.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_body_of_its_shape_stays_as_it_is(name: str) -> None:
    assert checked(BODIES[name], GOOD[name], "8.10") == GOOD[name]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_is_not_known_is_refused_in_every_body(name: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(BODIES[name], {**GOOD[name], "nonsense": 1}, "8.10")
    assert (refused.value.title, refused.value.detail) == (
        "Bad Request",
        "Request property [nonsense] cannot be parsed",
    )


@pytest.mark.parametrize(
    ("name", "body", "since"),
    [
        ("create", {"businessId": "b"}, "8.9"),
        ("create", {"processDefinitionVersionTag": "v"}, "8.10"),
        ("activate", {"tenantFilter": "ASSIGNED"}, "8.9"),
        ("activate", {"withLease": True}, "8.10"),
        ("complete", {"jobLeaseToken": "t"}, "8.10"),
        ("update", {"changeset": {"priority": 5}}, "8.10"),
        ("deletion", {"deleteHistory": True}, "8.9"),
        ("publish", {"businessId": "b"}, "8.10"),
        ("correlate", {"businessId": "b"}, "8.10"),
        ("modify", {"moveInstructions": []}, "8.9"),
        ("modify", {"terminateInstructions": [{"elementId": "a"}]}, "8.9"),
        ("cluster-variable", {"metadata": {"a": 1}}, "8.10"),
        ("evaluate", {"scopeKey": "1"}, "8.10"),
    ],
)
def test_a_name_is_known_from_its_line_on(name: str, body: dict[str, Any], since: str) -> None:
    for line in LINES:
        if LINES.index(line) < LINES.index(since):
            with pytest.raises(Problem, match="cannot be parsed"):
                checked(BODIES[name], {**GOOD[name], **body}, line)
        else:
            assert checked(BODIES[name], {**GOOD[name], **body}, line).items() >= body.items()


@pytest.mark.parametrize(
    ("name", "body", "detail"),
    [
        ("activate", {"timeout": 1, "maxJobsToActivate": 1}, "No type provided"),
        ("activate", {"type": "", "timeout": 1, "maxJobsToActivate": 1}, "No type provided"),
        ("activate", {"type": "a", "timeout": 0, "maxJobsToActivate": 1}, "value for timeout is '0' but must be at"),
        ("activate", {"type": "a", "timeout": True, "maxJobsToActivate": 1}, "[timeout] cannot be parsed: expected a"),
        ("activate", {"type": "a", "timeout": 1.5, "maxJobsToActivate": 1}, "expected a whole number, not 1.5"),
        ("activate", {"type": "a", "timeout": 2**63, "maxJobsToActivate": 1}, "is too large"),
        ("activate", {"type": "a", "timeout": 1, "maxJobsToActivate": 1, "tenantIds": [1]}, "[tenantIds[0]] cannot"),
        ("create", {"startInstructions": ["a"]}, "[startInstructions[0]] cannot be parsed: expected an object, not a"),
        ("create", {"startInstructions": [{}]}, "No startInstructions[0].elementId provided"),
        ("create", {"startInstructions": [None]}, "[startInstructions[0]] cannot be parsed"),
        ("create", {"variables": []}, "[variables] cannot be parsed: expected an object, not []"),
        ("create", {"processDefinitionKey": "order"}, "processDefinitionKey 'order' is not a valid key"),
        ("create", {"tags": "a"}, "[tags] cannot be parsed: expected a list"),
        ("create", {"runtimeInstructions": [{"type": "x", "afterElementId": "a"}]}, "TERMINATE_PROCESS_INSTANCE"),
        ("complete", {"result": {"type": "x"}}, "[result.type] cannot be parsed: Unexpected value 'x' for enum field"),
        ("complete", {"result": {"activateElements": [{"variables": 1}]}}, "[result.activateElements[0].variables]"),
        ("complete", {"result": {"corrections": {"priority": 101}}}, "result.corrections.priority is '101'"),
        ("fail", {"retryBackOff": -1}, "retryBackOff is '-1'"),
        ("migrate", {"targetProcessDefinitionKey": "1"}, "No mappingInstructions provided"),
        ("migrate", {"targetProcessDefinitionKey": "1", "mappingInstructions": [{}]}, "sourceElementId provided"),
        ("modify", {"terminateInstructions": [{"elementInstanceKey": {}}]}, "terminateInstructions[0]"),
        ("update", {}, "No changeset provided"),
        ("variables", {"local": True}, "No variables provided"),
        ("update-task", {"changeset": {"dueDate": "tomorrow"}}, "changeset.dueDate 'tomorrow' cannot be parsed as a"),
        ("cancel", {"operationReference": 0}, "operationReference is '0' but must be at least 1"),
        ("pin", {"timestamp": None}, "No timestamp provided"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_its_property(name: str, body: dict[str, Any], detail: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(BODIES[name], body, "8.10")
    assert refused.value.status == 400
    assert detail in refused.value.detail


def test_what_is_null_is_not_there_but_within_variables() -> None:
    body = {"variables": {"a": None}, "result": {"denied": None}, "businessId": None}
    assert checked(BODIES["complete"], body, "8.10") == {"variables": {"a": None}, "result": {}}


def test_every_name_belongs_to_a_line() -> None:
    def lines(shape: Shape) -> set[str]:
        found = set()
        for member in shape.values():
            found.add(member.since)
            for inner in (member.shape, member.each.shape if member.each else None):
                found |= lines(inner) if inner else set()
        return found

    assert set().union(*(lines(shape) for shape in BODIES.values())) <= set(LINES)
