"""Rules of user tasks."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Tag
from tests.zelery.engine.rules.rule import (
    Complete,
    CompleteUserTask,
    Deploy,
    Expect,
    Incident,
    Refused,
    Rule,
    Start,
)

_USER = "components/modeler/bpmn/user-tasks"


def _only(task: b.Element) -> list[b.Process]:
    return [b.process("p", b.start(), task, b.end())]


RULES = [
    Rule(
        "user-task-waits-to-be-completed",
        _USER,
        "A user task is kept by the engine, and the instance waits until it is completed.",
        _only(b.user("review")),
        [Start(), Expect(path=["start", "review"], user_tasks=["review"], jobs=[]), CompleteUserTask("review")],
        Expect(path=["start", "review", "end"], state="COMPLETED", user_tasks=[]),
    ),
    Rule(
        "user-task-variables-are-merged",
        _USER,
        "By default all variables of a user task's completion are merged into the instance.",
        _only(b.user("review")),
        [Start({"a": 1}), CompleteUserTask("review", {"a": 2, "approved": True})],
        Expect(variables={"a": 2, "approved": True}),
    ),
    Rule(
        "user-task-assignment-is-evaluated",
        _USER,
        "Assignee, candidates and due date may be expressions, evaluated when the task is activated.",
        _only(
            b.user(
                "review",
                extensions=[
                    Tag(
                        "zeebe:assignmentDefinition",
                        {"assignee": "= author", "candidateGroups": "sales, operations", "candidateUsers": "= users"},
                    ),
                    Tag("zeebe:taskSchedule", {"dueDate": '= "2026-02-28T13:13:10+02:00"'}),
                ],
            )
        ),
        [Start({"author": "ann", "users": ["bob", "eve"]})],
        Expect(
            user_task={
                "review": {
                    "assignee": "ann",
                    "candidateGroups": ["sales", "operations"],
                    "candidateUsers": ["bob", "eve"],
                    "dueDate": "2026-02-28T13:13:10+02:00",
                }
            }
        ),
    ),
    Rule(
        "user-task-priority-is-50-by-default",
        _USER,
        "The priority is a number from 0 to 100; 50 where the model does not say.",
        _only(b.user("review")),
        [Start()],
        Expect(user_task={"review": {"priority": 50, "assignee": None}}),
    ),
    Rule(
        "user-task-priority-is-an-expression",
        _USER,
        "The priority may be an expression; what it results in must be a whole number from 0 to 100.",
        _only(b.user("review", extensions=[Tag("zeebe:priorityDefinition", {"priority": "= urgency"})])),
        [
            Start({"urgency": 80}),
            Expect(user_task={"review": {"priority": 80}}),
            Start({"urgency": 101}),
        ],
        Expect(user_tasks=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "review", ["100"])], of=1),
    ),
    Rule(
        "user-task-assignee-that-is-no-text-is-an-incident",
        _USER,
        "The expression of an assignee must result in a text.",
        _only(b.user("review", extensions=[Tag("zeebe:assignmentDefinition", {"assignee": "= author"})])),
        [Start({"author": 42})],
        Expect(user_tasks=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "review", ["author"])]),
    ),
    Rule(
        "user-task-candidate-groups-that-are-no-list-are-an-incident",
        _USER,
        "The expression of candidate groups must result in a list of texts.",
        _only(b.user("review", extensions=[Tag("zeebe:assignmentDefinition", {"candidateGroups": "= groups"})])),
        [Start({"groups": [1]})],
        Expect(user_tasks=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "review", ["groups", "ARRAY"])]),
    ),
    Rule(
        "user-task-without-zeebe-user-task-is-a-job",
        _USER,
        "The job worker implementation creates a job of the type io.camunda.zeebe:userTask.",
        _only(b.user_job("review")),
        [Start(), Expect(job={"review": {"type": "io.camunda.zeebe:userTask"}}), Complete("review", {"ok": True})],
        Expect(state="COMPLETED", variables={"ok": True}),
    ),
    Rule(
        "user-task-that-is-a-job-has-its-assignment-in-headers",
        _USER,
        "Assignments and schedules of a user task that is a job are in the job's headers.",
        _only(
            b.user_job(
                "review",
                headers={"a": "b"},
                extensions=[Tag("zeebe:assignmentDefinition", {"assignee": "= author", "candidateGroups": "x, y"})],
            )
        ),
        [Start({"author": "ann"})],
        Expect(
            job={
                "review": {
                    "headers": {
                        "a": "b",
                        "io.camunda.zeebe:assignee": "ann",
                        "io.camunda.zeebe:candidateGroups": '["x","y"]',
                    }
                }
            }
        ),
    ),
    Rule(
        "user-task-priority-beyond-100-is-refused",
        _USER,
        "The priority is a number from 0 to 100.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.start(),
                            b.user("review", extensions=[Tag("zeebe:priorityDefinition", {"priority": "101"})]),
                            b.end(),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["review", "priority"],
            )
        ],
    ),
]
