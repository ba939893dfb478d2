"""Rules of call activities."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import each, message, timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Cancel,
    Complete,
    Delete,
    Deploy,
    Expect,
    Incident,
    Refused,
    Resolve,
    Rule,
    SetVariables,
    Start,
)

_PAGE = "components/modeler/bpmn/call-activities"

_CHILD = b.process("child", b.start("begin"), b.service("work"), b.end("done"))


def _caller(called: b.Element) -> b.Process:
    return b.process("p", b.start(), called, b.end())


_BOTH = [_caller(b.call("call", "child")), _CHILD]

RULES = [
    Rule(
        "call-activity-starts-an-instance-and-waits",
        _PAGE,
        "When it is entered, an instance of the called process is created.",
        _BOTH,
        [Start(), Expect(path=["begin", "work"], of=1)],
        Expect(path=["start", "call"], state="ACTIVE", instances=["p:1", "child:1"]),
    ),
    Rule(
        "call-activity-goes-on-when-the-called-instance-completes",
        _PAGE,
        "When the created instance completes, the call activity is left.",
        _BOTH,
        [Start(), Complete("work"), Expect(state="COMPLETED", of=1)],
        Expect(path=["start", "call", "end"], state="COMPLETED"),
    ),
    Rule(
        "call-activity-copies-all-variables-in",
        _PAGE,
        "By default all variables that the call activity sees are copied to the created instance.",
        [_caller(b.call("call", "child", inputs={"x": "= a + 1"})), _CHILD],
        [Start({"a": 1}), Expect(variables={"a": 1, "x": 2}, of=1)],
        Expect(variables={"a": 1}, local={"call": {"x": 2}}),
    ),
    Rule(
        "call-activity-copies-mapped-variables-only",
        _PAGE,
        "With propagateAllParentVariables off only the input mappings' variables are copied.",
        [_caller(b.call("call", "child", all_in=False, inputs={"x": "= a + 1"})), _CHILD],
        [Start({"a": 1})],
        Expect(variables={"x": 2}, of=1),
    ),
    Rule(
        "call-activity-propagates-all-child-variables-by-default",
        _PAGE,
        "All variables of the created instance are propagated to the call activity's scope.",
        _BOTH,
        [Start({"a": 1}), Complete("work", {"a": 2, "result": 3})],
        Expect(state="COMPLETED", variables={"a": 2, "result": 3}),
    ),
    Rule(
        "call-activity-that-propagates-nothing",
        _PAGE,
        "With propagateAllChildVariables off and no output mapping nothing comes back.",
        [_caller(b.call("call", "child", all_out=False)), _CHILD],
        [Start({"a": 1}), Complete("work", {"a": 2, "result": 3})],
        Expect(state="COMPLETED", variables={"a": 1}),
    ),
    Rule(
        "call-activity-output-mappings-say-what-comes-back",
        _PAGE,
        "Only what the output mappings define is propagated.",
        [_caller(b.call("call", "child", all_out=False, outputs={"sum": "= result"})), _CHILD],
        [Start(), Complete("work", {"result": 3, "noise": 1})],
        Expect(state="COMPLETED", variables={"sum": 3}),
    ),
    Rule(
        "call-activity-takes-the-latest-version",
        _PAGE,
        "By default it is the latest version at the moment when the call activity is activated.",
        _BOTH,
        [Deploy([b.process("child", b.start("begin"), b.task("new"), b.end("done"))]), Start()],
        Expect(instances=["p:1", "child:2"], state="COMPLETED"),
    ),
    Rule(
        "call-activity-takes-the-version-of-its-deployment",
        _PAGE,
        "Binding deployment: the version that was deployed together with the caller.",
        [_caller(b.call("call", "child", binding="deployment")), _CHILD],
        [Deploy([b.process("child", b.start("begin"), b.task("new"), b.end("done"))]), Start()],
        Expect(instances=["p:1", "child:1"]),
    ),
    Rule(
        "call-activity-without-a-process-in-its-deployment-is-refused",
        "camunda/camunda#19712",
        "Binding deployment: the process must be in the same deployment.",
        [_CHILD],
        [
            Refused(
                Deploy([_caller(b.call("call", "child", binding="deployment"))]),
                "INVALID_ARGUMENT",
                ["call", "'child'", "deployment"],
            )
        ],
    ),
    Rule(
        "call-activity-by-an-expression-without-a-process-in-its-deployment-is-an-incident",
        "camunda/camunda#19712",
        "Binding deployment: an expression is known only when it is evaluated, so what is missing is an incident.",
        [_CHILD],
        [Deploy([_caller(b.call("call", '= "child"', binding="deployment"))]), Start(process="p")],
        Expect(path=["start", "call"], incidents=[Incident("CALLED_ELEMENT_ERROR", "call", ["child", "deployment"])]),
    ),
    Rule(
        "call-activity-takes-the-version-of-a-tag",
        _PAGE,
        "Binding versionTag: the latest version with that tag.",
        [
            _caller(b.call("call", "child", binding="versionTag", version_tag="stable")),
            b.process("child", b.start("begin"), b.task("old"), b.end("done"), version_tag="stable"),
        ],
        [
            Deploy([b.process("child", b.start("begin"), b.task("new"), b.end("done"), version_tag="next")]),
            Start(),
        ],
        Expect(instances=["p:1", "child:1"], state="COMPLETED"),
    ),
    Rule(
        "call-activity-without-a-process-of-its-tag-is-an-incident",
        _PAGE,
        "Without a version with that tag there is an incident.",
        [_caller(b.call("call", "child", binding="versionTag", version_tag="stable")), _CHILD],
        [Start()],
        Expect(incidents=[Incident("CALLED_ELEMENT_ERROR", "call", ["child", "stable"])]),
    ),
    Rule(
        "call-activity-with-a-tag-binding-and-no-tag-is-refused",
        _PAGE,
        "The binding versionTag needs a tag.",
        [],
        [Refused(Deploy([_caller(b.call("call", "child", binding="versionTag"))]), "INVALID_ARGUMENT", ["versionTag"])],
    ),
    Rule(
        "call-activity-process-id-may-be-an-expression",
        _PAGE,
        "The process id may be an expression, evaluated when the call activity is activated.",
        [_caller(b.call("call", '= "ch" + rest')), _CHILD],
        [Start({"rest": "ild"})],
        Expect(instances=["p:1", "child:1"]),
    ),
    Rule(
        "call-activity-process-id-that-is-no-text-is-an-incident",
        _PAGE,
        "The process id must result in a text.",
        [_caller(b.call("call", "= which")), _CHILD],
        [Start()],
        Expect(instances=["p:1"], incidents=[Incident("EXTRACT_VALUE_ERROR", "call", ["which", "STRING"])]),
    ),
    Rule(
        "call-activity-of-a-process-that-is-not-there-is-an-incident",
        "components/concepts/resource-deletion",
        "Where no version of the process is there, there is an incident; deployed and resolved, it goes on.",
        [_caller(b.call("call", "child"))],
        [
            Start(),
            Expect(incidents=[Incident("CALLED_ELEMENT_ERROR", "call", ["child"])]),
            Deploy([_CHILD]),
            Resolve("call"),
        ],
        Expect(path=["start", "call"], instances=["p:1", "child:1"]),
    ),
    Rule(
        "call-activity-of-a-deleted-process-is-an-incident",
        "components/concepts/resource-deletion",
        "Where all versions of the called process are deleted, there is an incident.",
        _BOTH,
        [Delete("child", 1), Start()],
        Expect(incidents=[Incident("CALLED_ELEMENT_ERROR", "call", ["child"])]),
    ),
    Rule(
        "call-activity-of-a-process-without-a-none-start-event-is-an-incident",
        _PAGE,
        "The called process begins at its none start event; others are ignored.",
        [_caller(b.call("call", "child")), b.process("child", b.start("placed", message("placed")), b.end("done"))],
        [Start()],
        Expect(instances=["p:1"], incidents=[Incident("CALLED_ELEMENT_ERROR", "call", ["none start event"])]),
    ),
    Rule(
        "call-activity-without-a-process-id-is-refused",
        _PAGE,
        "A call activity defines the id of the process that it calls.",
        [],
        [Refused(Deploy([_caller(b.other("call", "callActivity"))]), "INVALID_ARGUMENT", ["call", "processId"])],
    ),
    Rule(
        "call-activity-that-is-interrupted-terminates-the-called-instance",
        _PAGE,
        "An interrupting boundary event terminates both; the called instance's variables do not come back.",
        [
            b.process(
                "p",
                b.path(b.start(), b.call("call", "child"), b.end()),
                b.path(b.boundary("late", "call", timer(duration="PT1H")), b.end("expired")),
            ),
            _CHILD,
        ],
        [
            Start(),
            SetVariables({"x": 1}, "work", local=False),
            Advance("PT1H"),
            Expect(state="TERMINATED", variables={"x": 1}, of=1),
        ],
        Expect(path=["start", "call", "late", "expired"], state="COMPLETED", variables={}),
    ),
    Rule(
        "call-activity-event-that-does-not-interrupt-leaves-the-called-instance",
        _PAGE,
        "A non-interrupting boundary event does not affect the created instance.",
        [
            b.process(
                "p",
                b.path(b.start(), b.call("call", "child"), b.end()),
                b.path(b.boundary("late", "call", timer(duration="PT1H"), interrupting=False), b.end("told")),
            ),
            _CHILD,
        ],
        [Start(), Advance("PT1H"), Expect(state="ACTIVE", active=["work"], of=1)],
        Expect(path=["start", "call", "late", "told"], active=["call"]),
    ),
    Rule(
        "called-instance-is-terminated-with-its-caller",
        _PAGE,
        "A call activity that is terminated terminates the created instance.",
        _BOTH,
        [Start(), Cancel(), Expect(state="TERMINATED", of=1)],
        Expect(state="TERMINATED"),
    ),
    Rule(
        "called-instance-cannot-be-canceled-by-itself",
        "apis-tools/zeebe-api/gateway-service",
        "What a call activity has created is canceled with the instance that called.",
        _BOTH,
        [Start(), Refused(Cancel(1), "INVALID_STATE", ["parent"])],
        Expect(state="ACTIVE", of=1),
    ),
    Rule(
        "called-processes-call-others",
        _PAGE,
        "A called process may call again.",
        [
            _caller(b.call("call", "middle")),
            b.process("middle", b.start("m"), b.call("deeper", "child"), b.end("m_end")),
            _CHILD,
        ],
        [Start({"a": 1}), Complete("work", {"a": 2})],
        Expect(instances=["p:1", "middle:1", "child:1"], state="COMPLETED", variables={"a": 2}),
    ),
    Rule(
        "multi-instance-call-activity-collects-by-an-output-mapping",
        "components/modeler/bpmn/multi-instance",
        "An output mapping keeps what each called instance brings local, so that the collection is right.",
        [
            _caller(
                b.call(
                    "call",
                    "child",
                    outputs={"output": "= x"},
                    multi=each("= [1, 2]", "item", collect=("results", "= output")),
                )
            ),
            _CHILD,
        ],
        [Start(), Complete("work", {"x": "second"}, nth=1), Complete("work", {"x": "first"})],
        Expect(state="COMPLETED", variables={"results": ["first", "second"]}),
    ),
    Rule(
        "multi-instance-call-activity-that-is-interrupted-terminates-all",
        _PAGE,
        "An interrupting boundary event terminates every created instance.",
        [
            b.process(
                "p",
                b.path(b.start(), b.call("call", "child", multi=each("= [1, 2]")), b.end()),
                b.path(b.boundary("late", "call", timer(duration="PT1H")), b.end("expired")),
            ),
            _CHILD,
        ],
        [Start(), Advance("PT1H"), Expect(state="TERMINATED", of=1), Expect(state="TERMINATED", of=2)],
        Expect(path=["start", *["call"] * 3, "late", "expired"], state="COMPLETED"),
    ),
]
