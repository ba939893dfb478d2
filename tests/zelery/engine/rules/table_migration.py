"""Rules of the migration of process instances."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Complete,
    Deploy,
    Expect,
    Incident,
    Migrate,
    Refused,
    Resolve,
    Rule,
    Start,
)

_MIGRATE = "components/concepts/process-instance-migration"


def _version(*more: b.Element, task_id: str = "a") -> b.Process:
    return b.process("p", b.start(), b.service(task_id), *more, b.end())


def _guarded(event_id: str, duration: str, *more: b.Element) -> b.Process:
    """A task with a timer on it."""
    return b.process(
        "p",
        b.path(b.start(), b.service("a"), *more, b.end()),
        b.path(b.boundary(event_id, "a", timer(duration=duration)), b.end(f"{event_id}_end")),
    )


RULES = [
    Rule(
        "migration-continues-an-instance-in-another-version",
        _MIGRATE,
        "Active elements go on as those they are mapped to, with their jobs.",
        [_version()],
        [
            Start({"x": 1}),
            Deploy([_version(b.task("after"), task_id="renamed")]),
            Migrate("p", 2, {"a": "renamed"}),
            Expect(jobs=["renamed"], variables={"x": 1}),
            Complete("renamed"),
        ],
        Expect(state="COMPLETED", path=["start", "renamed", "after", "end"]),
    ),
    Rule(
        "migration-keeps-the-job-as-it-was",
        _MIGRATE,
        "A job is not created anew: its type and retries stay.",
        [_version()],
        [
            Start(),
            Deploy([b.process("p", b.start(), b.service("a", "other", "9"), b.end())]),
            Migrate("p", 2, {"a": "a"}),
        ],
        Expect(job={"a": {"type": "a", "retries": 3}}),
    ),
    Rule(
        "migration-without-a-mapping-of-an-active-element-is-refused",
        _MIGRATE,
        "Each active element needs a mapping.",
        [_version()],
        [Start(), Deploy([_version(b.task("after"))]), Refused(Migrate("p", 2, {}), "INVALID_STATE", ["'a'"])],
        Expect(active=["a"]),
    ),
    Rule(
        "migration-to-an-element-of-another-type-is-refused",
        _MIGRATE,
        "An element is mapped to one of the same type.",
        [_version()],
        [
            Start(),
            Deploy([b.process("p", b.start(), b.user("a"), b.end())]),
            Refused(Migrate("p", 2, {"a": "a"}), "INVALID_STATE", ["type"]),
        ],
        Expect(active=["a"]),
    ),
    Rule(
        "migration-into-another-scope-is-refused",
        _MIGRATE,
        "The flow scope of an element must not change.",
        [_version()],
        [
            Start(),
            Deploy(
                [
                    b.process(
                        "p", b.start(), b.sub_process("sub", b.start("begin"), b.service("a"), b.end("done")), b.end()
                    )
                ]
            ),
            Refused(Migrate("p", 2, {"a": "a"}), "INVALID_STATE", ["scope"]),
        ],
        Expect(active=["a"]),
    ),
    Rule(
        "migration-continues-a-catch-event",
        _MIGRATE,
        "An active catch event that is mapped goes on waiting as it did, as the element of the other version.",
        [b.process("p", b.start(), b.catch("wait", timer(duration="PT1H")), b.end())],
        [
            Start(),
            Deploy([b.process("p", b.start(), b.catch("pause", timer(duration="PT9H")), b.task("after"), b.end())]),
            Migrate("p", 2, {"wait": "pause"}),
            Expect(active=["pause"], timers=["pause"]),
            Advance("PT1H"),
        ],
        Expect(state="COMPLETED", path=["start", "pause", "after", "end"]),
    ),
    Rule(
        "migration-keeps-the-subscription-of-a-mapped-event",
        _MIGRATE,
        "Where the catch events are mapped, the subscription is migrated: the timer's rest is waited for.",
        [_guarded("late", "P7D")],
        [
            Start(),
            Advance("P5D"),
            Deploy([_guarded("later", "P14D")]),
            Migrate("p", 2, {"a": "a", "late": "later"}),
            Expect(timers=["later"]),
            Advance("P2D"),
        ],
        Expect(state="COMPLETED", path=["start", "a", "later", "later_end"]),
    ),
    Rule(
        "migration-opens-anew-what-is-not-mapped",
        _MIGRATE,
        "A catch event that is not mapped is closed, and that of the other version is opened: a timer begins again.",
        [_guarded("late", "P7D")],
        [
            Start(),
            Advance("P5D"),
            Deploy([_guarded("late", "P7D", b.task("after"))]),
            Migrate("p", 2, {"a": "a"}),
            Advance("P2D"),
            Expect(state="ACTIVE", timers=["late"]),
            Advance("P5D"),
        ],
        Expect(state="COMPLETED", path=["start", "a", "late", "late_end"]),
    ),
    Rule(
        "migration-opens-events-that-are-new",
        _MIGRATE,
        "A catch event that only the other version has is subscribed to.",
        [_version()],
        [Start(), Deploy([_guarded("late", "P7D")]), Migrate("p", 2, {"a": "a"})],
        Expect(active=["a"], timers=["late"]),
    ),
    Rule(
        "migration-closes-events-that-are-gone",
        _MIGRATE,
        "A catch event that only the old version has is closed.",
        [_guarded("late", "P7D")],
        [Start(), Deploy([_version()]), Migrate("p", 2, {"a": "a"}), Advance("P8D")],
        Expect(active=["a"], timers=[]),
    ),
    Rule(
        "migration-of-a-sub-process",
        _MIGRATE,
        "Active elements in a sub-process are migrated with it, each by its own mapping.",
        [b.process("p", b.start(), b.sub_process("sub", b.start("begin"), b.service("a"), b.end("done")), b.end())],
        [
            Start(),
            Deploy(
                [
                    b.process(
                        "p",
                        b.start(),
                        b.sub_process("sub_2", b.start("begin"), b.service("a_2"), b.task("more"), b.end("done")),
                        b.end(),
                    )
                ]
            ),
            Migrate("p", 2, {"sub": "sub_2", "a": "a_2"}),
            Complete("a_2"),
        ],
        Expect(state="COMPLETED", path=["start", "sub_2", "begin", "a_2", "more", "done", "end"]),
    ),
    Rule(
        "migration-to-another-process",
        _MIGRATE,
        "An instance can be migrated to a different process altogether.",
        [_version(), b.process("q", b.start("begin"), b.service("work"), b.end("done"))],
        [Start(), Migrate("q", 1, {"a": "work"}), Complete("work")],
        Expect(state="COMPLETED", path=["start", "work", "done"]),
    ),
    Rule(
        "migration-keeps-an-incident-which-is-mended-by-the-new-version",
        _MIGRATE,
        "An incident is migrated; resolved, the element goes on by the new version.",
        [b.process("p", b.start(), b.service("a", outputs={"x": '= assert(y, y != null, "no y")'}), b.end())],
        [
            Start(),
            Complete("a"),
            Deploy([_version()]),
            Migrate("p", 2, {"a": "a"}),
            Expect(incidents=[Incident("IO_MAPPING_ERROR", "a")]),
            Resolve("a"),
        ],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "migration-to-a-target-that-is-not-there-is-refused",
        _MIGRATE,
        "A target must be an element of the target process.",
        [_version()],
        [
            Start(),
            Deploy([_version(b.task("after"))]),
            Refused(Migrate("p", 2, {"a": "nothing"}), "INVALID_STATE", ["nothing"]),
        ],
        Expect(active=["a"]),
    ),
    Rule(
        "migration-of-a-source-that-is-not-there-is-refused",
        _MIGRATE,
        "A source must be an element of the instance's process.",
        [_version()],
        [
            Start(),
            Deploy([_version(b.task("after"))]),
            Refused(Migrate("p", 2, {"a": "a", "nothing": "after"}), "INVALID_STATE", ["nothing"]),
        ],
        Expect(active=["a"]),
    ),
    Rule(
        "migration-of-an-instance-that-has-ended-is-refused",
        _MIGRATE,
        "Only active instances can be migrated.",
        [_version()],
        [Start(), Complete("a"), Deploy([_version(b.task("after"))]), Refused(Migrate("p", 2, {}), "NOT_FOUND")],
        Expect(state="COMPLETED"),
    ),
]
