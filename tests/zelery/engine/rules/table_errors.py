"""Rules of error events."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import each, error
from tests.zelery.engine.rules.rule import (
    Complete,
    Deploy,
    Expect,
    Incident,
    Refused,
    Resolve,
    Rule,
    Start,
    Throw,
)

_PAGE = "components/modeler/bpmn/error-events"


def _on_task(code: str | None, **outputs: str) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.path(b.start(), b.service("charge"), b.end()),
            b.path(b.boundary("failed", "charge", error(code), outputs=outputs), b.task("remind"), b.end("reminded")),
        )
    ]


_CAUGHT = ["start", "charge", "failed", "remind", "reminded"]


def _thrown(*parts: b.Part, code: str = "OUT") -> b.Process:
    """An error end event in a sub-process `sub`, and what is around it."""
    return b.process(
        "p",
        b.path(
            b.start(),
            b.sub_process("sub", b.start("begin"), b.end("throw", error(code))),
            b.end(),
        ),
        *parts,
    )


def _boundary(element_id: str, code: str | None = None, on: str = "sub") -> b.Path:
    return b.path(b.boundary(element_id, on, error(code)), b.end(f"{element_id}_end"))


def _handler(element_id: str, code: str | None = None) -> b.Element:
    return b.event_sub_process(element_id, b.start_on(error(code), f"{element_id}_start"), b.end(f"{element_id}_end"))


def _refused(*parts: b.Part, words: list[str]) -> Refused:
    return Refused(
        Deploy([b.process("p", b.path(b.start(), b.service("charge"), b.end()), *parts)]), "INVALID_ARGUMENT", words
    )


RULES = [
    Rule(
        "error-of-a-job-is-caught-by-a-boundary-event",
        _PAGE,
        "The task is terminated, and the boundary event with the code goes on.",
        _on_task("CARD"),
        [Start(), Throw("charge", "CARD", "declined")],
        Expect(path=_CAUGHT, state="COMPLETED", terminated=["charge"], jobs=[]),
    ),
    Rule(
        "error-variables-go-to-the-catch-event",
        _PAGE,
        "The error's variables are merged at the event that catches it.",
        _on_task("CARD"),
        [Start({"sum": 1}), Throw("charge", "CARD", variables={"sum": 2, "reason": "limit"})],
        Expect(state="COMPLETED", variables={"sum": 2, "reason": "limit"}),
    ),
    Rule(
        "error-output-mapping-at-the-catch-event",
        _PAGE,
        "An output mapping at the catch event says what is merged into the instance.",
        _on_task("CARD", why="= reason"),
        [Start(), Throw("charge", "CARD", variables={"reason": "limit", "noise": 1})],
        Expect(state="COMPLETED", variables={"why": "limit"}, local={"failed": {"reason": "limit", "noise": 1}}),
    ),
    Rule(
        "error-catch-event-without-a-code-catches-all",
        _PAGE,
        "A catch event without an error code catches every error.",
        _on_task(None),
        [Start(), Throw("charge", "WHATEVER")],
        Expect(path=_CAUGHT, state="COMPLETED"),
    ),
    Rule(
        "error-that-is-not-caught-is-an-incident",
        _PAGE,
        "Thrown and not caught: an incident at the task of the job, which no worker gets.",
        _on_task("CARD"),
        [Start(), Throw("charge", "OTHER", "lost")],
        Expect(
            path=["start", "charge"],
            activatable=[],
            incidents=[Incident("UNHANDLED_ERROR_EVENT", "charge", ["OTHER", "lost", "CARD"])],
        ),
    ),
    Rule(
        "error-incident-resolved-makes-the-job-available-again",
        _PAGE,
        "Resolved, the error is ignored and the job can be activated and completed once more.",
        _on_task("CARD"),
        [Start(), Throw("charge", "OTHER"), Resolve("charge"), Expect(activatable=["charge"]), Complete("charge")],
        Expect(path=["start", "charge", "end"], state="COMPLETED"),
    ),
    Rule(
        "error-of-a-job-cannot-be-answered-again",
        _PAGE,
        "A thrown error disables the job: it can no longer be completed.",
        _on_task("CARD"),
        [
            Start(),
            Throw("charge", "OTHER"),
            Refused(Complete("charge"), "INVALID_STATE", ["ERROR_THROWN"]),
        ],
        Expect(incidents=[Incident("UNHANDLED_ERROR_EVENT", "charge")]),
    ),
    Rule(
        "error-code-comes-before-catch-all-in-one-scope",
        _PAGE,
        "In one scope the event that matches the code is prioritized, wherever it stands in the file.",
        [_thrown(_boundary("any"), _boundary("out", "OUT"))],
        [Start()],
        Expect(path=["start", "sub", "begin", "throw", "out", "out_end"], state="COMPLETED"),
    ),
    Rule(
        "error-is-caught-by-the-nearest-scope",
        _PAGE,
        "The first event on the way outwards catches it: a catch-all inside comes before the code outside.",
        [
            b.process(
                "p",
                b.path(
                    b.start(),
                    b.sub_process(
                        "outer",
                        b.path(
                            b.start("begin_outer"),
                            b.sub_process("sub", b.start("begin"), b.end("throw", error("OUT"))),
                            b.end("outer_end"),
                        ),
                        _boundary("any"),
                    ),
                    b.end(),
                ),
                _boundary("out", "OUT", "outer"),
            )
        ],
        [Start()],
        Expect(
            path=["start", "outer", "begin_outer", "sub", "begin", "throw", "any", "any_end", "end"],
            state="COMPLETED",
        ),
    ),
    Rule(
        "error-end-event-is-caught-outside-its-sub-process",
        _PAGE,
        "An error that a scope does not catch goes on to its parent scope.",
        [_thrown(_boundary("out", "OUT"))],
        [Start()],
        Expect(
            path=["start", "sub", "begin", "throw", "out", "out_end"], state="COMPLETED", terminated=["throw", "sub"]
        ),
    ),
    Rule(
        "error-goes-up-to-the-process-s-event-sub-process",
        _PAGE,
        "An event sub-process of the process catches what no scope inside did.",
        [_thrown(_handler("rescue", "OUT"))],
        [Start()],
        Expect(
            path=["start", "sub", "begin", "throw", "rescue", "rescue_start", "rescue_end"],
            state="COMPLETED",
            terminated=["throw", "sub"],
        ),
    ),
    Rule(
        "error-end-event-that-is-not-caught-is-an-incident",
        _PAGE,
        "An incident at the error end event.",
        [_thrown(_boundary("out", "OTHER"))],
        [Start()],
        Expect(
            path=["start", "sub", "begin", "throw"],
            incidents=[Incident("UNHANDLED_ERROR_EVENT", "throw", ["OUT", "OTHER"])],
        ),
    ),
    Rule(
        "error-end-event-s-incident-comes-again",
        _PAGE,
        "The incident of an error end event cannot be got rid of: the process catches no such error.",
        [_thrown()],
        [Start(), Resolve("throw")],
        Expect(incidents=[Incident("UNHANDLED_ERROR_EVENT", "throw")]),
    ),
    Rule(
        "error-code-that-is-thrown-may-be-an-expression",
        _PAGE,
        "A throwing event's code may be an expression, evaluated when the event is reached.",
        [_thrown(_boundary("out", "OUT"), code="= code")],
        [Start({"code": "OUT"})],
        Expect(state="COMPLETED", path=["start", "sub", "begin", "throw", "out", "out_end"]),
    ),
    Rule(
        "error-code-that-is-no-text-is-an-incident",
        _PAGE,
        "The code is a text.",
        [_thrown(_boundary("out", "OUT"), code="= code")],
        [Start()],
        Expect(incidents=[Incident("EXTRACT_VALUE_ERROR", "throw", ["code"])]),
    ),
    Rule(
        "error-is-caught-in-the-calling-process",
        _PAGE,
        "An error can also be caught in the process that called.",
        [
            b.process(
                "p",
                b.path(b.start(), b.call("call", "child"), b.end()),
                _boundary("out", "OUT", "call"),
            ),
            b.process("child", b.start(), b.end("throw", error("OUT"))),
        ],
        [Start(), Expect(state="TERMINATED", of=1)],
        Expect(path=["start", "call", "out", "out_end"], state="COMPLETED", terminated=["call"]),
    ),
    Rule(
        "error-terminates-all-of-its-scope",
        _PAGE,
        "The scope that catches is interrupted with all that goes on in it.",
        [
            b.process(
                "p",
                b.path(
                    b.start(),
                    b.sub_process(
                        "sub",
                        b.path(b.start("begin"), b.parallel("split"), b.service("a"), b.end("a_end")),
                        b.path("split", b.service("c"), b.end("c_end")),
                    ),
                    b.end(),
                ),
                _boundary("out", "OUT"),
            )
        ],
        [Start(), Throw("a", "OUT")],
        Expect(
            state="COMPLETED", terminated=["a", "c", "sub"], completed=["start", "begin", "split", "out", "out_end"]
        ),
    ),
    Rule(
        "error-in-a-multi-instance-activity-terminates-all-instances",
        "components/modeler/bpmn/multi-instance",
        "An interrupting boundary event ends the body and all its instances.",
        [
            b.process(
                "p",
                b.path(b.start(), b.service("charge", multi=each("= [1, 2, 3]")), b.end()),
                _boundary("out", "OUT", "charge"),
            )
        ],
        [Start(), Complete("charge"), Throw("charge", "OUT")],
        Expect(path=["start", *["charge"] * 4, "out", "out_end"], state="COMPLETED", jobs=[]),
    ),
    Rule(
        "error-catch-events-of-one-code-are-refused",
        _PAGE,
        "In one scope no two events may catch the same code.",
        [],
        [_refused(_boundary("one", "X", "charge"), _boundary("two", "X", "charge"), words=["charge", "X"])],
    ),
    Rule(
        "error-catch-all-events-in-one-scope-are-refused",
        _PAGE,
        "In one scope no two events may catch all errors.",
        [],
        [_refused(_handler("one"), _handler("two"), words=["p.bpmn", "p"])],
    ),
    Rule(
        "error-catch-event-with-an-expression-is-refused",
        _PAGE,
        "The code that is caught is static.",
        [],
        [_refused(_boundary("one", "= code", "charge"), words=["errorCode"])],
    ),
    Rule(
        "error-boundary-event-that-does-not-interrupt-is-refused",
        _PAGE,
        "Error events must be interrupting.",
        [],
        [
            _refused(
                b.path(b.boundary("one", "charge", error("X"), interrupting=False), b.end("other")),
                words=["one", "interrupting"],
            )
        ],
    ),
    Rule(
        "error-intermediate-throw-event-is-refused",
        _PAGE,
        "An error is thrown by an end event or by a job.",
        [],
        [_refused(b.path(b.boundary("one", "charge", error("X")), b.throw("again", error("Y"))), words=["again"])],
    ),
    Rule(
        "error-end-event-s-payload-goes-to-the-catch-event",
        "components/concepts/variables",
        "An error end event propagates nothing itself: what it carries goes to the event that catches.",
        [
            b.process(
                "p",
                b.path(
                    b.start(),
                    b.sub_process("sub", b.start("begin"), b.end("throw", error("OUT"), inputs={"why": "= reason"})),
                    b.end(),
                ),
                b.path(b.boundary("out", "sub", error("OUT"), outputs={"cause": "= why"}), b.end("out_end")),
            )
        ],
        [Start({"reason": "rain"})],
        Expect(state="COMPLETED", variables={"reason": "rain", "cause": "rain"}, local={"out": {"why": "rain"}}),
    ),
]
