from __future__ import annotations

import pytest

from tests.zelery.engine.bpmn.models import complaints, element, extended, node
from zelery.engine.bpmn.model import Expression

ASSIGNMENT = 'assignmentDefinition assignee="= boss" candidateGroups="sales, support" candidateUsers="= users"/>'
SCHEDULE = 'taskSchedule dueDate="2026-01-31T12:00:00Z"/>'


def test_a_user_task_that_the_engine_keeps_has_its_attributes() -> None:
    parts = (ASSIGNMENT, SCHEDULE, 'formDefinition formId="order"/>', 'priorityDefinition priority="75"/>')
    found = element(node("userTask", "e", extended("userTask/>", *parts)))
    task = found.user_task
    assert found.job is None
    assert task is not None
    assert task.assignee is not None
    assert task.assignee.feel is not None
    assert task.candidate_groups == Expression("sales, support")
    assert task.due_date == Expression("2026-01-31T12:00:00Z")
    assert task.follow_up_date is None
    assert task.priority == Expression("75")
    assert (task.form_id, task.external_form_reference) == ("order", None)


def test_a_user_task_may_have_a_form_elsewhere() -> None:
    found = element(node("userTask", "e", extended("userTask/>", 'formDefinition externalReference="f"/>'))).user_task
    assert found is not None
    assert found.external_form_reference == Expression("f")


@pytest.mark.parametrize("priority", ["101", "high", "-1"])
def test_a_priority_that_is_none_is_refused(priority: str) -> None:
    ((_, what),) = complaints(
        node("userTask", "e", extended("userTask/>", f'priorityDefinition priority="{priority}"/>'))
    )
    assert "from 0 to 100" in what


def test_another_user_task_is_a_job_whose_headers_are_its_attributes() -> None:
    headers = 'taskHeaders><zeebe:header key="a" value="1"/></zeebe:taskHeaders>'
    found = element(
        node("userTask", "e", extended(headers, ASSIGNMENT, SCHEDULE, 'formDefinition formKey="camunda-forms:1"/>'))
    )
    assert found.user_task is None
    assert found.job is not None
    assert (found.job.type.text, found.job.retries.text) == ("io.camunda.zeebe:userTask", "1")
    assert found.job.headers == {
        "a": "1",
        "io.camunda.zeebe:assignee": "= boss",
        "io.camunda.zeebe:candidateGroups": '["sales","support"]',
        "io.camunda.zeebe:candidateUsers": "= users",
        "io.camunda.zeebe:dueDate": "2026-01-31T12:00:00Z",
        "io.camunda.zeebe:formKey": "camunda-forms:1",
    }


@pytest.mark.parametrize("kept", [["userTask/>"], []])
def test_an_attribute_that_is_no_expression_is_refused(kept: list[str]) -> None:
    ((path, what),) = complaints(node("userTask", "e", extended(*kept, 'assignmentDefinition assignee="= ("/>')))
    assert path == "e > extensionElements > assignmentDefinition"
    assert "assignee is no FEEL expression" in what
