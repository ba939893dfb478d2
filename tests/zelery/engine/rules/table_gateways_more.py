"""Rules of parallel and event-based gateways."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import message, signal, timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Broadcast,
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

_PARALLEL = "components/modeler/bpmn/parallel-gateways"
_EVENTS = "components/modeler/bpmn/event-based-gateways"

_FORK = [
    b.process(
        "p",
        b.path(b.start(), b.parallel("split"), b.service("a"), b.parallel("join"), b.task("after"), b.end()),
        b.path("split", b.service("c"), "join"),
    )
]

_RACE = [
    b.process(
        "p",
        b.path(
            b.start(),
            b.event_based("first"),
            b.catch("paid", message("paid", "= order")),
            b.task("ship"),
            b.end("shipped"),
        ),
        b.path("first", b.catch("late", timer(duration="PT1H")), b.end("expired")),
        b.path("first", b.catch("stopped", signal("stop")), b.end("halted")),
    )
]

RULES = [
    Rule(
        "parallel-gateway-takes-all-flows",
        _PARALLEL,
        "All outgoing flows are taken.",
        _FORK,
        [Start()],
        Expect(path=["start", "split", ("a", "c")], jobs=["a", "c"]),
    ),
    Rule(
        "parallel-gateway-joins-when-each-flow-was-taken",
        _PARALLEL,
        "A joining gateway waits until each incoming flow was taken.",
        _FORK,
        [
            Start(),
            Complete("c"),
            Expect(path=["start", "split", ("a", "c")], state="ACTIVE", active=["a"]),
            Complete("a"),
        ],
        Expect(path=["start", "split", ("a", "c"), "join", "after", "end"], state="COMPLETED"),
    ),
    Rule(
        "parallel-gateway-does-not-join-two-tokens-of-one-flow",
        _PARALLEL,
        "Each incoming flow must have been taken: two tokens on one do not make up for another.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.exclusive("merge"), b.parallel("join"), b.end()),
                b.path("split", b.task("twice"), "merge"),
                b.path("split", b.service("other"), "join"),
            )
        ],
        [
            Start(),
            Expect(state="ACTIVE", active=["other"], completed=["start", "split", "merge", "twice"]),
            Complete("other"),
        ],
        Expect(state="ACTIVE", active=[], completed=["start", "split", "merge", "twice", "other", "join", "end"]),
    ),
    Rule(
        "parallel-paths-end-one-by-one",
        "components/modeler/bpmn/none-events",
        "An instance completes when it has no active path any more.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.service("a"), b.end("a_done")),
                b.path("split", b.service("c"), b.end("c_done")),
            )
        ],
        [Start(), Complete("a"), Expect(state="ACTIVE", active=["c"]), Complete("c")],
        Expect(path=["start", "split", ("a", "c"), "a_done", "c_done"], state="COMPLETED"),
    ),
    Rule(
        "event-based-gateway-waits-for-all-its-events",
        _EVENTS,
        "The instance waits at the gateway until one of the events happens.",
        _RACE,
        [Start({"order": 1})],
        Expect(path=["start", "first"], active=["first"], messages=["paid"], timers=["late"], signals=["stopped"]),
    ),
    Rule(
        "event-based-gateway-goes-on-with-a-message",
        _EVENTS,
        "The flow of the first event is taken, and no other event of the gateway can happen afterwards.",
        _RACE,
        [Start({"order": 1}), Publish("paid", "1"), Advance("PT2H"), Broadcast("stop")],
        Expect(path=["start", "first", "paid", "ship", "shipped"], state="COMPLETED"),
    ),
    Rule(
        "event-based-gateway-goes-on-with-a-timer",
        _EVENTS,
        "The flow of the first event is taken.",
        _RACE,
        [Start({"order": 1}), Advance("PT1H"), Publish("paid", "1")],
        Expect(path=["start", "first", "late", "expired"], state="COMPLETED"),
    ),
    Rule(
        "event-based-gateway-goes-on-with-a-signal",
        _EVENTS,
        "The flow of the first event is taken.",
        _RACE,
        [Start({"order": 1}), Broadcast("stop", {"why": "rain"})],
        Expect(path=["start", "first", "stopped", "halted"], state="COMPLETED", variables={"order": 1, "why": "rain"}),
    ),
    Rule(
        "event-based-gateway-without-a-correlation-key-is-an-incident-of-the-gateway",
        "components/concepts/incidents",
        "The events' expressions are evaluated at the gateway; it is where the instance is stuck.",
        _RACE,
        [
            Start(),
            Expect(path=["start", "first"], timers=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "first", ["order"])]),
            SetVariables({"order": "o"}),
            Resolve("first"),
        ],
        Expect(active=["first"], messages=["paid"], timers=["late"]),
    ),
    Rule(
        "event-based-gateway-with-one-flow-is-refused",
        _EVENTS,
        "At least two flows must leave an event-based gateway.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p", b.start(), b.event_based("first"), b.catch("late", timer(duration="PT1H")), b.end()
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["first", "at least 2"],
            )
        ],
    ),
    Rule(
        "event-based-gateway-to-a-task-is-refused",
        _EVENTS,
        "Each flow of an event-based gateway leads to a catch event with a timer, a message or a signal.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start(), b.event_based("first"), b.catch("late", timer(duration="PT1H")), b.end()),
                            b.path("first", b.service("work"), "end"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["first", "work", "catch event"],
            )
        ],
    ),
    Rule(
        "complex-gateway-is-refused-in-words",
        "components/modeler/bpmn/bpmn-coverage",
        "Complex gateways are not executed.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.other("choose", "complexGateway"), b.end())]),
                "INVALID_ARGUMENT",
                ["p.bpmn", "choose", "inclusive"],
            )
        ],
    ),
]
