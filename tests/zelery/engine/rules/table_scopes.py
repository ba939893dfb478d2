"""Rules of none events, terminate events, link events and embedded sub-processes."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import each, link, message, terminate, timer
from tests.zelery.engine.rules.rule import (
    Advance,
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

_NONE = "components/modeler/bpmn/none-events"
_TERMINATE = "components/modeler/bpmn/terminate-events"
_LINK = "components/modeler/bpmn/link-events"
_EMBEDDED = "components/modeler/bpmn/embedded-subprocesses"


def _fork(name: str, ending: b.Element) -> list[b.Path]:
    """Two jobs beside each other; after `c` comes the ending."""
    return [
        b.path(b.start(f"{name}_start"), b.parallel("split"), b.service("b"), b.end("b_end")),
        b.path("split", b.service("c"), ending),
    ]


def _sub(*parts: b.Part, **common: dict[str, str]) -> list[b.Process]:
    return [
        b.process(
            "p",
            b.start(),
            b.sub_process("sub", *parts, inputs=common.get("inputs", {}), outputs=common.get("outputs", {})),
            b.end(),
        )
    ]


def _refused(*parts: b.Part, words: list[str]) -> Refused:
    return Refused(Deploy([b.process("p", *parts)]), "INVALID_ARGUMENT", words)


RULES = [
    Rule(
        "none-event-in-between-is-passed-through",
        _NONE,
        "The engine does nothing at an intermediate none event but pass.",
        [b.process("p", b.start(), b.throw("packed"), b.end())],
        [Start()],
        Expect(path=["start", "packed", "end"], state="COMPLETED"),
    ),
    Rule(
        "none-events-can-have-output-mappings",
        _NONE,
        "All none events can have output mappings; at a start event they often initialize variables.",
        [
            b.process(
                "p",
                b.start(outputs={"total": "= 0"}),
                b.throw("packed", outputs={"total": "= total + 1"}),
                b.end(outputs={"done": "= true"}),
            )
        ],
        [Start()],
        Expect(state="COMPLETED", variables={"total": 1, "done": True}),
    ),
    Rule(
        "activity-without-outgoing-flow-ends-its-path",
        _NONE,
        "An activity without an outgoing flow behaves as if a none end event followed.",
        [b.process("p", b.start(), b.service("work"))],
        [Start(), Complete("work")],
        Expect(path=["start", "work"], state="COMPLETED"),
    ),
    Rule(
        "process-with-two-none-start-events-is-refused",
        _NONE,
        "A process can have one none start event at most.",
        [],
        [_refused(b.path(b.start("one"), b.end()), b.path(b.start("two"), "end"), words=["p.bpmn", "none start"])],
    ),
    Rule(
        "process-without-a-start-event-is-refused",
        _NONE,
        "A process begins at a start event.",
        [],
        [_refused(b.task("work"), b.end(), words=["p.bpmn", "start event"])],
    ),
    Rule(
        "terminate-end-event-ends-the-process",
        _TERMINATE,
        "On the scope of the process it terminates all its elements, and the instance completes.",
        [b.process("p", *_fork("p", b.end("stop", terminate())))],
        [Start(), Complete("c")],
        Expect(path=["p_start", "split", ("b", "c"), "stop"], state="COMPLETED", terminated=["b"], jobs=[]),
    ),
    Rule(
        "terminate-end-event-ends-its-sub-process-only",
        _TERMINATE,
        "In a sub-process it terminates what is in there; the sub-process completes and its flow is taken.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("both")),
                b.path("both", b.sub_process("sub", *_fork("sub", b.end("stop", terminate()))), b.service("after")),
                b.path("both", b.service("beside")),
            )
        ],
        [Start(), Complete("c")],
        Expect(
            active=["beside", "after"],
            terminated=["b"],
            completed=["start", "both", "sub", "sub_start", "split", "c", "stop"],
        ),
    ),
    Rule(
        "terminate-end-event-in-a-multi-instance-ends-its-iteration",
        _TERMINATE,
        "In a multi-instance sub-process it ends the elements of its own iteration.",
        [
            b.process(
                "p",
                b.start(),
                b.sub_process("sub", *_fork("sub", b.end("stop", terminate())), multi=each("= [1, 2]")),
                b.end(),
            )
        ],
        [Start(), Complete("c"), Expect(jobs=["b", "c"], state="ACTIVE"), Complete("c")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "terminate-end-event-in-a-called-process-completes-the-call",
        _TERMINATE,
        "In a called process it completes the call activity, and the caller goes on.",
        [
            b.process("p", b.start(), b.call("call", "child"), b.end()),
            b.process("child", *_fork("child", b.end("stop", terminate()))),
        ],
        [Start(), Complete("c"), Expect(state="COMPLETED", of=1)],
        Expect(path=["start", "call", "end"], state="COMPLETED"),
    ),
    Rule(
        "link-goes-on-at-its-catch-event",
        _LINK,
        "Two paired link events are as two none events with a flow between.",
        [
            b.process(
                "p",
                b.path(b.start(), b.throw("to_a", link("A"))),
                b.path(b.catch("at_a", link("A")), b.task("work"), b.end()),
            )
        ],
        [Start()],
        Expect(path=["start", "to_a", "at_a", "work", "end"], state="COMPLETED"),
    ),
    Rule(
        "links-may-lead-to-one-catch-event-from-several",
        _LINK,
        "Several throwing events can link to one catch event: a loop back.",
        [
            b.process(
                "p",
                b.path(b.start(), b.exclusive("again")),
                b.path("again", b.throw("first", link("A")), when="= n = 1"),
                b.path("again", b.throw("second", link("A")), default=True),
                b.path(b.catch("at_a", link("A")), b.end()),
            )
        ],
        [Start({"n": 1}), Start({"n": 2}), Expect(path=["start", "again", "first", "at_a", "end"])],
        Expect(path=["start", "again", "second", "at_a", "end"], of=1),
    ),
    Rule(
        "link-without-a-catch-event-is-refused",
        _LINK,
        "A link leads somewhere.",
        [],
        [_refused(b.start(), b.throw("to_a", link("A")), words=["to_a", "A"])],
    ),
    Rule(
        "link-with-two-catch-events-is-refused",
        _LINK,
        "A throwing link event cannot link to several catch events.",
        [],
        [
            _refused(
                b.path(b.start(), b.throw("to_a", link("A"))),
                b.path(b.catch("one", link("A")), b.end()),
                b.path(b.catch("two", link("A")), "end"),
                words=["p.bpmn", "A"],
            )
        ],
    ),
    Rule(
        "sub-process-begins-at-its-start-event",
        _EMBEDDED,
        "When it is entered its start event is activated; when its last element completes, it does.",
        _sub(b.start("begin"), b.service("work"), b.end("done")),
        [Start(), Expect(path=["start", "sub", "begin", "work"]), Complete("work")],
        Expect(path=["start", "sub", "begin", "work", "done", "end"], state="COMPLETED"),
    ),
    Rule(
        "sub-process-stays-active-while-an-element-is",
        _EMBEDDED,
        "It stays active as long as one of its elements is.",
        _sub(*_fork("sub", b.end("c_end"))),
        [Start(), Complete("b"), Expect(active=["sub", "c"]), Complete("c")],
        Expect(state="COMPLETED"),
    ),
    Rule(
        "sub-process-is-interrupted-whole",
        _EMBEDDED,
        "An interrupting boundary event terminates the sub-process with all its active elements.",
        [
            b.process(
                "p",
                b.path(b.start(), b.sub_process("sub", *_fork("sub", b.end("c_end"))), b.end()),
                b.path(b.boundary("late", "sub", timer(duration="PT1H")), b.end("expired")),
            )
        ],
        [Start(), Advance("PT1H")],
        Expect(
            state="COMPLETED",
            terminated=["sub", "b", "c"],
            jobs=[],
            path=["start", "sub", "sub_start", "split", ("b", "c"), "late", "expired"],
        ),
    ),
    Rule(
        "sub-process-input-mappings-are-local",
        _EMBEDDED,
        "Input mappings make local variables of the sub-process, seen within and gone with it.",
        _sub(b.start("begin"), b.service("work"), b.end("done"), inputs={"x": "= a + 1"}),
        [Start({"a": 1}), Expect(job={"work": {"variables": {"a": 1, "x": 2}}}), Complete("work", {"x": 5})],
        Expect(state="COMPLETED", variables={"a": 1}, local={"sub": {"x": 5}}),
    ),
    Rule(
        "sub-process-output-mappings-propagate",
        _EMBEDDED,
        "Output mappings are applied when it completes, and propagate local variables.",
        _sub(b.start("begin"), b.service("work"), b.end("done"), inputs={"x": "= 0"}, outputs={"y": "= x * 2"}),
        [Start(), Complete("work", {"x": 5})],
        Expect(state="COMPLETED", variables={"y": 10}),
    ),
    Rule(
        "sub-process-output-mapping-that-fails-is-an-incident",
        "components/concepts/incidents",
        "An output mapping that cannot be applied is an incident; mended and resolved, it goes on.",
        _sub(b.start("begin"), b.end("done"), outputs={"y": '= assert(x, x != null, "no x")'}),
        [
            Start(),
            Expect(active=["sub"], incidents=[Incident("IO_MAPPING_ERROR", "sub", ["no x"])]),
            SetVariables({"x": 1}),
            Resolve("sub"),
        ],
        Expect(path=["start", "sub", "begin", "done", "end"], state="COMPLETED", variables={"x": 1, "y": 1}),
    ),
    Rule(
        "sub-process-without-a-start-event-is-refused",
        _EMBEDDED,
        "It must have exactly one none start event.",
        [],
        [Refused(Deploy(_sub(b.task("work"))), "INVALID_ARGUMENT", ["sub", "start event"])],
    ),
    Rule(
        "sub-process-with-a-message-start-event-is-refused",
        _EMBEDDED,
        "Other start events than none are not allowed.",
        [],
        [Refused(Deploy(_sub(b.start("begin", message("m", "= k")), b.end("done"))), "INVALID_ARGUMENT", ["begin"])],
    ),
]
