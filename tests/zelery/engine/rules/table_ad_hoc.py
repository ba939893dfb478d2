"""Rules of ad-hoc sub-processes. Each activated element has an inner instance around it, `AD_HOC#innerInstance`."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import timer
from tests.zelery.engine.rules.rule import (
    ActivateAdHoc,
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

_PAGE = "components/modeler/bpmn/ad-hoc-subprocesses"
_REST = "apis-tools/orchestration-cluster-api-rest/specifications/activate-ad-hoc-sub-process-activities"

_INNER = "tools#innerInstance"
_TOOLS = [b.service("a"), b.service("c")]
_ALL = {"wanted": ["a", "c"]}


def _tools(
    *parts: b.Part,
    active: str = "= wanted",
    until: str = "",
    cancel_remaining: bool | None = None,
    collect: tuple[str, str] | None = None,
    outputs: dict[str, str] | None = None,
    inputs: dict[str, str] | None = None,
) -> list[b.Process]:
    ad_hoc = b.ad_hoc(
        "tools",
        *(parts or _TOOLS),
        active=active,
        until=until,
        cancel_remaining=cancel_remaining,
        collect=collect,
        outputs=outputs or {},
        inputs=inputs or {},
    )
    return [b.process("p", b.start(), ad_hoc, b.end())]


RULES = [
    Rule(
        "ad-hoc-activates-the-elements-of-its-collection",
        _PAGE,
        "All elements whose ids are in the collection are activated.",
        _tools(),
        [Start({"wanted": ["c"]})],
        Expect(path=["start", "tools", _INNER, "c"], jobs=["c"]),
    ),
    Rule(
        "ad-hoc-completes-when-all-activated-elements-have",
        _PAGE,
        "Without a completion condition it completes after all that was activated.",
        _tools(),
        [Start(_ALL), Complete("a"), Expect(state="ACTIVE"), Complete("c")],
        Expect(path=["start", "tools", (_INNER, "a", _INNER, "c"), "end"], state="COMPLETED"),
    ),
    Rule(
        "ad-hoc-with-an-empty-collection-stays-active",
        _PAGE,
        "Nothing is activated, and the sub-process remains active.",
        _tools(),
        [Start({"wanted": []})],
        Expect(path=["start", "tools"], active=["tools"], state="ACTIVE"),
    ),
    Rule(
        "ad-hoc-without-a-collection-stays-active",
        _PAGE,
        "Nothing is activated, and the sub-process remains active.",
        _tools(active=""),
        [Start()],
        Expect(path=["start", "tools"], active=["tools"], state="ACTIVE"),
    ),
    Rule(
        "ad-hoc-collection-that-is-no-list-is-an-incident",
        _PAGE,
        "The collection must result in a list of texts; mended and resolved, it goes on.",
        _tools(),
        [
            Start({"wanted": "a"}),
            Expect(path=["start", "tools"], incidents=[Incident("EXTRACT_VALUE_ERROR", "tools", ["wanted", "ARRAY"])]),
            SetVariables({"wanted": ["a"]}),
            Resolve("tools"),
        ],
        Expect(path=["start", "tools", _INNER, "a"]),
    ),
    Rule(
        "ad-hoc-collection-with-a-number-is-an-incident",
        _PAGE,
        "The collection must result in a list of texts.",
        _tools(),
        [Start({"wanted": ["a", 1]})],
        Expect(jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "tools", ["STRING"])]),
    ),
    Rule(
        "ad-hoc-collection-with-an-unknown-element-is-an-incident",
        _PAGE,
        "A value that is the id of no inner element is an incident.",
        _tools(),
        [Start({"wanted": ["a", "nothing"]})],
        Expect(path=["start", "tools"], jobs=[], incidents=[Incident("EXTRACT_VALUE_ERROR", "tools", ["nothing"])]),
    ),
    Rule(
        "ad-hoc-flows-lead-on-within",
        _PAGE,
        "Elements may be connected by flows within; a flow of the sub-process is done at its end.",
        _tools(b.path(b.service("a"), b.service("after")), b.service("c")),
        [Start({"wanted": ["a"]}), Complete("a"), Expect(active=["tools", _INNER, "after"]), Complete("after")],
        Expect(path=["start", "tools", _INNER, "a", "after", "end"], state="COMPLETED"),
    ),
    Rule(
        "ad-hoc-completion-condition-is-evaluated-after-each-element",
        _PAGE,
        "When it is true after an element, the sub-process completes and what is left is terminated.",
        _tools(until="= ready"),
        [
            Start({**_ALL, "ready": False}),
            SetVariables({"ready": True}),
            Expect(state="ACTIVE"),
            Complete("a"),
        ],
        Expect(state="COMPLETED", terminated=[_INNER, "c"], jobs=[]),
    ),
    Rule(
        "ad-hoc-completion-condition-that-does-not-hold-keeps-it-active",
        _PAGE,
        "While the condition does not hold the sub-process does not complete.",
        _tools(until="= ready"),
        [Start({**_ALL, "ready": False}), Complete("a"), Complete("c")],
        Expect(state="ACTIVE", active=["tools"]),
    ),
    Rule(
        "ad-hoc-completion-condition-may-let-the-rest-complete",
        _PAGE,
        "With cancelRemainingInstances off it waits for what is active before it completes.",
        _tools(until="= ready", cancel_remaining=False),
        [Start({**_ALL, "ready": True}), Complete("a"), Expect(state="ACTIVE", jobs=["c"]), Complete("c")],
        Expect(state="COMPLETED", terminated=[]),
    ),
    Rule(
        "ad-hoc-completion-condition-that-is-no-boolean-is-an-incident",
        _PAGE,
        "The condition is a boolean expression.",
        _tools(until="= ready"),
        [Start({"wanted": ["a"], "ready": 1}), Complete("a")],
        Expect(state="ACTIVE", incidents=[Incident("EXTRACT_VALUE_ERROR", _INNER, ["ready", "BOOLEAN"])]),
    ),
    Rule(
        "ad-hoc-elements-are-activated-by-command",
        _REST,
        "Elements can be activated while the sub-process is active, one several times.",
        _tools(active=""),
        [Start(), ActivateAdHoc("tools", ["a"]), ActivateAdHoc("tools", ["a", "c"])],
        Expect(jobs=["a", "a", "c"], active=["tools", *[_INNER] * 3, "a", "a", "c"]),
    ),
    Rule(
        "ad-hoc-command-can-cancel-the-rest",
        _REST,
        "What is active can be canceled by the command.",
        _tools(),
        [Start(_ALL), ActivateAdHoc("tools", ["a"], cancel_remaining=True)],
        Expect(jobs=["a"], terminated=[_INNER, "a", "c"]),
    ),
    Rule(
        "ad-hoc-command-for-an-unknown-element-is-refused",
        _REST,
        "The elements must be there.",
        _tools(active=""),
        [Start(), Refused(ActivateAdHoc("tools", ["nothing"]), "NOT_FOUND", ["nothing"])],
        Expect(active=["tools"]),
    ),
    Rule(
        "ad-hoc-output-is-collected-as-flows-complete",
        _PAGE,
        "When an inner flow completes, its output element is added to the collection; that is propagated at the end.",
        _tools(collect=("results", "= result"), inputs={"result": "= null"}),
        [Start(_ALL), Complete("c", {"result": "C"}), Expect(variables=_ALL), Complete("a", {"result": "A"})],
        Expect(state="COMPLETED", variables={**_ALL, "results": ["C", "A"]}),
    ),
    Rule(
        "ad-hoc-variables-stay-local-to-each-activation",
        "components/concepts/variables",
        "What activated elements write stays local to their activation (camunda issue 36617 sees it go up in 8.8).",
        _tools(),
        [Start(_ALL), Complete("a", {"x": 1}), Expect(variables=_ALL), Complete("c", {"x": 2})],
        Expect(state="COMPLETED", variables=_ALL),
    ),
    Rule(
        "ad-hoc-input-mappings-come-before-the-collection",
        _PAGE,
        "Input mappings are applied before the collection is evaluated.",
        _tools(active="= mine", inputs={"mine": "= [wanted]"}),
        [Start({"wanted": "c"})],
        Expect(jobs=["c"]),
    ),
    Rule(
        "ad-hoc-output-mappings-propagate-local-variables",
        _PAGE,
        "Output mappings are applied when it completes.",
        _tools(inputs={"mine": "= 1"}, outputs={"theirs": "= mine + 1"}),
        [Start({"wanted": ["a"]}), Complete("a")],
        Expect(state="COMPLETED", variables={"wanted": ["a"], "theirs": 2}),
    ),
    Rule(
        "ad-hoc-describes-its-elements",
        _PAGE,
        "adHocSubProcessElements has id, name, documentation, properties of what can be activated, as far as given.",
        _tools(
            b.path(
                b.service("a", name="Look", documentation="Looks it up.", properties={"kind": "tool"}),
                b.service("after"),
            )
        ),
        [Start({"wanted": ["a"]})],
        Expect(
            local={
                "tools": {
                    "adHocSubProcessElements": [
                        {
                            "elementId": "a",
                            "elementName": "Look",
                            "documentation": "Looks it up.",
                            "properties": {"kind": "tool"},
                        }
                    ]
                }
            }
        ),
    ),
    Rule(
        "ad-hoc-boundary-event-interrupts-it",
        _PAGE,
        "As of any sub-process: an interrupting boundary event terminates all in it.",
        [
            b.process(
                "p",
                b.path(b.start(), b.ad_hoc("tools", *_TOOLS, active="= wanted"), b.end()),
                b.path(b.boundary("late", "tools", timer(duration="PT1H")), b.end("expired")),
            )
        ],
        [Start(_ALL), Advance("PT1H")],
        Expect(state="COMPLETED", jobs=[], terminated=["tools", _INNER, "a", "c"]),
    ),
    Rule(
        "ad-hoc-with-a-start-event-is-refused",
        _PAGE,
        "It must not have start or end events.",
        [],
        [Refused(Deploy(_tools(b.path(b.start("begin"), b.task("a")))), "INVALID_ARGUMENT", ["tools", "begin"])],
    ),
    Rule(
        "ad-hoc-without-an-activity-is-refused",
        _PAGE,
        "It must have at least one activity.",
        [],
        [Refused(Deploy(_tools(b.throw("nothing"))), "INVALID_ARGUMENT", ["tools", "activity"])],
    ),
]
