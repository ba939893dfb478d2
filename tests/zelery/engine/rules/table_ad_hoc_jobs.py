"""Rules of ad-hoc sub-processes that a job worker leads. Each activated element has an inner instance around it."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import signal
from tests.zelery.engine.rules.rule import (
    Broadcast,
    Cancel,
    Complete,
    Expect,
    Refused,
    Rule,
    Start,
)
from zelery.engine.commands import JobResult

_PAGE = "components/modeler/bpmn/ad-hoc-subprocesses"

_INNER = "tools#innerInstance"
_TOOLS = [b.service("a"), b.service("c")]


def _agent(*parts: b.Part) -> list[b.Process]:
    return [b.process("p", b.start(), b.ad_hoc("tools", *(parts or _TOOLS), job_type="agent"), b.end())]


def _decide(*elements: str, done: bool = False, cancel: bool = False) -> Complete:
    result = JobResult([(each, {}) for each in elements], done, cancel)
    return Complete("tools", result=result)


RULES = [
    Rule(
        "ad-hoc-job-worker-sees-its-elements-and-their-parameters",
        "components/modeler/feel/builtin-functions/feel-built-in-functions-ai-agent",
        "What fromAi marks in an element's input mappings are the element's parameters.",
        _agent(b.service("a", inputs={"city": '= fromAi(toolCall.city, "The city", "string")'}), b.service("c")),
        [Start()],
        Expect(
            job={
                "tools": {
                    "variables": {
                        "adHocSubProcessElements": [
                            {
                                "elementId": "a",
                                "parameters": [{"name": "toolCall.city", "description": "The city", "type": "string"}],
                            },
                            {"elementId": "c"},
                        ]
                    }
                }
            }
        ),
    ),
    Rule(
        "ad-hoc-job-worker-is-asked-first",
        _PAGE,
        "With a task definition a job is created when it is entered, and its worker decides.",
        _agent(),
        [Start()],
        Expect(path=["start", "tools"], job={"tools": {"type": "agent", "kind": "AD_HOC_SUB_PROCESS"}}),
    ),
    Rule(
        "ad-hoc-job-result-activates-elements",
        _PAGE,
        "The elements of the job's result are activated.",
        _agent(),
        [Start(), _decide("a", "c")],
        Expect(path=["start", "tools", _INNER, _INNER, ("a", "c")], jobs=["a", "c"]),
    ),
    Rule(
        "ad-hoc-job-result-has-variables-for-an-element",
        _PAGE,
        "Variables of an element in the result are local to its activation.",
        _agent(),
        [Start(), Complete("tools", result=JobResult([("a", {"question": "why"})]))],
        Expect(variables={}, local={_INNER: {"question": "why"}}),
    ),
    Rule(
        "ad-hoc-job-comes-again-after-each-flow",
        _PAGE,
        "When a flow within completes, there is a new job; there is one at a time.",
        _agent(),
        [Start(), _decide("a", "c"), Complete("a"), Expect(jobs=["c", "tools"]), Complete("c")],
        Expect(jobs=["tools"], state="ACTIVE"),
    ),
    Rule(
        "ad-hoc-job-result-completes-it",
        _PAGE,
        "The worker says that the completion condition is fulfilled.",
        _agent(),
        [Start(), _decide("a"), Complete("a"), _decide(done=True)],
        Expect(path=["start", "tools", _INNER, "a", "end"], state="COMPLETED"),
    ),
    Rule(
        "ad-hoc-job-result-completes-it-and-cancels-the-rest",
        _PAGE,
        "The worker can have active elements canceled.",
        _agent(),
        [Start(), _decide("a", "c"), Complete("a"), _decide(done=True, cancel=True)],
        Expect(state="COMPLETED", terminated=[_INNER, "c"]),
    ),
    Rule(
        "ad-hoc-job-result-completes-it-when-the-rest-has",
        _PAGE,
        "Without that it waits for what is active.",
        _agent(),
        [Start(), _decide("a", "c"), Complete("a"), _decide(done=True), Expect(state="ACTIVE"), Complete("c")],
        Expect(state="COMPLETED", terminated=[]),
    ),
    Rule(
        "ad-hoc-job-result-cannot-complete-and-activate",
        _PAGE,
        "A result cannot fulfill the condition and activate elements at once.",
        _agent(),
        [Start(), Refused(_decide("a", done=True), "INVALID_ARGUMENT")],
        Expect(jobs=["tools"], path=["start", "tools"]),
    ),
    Rule(
        "ad-hoc-job-result-of-an-unknown-element-is-refused",
        _PAGE,
        "What is activated must be an inner element.",
        _agent(),
        [Start(), Refused(_decide("nothing"), "NOT_FOUND", ["nothing"])],
        Expect(jobs=["tools"]),
    ),
    Rule(
        "ad-hoc-event-sub-process-asks-the-worker-again",
        _PAGE,
        "When an event sub-process finishes, the job worker is asked again.",
        _agent(
            *_TOOLS,
            b.event_sub_process("handler", b.start_on(signal("tell"), interrupting=False), b.end("handled")),
        ),
        [Start(), _decide("a"), Expect(jobs=["a"]), Broadcast("tell")],
        Expect(jobs=["a", "tools"], state="ACTIVE"),
    ),
    Rule(
        "ad-hoc-event-sub-process-that-interrupts-completes-it",
        _PAGE,
        "An interrupting event sub-process cancels all active elements and completes the sub-process.",
        _agent(*_TOOLS, b.event_sub_process("handler", b.start_on(signal("stop")), b.end("handled"))),
        [Start(), _decide("a"), Broadcast("stop")],
        Expect(
            state="COMPLETED", path=["start", "tools", _INNER, "a", "handler", "started", "handled", "end"], jobs=[]
        ),
    ),
    Rule(
        "ad-hoc-is-canceled-whole",
        _PAGE,
        "A canceled instance takes its elements and its job with it.",
        _agent(),
        [Start(), _decide("a"), Complete("a"), Cancel()],
        Expect(state="TERMINATED", jobs=[]),
    ),
]
