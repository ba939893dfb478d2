"""Rules of process instances: created, canceled, modified, migrated."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import each, message, signal, timer
from tests.zelery.engine.rules.rule import (
    Cancel,
    Complete,
    Deploy,
    Expect,
    Refused,
    Rule,
    Start,
)

_CREATE = "components/concepts/process-instance-creation"
_MODIFY = "components/concepts/process-instance-modification"
_API = "apis-tools/zeebe-api/gateway-service"

_STEPS = [b.process("p", b.start(), b.service("a"), b.service("c", inputs={"y": "= x"}), b.end())]
_SUB = [
    b.process(
        "p",
        b.path(
            b.start(),
            b.service("a"),
            b.sub_process(
                "sub",
                b.start("begin"),
                b.service("inner"),
                b.end("done"),
                b.event_sub_process("handler", b.start_on(signal("s")), b.end("handled")),
                inputs={"mapped": "= 1"},
            ),
            b.end(),
        ),
        b.path(b.boundary("late", "sub", timer(duration="PT1H")), "end"),
    )
]


def _version(*more: b.Element, task_id: str = "a") -> b.Process:
    return b.process("p", b.start(), b.service(task_id), *more, b.end())


RULES = [
    Rule(
        "instance-begins-at-its-none-start-event",
        _CREATE,
        "A process with a none start event is started by command, with its variables.",
        _STEPS,
        [Start({"x": 1})],
        Expect(instances=["p:1"], path=["start", "a"], variables={"x": 1}),
    ),
    Rule(
        "instance-is-of-the-latest-version",
        _CREATE,
        "Without a version the latest is started.",
        _STEPS,
        [Deploy([_version()]), Start()],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "instance-of-a-given-version",
        _CREATE,
        "A version can be asked for.",
        _STEPS,
        [Deploy([_version()]), Start(version=1)],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "instance-of-an-unknown-process-is-refused",
        _API,
        "NOT_FOUND where there is no such process.",
        [],
        [Refused(Start(process="nothing"), "NOT_FOUND", ["nothing"])],
    ),
    Rule(
        "instance-of-an-unknown-version-is-refused",
        _API,
        "NOT_FOUND where there is no such version.",
        _STEPS,
        [Refused(Start(version=2), "NOT_FOUND", ["p", "2"])],
    ),
    Rule(
        "instance-of-a-process-without-a-none-start-event-is-refused",
        _API,
        "FAILED_PRECONDITION where the process has no none start event.",
        [b.process("p", b.start("placed", message("placed")), b.end())],
        [Refused(Start(), "INVALID_STATE", ["none start event"])],
    ),
    Rule(
        "instance-can-begin-before-any-element",
        _CREATE,
        "A start instruction starts before its element: input mappings are applied as usual.",
        _STEPS,
        [Start({"x": 1}, at=["c"])],
        Expect(path=["c"], local={"c": {"y": 1}}, jobs=["c"]),
    ),
    Rule(
        "instance-can-begin-at-several-elements",
        _CREATE,
        "Several instructions start at several elements, one element several times too.",
        _STEPS,
        [Start({"x": 1}, at=["a", "c", "c"])],
        Expect(path=[("a", "c", "c")], jobs=["a", "c", "c"]),
    ),
    Rule(
        "instance-that-begins-within-a-sub-process",
        _CREATE,
        "The sub-process around the element is activated with its events, not its start event or mappings.",
        _SUB,
        [Start(at=["inner"])],
        Expect(path=["sub", "inner"], timers=["late"], signals=["started"], local={"sub": {}}),
    ),
    Rule(
        "instance-cannot-begin-at-an-unknown-element",
        _CREATE,
        "A start instruction names an element of the process.",
        _STEPS,
        [Refused(Start(at=["nothing"]), "INVALID_ARGUMENT", ["nothing"])],
        Expect(instances=[]),
    ),
    Rule(
        "instance-cannot-begin-at-a-boundary-event",
        _MODIFY,
        "Start events and boundary events cannot be started at.",
        _SUB,
        [
            Refused(Start(at=["late"]), "INVALID_ARGUMENT", ["late"]),
            Refused(Start(at=["start"]), "INVALID_ARGUMENT", ["start"]),
        ],
        Expect(instances=[]),
    ),
    Rule(
        "instance-cannot-begin-at-an-event-behind-an-event-based-gateway",
        _MODIFY,
        "An event that belongs to an event-based gateway cannot be started at.",
        [
            b.process(
                "p",
                b.path(b.start(), b.event_based("first"), b.catch("one", timer(duration="PT1H")), b.end()),
                b.path("first", b.catch("two", timer(duration="PT2H")), "end"),
            )
        ],
        [Refused(Start(at=["one"]), "INVALID_ARGUMENT", ["one"])],
        Expect(instances=[]),
    ),
    Rule(
        "instance-cannot-begin-within-a-multi-instance-sub-process",
        _MODIFY,
        "Elements within a multi-instance sub-process cannot be started at.",
        [
            b.process(
                "p",
                b.start(),
                b.sub_process("sub", b.start("begin"), b.service("inner"), multi=each("= [1]")),
                b.end(),
            )
        ],
        [Refused(Start(at=["inner"]), "INVALID_ARGUMENT", ["inner", "multi-instance"])],
        Expect(instances=[]),
    ),
    Rule(
        "instance-that-is-canceled-terminates-all",
        _API,
        "CancelProcessInstance terminates the instance and its elements.",
        _SUB,
        [Start(), Complete("a"), Cancel()],
        Expect(state="TERMINATED", terminated=["sub", "inner"], active=[], jobs=[], timers=[], signals=[]),
    ),
    Rule(
        "instance-that-has-ended-cannot-be-canceled",
        _API,
        "NOT_FOUND where there is no such active instance.",
        [b.process("p", b.start(), b.end())],
        [Start(), Refused(Cancel(), "NOT_FOUND")],
        Expect(state="COMPLETED"),
    ),
]
