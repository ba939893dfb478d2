"""Rules of event sub-processes."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import error, message, signal, terminate, timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Broadcast,
    Cancel,
    Complete,
    Deploy,
    Expect,
    Incident,
    Publish,
    Refused,
    Rule,
    Start,
    Throw,
)

_EVENT = "components/modeler/bpmn/event-subprocesses"


def _sub(*parts: b.Part, **common: dict[str, str]) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.start(),
            b.sub_process("sub", *parts, inputs=common.get("inputs", {}), outputs=common.get("outputs", {})),
            b.end(),
        )
    ]


def _with(handler: b.Element) -> list[b.Process]:
    return [b.process("p", b.start(), b.service("work"), b.end(), handler)]


def _handler(event: b.Element, *more: b.Element) -> b.Element:
    return b.event_sub_process("handler", event, *more, b.end("handled"))


RULES = [
    Rule(
        "event-sub-process-interrupts-its-scope",
        _EVENT,
        "When an interrupting one is triggered, all that is active in its scope is terminated.",
        _with(_handler(b.start_on(message("cancel", "= id")), b.service("undo"))),
        [
            Start({"id": "1"}),
            Expect(messages=["started"]),
            Publish("cancel", "1", {"why": "x"}),
            Expect(path=["start", "work", "handler", "started", "undo"], terminated=["work"], messages=[]),
            Complete("undo"),
        ],
        Expect(state="COMPLETED", variables={"id": "1", "why": "x"}),
    ),
    Rule(
        "event-sub-process-that-does-not-interrupt-is-triggered-again",
        _EVENT,
        "A non-interrupting one can be triggered several times, and leaves its scope active.",
        _with(_handler(b.start_on(signal("tell"), interrupting=False))),
        [Start(), Broadcast("tell"), Broadcast("tell")],
        Expect(path=["start", "work", *["handler", "started", "handled"] * 2], active=["work"], signals=["started"]),
    ),
    Rule(
        "event-sub-process-keeps-its-scope-from-completing",
        _EVENT,
        "The scope does not complete before the triggered instance has.",
        _with(_handler(b.start_on(signal("tell"), interrupting=False), b.service("slow"))),
        [
            Start(),
            Broadcast("tell"),
            Complete("work"),
            Expect(state="ACTIVE", active=["handler", "slow"]),
            Complete("slow"),
        ],
        Expect(state="COMPLETED", path=["start", "work", "handler", "started", "slow", "end", "handled"]),
    ),
    Rule(
        "event-sub-process-is-closed-with-its-scope",
        _EVENT,
        "It can be triggered while its scope is active.",
        _with(_handler(b.start_on(timer(duration="PT1H")))),
        [Start(), Expect(timers=["started"]), Complete("work"), Advance("PT2H")],
        Expect(path=["start", "work", "end"], state="COMPLETED", timers=[]),
    ),
    Rule(
        "event-sub-process-ends-others-that-do-not-interrupt",
        _EVENT,
        "An interrupting one terminates instances of non-interrupting ones, too.",
        [
            b.process(
                "p",
                b.start(),
                b.service("work"),
                b.end(),
                b.event_sub_process(
                    "tell", b.start_on(signal("tell"), "t", interrupting=False), b.service("slow"), b.end("t_end")
                ),
                b.event_sub_process("stop", b.start_on(signal("stop"), "s"), b.end("s_end")),
            )
        ],
        [Start(), Broadcast("tell"), Broadcast("stop")],
        Expect(
            path=["start", "work", "tell", "t", "slow", "stop", "s", "s_end"],
            state="COMPLETED",
            terminated=["work", "tell", "slow"],
        ),
    ),
    Rule(
        "event-sub-process-is-local-to-a-sub-process",
        _EVENT,
        "In an embedded sub-process it interrupts that; the flow goes on behind it.",
        _sub(b.start("begin"), b.service("work"), b.end("done"), _handler(b.start_on(error("X")))),
        [Start(), Throw("work", "X")],
        Expect(
            path=["start", "sub", "begin", "work", "handler", "started", "handled", "end"],
            state="COMPLETED",
            terminated=["work"],
        ),
    ),
    Rule(
        "event-sub-process-sees-its-scope-s-variables",
        _EVENT,
        "It can access and modify the local variables of its scope.",
        _sub(
            b.start("begin"),
            b.service("work"),
            b.end("done"),
            _handler(b.start_on(error("X")), b.script("set", "= x + 1", "x")),
            inputs={"x": "= 1"},
            outputs={"seen": "= x"},
        ),
        [Start(), Throw("work", "X")],
        Expect(state="COMPLETED", variables={"seen": 2}),
    ),
    Rule(
        "event-sub-process-mappings",
        _EVENT,
        "Input mappings make local variables of it; its output mappings propagate them when it completes.",
        _with(
            b.event_sub_process(
                "handler",
                b.start_on(signal("stop")),
                b.script("set", "= y + 1", "y"),
                b.end("handled"),
                inputs={"y": "= a"},
                outputs={"b": "= y"},
            )
        ),
        [Start({"a": 1}), Broadcast("stop")],
        Expect(state="COMPLETED", variables={"a": 1, "b": 2}, local={"handler": {"y": 2}}),
    ),
    Rule(
        "event-sub-process-with-a-none-start-event-is-refused",
        _EVENT,
        "It begins with an event: timer, message, error, signal, escalation.",
        [],
        [Refused(Deploy(_with(_handler(b.start("started")))), "INVALID_ARGUMENT", ["started"])],
    ),
    Rule(
        "event-sub-process-with-two-start-events-is-refused",
        _EVENT,
        "It must have exactly one start event.",
        [],
        [
            Refused(
                Deploy(
                    _with(
                        b.event_sub_process(
                            "handler",
                            b.path(b.start_on(error("X"), "one"), b.end("handled")),
                            b.path(b.start_on(signal("s"), "two"), "handled"),
                        )
                    )
                ),
                "INVALID_ARGUMENT",
                ["handler", "exactly one"],
            )
        ],
    ),
    Rule(
        "canceled-sub-process-leaves-nothing-behind",
        "components/concepts/process-instance-creation",
        "A canceled instance terminates all its elements, inner ones first.",
        _sub(b.start("begin"), b.service("work"), b.end("done"), _handler(b.start_on(timer(duration="PT1H")))),
        [Start(), Cancel(), Advance("PT2H")],
        Expect(state="TERMINATED", path=["start", "sub", "begin", "work"], terminated=["sub", "work"]),
    ),
    Rule(
        "event-sub-process-timer-may-repeat",
        "components/modeler/bpmn/timer-events",
        "A non-interrupting timer with a cycle is set again.",
        _with(_handler(b.start_on(timer(cycle="R2/PT1H"), interrupting=False))),
        [Start(), *[Advance("PT1H")] * 3],
        Expect(path=["start", "work", *["handler", "started", "handled"] * 2], active=["work"], timers=[]),
    ),
    Rule(
        "event-sub-process-without-a-key-is-an-incident-of-its-scope",
        "components/modeler/bpmn/message-events",
        "Its message's key is evaluated when its scope is activated, which does not begin without.",
        _sub(b.start("begin"), b.service("work"), b.end("done"), _handler(b.start_on(message("m", "= id")))),
        [Start(), Expect(path=["start", "sub"], incidents=[Incident("EXTRACT_VALUE_ERROR", "sub", ["id"])])],
        Expect(active=["sub"], messages=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "sub")]),
    ),
    Rule(
        "event-sub-process-key-may-be-a-local-variable-of-its-scope",
        _EVENT,
        "It is inside of its scope, and sees what is local to it.",
        _sub(
            b.start("begin"),
            b.service("work"),
            b.end("done"),
            _handler(b.start_on(message("m", "= id"))),
            inputs={"id": '= "k"'},
        ),
        [Start(), Publish("m", "k")],
        Expect(state="COMPLETED", path=["start", "sub", "begin", "work", "handler", "started", "handled", "end"]),
    ),
    Rule(
        "event-sub-process-terminate-end-event-ends-itself",
        "components/modeler/bpmn/terminate-events",
        "In an event sub-process a terminate end event ends what is in that.",
        _with(
            b.event_sub_process(
                "handler",
                b.path(b.start_on(signal("tell"), interrupting=False), b.parallel("split"), b.service("slow")),
                b.path("split", b.end("stop", terminate())),
            )
        ),
        [Start(), Broadcast("tell")],
        Expect(active=["work"], terminated=["slow"], state="ACTIVE"),
    ),
    Rule(
        "event-sub-process-interrupts-tokens-that-wait-at-a-join",
        "camunda/camunda#3680",
        "A token that waits before a joining gateway is gone with its scope.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.parallel("join"), b.end()),
                b.path("split", b.service("work"), "join"),
                _handler(b.start_on(signal("stop"))),
            )
        ],
        [Start(), Broadcast("stop")],
        Expect(path=["start", "split", "work", "handler", "started", "handled"], state="COMPLETED"),
    ),
    Rule(
        "event-sub-process-that-interrupts-closes-the-others",
        "camunda/camunda#3681",
        "The other event sub-processes of the scope are no longer waited for.",
        [
            b.process(
                "p",
                b.start(),
                b.service("work"),
                b.end(),
                b.event_sub_process("stop", b.start_on(signal("stop"), "s"), b.service("slow"), b.end("s_end")),
                b.event_sub_process("late", b.start_on(timer(duration="PT1H"), "t"), b.end("t_end")),
                b.event_sub_process("tell", b.start_on(signal("tell"), "u", interrupting=False), b.end("u_end")),
            )
        ],
        [Start(), Broadcast("stop"), Expect(timers=[], signals=[]), Broadcast("tell"), Advance("PT2H")],
        Expect(path=["start", "work", "stop", "s", "slow"], active=["stop", "slow"]),
    ),
]
