"""Rules of the modification of process instances."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import message, signal, timer
from tests.zelery.engine.rules.rule import (
    Complete,
    Expect,
    Modify,
    Publish,
    Refused,
    Rule,
    Start,
)

_MODIFY = "components/concepts/process-instance-modification"

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
        "modification-moves-a-token",
        _MODIFY,
        "Terminate one element and activate another: the instance goes on there.",
        [b.process("p", b.start(), b.catch("wait", message("m", '= "k"')), b.service("c"), b.end())],
        [Start(), Modify(["c"], ["wait"]), Expect(messages=[], active=["c"]), Publish("m", "k"), Complete("c")],
        Expect(path=["start", "wait", "c", "end"], state="COMPLETED", terminated=["wait"]),
    ),
    Rule(
        "modification-activates-an-element-as-its-flow-would",
        _MODIFY,
        "Input mappings are applied and its events are waited for.",
        _SUB,
        [Start(), Modify(["sub"])],
        Expect(
            path=["start", "a", "sub", "begin", "inner"],
            local={"sub": {"mapped": 1}},
            timers=["late"],
            active=["a", "sub", "inner"],
        ),
    ),
    Rule(
        "modification-activates-a-nested-element-in-the-active-sub-process",
        _MODIFY,
        "An element is activated in the existing instance of its sub-process.",
        _SUB,
        [Start(), Complete("a"), Modify(["inner"])],
        Expect(path=["start", "a", "sub", "begin", "inner", "inner"], jobs=["inner", "inner"]),
    ),
    Rule(
        "modification-activates-the-sub-process-around-a-nested-element",
        _MODIFY,
        "Without an active instance one is created, without its start event and input mappings.",
        _SUB,
        [Start(), Modify(["inner"])],
        Expect(path=["start", "a", "sub", "inner"], local={"sub": {}}, timers=["late"], signals=["started"]),
    ),
    Rule(
        "modification-sets-variables-in-a-scope",
        _MODIFY,
        "Variables are set before the element is activated: local in the given scope, else in the root.",
        _SUB,
        [Start(), Modify(["inner"], variables={"sub": {"v": 1}, "": {"g": 2}})],
        Expect(variables={"g": 2}, local={"sub": {"v": 1}}, job={"inner": {"variables": {"v": 1, "g": 2}}}),
    ),
    Rule(
        "modification-that-ends-all-terminates-the-instance",
        _MODIFY,
        "When the last active element is terminated, the instance is.",
        _STEPS,
        [Start(), Modify(terminate=["a"])],
        Expect(state="TERMINATED", path=["start", "a"]),
    ),
    Rule(
        "modification-that-empties-a-sub-process-terminates-it",
        _MODIFY,
        "When the last active element of a sub-process is terminated, that is, too; so is the process around it.",
        _SUB,
        [Start(), Complete("a"), Modify(terminate=["inner"])],
        Expect(state="TERMINATED", terminated=["sub", "inner"]),
    ),
    Rule(
        "modification-activates-before-it-terminates",
        _MODIFY,
        "Activations come first, so the instance is not left empty between.",
        _SUB,
        [Start(), Complete("a"), Modify(["inner"], ["inner"])],
        Expect(state="ACTIVE", path=["start", "a", "sub", "begin", "inner", "inner"], active=["sub", "inner"]),
    ),
    Rule(
        "modification-terminates-a-sub-process-with-all-in-it",
        _MODIFY,
        "A sub-process that is terminated takes what is active in it along.",
        _SUB,
        [Start(), Complete("a"), Modify(["a"], ["sub"])],
        Expect(active=["a"], terminated=["sub", "inner"], timers=[]),
    ),
    Rule(
        "modification-terminates-a-called-instance",
        _MODIFY,
        "A call activity that is terminated takes its called instance along.",
        [
            b.process("p", b.start(), b.call("call", "child"), b.service("c"), b.end()),
            b.process("child", b.start("begin"), b.service("work"), b.end("done")),
        ],
        [Start(), Modify(["c"], ["call"]), Expect(state="TERMINATED", of=1)],
        Expect(path=["start", "call", "c"], active=["c"], terminated=["call"]),
    ),
    Rule(
        "modification-of-an-unknown-element-is-refused",
        _MODIFY,
        "What cannot be applied whole is not applied at all.",
        _STEPS,
        [Start(), Refused(Modify(["c", "nothing"], ["a"]), "INVALID_ARGUMENT", ["nothing"])],
        Expect(path=["start", "a"], active=["a"]),
    ),
    Rule(
        "modification-of-a-boundary-event-is-refused",
        _MODIFY,
        "Boundary and start events cannot be activated.",
        _SUB,
        [Start(), Refused(Modify(["late"]), "INVALID_ARGUMENT", ["late"])],
        Expect(path=["start", "a"]),
    ),
    Rule(
        "modification-of-an-event-behind-an-event-based-gateway-is-refused",
        _MODIFY,
        "An event that belongs to an event-based gateway cannot be activated.",
        [
            b.process(
                "p",
                b.path(b.start(), b.event_based("first"), b.catch("one", timer(duration="PT1H")), b.end()),
                b.path("first", b.catch("two", timer(duration="PT2H")), "end"),
            )
        ],
        [Start(), Refused(Modify(["one"]), "INVALID_ARGUMENT", ["one"])],
        Expect(active=["first"]),
    ),
    Rule(
        "modification-in-one-of-several-active-sub-processes-is-refused",
        _MODIFY,
        "Where the sub-process has several active instances, it is not known in which one to activate.",
        [
            b.process(
                "p",
                b.path(
                    b.start(),
                    b.parallel("split"),
                    b.exclusive("merge"),
                    b.sub_process("sub", b.start("begin"), b.service("inner"), b.end("done")),
                    b.end(),
                ),
                b.path("split", b.task("again"), "merge"),
            )
        ],
        [Start(), Expect(jobs=["inner", "inner"]), Refused(Modify(["inner"]), "INVALID_ARGUMENT", ["inner"])],
        Expect(jobs=["inner", "inner"]),
    ),
    Rule(
        "modification-activates-an-interrupting-event-sub-process",
        _MODIFY,
        "It is activated with its start event, and interrupts nothing.",
        _SUB,
        [Start(), Complete("a"), Modify(["handler"])],
        Expect(path=["start", "a", "sub", "begin", "inner", "handler", "started", "handled"], active=["sub", "inner"]),
    ),
    Rule(
        "modification-that-ends-all-of-a-called-instance-is-refused",
        _MODIFY,
        "The last active element of a called instance cannot be terminated: the call activity can.",
        [
            b.process("p", b.start(), b.call("call", "child"), b.end()),
            b.process("child", b.start("begin"), b.service("work"), b.end("done")),
        ],
        [Start(), Refused(Modify(terminate=["work"], instance=1), "INVALID_ARGUMENT", ["call activity"])],
        Expect(active=["work"], of=1),
    ),
]
