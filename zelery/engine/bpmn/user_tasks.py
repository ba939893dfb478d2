"""User tasks: kept by the engine (`zeebe:userTask`), or jobs (docs: "User tasks")."""

from __future__ import annotations

import json
from collections.abc import Iterator

from zelery.engine.bpmn.extensions import extension, headers
from zelery.engine.bpmn.model import Expression, JobDefinition, UserTask
from zelery.engine.bpmn.nodes import Node
from zelery.engine.bpmn.reading import Reading

#: The job type of user tasks that the engine does not keep (docs: "User tasks").
JOB_TYPE = "io.camunda.zeebe:userTask"

#: How often such a job is tried (as the record in camunda issue 10459 shows).
_RETRIES = "1"

#: The headers of such a job, by extension element and attribute (camunda issues 8055, 10459).
_HEADERS = {
    "assignmentDefinition": {
        "assignee": "io.camunda.zeebe:assignee",
        "candidateGroups": "io.camunda.zeebe:candidateGroups",
        "candidateUsers": "io.camunda.zeebe:candidateUsers",
    },
    "taskSchedule": {"dueDate": "io.camunda.zeebe:dueDate", "followUpDate": "io.camunda.zeebe:followUpDate"},
    "formDefinition": {"formKey": "io.camunda.zeebe:formKey", "formId": "io.camunda.zeebe:formId"},
}

#: Attributes that are lists of names, separated by commas where they are static.
_LISTS = frozenset({"candidateGroups", "candidateUsers"})


def user_task(reading: Reading, node: Node) -> UserTask | None:
    """A user task that the engine keeps; None for one that is a job."""
    if extension(node, "userTask") is None:
        return None
    assignment, schedule = extension(node, "assignmentDefinition"), extension(node, "taskSchedule")
    form, priority = extension(node, "formDefinition"), extension(node, "priorityDefinition")
    return UserTask(
        assignee=reading.attribute(assignment, "assignee"),
        candidate_groups=reading.attribute(assignment, "candidateGroups"),
        candidate_users=reading.attribute(assignment, "candidateUsers"),
        due_date=reading.attribute(schedule, "dueDate"),
        follow_up_date=reading.attribute(schedule, "followUpDate"),
        priority=_priority(reading, priority),
        form_id=(form.get("formId") or "").strip() or None if form is not None else None,
        external_form_reference=reading.attribute(form, "externalReference"),
        headers=headers(node),
    )


def _priority(reading: Reading, node: Node | None) -> Expression | None:
    """A priority from 0 to 100."""
    found = reading.attribute(node, "priority")
    if node is None or found is None or found.text.startswith("="):
        return found
    text = found.text.strip()
    if not text.isdecimal() or int(text) > 100:  # noqa: PLR2004 - the documented end
        reading.complain(node, f"Attribute 'priority' must be a number from 0 to 100, but is '{found.text}'")
    return found


def job(reading: Reading, node: Node) -> JobDefinition:
    """The job of a user task that the engine does not keep; its attributes are headers.

    A header that is an expression is evaluated when the job is created. A list of names is JSON.
    """
    return JobDefinition(
        type=Expression(JOB_TYPE),
        retries=Expression(_RETRIES),
        headers={**headers(node), **dict(_attributes(reading, node))},
    )


def _attributes(reading: Reading, node: Node) -> Iterator[tuple[str, str]]:
    for name, attributes in _HEADERS.items():
        found = extension(node, name)
        for attribute, header in attributes.items():
            value = reading.attribute(found, attribute)
            if value is None:
                continue
            if attribute in _LISTS and not value.text.startswith("="):
                names = [each.strip() for each in value.text.split(",") if each.strip()]
                yield header, json.dumps(names, separators=(",", ":"), ensure_ascii=False)
            else:
                yield header, value.text
