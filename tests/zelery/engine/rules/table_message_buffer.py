"""Rules of buffered messages, of their ids, and of instances that messages start."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import message
from tests.zelery.engine.rules.rule import (
    Advance,
    Cancel,
    Complete,
    Correlate,
    Deploy,
    Expect,
    Publish,
    Refused,
    Rule,
    Start,
)

_EVENTS = "components/modeler/bpmn/message-events"
_MESSAGES = "components/concepts/messages"
_ORDER = {"order": "o-1"}

_CATCHING = [b.process("p", b.start(), b.service("wait"), b.catch("paid", message("paid", "= order")), b.end())]


def _started(process_id: str = "p", name: str = "placed") -> b.Process:
    """A process that a message starts and a job holds."""
    return b.process(process_id, b.start("placed", message(name)), b.service("work"), b.end())


RULES = [
    Rule(
        "buffered-message-is-taken-by-a-subscription-that-opens",
        _MESSAGES,
        "Within its time to live a message can be correlated to a subscription that opens later.",
        _CATCHING,
        [Publish("paid", "o-1", {"sum": 3}, "PT1M"), Start(_ORDER), Expect(buffered=["paid"]), Complete("wait")],
        Expect(state="COMPLETED", variables={"order": "o-1", "sum": 3}),
    ),
    Rule(
        "buffered-messages-are-taken-in-the-order-of-their-publication",
        _MESSAGES,
        "Of several buffered messages the first that was published is correlated.",
        _CATCHING,
        [
            Publish("paid", "o-1", {"sum": 1}, "PT1M"),
            Publish("paid", "o-1", {"sum": 2}, "PT1M"),
            Start(_ORDER),
            Complete("wait"),
        ],
        Expect(state="COMPLETED", variables={"order": "o-1", "sum": 1}),
    ),
    Rule(
        "buffered-message-is-gone-after-its-time-to-live",
        _MESSAGES,
        "After its time to live a message is discarded.",
        _CATCHING,
        [Publish("paid", "o-1", ttl="PT1M"), Advance("PT2M"), Start(_ORDER), Complete("wait")],
        Expect(state="ACTIVE", active=["paid"], buffered=[]),
    ),
    Rule(
        "buffered-message-is-taken-once-by-a-process",
        _MESSAGES,
        "A message is correlated once to a process, also while it stays buffered.",
        _CATCHING,
        [
            Publish("paid", "o-1", ttl="PT1H"),
            Start(_ORDER),
            Start(_ORDER),
            Complete("wait"),
            Complete("wait"),
            Expect(state="COMPLETED"),
        ],
        Expect(state="ACTIVE", active=["paid"], of=1),
    ),
    Rule(
        "buffered-message-is-taken-by-another-process",
        _MESSAGES,
        "A buffered message is correlated once to each process.",
        [*_CATCHING, b.process("q", b.start(), b.catch("paid", message("paid", "= order")), b.end())],
        [Publish("paid", "o-1", ttl="PT1H"), Start(_ORDER, "q"), Start(_ORDER), Complete("wait")],
        Expect(state="COMPLETED", of=1),
    ),
    Rule(
        "buffered-messages-are-all-taken-by-an-event-that-does-not-interrupt",
        _EVENTS,
        "Several messages can be correlated to a non-interrupting boundary event.",
        [
            b.process(
                "p",
                b.path(b.start(), b.service("ship"), b.end()),
                b.path(
                    b.boundary("asked", "ship", message("ask", "= order"), interrupting=False),
                    b.task("tell"),
                    b.end("told"),
                ),
            )
        ],
        [Publish("ask", "o-1", ttl="PT1H"), Publish("ask", "o-1", ttl="PT1H"), Start(_ORDER)],
        Expect(active=["ship"], path=["start", "ship", ("asked", "asked", "tell", "tell", "told", "told")]),
    ),
    Rule(
        "message-id-is-refused-while-it-is-buffered",
        _MESSAGES,
        "A message of the same name, key and id as a buffered one is rejected.",
        [],
        [
            Publish("paid", "o-1", ttl="PT1H", message_id="a"),
            Refused(Publish("paid", "o-1", ttl="PT1H", message_id="a"), "ALREADY_EXISTS", ["'a'"]),
        ],
        Expect(buffered=["paid"]),
    ),
    Rule(
        "message-id-is-free-again-when-it-is-no-longer-buffered",
        _MESSAGES,
        "Once the message is discarded from the buffer, its id can be published again.",
        [],
        [
            Publish("paid", "o-1", ttl="PT1M", message_id="a"),
            Advance("PT2M"),
            Publish("paid", "o-1", ttl="PT1M", message_id="a"),
        ],
        Expect(buffered=["paid"]),
    ),
    Rule(
        "message-id-is-compared-with-name-and-key",
        _MESSAGES,
        "Another name or another key makes another message.",
        [],
        [
            Publish("paid", "o-1", ttl="PT1M", message_id="a"),
            Publish("paid", "o-2", ttl="PT1M", message_id="a"),
            Publish("sent", "o-1", ttl="PT1M", message_id="a"),
        ],
        Expect(buffered=["paid", "paid", "sent"]),
    ),
    Rule(
        "message-without-an-id-is-never-refused",
        _MESSAGES,
        "Without an id uniqueness is not checked.",
        [],
        [Publish("paid", "o-1", ttl="PT1M"), Publish("paid", "o-1", ttl="PT1M")],
        Expect(buffered=["paid", "paid"]),
    ),
    Rule(
        "message-start-event-starts-an-instance",
        _EVENTS,
        "A message whose name matches creates an instance at the message start event.",
        [_started()],
        [Publish("placed", variables={"order": 7})],
        Expect(instances=["p:1"], path=["placed", "work"], variables={"order": 7}),
    ),
    Rule(
        "message-start-event-output-mapping",
        "components/concepts/variables",
        "Output mappings of a start event say what of its payload becomes a variable.",
        [b.process("p", b.start("placed", message("placed"), outputs={"id": "= order.id"}), b.end())],
        [Publish("placed", variables={"order": {"id": 7}})],
        Expect(state="COMPLETED", variables={"id": 7}),
    ),
    Rule(
        "message-without-a-key-starts-an-instance-each",
        _EVENTS,
        "With an empty correlation key it is not checked whether an instance is active.",
        [_started()],
        [Publish("placed"), Publish("placed")],
        Expect(instances=["p:1", "p:1"]),
    ),
    Rule(
        "message-with-a-key-starts-one-instance-at-a-time",
        _EVENTS,
        "While an instance that was started by the same key is active, no second one is started.",
        [_started()],
        [Publish("placed", "k"), Publish("placed", "k"), Publish("placed", "other")],
        Expect(instances=["p:1", "p:1"], buffered=[]),
    ),
    Rule(
        "buffered-message-starts-the-next-instance-when-the-first-ends",
        _EVENTS,
        "When the instance completes, a buffered message of the same key starts the next.",
        [_started()],
        [
            Publish("placed", "k", {"n": 1}),
            Publish("placed", "k", {"n": 2}, "PT1H"),
            Publish("placed", "k", {"n": 3}, "PT1H"),
            Expect(instances=["p:1"]),
            Complete("work"),
            Expect(instances=["p:1", "p:1"], variables={"n": 2}, of=1),
            Complete("work"),
        ],
        Expect(instances=["p:1", "p:1", "p:1"], variables={"n": 3}, of=2),
    ),
    Rule(
        "buffered-message-starts-the-next-instance-when-the-first-is-canceled",
        _EVENTS,
        "Also when the instance is terminated, the buffered message starts the next.",
        [_started()],
        [Publish("placed", "k"), Publish("placed", "k", ttl="PT1H"), Cancel()],
        Expect(instances=["p:1", "p:1"], state="ACTIVE", of=1),
    ),
    Rule(
        "buffered-message-starts-an-instance-of-the-latest-version",
        _EVENTS,
        "The next instance is one of the latest version; the key is held across versions.",
        [_started()],
        [
            Publish("placed", "k"),
            Deploy([b.process("p", b.start("placed", message("placed")), b.task("new"), b.service("work"), b.end())]),
            Publish("placed", "k", ttl="PT1H"),
            Expect(instances=["p:1"]),
            Complete("work"),
        ],
        Expect(instances=["p:1", "p:2"], path=["placed", "new", "work"], of=1),
    ),
    Rule(
        "message-published-before-the-deployment-starts-nothing",
        _EVENTS,
        "Messages that were published before the process was deployed are not correlated to its start event.",
        [],
        [Publish("placed", ttl="PT1H"), Deploy([_started()])],
        Expect(instances=[], buffered=["placed"]),
    ),
    Rule(
        "message-starts-one-instance-of-each-process",
        _MESSAGES,
        "Subscriptions of different processes all take the message.",
        [_started("p"), _started("q")],
        [Publish("placed")],
        Expect(instances=["p:1", "q:1"]),
    ),
    Rule(
        "message-starts-at-the-event-of-its-name",
        _EVENTS,
        "A process can have several message start events, each with a name of its own.",
        [
            b.process(
                "p",
                b.path(b.start("placed", message("placed")), b.service("work"), b.end()),
                b.path(b.start("renewed", message("renewed")), "work"),
            )
        ],
        [Publish("renewed"), Expect(starts=["p:1:placed", "p:1:renewed"])],
        Expect(path=["renewed", "work"], instances=["p:1"]),
    ),
    Rule(
        "message-start-events-of-one-name-are-refused",
        _EVENTS,
        "Each message start event must have a name of its own.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start("one", message("placed")), b.end()),
                            b.path(b.start("two", message("placed")), "end"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["p.bpmn", "placed"],
            )
        ],
    ),
    Rule(
        "message-start-event-of-a-new-version-replaces-the-old",
        _EVENTS,
        "The subscriptions of the previous version are closed.",
        [_started()],
        [Deploy([_started(name="ordered")]), Publish("placed"), Expect(instances=[], starts=["p:2:placed"])],
        Expect(instances=[]),
    ),
    Rule(
        "message-start-name-is-evaluated-when-it-is-deployed",
        _EVENTS,
        "The name of a message start event may be an expression, evaluated on deployment.",
        [b.process("p", b.start("placed", message('= "order " + "placed"')), b.end())],
        [Publish("order placed")],
        Expect(instances=["p:1"], state="COMPLETED"),
    ),
    Rule(
        "message-that-starts-by-correlation",
        _MESSAGES,
        "Correlate message starts an instance where a start event waits.",
        [_started()],
        [Correlate("placed", "k", {"n": 1}), Refused(Correlate("placed", "k"), "NOT_FOUND", ["placed"])],
        Expect(instances=["p:1"], variables={"n": 1}),
    ),
    Rule(
        "message-starts-one-and-goes-on-with-the-next",
        _MESSAGES,
        "Aggregator: the first message starts the instance, those that follow go to its catch event.",
        [
            b.process(
                "p",
                b.path(b.start("first", message("item")), b.catch("next", message("item", "= order")), b.end()),
            )
        ],
        [Publish("item", "o-1", {"order": "o-1", "n": 1}, "PT1H"), Publish("item", "o-1", {"n": 2}, "PT1H")],
        Expect(instances=["p:1"], state="COMPLETED", variables={"order": "o-1", "n": 2}),
    ),
    Rule(
        "message-key-is-held-whatever-the-message-s-name",
        _EVENTS,
        "An active instance that a message of the key has started holds off other messages of that key.",
        [
            b.process(
                "p",
                b.path(b.start("placed", message("placed")), b.service("work"), b.end()),
                b.path(b.start("renewed", message("renewed")), "work"),
            )
        ],
        [Publish("placed", "k"), Publish("renewed", "k", ttl="PT1H"), Expect(instances=["p:1"]), Complete("work")],
        Expect(instances=["p:1", "p:1"], path=["renewed", "work"], of=1),
    ),
    Rule(
        "message-key-is-not-held-by-an-instance-that-a-command-has-started",
        _EVENTS,
        "Only instances that a message of the key has started hold it.",
        [
            b.process(
                "p",
                b.path(b.start("placed", message("placed")), b.service("work"), b.end()),
                b.path(b.start(), "work"),
            )
        ],
        [Start(), Publish("placed", "k")],
        Expect(instances=["p:1", "p:1"]),
    ),
    Rule(
        "buffered-message-that-has-expired-starts-nothing",
        _MESSAGES,
        "A message starts an instance during its time to live.",
        [_started()],
        [Publish("placed", "k"), Publish("placed", "k", ttl="PT1M"), Advance("PT2M"), Complete("work")],
        Expect(instances=["p:1"], buffered=[]),
    ),
]
