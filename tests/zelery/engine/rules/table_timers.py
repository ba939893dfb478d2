"""Rules of timer events. Time begins on 2026-01-01 at 12:00 UTC, a Thursday."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Event, timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Cancel,
    Complete,
    Deploy,
    Expect,
    Incident,
    Refused,
    Resolve,
    Rule,
    SetVariables,
    Start,
)

_PAGE = "components/modeler/bpmn/timer-events"


def _caught(event: Event) -> list[b.Process]:
    return [b.process("p", b.start(), b.catch("wait", event), b.end())]


def _on_task(event: Event, *, interrupting: bool = False) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.path(b.start(), b.service("work"), b.end()),
            b.path(b.boundary("late", "work", event, interrupting=interrupting), b.task("remind"), b.end("reminded")),
        )
    ]


def _started(event: Event, task_id: str = "work") -> list[b.Process]:
    return [b.process("p", b.start("tick", event), b.task(task_id), b.end())]


def _refused(event: Event) -> Refused:
    return Refused(Deploy(_caught(event)), "INVALID_ARGUMENT", ["p.bpmn", "wait"])


RULES = [
    Rule(
        "timer-catch-event-waits-for-its-duration",
        _PAGE,
        "A timer is set when the catch event is entered, and the instance waits; it never fires early.",
        _caught(timer(duration="PT10M")),
        [Start(), Advance("PT9M59S")],
        Expect(path=["start", "wait"], state="ACTIVE", timers=["wait"]),
    ),
    Rule(
        "timer-catch-event-goes-on-when-it-is-due",
        _PAGE,
        "When the timer fires, the event completes and the instance goes on.",
        _caught(timer(duration="PT10M")),
        [Start(), Advance("PT10M")],
        Expect(path=["start", "wait", "end"], state="COMPLETED", timers=[]),
    ),
    Rule(
        "timer-catch-event-waits-for-a-date",
        _PAGE,
        "A catch event may have a date, with a zone.",
        _caught(timer(date="2026-01-01T15:00:00+02:00")),
        [Start(), Advance("PT59M59S"), Expect(state="ACTIVE"), Advance("PT1S")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-of-a-date-that-is-past-fires-at-once",
        _PAGE,
        "A timer that is due fires.",
        _caught(timer(date="2020-01-01T00:00:00Z")),
        [Start(), Advance("PT0S")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-of-a-negative-duration-fires-at-once",
        _PAGE,
        "A duration of zero or less fires immediately.",
        _caught(timer(duration="-PT1H")),
        [Start(), Advance("PT0S")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-duration-may-have-weeks-and-days",
        _PAGE,
        "A duration is ISO 8601: P14DT1H30M.",
        _caught(timer(duration="P14DT1H30M")),
        [Start(), Advance("P14DT1H29M"), Expect(state="ACTIVE"), Advance("PT1M")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-duration-may-have-months",
        _PAGE,
        "Months and years go by the calendar: January has 31 days.",
        _caught(timer(duration="P1M")),
        [Start(), Advance("P30D"), Expect(state="ACTIVE"), Advance("P1D")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-may-be-a-variable",
        _PAGE,
        "An expression that results in a text of ISO 8601.",
        _caught(timer(duration="= remaining")),
        [Start({"remaining": "PT1H"}), Advance("PT59M"), Expect(state="ACTIVE"), Advance("PT1M")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-may-be-a-temporal-value",
        _PAGE,
        "An expression that results in a duration of FEEL.",
        _caught(timer(duration='= date and time(until) - date and time("2026-01-01T00:00:00Z")')),
        [Start({"until": "2026-01-01T01:00:00Z"}), Advance("PT59M"), Expect(state="ACTIVE"), Advance("PT1M")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-date-may-be-a-temporal-value",
        _PAGE,
        "An expression that results in a date and time; now() is the engine's time.",
        _caught(timer(date='= now() + duration("PT1H")')),
        [Start(), Advance("PT59M"), Expect(state="ACTIVE"), Advance("PT1M")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "timer-expression-that-is-no-duration-is-an-incident",
        _PAGE,
        "The expression must result in a duration, or in a text that is one.",
        _caught(timer(duration="= remaining")),
        [
            Start({"remaining": "soon"}),
            Expect(path=["start", "wait"], timers=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "wait", ["soon"])]),
            SetVariables({"remaining": "PT1S"}),
            Resolve("wait"),
            Advance("PT1S"),
        ],
        Expect(path=["start", "wait", "end"], state="COMPLETED"),
    ),
    Rule(
        "timer-expression-that-is-null-is-an-incident",
        _PAGE,
        "The expression must result in a duration, or in a text that is one.",
        _caught(timer(duration="= remaining")),
        [Start()],
        Expect(timers=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "wait", ["remaining"])]),
    ),
    Rule(
        "timer-catch-event-with-a-cycle-is-refused",
        _PAGE,
        "An intermediate catch event has a duration or a date.",
        [],
        [_refused(timer(cycle="R3/PT1H"))],
    ),
    Rule(
        "timer-that-is-no-duration-is-refused",
        _PAGE,
        "A static duration is of ISO 8601.",
        [],
        [_refused(timer(duration="1 hour"))],
    ),
    Rule(
        "timer-without-a-definition-is-refused",
        _PAGE,
        "A timer has a date, a duration or a cycle.",
        [],
        [_refused(timer())],
    ),
    Rule(
        "timer-with-two-definitions-is-refused",
        _PAGE,
        "A timer has either a date, a duration or a cycle.",
        [],
        [_refused(timer(duration="PT1H", date="2026-01-01T15:00:00Z"))],
    ),
    Rule(
        "timer-boundary-event-interrupts",
        _PAGE,
        "When the timer fires, the activity is terminated.",
        _on_task(timer(duration="PT5M"), interrupting=True),
        [Start(), Advance("PT5M")],
        Expect(path=["start", "work", "late", "remind", "reminded"], state="COMPLETED", terminated=["work"], timers=[]),
    ),
    Rule(
        "timer-boundary-event-of-a-duration-fires-once",
        _PAGE,
        "A non-interrupting timer with a duration fires once; the activity goes on.",
        _on_task(timer(duration="PT5M")),
        [Start(), Advance("PT5M"), Advance("PT1H")],
        Expect(path=["start", "work", "late", "remind", "reminded"], jobs=["work"], timers=[]),
    ),
    Rule(
        "timer-boundary-event-of-a-cycle-repeats-as-often-as-it-says",
        _PAGE,
        "A non-interrupting timer with a cycle is set again until it has fired so many times.",
        _on_task(timer(cycle="R2/PT1H")),
        [Start(), Advance("PT1H"), Expect(timers=["late"]), Advance("PT1H"), Expect(timers=[]), Advance("PT1H")],
        Expect(path=["start", "work", *["late", "remind", "reminded"] * 2], active=["work"]),
    ),
    Rule(
        "timer-boundary-event-of-an-unbounded-cycle-ends-with-its-activity",
        _PAGE,
        "A cycle without repetitions repeats until it is canceled.",
        _on_task(timer(cycle="R/PT1H")),
        [Start(), *[Advance("PT1H")] * 3, Expect(timers=["late"]), Complete("work"), Advance("PT9H")],
        Expect(path=["start", "work", *["late", "remind", "reminded"] * 3, "end"], state="COMPLETED", timers=[]),
    ),
    Rule(
        "timer-cycle-may-be-an-expression",
        "components/concepts/expressions",
        "cycle(3, duration) is R3/PT1H.",
        _on_task(timer(cycle='= cycle(2, duration("PT1H"))')),
        [Start(), *[Advance("PT1H")] * 4],
        Expect(path=["start", "work", *["late", "remind", "reminded"] * 2]),
    ),
    Rule(
        "timer-boundary-event-may-have-a-date",
        _PAGE,
        "A boundary event may have a date.",
        _on_task(timer(date="2026-01-01T12:30:00Z"), interrupting=True),
        [Start(), Advance("PT30M")],
        Expect(state="COMPLETED", terminated=["work"]),
    ),
    Rule(
        "timer-boundary-event-with-a-cycle-that-interrupts-is-refused",
        _PAGE,
        "An interrupting timer has a duration or a date.",
        [],
        [Refused(Deploy(_on_task(timer(cycle="R/PT1H"), interrupting=True)), "INVALID_ARGUMENT", ["late"])],
    ),
    Rule(
        "timer-is-canceled-with-its-instance",
        _PAGE,
        "A timer belongs to what waits for it.",
        _caught(timer(duration="PT1H")),
        [Start(), Cancel(), Advance("PT2H")],
        Expect(path=["start", "wait"], state="TERMINATED", timers=[]),
    ),
    Rule(
        "timers-fire-in-the-order-of-their-time",
        _PAGE,
        "Each fires when it is due.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.catch("second", timer(duration="PT2H")), b.end("end_2")),
                b.path("split", b.catch("first", timer(duration="PT1H")), b.end("end_1")),
            )
        ],
        [Start(), Advance("PT3H")],
        Expect(path=["start", "split", ("first", "second"), "end_1", "end_2"], state="COMPLETED"),
    ),
    Rule(
        "timer-start-event-starts-an-instance-at-its-date",
        _PAGE,
        "A timer is set for each timer start event when the process is deployed.",
        _started(timer(date="2026-01-01T13:00:00Z")),
        [Expect(instances=[], starts=["p:1:tick"]), Advance("PT1H")],
        Expect(instances=["p:1"], path=["tick", "work", "end"], state="COMPLETED", starts=[]),
    ),
    Rule(
        "timer-start-event-repeats-by-its-cycle",
        _PAGE,
        "Instances are started as often as the cycle says.",
        _started(timer(cycle="R2/PT1H")),
        [Advance("PT1H"), Expect(instances=["p:1"]), Advance("PT1H"), Advance("PT1H")],
        Expect(instances=["p:1", "p:1"], starts=[]),
    ),
    Rule(
        "timer-start-event-may-have-a-start-time",
        _PAGE,
        "A cycle with a start fires at it first, and goes on by the interval.",
        _started(timer(cycle="R3/2026-01-02T00:00:00Z/P1D")),
        [
            Advance("PT11H"),
            Expect(instances=[]),
            Advance("PT1H"),
            Expect(instances=["p:1"]),
            Advance("P1D"),
        ],
        Expect(instances=["p:1", "p:1"], starts=["p:1:tick"]),
    ),
    Rule(
        "timer-start-event-may-be-cron",
        _PAGE,
        "A cycle may be a cron expression: each full hour from 9 to 17 on working days.",
        _started(timer(cycle="0 0 9-17 * * MON-FRI")),
        [
            *[Advance("PT1H")] * 5,
            Expect(instances=["p:1"] * 5),
            Advance("PT15H"),
            Expect(instances=["p:1"] * 5),
            Advance("PT1H"),
        ],
        Expect(instances=["p:1"] * 6),
    ),
    Rule(
        "timer-start-event-of-a-new-version-replaces-the-old",
        _PAGE,
        "The timers of the previous version are canceled.",
        _started(timer(cycle="R/PT1H")),
        [Deploy(_started(timer(cycle="R/PT1H"), "other")), Expect(starts=["p:2:tick"]), Advance("PT1H")],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "timer-start-event-with-a-duration-is-refused",
        _PAGE,
        "A timer start event has a date or a cycle.",
        [],
        [Refused(Deploy(_started(timer(duration="PT1H"))), "INVALID_ARGUMENT", ["p.bpmn", "tick"])],
    ),
    Rule(
        "timer-start-expression-is-evaluated-when-it-is-deployed",
        _PAGE,
        "The expression of a timer start event is evaluated on deployment; what has no value is refused.",
        [],
        [
            Refused(Deploy(_started(timer(date="= when"))), "INVALID_ARGUMENT", ["tick"]),
            Deploy(_started(timer(date='= now() + duration("PT1H")'))),
            Advance("PT1H"),
        ],
        Expect(instances=["p:1"]),
    ),
]
