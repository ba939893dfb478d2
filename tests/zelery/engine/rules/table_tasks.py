"""Rules of tasks but user tasks."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import each, message
from tests.zelery.engine.rules.rule import (
    Complete,
    Deploy,
    Expect,
    Incident,
    Publish,
    Refused,
    Resolve,
    Rule,
    SetVariables,
    Start,
)

_SERVICE = "components/modeler/bpmn/service-tasks"
_SCRIPT = "components/modeler/bpmn/script-tasks"
_RECEIVE = "components/modeler/bpmn/receive-tasks"
_DECIDE = "components/modeler/bpmn/business-rule-tasks"


def _only(task: b.Element) -> list[b.Process]:
    return [b.process("p", b.start(), task, b.end())]


RULES = [
    Rule(
        "service-task-waits-for-its-job",
        _SERVICE,
        "A service task creates a job and waits until it is complete.",
        _only(b.service("charge", "payment")),
        [Start()],
        Expect(path=["start", "charge"], state="ACTIVE", jobs=["charge"], activatable=["charge"]),
    ),
    Rule(
        "service-task-goes-on-when-its-job-is-complete",
        _SERVICE,
        "When the job is complete, the task is and the instance goes on.",
        _only(b.service("charge")),
        [Start(), Complete("charge")],
        Expect(path=["start", "charge", "end"], state="COMPLETED", jobs=[]),
    ),
    Rule(
        "service-task-retries-are-three-by-default",
        _SERVICE,
        "A job is tried three times where the model does not say otherwise.",
        _only(b.service("charge", "payment")),
        [Start()],
        Expect(job={"charge": {"type": "payment", "retries": 3, "headers": {}, "kind": "BPMN_ELEMENT"}}),
    ),
    Rule(
        "service-task-type-and-retries-are-expressions",
        _SERVICE,
        "Job type and retries may be expressions, evaluated when the task is activated.",
        _only(b.service("order", '= "order-" + group', "= tries")),
        [Start({"group": "gold", "tries": 7})],
        Expect(job={"order": {"type": "order-gold", "retries": 7}}),
    ),
    Rule(
        "service-task-type-that-is-no-text-is-an-incident",
        _SERVICE,
        "The expression of a job type must result in a text.",
        _only(b.service("order", "= group")),
        [Start({"group": 1})],
        Expect(
            path=["start", "order"], jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "order", ["group", "STRING"])]
        ),
    ),
    Rule(
        "service-task-retries-that-are-no-number-are-an-incident",
        _SERVICE,
        "The expression of retries must result in a number.",
        _only(b.service("order", "order", "= tries")),
        [Start({"tries": True})],
        Expect(jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "order", ["tries", "NUMBER"])]),
    ),
    Rule(
        "service-task-type-is-evaluated-again-when-its-incident-is-resolved",
        "components/concepts/incidents",
        "Mend the variables, resolve the incident, and the instance goes on.",
        _only(b.service("order", "= group")),
        [Start(), SetVariables({"group": "gold"}), Resolve("order")],
        Expect(path=["start", "order"], job={"order": {"type": "gold"}}),
    ),
    Rule(
        "service-task-headers-are-static",
        _SERVICE,
        "Headers are static metadata: an equal sign makes no expression of them.",
        _only(b.service("charge", headers={"method": "VISA", "raw": "= amount"})),
        [Start({"amount": 3})],
        Expect(job={"charge": {"headers": {"method": "VISA", "raw": "= amount"}}}),
    ),
    Rule(
        "send-task-is-a-job",
        "components/modeler/bpmn/send-tasks",
        "A send task behaves exactly like a service task.",
        _only(b.send("publish", "kafka", headers={"topic": "payment"})),
        [Start(), Expect(job={"publish": {"type": "kafka", "headers": {"topic": "payment"}}}), Complete("publish")],
        Expect(path=["start", "publish", "end"], state="COMPLETED"),
    ),
    Rule(
        "business-rule-task-is-a-job",
        _DECIDE,
        "A business rule task with a task definition behaves exactly like a service task.",
        _only(b.rule("decide", "dmn")),
        [Start(), Expect(job={"decide": {"type": "dmn", "retries": 3}}), Complete("decide", {"risk": "low"})],
        Expect(state="COMPLETED", variables={"risk": "low"}),
    ),
    Rule(
        "script-task-evaluates-feel",
        _SCRIPT,
        "The FEEL expression of a script task is evaluated in place, and its result is a variable.",
        _only(b.script("sum", "= a + b", "total")),
        [Start({"a": 1, "b": 2})],
        Expect(path=["start", "sum", "end"], state="COMPLETED", variables={"a": 1, "b": 2, "total": 3}),
    ),
    Rule(
        "script-task-output-mapping-keeps-its-result-local",
        _SCRIPT,
        "What is merged of the result can be said by an output mapping.",
        _only(b.script("sum", "= {value: a, text: string(a)}", "result", outputs={"text": "= result.text"})),
        [Start({"a": 1})],
        Expect(variables={"a": 1, "text": "1"}, local={"sum": {"result": {"value": 1, "text": "1"}}}),
    ),
    Rule(
        "script-task-sees-its-input-mappings",
        _SCRIPT,
        "Input mappings are applied before the script is evaluated.",
        _only(b.script("sum", "= x * 2", "total", inputs={"x": "= order.amount"})),
        [Start({"order": {"amount": 4}})],
        Expect(variables={"order": {"amount": 4}, "total": 8}, local={"sum": {"x": 4}}),
    ),
    Rule(
        "script-task-that-fails-is-an-incident",
        _SCRIPT,
        "A FEEL expression that cannot be evaluated is an incident; resolved, it is evaluated again.",
        _only(b.script("check", '= assert(order, order != null, "no order")', "checked")),
        [
            Start(),
            Expect(path=["start", "check"], incidents=[Incident("EXTRACT_VALUE_ERROR", "check", ["no order"])]),
            SetVariables({"order": 7}),
            Resolve("check"),
        ],
        Expect(path=["start", "check", "end"], state="COMPLETED", variables={"order": 7, "checked": 7}),
    ),
    Rule(
        "script-task-null-is-a-result",
        _SCRIPT,
        "What an expression cannot find is null (Expressions, Access variables).",
        _only(b.script("get", "= order.id", "id")),
        [Start()],
        Expect(state="COMPLETED", variables={"id": None}),
    ),
    Rule(
        "script-task-may-be-a-job",
        _SCRIPT,
        "With a task definition a script task behaves exactly like a service task.",
        _only(b.script_job("sum", "script", headers={"language": "javascript"})),
        [Start(), Expect(job={"sum": {"type": "script", "headers": {"language": "javascript"}}}), Complete("sum")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "receive-task-waits-for-its-message",
        _RECEIVE,
        "A receive task subscribes to its message and waits until it is correlated.",
        _only(b.receive("paid", message("paid", "= order"))),
        [Start({"order": "o-1"}), Expect(messages=["paid"], state="ACTIVE"), Publish("paid", "o-1", {"amount": 3})],
        Expect(path=["start", "paid", "end"], state="COMPLETED", variables={"order": "o-1", "amount": 3}),
    ),
    Rule(
        "receive-task-output-mapping",
        _RECEIVE,
        "What is merged of a message's variables can be said by an output mapping.",
        _only(b.receive("paid", message("paid", "= order"), outputs={"sum": "= amount"})),
        [Start({"order": "o-1"}), Publish("paid", "o-1", {"amount": 3, "noise": 1})],
        Expect(variables={"order": "o-1", "sum": 3}),
    ),
    Rule(
        "receive-task-can-be-multi-instance",
        "components/modeler/bpmn/multi-instance",
        "Receive tasks can be multi-instance: each instance subscribes by its own input element.",
        _only(b.receive("paid", message("paid", "= order"), multi=each("= orders", "order"))),
        [Start({"orders": ["a", "b"]}), Publish("paid", "b"), Expect(state="ACTIVE"), Publish("paid", "a")],
        Expect(path=["start", "paid", "paid", "paid", "end"], state="COMPLETED"),
    ),
    Rule(
        "manual-task-is-passed-through",
        "components/modeler/bpmn/manual-tasks",
        "A manual task is managed outside: the instance passes through it.",
        _only(b.manual("call")),
        [Start()],
        Expect(path=["start", "call", "end"], state="COMPLETED"),
    ),
    Rule(
        "undefined-task-is-passed-through",
        "components/modeler/bpmn/undefined-tasks",
        "An undefined task has no work: the instance passes through it.",
        _only(b.task("later")),
        [Start()],
        Expect(path=["start", "later", "end"], state="COMPLETED"),
    ),
    Rule(
        "service-task-without-a-job-type-is-refused",
        _SERVICE,
        "A service task must have a task definition with a type.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.other("work", "serviceTask"), b.end())]),
                "INVALID_ARGUMENT",
                ["p.bpmn", "work", "zeebe:taskDefinition"],
            )
        ],
    ),
    Rule(
        "script-task-with-neither-script-nor-job-is-refused",
        _SCRIPT,
        "A script task has an expression or a job type.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.other("sum", "scriptTask"), b.end())]),
                "INVALID_ARGUMENT",
                ["p.bpmn", "sum", "zeebe:script"],
            )
        ],
    ),
    Rule(
        "script-task-without-a-result-variable-is-refused",
        _SCRIPT,
        "A script names the variable of its result.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.script("sum", "= 1", ""), b.end())]),
                "INVALID_ARGUMENT",
                ["sum", "resultVariable"],
            )
        ],
    ),
    Rule(
        "receive-task-without-a-correlation-key-is-refused",
        _RECEIVE,
        "The message of a receive task must have a correlation key.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.receive("paid", message("paid")), b.end())]),
                "INVALID_ARGUMENT",
                ["p.bpmn", "correlationKey"],
            )
        ],
    ),
    Rule(
        "decision-call-is-refused-in-words",
        _DECIDE,
        "Camunda evaluates a DMN decision here; this engine does not, and says what to use (spec/engine.md, 2).",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.decision("decide", "dish"), b.end())]),
                "INVALID_ARGUMENT",
                ["decide", "DMN", "script task"],
            )
        ],
    ),
]
