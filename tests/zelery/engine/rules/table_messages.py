"""Rules of message events, and of how messages are correlated with who waits."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import message, message_job
from tests.zelery.engine.rules.rule import (
    Advance,
    Cancel,
    Complete,
    Correlate,
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

_EVENTS = "components/modeler/bpmn/message-events"
_MESSAGES = "components/concepts/messages"
_INCIDENTS = "components/concepts/incidents"


def _catching(process_id: str = "p", **outputs: str) -> b.Process:
    return b.process(
        process_id, b.start(), b.catch("paid", message("paid", "= order"), outputs=outputs), b.end(), version_tag=""
    )


def _on_task(*, interrupting: bool) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.path(b.start(), b.service("ship"), b.end()),
            b.path(
                b.boundary("canceled", "ship", message("cancel", "= order"), interrupting=interrupting),
                b.service("tell"),
                b.end("told"),
            ),
        )
    ]


_ORDER = {"order": "o-1"}

RULES = [
    Rule(
        "message-catch-event-waits",
        _EVENTS,
        "A catch event subscribes to its message when it is entered, and waits.",
        [_catching()],
        [Start(_ORDER)],
        Expect(path=["start", "paid"], state="ACTIVE", messages=["paid"]),
    ),
    Rule(
        "message-catch-event-goes-on-when-its-message-comes",
        _EVENTS,
        "When the message is correlated, the event completes and the instance goes on.",
        [_catching()],
        [Start(_ORDER), Publish("paid", "o-1")],
        Expect(path=["start", "paid", "end"], state="COMPLETED"),
    ),
    Rule(
        "message-of-another-key-is-not-correlated",
        _MESSAGES,
        "Name and correlation key must match.",
        [_catching()],
        [Start(_ORDER), Publish("paid", "o-2"), Publish("sent", "o-1")],
        Expect(path=["start", "paid"], state="ACTIVE", buffered=[]),
    ),
    Rule(
        "message-variables-are-merged",
        _EVENTS,
        "By default all variables of the message are merged into the instance.",
        [_catching()],
        [Start({**_ORDER, "sum": 0}), Publish("paid", "o-1", {"sum": 3, "by": "card"})],
        Expect(variables={"order": "o-1", "sum": 3, "by": "card"}),
    ),
    Rule(
        "message-output-mappings-say-what-is-merged",
        _EVENTS,
        "An output mapping at the catch event says which variables are merged, and how.",
        [_catching(total="= sum * 2")],
        [Start(_ORDER), Publish("paid", "o-1", {"sum": 3, "by": "card"})],
        Expect(variables={"order": "o-1", "total": 6}, local={"paid": {"sum": 3, "by": "card"}}),
    ),
    Rule(
        "message-key-may-be-a-number",
        _EVENTS,
        "The correlation key results in a text or a number.",
        [_catching()],
        [Start({"order": 17}), Publish("paid", "17")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "message-key-that-is-null-is-an-incident",
        _EVENTS,
        "The correlation key must result in a text or a number.",
        [_catching()],
        [Start()],
        Expect(
            path=["start", "paid"],
            messages=[],
            incidents=[Incident("EXTRACT_VALUE_ERROR", "paid", ["correlation key", "order", "NULL"])],
        ),
    ),
    Rule(
        "message-key-that-is-a-boolean-is-an-incident",
        _EVENTS,
        "The correlation key must result in a text or a number.",
        [_catching()],
        [Start({"order": True})],
        Expect(messages=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "paid", ["BOOLEAN"])]),
    ),
    Rule(
        "message-key-is-evaluated-again-when-its-incident-is-resolved",
        _INCIDENTS,
        "Mend the variables, resolve the incident, and the instance goes on.",
        [_catching()],
        [Start(), SetVariables(_ORDER), Resolve("paid"), Publish("paid", "o-1")],
        Expect(path=["start", "paid", "end"], state="COMPLETED"),
    ),
    Rule(
        "message-key-is-not-looked-at-again-while-it-is-waited-for",
        _MESSAGES,
        "An open subscription is not updated when the variable of its key changes.",
        [_catching()],
        [
            Start(_ORDER),
            SetVariables({"order": "o-2"}),
            Publish("paid", "o-2"),
            Expect(state="ACTIVE"),
            Publish("paid", "o-1"),
        ],
        Expect(state="COMPLETED", variables={"order": "o-2"}),
    ),
    Rule(
        "message-name-may-be-an-expression",
        _EVENTS,
        "The name is evaluated when the event is activated.",
        [b.process("p", b.start(), b.catch("paid", message('= "paid by " + means', "= order")), b.end())],
        [Start({**_ORDER, "means": "card"}), Publish("paid by card", "o-1")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "message-name-that-is-no-text-is-an-incident",
        _EVENTS,
        "The name must result in a text.",
        [b.process("p", b.start(), b.catch("paid", message("= means", "= order")), b.end())],
        [Start(_ORDER)],
        Expect(messages=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "paid", ["means", "STRING"])]),
    ),
    Rule(
        "message-boundary-event-interrupts",
        _EVENTS,
        "An interrupting boundary event terminates its activity and takes its own flow.",
        _on_task(interrupting=True),
        [Start(_ORDER), Publish("cancel", "o-1", {"why": "late"}), Complete("tell")],
        Expect(
            path=["start", "ship", "canceled", "tell", "told"],
            state="COMPLETED",
            terminated=["ship"],
            variables={"order": "o-1", "why": "late"},
        ),
    ),
    Rule(
        "message-boundary-event-that-does-not-interrupt-takes-many",
        _EVENTS,
        "A non-interrupting boundary event leaves its activity active, and takes several messages.",
        _on_task(interrupting=False),
        [Start(_ORDER), Publish("cancel", "o-1"), Publish("cancel", "o-1")],
        Expect(
            path=["start", "ship", ("canceled", "tell", "canceled", "tell")],
            jobs=["ship", "tell", "tell"],
            messages=["canceled"],
        ),
    ),
    Rule(
        "message-boundary-event-is-closed-with-its-activity",
        _MESSAGES,
        "A subscription is closed when its element is left.",
        _on_task(interrupting=False),
        [Start(_ORDER), Complete("ship"), Publish("cancel", "o-1")],
        Expect(path=["start", "ship", "end"], state="COMPLETED", messages=[]),
    ),
    Rule(
        "message-boundary-event-without-a-key-is-an-incident-of-the-activity",
        _INCIDENTS,
        "The expressions of boundary events are evaluated when the activity is entered, before its job is there.",
        _on_task(interrupting=True),
        [
            Start(),
            Expect(path=["start", "ship"], jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "ship", ["order"])]),
            SetVariables(_ORDER),
            Resolve("ship"),
        ],
        Expect(path=["start", "ship"], jobs=["ship"], messages=["canceled"]),
    ),
    Rule(
        "message-throw-event-is-a-job",
        _EVENTS,
        "A message throw event behaves as a service task: it creates a job, and correlates nothing itself.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.throw("say", message_job("kafka", "paid")), b.end()),
                b.path("split", b.catch("paid", message("paid", '= "x"')), b.end("heard")),
            )
        ],
        [Start(), Expect(job={"say": {"type": "kafka", "retries": 3}}), Complete("say", {"sent": True})],
        Expect(active=["paid"], variables={"sent": True}, completed=["start", "split", "say", "end"]),
    ),
    Rule(
        "message-end-event-is-a-job",
        _EVENTS,
        "A message end event behaves as a service task: the instance completes when its job is.",
        [b.process("p", b.start(), b.end("say", message_job("kafka"), headers={"topic": "t"}))],
        [
            Start(),
            Expect(state="ACTIVE", job={"say": {"type": "kafka", "headers": {"topic": "t"}}}),
            Complete("say"),
        ],
        Expect(path=["start", "say"], state="COMPLETED"),
    ),
    Rule(
        "message-correlation-tells-when-nobody-waits",
        _MESSAGES,
        "Correlate message answers at once whether somebody has taken it.",
        [_catching()],
        [Start(_ORDER), Refused(Correlate("paid", "o-2"), "NOT_FOUND", ["paid", "o-2"]), Correlate("paid", "o-1")],
        Expect(state="COMPLETED", buffered=[]),
    ),
    Rule(
        "message-goes-to-one-instance-of-a-process",
        _MESSAGES,
        "A message is correlated once to a process, across its versions and instances.",
        [_catching()],
        [Start(_ORDER), Start(_ORDER), Publish("paid", "o-1"), Expect(instances=["p:1", "p:1"])],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "message-leaves-the-other-instance-waiting",
        _MESSAGES,
        "A message is correlated once to a process; who else waits takes the next one.",
        [_catching()],
        [Start(_ORDER), Start(_ORDER), Publish("paid", "o-1"), Expect(state="ACTIVE", of=1), Publish("paid", "o-1")],
        Expect(state="COMPLETED", of=1),
    ),
    Rule(
        "message-goes-to-every-process-that-waits",
        _MESSAGES,
        "Subscriptions of different processes all take the message.",
        [_catching("p"), _catching("q")],
        [Start(_ORDER), Start(_ORDER, "q"), Publish("paid", "o-1"), Expect(state="COMPLETED")],
        Expect(state="COMPLETED", of=1),
    ),
    Rule(
        "message-goes-to-one-subscription-within-an-instance",
        _MESSAGES,
        "Also within one instance a message is correlated to one of the subscriptions.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.catch("one", message("paid", "= order")), b.end()),
                b.path("split", b.catch("two", message("paid", "= order")), b.end("other")),
            )
        ],
        [Start(_ORDER), Publish("paid", "o-1"), Expect(state="ACTIVE", active=["two"]), Publish("paid", "o-1")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "message-subscription-goes-with-its-instance",
        _MESSAGES,
        "A subscription is closed when its scope is left.",
        [_catching()],
        [Start(_ORDER), Cancel(), Publish("paid", "o-1"), Expect(state="TERMINATED", messages=[])],
        Expect(path=["start", "paid"], terminated=["paid"]),
    ),
    Rule(
        "message-is-discarded-when-its-time-to-live-is-zero",
        _MESSAGES,
        "Without a time to live a message is not buffered.",
        [_catching()],
        [Publish("paid", "o-1"), Start(_ORDER), Advance("PT1S")],
        Expect(state="ACTIVE", active=["paid"], buffered=[]),
    ),
    Rule(
        "message-catch-events-of-one-name-on-an-activity-are-refused",
        _EVENTS,
        "The message boundary events of an activity must each have a name of their own.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start(), b.service("ship"), b.end()),
                            b.path(b.boundary("one", "ship", message("cancel", "= order")), "end"),
                            b.path(b.boundary("two", "ship", message("cancel", "= order")), "end"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["ship", "cancel"],
            )
        ],
    ),
    Rule(
        "message-throw-event-without-a-job-is-refused",
        _EVENTS,
        "A message throw event has a job type.",
        [],
        [
            Refused(
                Deploy([b.process("p", b.start(), b.throw("say", message("paid")), b.end())]),
                "INVALID_ARGUMENT",
                ["say", "zeebe:taskDefinition"],
            )
        ],
    ),
    Rule(
        "message-goes-to-who-waits-and-starts-others-beside",
        _MESSAGES,
        "A message is correlated to all subscriptions of different processes, start events among them.",
        [_catching(), b.process("q", b.start("paid_start", message("paid")), b.service("work"), b.end())],
        [Start(_ORDER), Publish("paid", "o-1"), Expect(state="COMPLETED")],
        Expect(instances=["p:1", "q:1"], path=["paid_start", "work"], of=1),
    ),
]
