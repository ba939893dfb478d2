"""Rules of variables and their scopes, and of input and output mappings."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Tag, message
from tests.zelery.engine.rules.rule import (
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

_PAGE = "components/concepts/variables"
_API = "apis-tools/orchestration-cluster-api-rest/specifications/create-element-instance-variables"


def _task(inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> list[b.Process]:
    return [b.process("p", b.start(), b.service("t", inputs=inputs or {}, outputs=outputs or {}), b.end())]


def _sub() -> list[b.Process]:
    """The page's example: `a` and `b` in the process, `c` in a sub-process, `b` again in a task."""
    return [
        b.process(
            "p",
            b.path(
                b.start(),
                b.sub_process(
                    "sub",
                    b.start("begin"),
                    b.service("inner", inputs={"b": "= 20"}),
                    b.service("next"),
                    b.end("done"),
                    inputs={"c": "= 3"},
                ),
                b.service("outer"),
                b.end(),
            ),
        )
    ]


_AB = {"a": 1, "b": 2}

RULES = [
    Rule(
        "variables-of-higher-scopes-are-seen",
        _PAGE,
        "An activity sees the variables of its scope and of all higher ones; an inner name covers an outer one.",
        _sub(),
        [Start(_AB)],
        Expect(job={"inner": {"variables": {"a": 1, "b": 20, "c": 3}}}),
    ),
    Rule(
        "variables-of-a-scope-are-not-seen-outside",
        _PAGE,
        "Outside of its scope a variable is not seen.",
        _sub(),
        [Start(_AB), Complete("inner"), Complete("next")],
        Expect(job={"outer": {"variables": _AB}}),
    ),
    Rule(
        "variables-are-propagated-to-the-scope-that-has-them",
        _PAGE,
        "Each variable goes up to the first scope that has one of its name; a new one is created in the root.",
        _sub(),
        [Start(_AB), Complete("inner", {"b": 21, "c": 31, "d": 41})],
        Expect(
            variables={"a": 1, "b": 2, "d": 41},
            local={"sub": {"c": 31}, "inner": {"b": 21}},
            job={"next": {"variables": {"a": 1, "b": 2, "c": 31, "d": 41}}},
        ),
    ),
    Rule(
        "variables-that-a-job-brings-go-to-the-root",
        _PAGE,
        "Where no scope has the variable, it is created in the root scope.",
        _sub(),
        [Start(), Complete("inner", {"x": {"y": [1, None, True, 1.5, "t"]}})],
        Expect(variables={"x": {"y": [1, None, True, 1.5, "t"]}}),
    ),
    Rule(
        "variables-that-are-objects-are-replaced",
        _PAGE,
        "What is merged is a variable: the value of a name is replaced as a whole.",
        _task(),
        [Start({"order": {"id": 1, "sum": 2}}), Complete("t", {"order": {"id": 3}})],
        Expect(variables={"order": {"id": 3}}),
    ),
    Rule(
        "input-mapping-makes-a-local-variable",
        _PAGE,
        "An input mapping creates a local variable in the scope of its element.",
        _task({"reference": "= orderId"}),
        [Start({"orderId": "order-123"})],
        Expect(variables={"orderId": "order-123"}, local={"t": {"reference": "order-123"}}),
    ),
    Rule(
        "input-mapping-of-a-property",
        _PAGE,
        "A source accesses a property of a variable.",
        _task({"sender": "= customer.name"}),
        [Start({"customer": {"name": "John"}})],
        Expect(local={"t": {"sender": "John"}}),
    ),
    Rule(
        "input-mapping-to-nested-targets",
        _PAGE,
        "Targets with a path make an object of their parts.",
        _task({"sender.name": "= customer", "sender.iban": "= iban"}),
        [Start({"customer": "John", "iban": "DE456"})],
        Expect(local={"t": {"sender": {"name": "John", "iban": "DE456"}}}),
    ),
    Rule(
        "input-mapping-to-a-nested-target-begins-anew",
        _PAGE,
        "An input mapping writes the whole object at its path: what an outer variable of the name has is not in it.",
        _task({"sender.name": "= customer"}),
        [Start({"customer": "John", "sender": {"iban": "DE456"}})],
        Expect(variables={"customer": "John", "sender": {"iban": "DE456"}}, local={"t": {"sender": {"name": "John"}}}),
    ),
    Rule(
        "input-mapping-without-an-expression-is-a-text",
        _PAGE,
        "A source may be a static value.",
        _task({"text": "order", "number": "5"}),
        [Start()],
        Expect(local={"t": {"text": "order", "number": "5"}}),
    ),
    Rule(
        "input-mapping-without-a-source-is-null",
        _PAGE,
        "An empty source maps the target to null.",
        _task({"customer": ""}),
        [Start({"customer": {"name": "John"}})],
        Expect(local={"t": {"customer": None}}),
    ),
    Rule(
        "input-mapping-of-what-is-not-there-is-null",
        _PAGE,
        "Where the variable or property does not exist, the value is null: no incident.",
        _task({"x": "= missing", "y": "= order.missing.more"}),
        [Start({"order": {}})],
        Expect(local={"t": {"x": None, "y": None}}, jobs=["t"]),
    ),
    Rule(
        "input-mappings-are-evaluated-in-their-order",
        _PAGE,
        "A source can access the target of a mapping before it.",
        _task({"x": "= a + 1", "y": "= x + 1", "a": "= 100", "z": "= a"}),
        [Start({"a": 1})],
        Expect(local={"t": {"x": 2, "y": 3, "a": 100, "z": 100}}, variables={"a": 1}),
    ),
    Rule(
        "input-mapping-that-fails-is-an-incident",
        "components/concepts/incidents",
        "An input mapping that cannot be applied is an incident; mended and resolved, it is applied again.",
        _task({"x": '= assert(order, order != null, "no order")'}),
        [
            Start(),
            Expect(path=["start", "t"], jobs=[], incidents=[Incident("IO_MAPPING_ERROR", "t", ["no order"])]),
            SetVariables({"order": 1}),
            Resolve("t"),
        ],
        Expect(jobs=["t"], local={"t": {"x": 1}}),
    ),
    Rule(
        "input-mapping-keeps-a-variable-of-the-job-local",
        _PAGE,
        "What is local already is updated there, and not propagated.",
        _task({"result": "= null"}),
        [Start(), Complete("t", {"result": 5, "other": 6})],
        Expect(variables={"other": 6}, local={"t": {"result": 5}}),
    ),
    Rule(
        "output-mapping-says-what-is-merged",
        _PAGE,
        "With output mappings the job's variables stay local, and only the mapped ones go up.",
        _task(outputs={"paymentStatus": "= status"}),
        [Start(), Complete("t", {"status": "OK", "noise": 1})],
        Expect(variables={"paymentStatus": "OK"}, local={"t": {"status": "OK", "noise": 1}}),
    ),
    Rule(
        "output-mapping-of-properties",
        _PAGE,
        "Parts of a result become variables of their own.",
        _task(outputs={"paymentStatus": "= result.status", "transactionId": "= result.transactionId"}),
        [Start(), Complete("t", {"result": {"status": "Ok", "transactionId": "t-789"}})],
        Expect(variables={"paymentStatus": "Ok", "transactionId": "t-789"}),
    ),
    Rule(
        "output-mapping-to-a-nested-target-keeps-the-rest",
        _PAGE,
        "Only the property is written: what else the variable has stays.",
        _task(outputs={"order.status": "= status"}),
        [Start({"order": {"id": 1, "status": "new"}}), Complete("t", {"status": "paid"})],
        Expect(variables={"order": {"id": 1, "status": "paid"}}),
    ),
    Rule(
        "output-mapping-to-nested-targets-makes-an-object",
        _PAGE,
        "Where the variable does not exist it is created.",
        _task(outputs={"order.status": "= status", "order.sum": "= 3"}),
        [Start(), Complete("t", {"status": "paid"})],
        Expect(variables={"order": {"status": "paid", "sum": 3}}),
    ),
    Rule(
        "output-mappings-are-evaluated-in-their-order",
        _PAGE,
        "A source can access the target of a mapping before it.",
        _task(outputs={"x": "= status", "y": '= x + "!"'}),
        [Start(), Complete("t", {"status": "paid"})],
        Expect(variables={"x": "paid", "y": "paid!"}),
    ),
    Rule(
        "output-mapping-sees-input-mappings",
        _PAGE,
        "Local variables are there when output mappings are applied.",
        _task({"x": "= a * 10"}, {"y": "= x + result"}),
        [Start({"a": 1}), Complete("t", {"result": 5})],
        Expect(variables={"a": 1, "y": 15}),
    ),
    Rule(
        "output-mapping-of-what-is-not-there-is-null",
        _PAGE,
        "Where the variable does not exist, the value is null.",
        _task(outputs={"x": "= missing"}),
        [Start(), Complete("t")],
        Expect(state="COMPLETED", variables={"x": None}),
    ),
    Rule(
        "output-mapping-that-fails-is-an-incident",
        "components/concepts/incidents",
        "An output mapping that cannot be applied is an incident; the job is not done again.",
        _task(outputs={"x": '= assert(result, result != null, "no result")'}),
        [
            Start(),
            Complete("t"),
            Expect(path=["start", "t"], jobs=[], incidents=[Incident("IO_MAPPING_ERROR", "t", ["no result"])]),
            SetVariables({"result": 7}, "t", local=True),
            Resolve("t"),
        ],
        Expect(path=["start", "t", "end"], state="COMPLETED", variables={"x": 7}),
    ),
    Rule(
        "output-mappings-go-up-to-the-scope-that-has-the-name",
        _PAGE,
        "Mapped variables are propagated as others are.",
        [
            b.process(
                "p",
                b.start(),
                b.sub_process(
                    "sub",
                    b.start("begin"),
                    b.service("t", outputs={"c": "= result", "d": "= result"}),
                    b.service("hold"),
                    inputs={"c": "= 0"},
                ),
                b.end(),
            )
        ],
        [Start(), Complete("t", {"result": 1})],
        Expect(variables={"d": 1}, local={"sub": {"c": 1}}),
    ),
    Rule(
        "mapping-target-that-is-no-name-is-refused",
        _PAGE,
        "A variable's name has letters, digits and '_', and begins with no digit.",
        [],
        [Refused(Deploy(_task({"order-id": "= 1"})), "INVALID_ARGUMENT", ["p.bpmn", "order-id"])],
    ),
    Rule(
        "mapping-target-that-is-a-literal-is-refused",
        _PAGE,
        "A variable's name is no literal or keyword of FEEL.",
        [],
        [Refused(Deploy(_task({"null": "= 1"})), "INVALID_ARGUMENT", ["null"])],
    ),
    Rule(
        "mapping-source-that-is-no-feel-is-refused",
        "components/concepts/expressions",
        "An expression is FEEL: what cannot be parsed is refused when it is deployed.",
        [],
        [Refused(Deploy(_task({"x": "= a +"})), "INVALID_ARGUMENT", ["p.bpmn", "t", "a +"])],
    ),
    Rule(
        "variables-can-be-set-from-outside",
        _API,
        "Without local, variables are propagated from the scope upwards as a job's are.",
        _sub(),
        [Start(_AB), SetVariables({"b": 9, "c": 8, "d": 7}, "sub")],
        Expect(variables={"a": 1, "b": 9, "d": 7}, local={"sub": {"c": 8}}),
    ),
    Rule(
        "variables-can-be-set-locally",
        _API,
        "With local, they are set in the scope itself.",
        _sub(),
        [Start(_AB), SetVariables({"b": 9, "d": 7}, "sub", local=True)],
        Expect(variables=_AB, local={"sub": {"c": 3, "b": 9, "d": 7}}),
    ),
    Rule(
        "message-variables-in-a-sub-process-are-propagated",
        _PAGE,
        "A message's variables go up as a job's do.",
        [
            b.process(
                "p",
                b.start(),
                b.sub_process(
                    "sub",
                    b.start("begin"),
                    b.catch("paid", message("paid", '= "k"')),
                    b.service("hold"),
                    inputs={"c": "= 0"},
                ),
                b.end(),
            )
        ],
        [Start(), Publish("paid", "k", {"c": 1, "d": 2})],
        Expect(variables={"d": 2}, local={"sub": {"c": 1}}),
    ),
    Rule(
        "properties-change-nothing",
        "components/modeler/bpmn/bpmn-coverage",
        "zeebe:properties are for tools; they do not change what is executed.",
        [b.process("p", b.start(), b.service("t", properties={"a": "1"}, extensions=[Tag("zeebe:unknown")]), b.end())],
        [Start(), Complete("t")],
        Expect(state="COMPLETED", variables={}),
    ),
]
