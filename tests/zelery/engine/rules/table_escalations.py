"""Rules of escalation events."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Event, escalation
from tests.zelery.engine.rules.rule import Complete, Deploy, Expect, Incident, Refused, Rule, Start

_PAGE = "components/modeler/bpmn/escalation-events"


def _thrown(*around: b.Part, event: Event | None = None) -> list[b.Process]:
    """A sub-process that throws an escalation in its middle, and what is around it."""
    return [
        b.process(
            "p",
            b.path(
                b.start(),
                b.sub_process(
                    "sub",
                    b.path(
                        b.start("begin"),
                        b.throw("throw", event or escalation("LATE")),
                        b.service("work"),
                        b.end("sub_end"),
                    ),
                ),
                b.end(),
            ),
            *around,
        )
    ]


def _boundary(element_id: str, code: str | None, *, interrupting: bool = False) -> b.Path:
    return b.path(
        b.boundary(element_id, "sub", escalation(code), interrupting=interrupting), b.end(f"{element_id}_end")
    )


def _handler(element_id: str, code: str | None, *, interrupting: bool = False) -> b.Element:
    return b.event_sub_process(
        element_id,
        b.start_on(escalation(code), f"{element_id}_start", interrupting=interrupting),
        b.end(f"{element_id}_end"),
    )


RULES = [
    Rule(
        "escalation-goes-on-where-it-was-thrown",
        _PAGE,
        "An escalation is not critical: the flows of the throwing and of the catching event are both taken.",
        _thrown(_boundary("late", "LATE")),
        [Start(), Expect(active=["sub", "work"]), Complete("work")],
        Expect(
            path=["start", "sub", "begin", "throw", ("late", "late_end", "work"), "sub_end", "end"], state="COMPLETED"
        ),
    ),
    Rule(
        "escalation-that-interrupts-terminates-its-scope",
        _PAGE,
        "An interrupting event terminates what it is attached to; the throwing event's flow is not taken.",
        _thrown(_boundary("late", "LATE", interrupting=True)),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", "late", "late_end"], state="COMPLETED", jobs=[]),
    ),
    Rule(
        "escalation-that-is-not-caught-is-no-incident",
        _PAGE,
        "What is not caught raises no incident: the process goes on.",
        _thrown(_boundary("late", "OTHER")),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", "work"], jobs=["work"]),
    ),
    Rule(
        "escalation-catch-event-without-a-code-catches-all",
        _PAGE,
        "A catch event without an escalation catches all.",
        _thrown(_boundary("any", None)),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", ("any", "any_end", "work")]),
    ),
    Rule(
        "escalation-code-comes-before-catch-all",
        _PAGE,
        "In one scope the event that matches the code is prioritized.",
        _thrown(_boundary("any", None), _boundary("late", "LATE")),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", ("late", "late_end", "work")]),
    ),
    Rule(
        "escalation-is-caught-once-in-the-nearest-scope",
        _PAGE,
        "It is caught by one event at most, that of the nearest scope.",
        _thrown(_boundary("near", None), _handler("far", "LATE")),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", ("near", "near_end", "work")]),
    ),
    Rule(
        "escalation-is-caught-by-an-event-sub-process",
        _PAGE,
        "An event sub-process catches it, at the process too.",
        _thrown(_handler("tell", "LATE")),
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", ("tell", "tell_start", "tell_end", "work")], jobs=["work"]),
    ),
    Rule(
        "escalation-event-sub-process-that-interrupts",
        _PAGE,
        "An interrupting event terminates its scope.",
        _thrown(_handler("tell", "LATE", interrupting=True)),
        [Start()],
        Expect(
            path=["start", "sub", "begin", "throw", "tell", "tell_start", "tell_end"],
            state="COMPLETED",
            terminated=["throw", "sub"],
        ),
    ),
    Rule(
        "escalation-end-event-throws",
        _PAGE,
        "An escalation can be thrown by an end event, which ends its path.",
        [
            b.process(
                "p",
                b.path(b.start(), b.sub_process("sub", b.start("begin"), b.end("throw", escalation("LATE"))), b.end()),
                _boundary("late", "LATE"),
            )
        ],
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", ("late", "late_end", "end")], state="COMPLETED"),
    ),
    Rule(
        "escalation-code-that-is-thrown-may-be-an-expression",
        _PAGE,
        "A throwing event's code may be an expression, evaluated when the event is reached.",
        _thrown(_boundary("late", "LATE"), event=escalation("= code")),
        [Start({"code": "LATE"})],
        Expect(path=["start", "sub", "begin", "throw", ("late", "late_end", "work")]),
    ),
    Rule(
        "escalation-code-that-is-no-text-is-an-incident",
        _PAGE,
        "The code is a text.",
        _thrown(event=escalation("= code")),
        [Start()],
        Expect(incidents=[Incident("EXTRACT_VALUE_ERROR", "throw", ["code"])]),
    ),
    Rule(
        "escalation-is-caught-in-the-calling-process",
        _PAGE,
        "A higher scope catches it; that of a call activity is its process's.",
        [
            b.process(
                "p",
                b.path(b.start(), b.call("call", "child"), b.end()),
                b.path(b.boundary("late", "call", escalation("LATE"), interrupting=False), b.end("late_end")),
            ),
            b.process("child", b.start(), b.throw("throw", escalation("LATE")), b.service("work"), b.end()),
        ],
        [Start(), Expect(path=["start", "throw", "work"], of=1)],
        Expect(path=["start", "call", "late", "late_end"], active=["call"]),
    ),
    Rule(
        "escalation-catch-events-of-one-code-are-refused",
        _PAGE,
        "In one scope no two events may catch the same code.",
        [],
        [
            Refused(
                Deploy(_thrown(_boundary("one", "LATE"), _boundary("two", "LATE"))),
                "INVALID_ARGUMENT",
                ["sub", "LATE"],
            )
        ],
    ),
    Rule(
        "escalation-catch-all-events-in-one-scope-are-refused",
        _PAGE,
        "In one scope no two events may catch all escalations.",
        [],
        [Refused(Deploy(_thrown(_handler("one", None), _handler("two", None))), "INVALID_ARGUMENT", ["p.bpmn"])],
    ),
    Rule(
        "escalation-catch-event-with-an-expression-is-refused",
        _PAGE,
        "The code that is caught is static.",
        [],
        [Refused(Deploy(_thrown(_boundary("one", "= code"))), "INVALID_ARGUMENT", ["escalationCode"])],
    ),
]
