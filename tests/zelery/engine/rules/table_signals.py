"""Rules of signal events."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import signal
from tests.zelery.engine.rules.rule import (
    Broadcast,
    Complete,
    Delete,
    Deploy,
    Expect,
    Incident,
    Refused,
    Rule,
    Start,
)

_PAGE = "components/modeler/bpmn/signal-events"
_CONCEPT = "components/concepts/signals"


def _caught(process_id: str = "p", name: str = "alarm", **outputs: str) -> b.Process:
    return b.process(process_id, b.start(), b.catch("heard", signal(name), outputs=outputs), b.end())


def _on_task(*, interrupting: bool) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.path(b.start(), b.service("work"), b.end()),
            b.path(
                b.boundary("alarm", "work", signal("alarm"), interrupting=interrupting), b.task("run"), b.end("out")
            ),
        )
    ]


def _started(process_id: str = "p", name: str = "alarm") -> b.Process:
    return b.process(process_id, b.start("alarm", signal(name)), b.service("work"), b.end())


RULES = [
    Rule(
        "signal-catch-event-waits",
        _PAGE,
        "A catch event subscribes to its signal when it is entered, and waits.",
        [_caught()],
        [Start(), Broadcast("other")],
        Expect(path=["start", "heard"], state="ACTIVE", signals=["heard"]),
    ),
    Rule(
        "signal-catch-event-goes-on-when-its-signal-is-broadcast",
        _PAGE,
        "A broadcast of the same name completes the event.",
        [_caught()],
        [Start(), Broadcast("alarm")],
        Expect(path=["start", "heard", "end"], state="COMPLETED"),
    ),
    Rule(
        "signal-goes-to-all-who-wait",
        _CONCEPT,
        "A broadcast triggers all matching subscriptions, of all instances and processes.",
        [_caught("p"), _caught("q")],
        [
            Start(),
            Start(),
            Start(process="q"),
            Broadcast("alarm"),
            *[Expect(state="COMPLETED", of=n) for n in range(3)],
        ],
    ),
    Rule(
        "signal-is-not-buffered",
        _CONCEPT,
        "A signal goes to the subscriptions that are open when it is broadcast.",
        [_caught()],
        [Broadcast("alarm"), Start()],
        Expect(state="ACTIVE", signals=["heard"]),
    ),
    Rule(
        "signal-variables-are-merged",
        _PAGE,
        "By default all variables of the signal are merged into the instance.",
        [_caught()],
        [Start({"a": 1}), Broadcast("alarm", {"a": 2, "level": 3})],
        Expect(variables={"a": 2, "level": 3}),
    ),
    Rule(
        "signal-output-mappings-say-what-is-merged",
        _PAGE,
        "An output mapping at the catch event says which variables are merged, and how.",
        [_caught(high="= level > 2")],
        [Start(), Broadcast("alarm", {"level": 3})],
        Expect(variables={"high": True}),
    ),
    Rule(
        "signal-name-may-be-an-expression",
        _PAGE,
        "The name is evaluated when the event is activated.",
        [_caught(name='= "alarm " + place')],
        [Start({"place": "north"}), Broadcast("alarm north")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "signal-name-that-is-no-text-is-an-incident",
        _PAGE,
        "The name must result in a text.",
        [_caught(name="= place")],
        [Start()],
        Expect(signals=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "heard", ["place", "STRING"])]),
    ),
    Rule(
        "signal-boundary-event-interrupts",
        _PAGE,
        "An interrupting boundary event terminates its activity.",
        _on_task(interrupting=True),
        [Start(), Broadcast("alarm")],
        Expect(path=["start", "work", "alarm", "run", "out"], state="COMPLETED", terminated=["work"]),
    ),
    Rule(
        "signal-boundary-event-that-does-not-interrupt-is-triggered-again",
        _PAGE,
        "A non-interrupting boundary event leaves its activity active, and takes several signals.",
        _on_task(interrupting=False),
        [Start(), Broadcast("alarm"), Broadcast("alarm")],
        Expect(path=["start", "work", *["alarm", "run", "out"] * 2], active=["work"], signals=["alarm"]),
    ),
    Rule(
        "signal-boundary-events-of-one-name-are-refused",
        _PAGE,
        "The signal boundary events of an activity must each have a name of their own.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start(), b.service("work"), b.end()),
                            b.path(b.boundary("one", "work", signal("alarm")), "end"),
                            b.path(b.boundary("two", "work", signal("alarm")), "end"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["work", "alarm"],
            )
        ],
    ),
    Rule(
        "signal-start-event-starts-an-instance-of-each-process",
        _PAGE,
        "One broadcast starts an instance of each process with such a start event.",
        [_started("p"), _started("q")],
        [Broadcast("alarm", {"level": 3})],
        Expect(instances=["p:1", "q:1"], path=["alarm", "work"], variables={"level": 3}),
    ),
    Rule(
        "signal-start-event-of-a-new-version-replaces-the-old",
        _PAGE,
        "Subscriptions exist for the latest version only.",
        [_started()],
        [Deploy([_started(name="fire")]), Broadcast("alarm"), Expect(instances=[]), Broadcast("fire")],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "signal-start-event-comes-back-when-the-new-version-is-deleted",
        _PAGE,
        "When the latest version is deleted, the previous one's subscription is opened again.",
        [_started()],
        [Deploy([_started(name="fire")]), Delete("p", 2), Broadcast("fire"), Expect(instances=[]), Broadcast("alarm")],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "signal-throw-event-broadcasts",
        _PAGE,
        "A signal throw event broadcasts when it is entered, and the instance goes on.",
        [
            _caught("q"),
            b.process("p", b.start(), b.throw("cry", signal("alarm")), b.end()),
        ],
        [Start(process="q"), Start(process="p"), Expect(state="COMPLETED", of=0)],
        Expect(path=["start", "cry", "end"], state="COMPLETED", of=1),
    ),
    Rule(
        "signal-end-event-broadcasts",
        _PAGE,
        "A signal end event broadcasts, and ends its path.",
        [_started("q"), b.process("p", b.start(), b.end("cry", signal("alarm")))],
        [Start(process="p"), Expect(path=["start", "cry"], state="COMPLETED")],
        Expect(instances=["p:1", "q:1"], path=["alarm", "work"], of=1),
    ),
    Rule(
        "signal-throw-event-passes-its-local-variables",
        _PAGE,
        "All local variables are passed along; input mappings make such.",
        [
            _started("q"),
            b.process("p", b.start(), b.throw("cry", signal("alarm"), inputs={"level": "= severity"}), b.end()),
        ],
        [Start({"severity": 3, "secret": 1}, "p")],
        Expect(variables={"level": 3}, of=1),
    ),
    Rule(
        "signal-reaches-a-catch-event-of-the-same-instance",
        _CONCEPT,
        "A broadcast triggers all subscriptions, those of the thrower's instance too.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.catch("heard", signal("alarm")), b.end()),
                b.path("split", b.service("work"), b.throw("cry", signal("alarm")), b.end("cried")),
            )
        ],
        [Start(), Complete("work")],
        Expect(path=["start", "split", ("heard", "work"), "cry", ("cried", "end")], state="COMPLETED"),
    ),
]
