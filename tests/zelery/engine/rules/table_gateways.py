"""Rules of exclusive and inclusive gateways."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.rule import (
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

_EXCLUSIVE = "components/modeler/bpmn/exclusive-gateways"
_INCLUSIVE = "components/modeler/bpmn/inclusive-gateways"


def _exclusive(*, default: bool) -> list[b.Process]:
    """Two conditions, the second as wide as to hold where the first does."""
    other = [b.path("which", b.task("other"), "end", default=True)] if default else []
    return [
        b.process(
            "p",
            b.path(b.start(), b.exclusive("which")),
            b.path("which", b.task("big"), b.end(), when="= x > 10"),
            b.path("which", b.task("some"), "end", when="= x > 0"),
            *other,
        )
    ]


def _inclusive(*, default: bool) -> list[b.Process]:
    other = [b.path("which", b.service("other"), "join", default=True)] if default else []
    return [
        b.process(
            "p",
            b.path(b.start(), b.inclusive("which")),
            b.path("which", b.service("pasta"), b.inclusive("join"), b.end(), when='= list contains(courses, "pasta")'),
            b.path("which", b.service("salad"), "join", when='= list contains(courses, "salad")'),
            *other,
        )
    ]


RULES = [
    Rule(
        "exclusive-gateway-takes-the-first-condition-that-holds",
        _EXCLUSIVE,
        "Conditions are evaluated in the order of the file, and the first that holds is taken.",
        _exclusive(default=True),
        [Start({"x": 20})],
        Expect(path=["start", "which", "big", "end"], state="COMPLETED"),
    ),
    Rule(
        "exclusive-gateway-takes-a-later-condition",
        _EXCLUSIVE,
        "A flow is taken when its condition is true, and none before it was.",
        _exclusive(default=True),
        [Start({"x": 3})],
        Expect(path=["start", "which", "some", "end"]),
    ),
    Rule(
        "exclusive-gateway-takes-the-default-flow",
        _EXCLUSIVE,
        "Where no condition holds, the default flow is taken.",
        _exclusive(default=True),
        [Start({"x": 0})],
        Expect(path=["start", "which", "other", "end"]),
    ),
    Rule(
        "exclusive-gateway-without-a-default-flow-is-an-incident",
        _EXCLUSIVE,
        "Where no condition holds and there is no default flow, there is an incident.",
        _exclusive(default=False),
        [Start({"x": 0})],
        Expect(path=["start", "which"], state="ACTIVE", incidents=[Incident("CONDITION_ERROR", "which", ["default"])]),
    ),
    Rule(
        "exclusive-gateway-decides-again-when-its-incident-is-resolved",
        "components/concepts/incidents",
        "Mend the variables, resolve the incident, and the instance goes on.",
        _exclusive(default=False),
        [Start({"x": 0}), SetVariables({"x": 11}), Resolve("which")],
        Expect(path=["start", "which", "big", "end"], state="COMPLETED"),
    ),
    Rule(
        "exclusive-gateway-incident-comes-again-while-the-problem-stands",
        "components/concepts/incidents",
        "If the problem is still there, a new incident is created.",
        _exclusive(default=False),
        [Start({"x": 0}), Resolve("which")],
        Expect(path=["start", "which"], incidents=[Incident("CONDITION_ERROR", "which")]),
    ),
    Rule(
        "exclusive-gateway-condition-that-is-no-boolean-is-an-incident",
        "components/concepts/incidents",
        "A condition that cannot be evaluated is an incident.",
        [
            b.process(
                "p",
                b.path(b.start(), b.exclusive("which")),
                b.path("which", b.end("yes"), when="= x"),
                b.path("which", b.end("no"), default=True),
            )
        ],
        [Start({"x": "yes"})],
        Expect(path=["start", "which"], incidents=[Incident("EXTRACT_VALUE_ERROR", "which", ["BOOLEAN", "STRING"])]),
    ),
    Rule(
        "exclusive-gateway-condition-on-a-missing-variable-is-an-incident",
        "components/concepts/incidents",
        "A comparison with what does not exist is null, which is no boolean.",
        _exclusive(default=True),
        [Start()],
        Expect(path=["start", "which"], incidents=[Incident("EXTRACT_VALUE_ERROR", "which", ["x > 10", "NULL"])]),
    ),
    Rule(
        "exclusive-gateway-default-flow-s-condition-is-not-evaluated",
        "camunda/camunda#10966",
        "A default flow may have a condition; it is ignored.",
        [
            b.process(
                "p",
                b.path(b.start(), b.exclusive("which")),
                b.path("which", b.end("yes"), when="= x"),
                b.path("which", b.end("no"), when="= false", default=True),
            )
        ],
        [Start({"x": False})],
        Expect(path=["start", "which", "no"], state="COMPLETED"),
    ),
    Rule(
        "exclusive-gateway-joins-by-passing-through",
        _EXCLUSIVE,
        "A joining exclusive gateway passes each token on and merges none.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.exclusive("join"), b.service("after"), b.end()),
                b.path("split", b.task("c"), "join"),
            )
        ],
        [Start(), Expect(jobs=["after", "after"]), Complete("after"), Expect(state="ACTIVE"), Complete("after")],
        Expect(state="COMPLETED", path=["start", "split", ("join", "c", "join", "after", "after"), "end", "end"]),
    ),
    Rule(
        "exclusive-gateway-with-one-flow-needs-no-condition",
        _EXCLUSIVE,
        "Conditions are asked for where several flows leave.",
        [b.process("p", b.start(), b.exclusive("which"), b.end())],
        [Start()],
        Expect(path=["start", "which", "end"], state="COMPLETED"),
    ),
    Rule(
        "exclusive-gateway-flow-without-a-condition-is-refused",
        _EXCLUSIVE,
        "All flows but the default flow must have a condition.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start(), b.exclusive("which"), b.end()),
                            b.path("which", b.end("other"), when="= true"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["p.bpmn", "which_to_end", "condition"],
            )
        ],
    ),
    Rule(
        "inclusive-gateway-takes-every-condition-that-holds",
        _INCLUSIVE,
        "All flows whose conditions hold are taken.",
        _inclusive(default=True),
        [Start({"courses": ["pasta", "salad"]})],
        Expect(path=["start", "which", ("pasta", "salad")], jobs=["pasta", "salad"]),
    ),
    Rule(
        "inclusive-gateway-takes-one-condition",
        _INCLUSIVE,
        "A flow whose condition does not hold is not taken.",
        _inclusive(default=True),
        [Start({"courses": ["salad"]}), Complete("salad")],
        Expect(path=["start", "which", "salad", "join", "end"], state="COMPLETED"),
    ),
    Rule(
        "inclusive-gateway-takes-the-default-flow",
        _INCLUSIVE,
        "Where no condition holds, the default flow is taken.",
        _inclusive(default=True),
        [Start({"courses": []})],
        Expect(path=["start", "which", "other"]),
    ),
    Rule(
        "inclusive-gateway-does-not-take-the-default-flow-beside-others",
        _INCLUSIVE,
        "The default flow is taken where no condition holds, and only there.",
        _inclusive(default=True),
        [Start({"courses": ["pasta"]})],
        Expect(jobs=["pasta"]),
    ),
    Rule(
        "inclusive-gateway-without-a-default-flow-is-an-incident",
        _INCLUSIVE,
        "Where no condition holds and there is no default flow, there is an incident.",
        _inclusive(default=False),
        [Start({"courses": []})],
        Expect(path=["start", "which"], incidents=[Incident("CONDITION_ERROR", "which", ["default"])]),
    ),
    Rule(
        "inclusive-gateway-with-one-flow-needs-no-condition",
        _INCLUSIVE,
        "A gateway with one outgoing flow needs no condition.",
        [b.process("p", b.start(), b.inclusive("which"), b.end())],
        [Start()],
        Expect(path=["start", "which", "end"], state="COMPLETED"),
    ),
    Rule(
        "inclusive-gateway-joins-what-was-taken",
        _INCLUSIVE,
        "A joining gateway waits until no path leads to it from what is active.",
        _inclusive(default=True),
        [
            Start({"courses": ["pasta", "salad"]}),
            Complete("pasta"),
            Expect(path=["start", "which", ("pasta", "salad")], state="ACTIVE"),
            Complete("salad"),
        ],
        Expect(path=["start", "which", ("pasta", "salad"), "join", "end"], state="COMPLETED"),
    ),
    Rule(
        "inclusive-gateway-joins-when-another-path-ends-elsewhere",
        _INCLUSIVE,
        "What can no longer reach the gateway is not waited for.",
        [
            b.process(
                "p",
                b.path(b.start(), b.parallel("split"), b.service("a"), b.inclusive("join"), b.end()),
                b.path("split", b.service("c"), b.exclusive("which")),
                b.path("which", "join", when="= back"),
                b.path("which", b.end("away"), default=True),
            )
        ],
        [
            Start({"back": False}),
            Complete("a"),
            Expect(path=["start", "split", ("a", "c")]),
            Complete("c"),
        ],
        Expect(path=["start", "split", ("a", "c"), "which", ("away", "join"), "end"], state="COMPLETED"),
    ),
    Rule(
        "inclusive-gateway-joins-when-each-flow-was-taken",
        _INCLUSIVE,
        "A joining gateway goes on when all its incoming flows have been taken, whatever else is active.",
        [
            b.process(
                "p",
                b.path(
                    b.start(), b.parallel("split"), b.service("a"), b.inclusive("join"), b.service("after"), b.end()
                ),
                b.path("split", b.service("c"), "join"),
                b.path("split", b.service("d"), b.end("aside")),
            )
        ],
        [Start(), Complete("a"), Complete("c")],
        Expect(path=["start", "split", ("a", "c", "d"), "join", "after"], jobs=["d", "after"]),
    ),
    Rule(
        "inclusive-gateway-flow-without-a-condition-is-refused",
        _INCLUSIVE,
        "All flows of a gateway with several must have a condition, but the default flow.",
        [],
        [
            Refused(
                Deploy(
                    [
                        b.process(
                            "p",
                            b.path(b.start(), b.inclusive("which"), b.end()),
                            b.path("which", b.end("other"), when="= true"),
                        )
                    ]
                ),
                "INVALID_ARGUMENT",
                ["which_to_end", "condition"],
            )
        ],
    ),
    Rule(
        "exclusive-gateway-compares-with-null",
        "components/concepts/expressions",
        "What does not exist equals null, so a condition can ask for it.",
        [
            b.process(
                "p",
                b.path(b.start(), b.exclusive("which")),
                b.path("which", b.end("none"), when="= order.id = null"),
                b.path("which", b.end("some"), default=True),
            )
        ],
        [Start(), Start({"order": {"id": 1}}), Expect(path=["start", "which", "some"], of=1)],
        Expect(path=["start", "which", "none"], state="COMPLETED"),
    ),
    Rule(
        "exclusive-gateway-leads-back",
        _EXCLUSIVE,
        "A flow may lead back: its element is activated again.",
        [
            b.process(
                "p",
                b.path(b.start(), b.service("try"), b.exclusive("enough")),
                b.path("enough", "try", when="= not(ok)"),
                b.path("enough", b.end(), default=True),
            )
        ],
        [Start(), Complete("try", {"ok": False}), Complete("try", {"ok": True})],
        Expect(path=["start", "try", "enough", "try", "enough", "end"], state="COMPLETED"),
    ),
]
