"""Rules of deployments: versions, duplicates, deletion, and what is ignored or refused."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import Event, Tag, message, timer
from tests.zelery.engine.rules.rule import (
    Advance,
    Complete,
    Delete,
    Deploy,
    Expect,
    Publish,
    Refused,
    Rule,
    Start,
)

_API = "apis-tools/zeebe-api/gateway-service"
_DELETE = "components/concepts/resource-deletion"
_COVERAGE = "components/modeler/bpmn/bpmn-coverage"


def _process(task_id: str = "work") -> b.Process:
    return b.process("p", b.start(), b.service(task_id), b.end())


_OTHER = b.process("q", b.start("begin"), b.service("do"), b.end("done"))


def _refused(*words: str, deploy: Deploy) -> Refused:
    return Refused(deploy, "INVALID_ARGUMENT", words)


def _has(element: b.Element) -> Deploy:
    return Deploy([b.process("p", b.start(), element, b.end())])


RULES = [
    Rule(
        "deployment-counts-versions",
        _API,
        "A changed process is a new version.",
        [_process()],
        [Deploy([_process("other")]), Start()],
        Expect(instances=["p:2"], path=["start", "other"]),
    ),
    Rule(
        "deployment-of-the-same-file-is-no-new-version",
        _API,
        "Content and file name as in the latest version: no new version.",
        [_process()],
        [Deploy([_process()]), Start()],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "deployment-of-the-same-content-by-another-name-is-a-new-version",
        _API,
        "The file's name is compared, too.",
        [_process()],
        [Deploy([_process()], together="renamed.bpmn"), Start()],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "deployment-of-what-was-before-the-latest-is-a-new-version",
        _API,
        "A file is compared with the latest version.",
        [_process()],
        [Deploy([_process("other")]), Deploy([_process()]), Start()],
        Expect(instances=["p:3"]),
    ),
    Rule(
        "deployment-is-all-or-nothing",
        _API,
        "One bad resource rejects the whole deployment.",
        [],
        [
            _refused("bad.bpmn", deploy=Deploy([_process()], {"bad.bpmn": b"<no"})),
            Refused(Start(process="p"), "NOT_FOUND"),
        ],
        Expect(instances=[]),
    ),
    Rule(
        "deployment-of-a-process-id-twice-is-refused",
        _API,
        "A process id in two resources of a deployment is refused.",
        [],
        [
            _refused(
                "'p'",
                "a.bpmn",
                deploy=Deploy(resources={"a.bpmn": b.model(_process()), "b.bpmn": b.model(_process("other"))}),
            )
        ],
    ),
    Rule(
        "deployment-of-several-processes-in-a-file",
        _COVERAGE,
        "A file may have several processes, in pools of a collaboration.",
        [],
        [
            Deploy([_process(), _OTHER], together="both.bpmn", pools=True),
            Start(process="p"),
            Start(process="q"),
        ],
        Expect(instances=["p:1", "q:1"], path=["begin", "do"], of=1),
    ),
    Rule(
        "process-that-is-not-executable-is-ignored",
        _COVERAGE,
        "A process that is not executable is documentation.",
        [],
        [
            Deploy(
                [_process(), b.process("drawn", b.start("s"), b.other("x", "complexGateway"), executable=False)],
                together="both.bpmn",
                pools=True,
            ),
            Start(process="p"),
            Refused(Start(process="drawn"), "NOT_FOUND"),
        ],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "instances-go-on-in-their-version",
        _API,
        "A new version does not touch instances of the old.",
        [_process()],
        [Start(), Deploy([_process("other")]), Complete("work")],
        Expect(instances=["p:1"], path=["start", "work", "end"], state="COMPLETED"),
    ),
    Rule(
        "deployment-of-dmn-is-refused-in-words",
        _COVERAGE,
        "Camunda takes DMN files; this engine refuses them and says what to use (spec/engine.md, 2).",
        [],
        [_refused("dish.dmn", "DMN", "script task", deploy=Deploy(resources={"dish.dmn": b"<definitions/>"}))],
    ),
    Rule(
        "deployment-of-an-unknown-file-is-refused",
        _API,
        "A resource is BPMN or a form.",
        [],
        [_refused("notes.txt", deploy=Deploy(resources={"notes.txt": b"hello"}))],
    ),
    Rule(
        "deployment-of-nothing-is-refused",
        _API,
        "A deployment has at least one resource.",
        [],
        [_refused("at least one", deploy=Deploy())],
    ),
    Rule(
        "deployment-with-a-flow-to-nowhere-is-refused",
        _API,
        "A sequence flow has a source and a target.",
        [],
        [
            _refused(
                "p.bpmn",
                "nowhere",
                deploy=Deploy([b.process("p", b.path(b.start(), "nowhere"), b.path(b.task("work"), b.end()))]),
            )
        ],
    ),
    Rule(
        "deleted-version-cannot-be-started",
        _DELETE,
        "No instance of a deleted version can be created.",
        [_process()],
        [Delete("p", 1), Refused(Start(), "NOT_FOUND", ["p"]), Refused(Start(version=1), "NOT_FOUND")],
        Expect(instances=[]),
    ),
    Rule(
        "deleted-latest-version-gives-way-to-the-one-before",
        _DELETE,
        "When the latest version is deleted, the previous one is the latest.",
        [_process()],
        [Deploy([_process("other")]), Delete("p", 2), Start()],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "deleted-version-in-between-is-skipped",
        _DELETE,
        "Version 2 deleted before version 3: version 1 is the latest.",
        [_process()],
        [Deploy([_process("two")]), Deploy([_process("three")]), Delete("p", 2), Delete("p", 3), Start()],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "deleted-version-s-number-is-never-used-again",
        _DELETE,
        "The next deployment counts on.",
        [_process()],
        [Deploy([_process("two")]), Delete("p", 2), Deploy([_process("three")]), Start()],
        Expect(instances=["p:3"]),
    ),
    Rule(
        "deleted-latest-version-gives-timers-back",
        _DELETE,
        "Timer start events of the version before are set again.",
        [b.process("p", b.start("tick", timer(cycle="R/PT1H")), b.end())],
        [Deploy([_process()]), Expect(starts=[]), Delete("p", 2), Expect(starts=["p:1:tick"]), Advance("PT1H")],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "deleted-latest-version-gives-messages-back",
        _DELETE,
        "Message start events of the version before are opened again.",
        [b.process("p", b.start("placed", message("placed")), b.end())],
        [Deploy([_process()]), Publish("placed"), Expect(instances=[]), Delete("p", 2), Publish("placed")],
        Expect(instances=["p:1"]),
    ),
    Rule(
        "deleted-last-version-starts-nothing",
        _DELETE,
        "With the last version its timers and message starts are gone.",
        [
            b.process(
                "p",
                b.path(b.start("tick", timer(cycle="R/PT1H")), b.end()),
                b.path(b.start("placed", message("placed")), "end"),
            )
        ],
        [Delete("p", 1), Advance("PT2H"), Publish("placed")],
        Expect(instances=[], starts=[]),
    ),
    Rule(
        "deleted-version-s-instances-go-on",
        "apis-tools/orchestration-cluster-api-rest/specifications/delete-resource",
        "8.10 deletes a version with active instances: they go on. Up to 8.9 the deletion was refused.",
        [_process()],
        [Start(), Delete("p", 1), Refused(Start(), "NOT_FOUND"), Complete("work")],
        Expect(instances=["p:1"], state="COMPLETED"),
    ),
    Rule(
        "compensation-is-refused-in-words",
        "components/modeler/bpmn/compensation-events",
        "Camunda executes compensation; this engine refuses it with what to use (spec/engine.md, 2).",
        [],
        [_refused("undo", "compensation", deploy=_has(b.throw("undo", Event("compensate"))))],
    ),
    Rule(
        "conditional-event-is-refused-in-words",
        "components/modeler/bpmn/conditional-events",
        "Camunda executes conditional events from 8.9 on; this engine refuses them with what to use.",
        [],
        [_refused("when", "conditional", deploy=_has(b.catch("when", Event("conditional"))))],
    ),
    Rule(
        "execution-listener-is-refused-in-words",
        "components/concepts/execution-listeners",
        "Camunda executes listeners; this engine refuses them with what to use (spec/engine.md, 2).",
        [],
        [
            _refused(
                "work",
                "listener",
                deploy=_has(
                    b.service(
                        "work",
                        extensions=[
                            Tag(
                                "zeebe:executionListeners",
                                parts=[Tag("zeebe:executionListener", {"eventType": "start", "type": "l"})],
                            )
                        ],
                    )
                ),
            )
        ],
    ),
    Rule(
        "transaction-is-refused-in-words",
        _COVERAGE,
        "Transactions are not executed.",
        [],
        [_refused("pay", "sub-process", deploy=_has(b.other("pay", "transaction")))],
    ),
    Rule(
        "loop-marker-is-refused-in-words",
        _COVERAGE,
        "Loop markers are not executed: multi-instance is.",
        [],
        [
            _refused(
                "work",
                "multi-instance",
                deploy=Deploy(
                    resources={
                        "p.bpmn": b.model(_process()).replace(
                            b"</bpmn:serviceTask>", b"<bpmn:standardLoopCharacteristics /></bpmn:serviceTask>"
                        )
                    }
                ),
            )
        ],
    ),
    Rule(
        "deleted-version-is-draining-while-it-has-instances",
        "apis-tools/orchestration-cluster-api-rest/specifications/search-process-definitions",
        "8.10: a deleted definition with active instances is DRAINING until they have ended, then DELETED.",
        [_process()],
        [
            Start(),
            Delete("p", 1),
            Expect(definitions={"p:1": "DRAINING"}),
            Complete("work"),
        ],
        Expect(definitions={"p:1": "DELETED"}, state="COMPLETED"),
    ),
    Rule(
        "deleted-version-without-instances-is-deleted",
        _DELETE,
        "A definition without instances is deleted at once.",
        [_process()],
        [Deploy([_process("two")]), Delete("p", 1)],
        Expect(definitions={"p:1": "DELETED", "p:2": "ACTIVE"}),
    ),
    Rule(
        "deleted-version-that-is-not-the-latest-changes-nothing-else",
        _DELETE,
        "Any version can be deleted; the latest stays the latest.",
        [_process()],
        [Deploy([_process("two")]), Delete("p", 1), Start()],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "deployment-of-a-deleted-file-is-a-new-version",
        _DELETE,
        "What was deleted is no latest version that a file could equal.",
        [_process()],
        [Delete("p", 1), Deploy([_process()]), Start()],
        Expect(instances=["p:2"]),
    ),
    Rule(
        "form-without-an-id-is-refused",
        _API,
        "A form is JSON with an id.",
        [],
        [
            _refused("a.form", "id", deploy=Deploy(resources={"a.form": b'{"components": []}'})),
            _refused("b.form", deploy=Deploy(resources={"b.form": b"no json"})),
        ],
    ),
    Rule(
        "data-and-notes-are-ignored",
        _COVERAGE,
        "Data objects, data stores, groups and text annotations are documentation.",
        [
            b.process(
                "p",
                b.start(),
                b.task("work"),
                b.end(),
                b.other("data", "dataObject"),
                b.other("data_there", "dataObjectReference", attributes={"dataObjectRef": "data"}),
                b.other("store", "dataStoreReference"),
                b.other("note", "textAnnotation"),
                b.other("group", "group"),
            )
        ],
        [Start()],
        Expect(path=["start", "work", "end"], state="COMPLETED"),
    ),
    Rule(
        "task-listener-is-refused-in-words",
        "components/concepts/user-task-listeners",
        "Camunda executes listeners; this engine refuses them with what to use (spec/engine.md, 2).",
        [],
        [
            _refused(
                "review",
                "listener",
                deploy=_has(
                    b.user(
                        "review",
                        extensions=[
                            Tag(
                                "zeebe:taskListeners",
                                parts=[Tag("zeebe:taskListener", {"eventType": "completing", "type": "l"})],
                            )
                        ],
                    )
                ),
            )
        ],
    ),
]
