"""Rules of multi-instance activities. A path has the body beside the inner instances, by the same id."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Multi, each, timer
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

_PAGE = "components/modeler/bpmn/multi-instance"

_ITEMS = {"items": ["a", "b", "c"]}
_PLAIN = each("= items", "item")
_COLLECTING = each("= items", "item", collect=("results", "= result"))


def _tasks(multi: Multi, **mappings: dict[str, str]) -> list[b.Process]:
    task = b.service("t", multi=multi, inputs=mappings.get("inputs", {}), outputs=mappings.get("outputs", {}))
    return [b.process("p", b.start(), task, b.end())]


def _sequential(**options: str) -> Multi:
    return each("= items", "item", sequential=True, until=options.get("until", ""), collect=("results", "= result"))


def _until(condition: str, *, sequential: bool = False) -> list[b.Process]:
    return _tasks(each("= items", "item", until=condition, sequential=sequential, collect=("results", "= result")))


RULES = [
    Rule(
        "multi-instance-is-parallel-by-default",
        _PAGE,
        "All instances are created when the body is activated, one for each item.",
        _tasks(_PLAIN),
        [Start(_ITEMS)],
        Expect(path=["start", "t", "t", "t", "t"], jobs=["t", "t", "t"], state="ACTIVE"),
    ),
    Rule(
        "multi-instance-is-left-when-all-instances-are-done",
        _PAGE,
        "When all instances have completed, the body does, and the activity is left.",
        _tasks(_PLAIN),
        [Start(_ITEMS), Complete("t"), Complete("t"), Expect(state="ACTIVE", jobs=["t"]), Complete("t")],
        Expect(path=["start", *["t"] * 4, "end"], state="COMPLETED"),
    ),
    Rule(
        "multi-instance-sequential-runs-one-at-a-time",
        _PAGE,
        "When one instance completes, the next is created for the next item.",
        _tasks(_sequential()),
        [
            Start(_ITEMS),
            Expect(jobs=["t"], local={"t": {"item": "a", "loopCounter": 1, "result": None}}),
            Complete("t"),
            Expect(jobs=["t"], local={"t": {"item": "b", "loopCounter": 2, "result": None}}),
            Complete("t"),
            Complete("t"),
        ],
        Expect(path=["start", *["t"] * 4, "end"], state="COMPLETED"),
    ),
    Rule(
        "multi-instance-input-element-and-loop-counter-are-local",
        _PAGE,
        "Each instance has its item and its number, from 1 on, as local variables.",
        _tasks(_PLAIN),
        [Start(_ITEMS)],
        Expect(
            variables=_ITEMS,
            job={"t": {"variables": {**_ITEMS, "item": "a", "loopCounter": 1}}},
            local={"t": {"item": "c", "loopCounter": 3}},
        ),
    ),
    Rule(
        "multi-instance-without-an-input-element",
        _PAGE,
        "The input element is optional.",
        _tasks(each("= [7, 8]")),
        [Start()],
        Expect(job={"t": {"variables": {"loopCounter": 1}}}),
    ),
    Rule(
        "multi-instance-of-an-empty-collection-is-skipped",
        _PAGE,
        "With an empty collection no instance is created, and the body completes at once.",
        _tasks(_PLAIN),
        [Start({"items": []})],
        Expect(path=["start", "t", "end"], state="COMPLETED", variables={"items": []}),
    ),
    Rule(
        "multi-instance-of-an-empty-collection-has-an-empty-output",
        _PAGE,
        "With an empty input collection an empty list is propagated.",
        _tasks(_COLLECTING),
        [Start({"items": []})],
        Expect(state="COMPLETED", variables={"items": [], "results": []}),
    ),
    Rule(
        "multi-instance-sequential-of-an-empty-collection-is-skipped",
        _PAGE,
        "With an empty collection no instance is created, one after the other neither.",
        _tasks(_sequential()),
        [Start({"items": []})],
        Expect(path=["start", "t", "end"], variables={"items": [], "results": []}),
    ),
    Rule(
        "multi-instance-items-may-be-of-any-type",
        _PAGE,
        "The collection is a list of any type; = for i in 1..n return i repeats n times.",
        _tasks(each("= for i in 1..n return i", "i")),
        [Start({"n": 2})],
        Expect(jobs=["t", "t"], local={"t": {"i": 2, "loopCounter": 2}}),
    ),
    Rule(
        "multi-instance-of-what-is-no-list-is-an-incident",
        _PAGE,
        "The input collection must result in a list.",
        _tasks(_PLAIN),
        [
            Start({"items": "a"}),
            Expect(path=["start", "t"], jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "t", ["items", "ARRAY"])]),
            SetVariables({"items": ["a"]}),
            Resolve("t"),
        ],
        Expect(path=["start", "t", "t"], jobs=["t"]),
    ),
    Rule(
        "multi-instance-of-null-is-an-incident",
        _PAGE,
        "The input collection must result in a list.",
        _tasks(_PLAIN),
        [Start()],
        Expect(jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "t", ["items", "NULL"])]),
    ),
    Rule(
        "multi-instance-collection-is-evaluated-once",
        _PAGE,
        "The input collection is evaluated when the body is activated; later changes of the variable do not count.",
        _tasks(_sequential()),
        [
            Start(_ITEMS),
            SetVariables({"items": ["x"]}),
            Complete("t"),
            Expect(jobs=["t"]),
            Complete("t"),
            Complete("t"),
        ],
        Expect(path=["start", *["t"] * 4, "end"], state="COMPLETED"),
    ),
    Rule(
        "multi-instance-output-is-in-the-order-of-the-input",
        _PAGE,
        "The result is inserted at the place of its item, whoever completes first.",
        _tasks(_COLLECTING),
        [
            Start(_ITEMS),
            Complete("t", {"result": "C"}, nth=2),
            Complete("t", {"result": "A"}),
            Complete("t", {"result": "B"}),
        ],
        Expect(state="COMPLETED", variables={**_ITEMS, "results": ["A", "B", "C"]}),
    ),
    Rule(
        "multi-instance-output-variable-is-local-to-its-instance",
        _PAGE,
        "An output element that is a variable is made local to each instance, so it is not propagated.",
        _tasks(_COLLECTING),
        [Start({"items": ["a", "b"]}), Complete("t", {"result": "A"})],
        Expect(variables={"items": ["a", "b"]}, jobs=["t"]),
    ),
    Rule(
        "multi-instance-output-that-is-not-set-is-null",
        _PAGE,
        "Where the output element's variable is not updated, null is inserted.",
        _tasks(_COLLECTING),
        [Start({"items": ["a", "b"]}), Complete("t", {"other": 1}), Complete("t", {"result": "B"})],
        Expect(state="COMPLETED", variables={"items": ["a", "b"], "other": 1, "results": [None, "B"]}),
    ),
    Rule(
        "multi-instance-output-may-be-a-nested-property",
        _PAGE,
        "An output element may be a property: its variable is local, too.",
        _tasks(each("= items", collect=("results", "= answer.body"))),
        [Start({"items": [1]}), Complete("t", {"answer": {"body": "x", "status": 200}})],
        Expect(state="COMPLETED", variables={"items": [1], "results": ["x"]}),
    ),
    Rule(
        "multi-instance-output-may-be-any-expression",
        _PAGE,
        "An output element is an expression.",
        _tasks(each("= items", "item", collect=("results", '= item + "!"'))),
        [Start({"items": ["a", "b"]}), Complete("t"), Complete("t")],
        Expect(state="COMPLETED", variables={"items": ["a", "b"], "results": ["a!", "b!"]}),
    ),
    Rule(
        "multi-instance-output-is-local-to-the-body-until-it-completes",
        _PAGE,
        "The collection is local to the body, and propagated when that completes.",
        _tasks(_COLLECTING),
        [Start({"items": ["a", "b"], "results": "old"}), Complete("t", {"result": "A"})],
        Expect(variables={"items": ["a", "b"], "results": "old"}),
    ),
    Rule(
        "multi-instance-variables-that-are-not-local-are-merged",
        _PAGE,
        "Variables that a job brings are merged into the instance by default, each over the last.",
        _tasks(_PLAIN),
        [Start({"items": ["a", "b"]}), Complete("t", {"x": 1}), Complete("t", {"x": 2})],
        Expect(variables={"items": ["a", "b"], "x": 2}),
    ),
    Rule(
        "multi-instance-input-mappings-see-the-item",
        _PAGE,
        "Input mappings are applied on each instance, and can access its item and number.",
        _tasks(_PLAIN, inputs={"text": "= item + string(loopCounter)"}),
        [Start({"items": ["a"]})],
        Expect(local={"t": {"item": "a", "loopCounter": 1, "text": "a1"}}),
    ),
    Rule(
        "multi-instance-output-mappings-update-the-output-variable",
        _PAGE,
        "Output mappings can update the output element's variable, to take a part of what the job brings.",
        _tasks(_COLLECTING, outputs={"result": "= answer.value"}),
        [Start({"items": ["a"]}), Complete("t", {"answer": {"value": 5}})],
        Expect(state="COMPLETED", variables={"items": ["a"], "results": [5]}),
    ),
    Rule(
        "multi-instance-completion-condition-ends-it",
        _PAGE,
        "When the condition holds after an instance, those that are active are terminated and the body completes.",
        _until("= result = 1"),
        [Start(_ITEMS), Complete("t", {"result": 0}), Expect(state="ACTIVE"), Complete("t", {"result": 1})],
        Expect(state="COMPLETED", jobs=[], variables={**_ITEMS, "results": [0, 1, None]}, terminated=["t"]),
    ),
    Rule(
        "multi-instance-completion-condition-counts-completed-instances",
        _PAGE,
        "numberOfCompletedInstances and numberOfInstances can be used in the condition.",
        _until("= numberOfCompletedInstances / numberOfInstances >= 0.5"),
        [Start(_ITEMS), Complete("t"), Expect(state="ACTIVE", jobs=["t", "t"]), Complete("t")],
        Expect(state="COMPLETED", jobs=[]),
    ),
    Rule(
        "multi-instance-completion-condition-counts-active-instances",
        _PAGE,
        "numberOfActiveInstances can be used in the condition.",
        _until("= numberOfActiveInstances = 1"),
        [Start(_ITEMS), Complete("t"), Expect(state="ACTIVE"), Complete("t")],
        Expect(state="COMPLETED", jobs=[]),
    ),
    Rule(
        "multi-instance-counts-hide-variables-of-their-names",
        _PAGE,
        "The counts take precedence over variables of the same name, and are no variables themselves.",
        _until("= numberOfCompletedInstances = 1"),
        [Start({**_ITEMS, "numberOfCompletedInstances": 9}), Complete("t")],
        Expect(
            state="COMPLETED",
            variables={**_ITEMS, "numberOfCompletedInstances": 9, "results": [None, None, None]},
        ),
    ),
    Rule(
        "multi-instance-sequential-completion-condition-ends-it",
        _PAGE,
        "When the condition holds, no further instance is created.",
        _until('= result = "enough"', sequential=True),
        [Start(_ITEMS), Complete("t", {"result": "more"}), Complete("t", {"result": "enough"})],
        Expect(path=["start", "t", "t", "t", "end"], state="COMPLETED", jobs=[]),
    ),
    Rule(
        "multi-instance-completion-condition-that-is-no-boolean-is-an-incident",
        _PAGE,
        "The condition is a boolean expression.",
        _until("= result"),
        [Start(_ITEMS), Complete("t", {"result": "yes"})],
        Expect(state="ACTIVE", incidents=[Incident("EXTRACT_VALUE_ERROR", "t", ["result", "BOOLEAN"])]),
    ),
    Rule(
        "multi-instance-is-interrupted-whole",
        _PAGE,
        "An interrupting boundary event terminates body and instances; nothing of the output is propagated.",
        [
            b.process(
                "p",
                b.path(b.start(), b.service("t", multi=_COLLECTING), b.end()),
                b.path(b.boundary("late", "t", timer(duration="PT1H")), b.end("expired")),
            )
        ],
        [Start(_ITEMS), Expect(timers=["late"]), Complete("t", {"result": 1}), Advance("PT1H")],
        Expect(path=["start", *["t"] * 4, "late", "expired"], state="COMPLETED", jobs=[], variables=_ITEMS),
    ),
    Rule(
        "multi-instance-event-that-does-not-interrupt-leaves-it",
        _PAGE,
        "A non-interrupting boundary event does not affect the instances, and fires once for the whole activity.",
        [
            b.process(
                "p",
                b.path(b.start(), b.service("t", multi=_PLAIN), b.end()),
                b.path(b.boundary("late", "t", timer(duration="PT1H"), interrupting=False), b.service("tell")),
            )
        ],
        [Start(_ITEMS), Advance("PT1H")],
        Expect(path=["start", *["t"] * 4, "late", "tell"], job={"tell": {"variables": _ITEMS}}),
    ),
    Rule(
        "multi-instance-sub-processes-have-scopes-of-their-own",
        _PAGE,
        "Each instance of a sub-process has its own item, seen by all within.",
        [
            b.process(
                "p",
                b.start(),
                b.sub_process(
                    "sub",
                    b.start("begin"),
                    b.script("work", '= item + "?"', "result"),
                    b.end("done"),
                    multi=_COLLECTING,
                ),
                b.end(),
            )
        ],
        [Start({"items": ["a", "b"]})],
        Expect(
            path=["start", "sub", ("sub", "begin", "work", "done", "sub", "begin", "work", "done"), "end"],
            variables={"items": ["a", "b"], "results": ["a?", "b?"]},
            state="COMPLETED",
        ),
    ),
    Rule(
        "multi-instance-is-canceled-whole",
        _PAGE,
        "A canceled instance takes body and instances with it.",
        _tasks(_COLLECTING),
        [Start(_ITEMS), Cancel()],
        Expect(state="TERMINATED", jobs=[], terminated=["t"]),
    ),
    Rule(
        "multi-instance-without-a-collection-is-refused",
        _PAGE,
        "A multi-instance activity must have an input collection.",
        [],
        [Refused(Deploy(_tasks(each(""))), "INVALID_ARGUMENT", ["t", "inputCollection"])],
    ),
    Rule(
        "multi-instance-collection-that-is-no-expression-is-refused",
        "components/concepts/expressions",
        "Input collection and output element require expressions.",
        [],
        [Refused(Deploy(_tasks(each("items"))), "INVALID_ARGUMENT", ["inputCollection", "="])],
    ),
    Rule(
        "multi-instance-output-collection-without-an-element-is-refused",
        _PAGE,
        "Output collection and output element are defined together.",
        [],
        [Refused(Deploy(_tasks(each("= items", collect=("results", "")))), "INVALID_ARGUMENT", ["outputElement"])],
    ),
]
