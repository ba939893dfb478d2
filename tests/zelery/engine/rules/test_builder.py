from __future__ import annotations

from lxml import etree

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import NAMESPACES, each, error, message, timer
from zelery.engine.bpmn.read import read


def _found(file: bytes, xpath: str) -> list[str]:
    found = etree.fromstring(file).xpath(xpath, namespaces=NAMESPACES)
    assert isinstance(found, list)
    return [str(one) for one in found]


def test_elements_without_a_path_are_connected_in_order() -> None:
    file = b.model(b.process("p", b.start(), b.service("a"), b.end()))
    assert _found(file, "//bpmn:sequenceFlow/@id") == ["start_to_a", "a_to_end"]


def test_boundary_events_and_event_sub_processes_are_never_connected() -> None:
    file = b.model(
        b.process(
            "p",
            b.start(),
            b.service("a"),
            b.boundary("late", "a", timer(duration="PT1S")),
            b.event_sub_process("failed", b.start_on(error()), b.end("handled")),
            b.end(),
        )
    )
    assert _found(file, "/*/*/bpmn:sequenceFlow/@id") == ["start_to_a", "a_to_end"]
    assert [each_.id for each_ in read(file, "p.bpmn")] == ["p"]


def test_a_path_from_a_gateway_has_its_condition_on_its_first_flow_only() -> None:
    file = b.model(
        b.process(
            "p",
            b.path(b.start(), b.exclusive("which"), b.service("a"), b.end(), default=False),
            b.path("which", b.service("c"), b.end("other"), default=True),
            b.path("which", b.service("d"), b.end("third"), when="= x"),
        )
    )
    assert _found(file, "//bpmn:exclusiveGateway/@default") == ["which_to_c"]
    assert _found(file, "//bpmn:sequenceFlow[bpmn:conditionExpression='= x']/@id") == ["which_to_d"]


def test_a_message_that_two_events_refer_to_is_defined_once() -> None:
    paid = message("paid", "= order")
    file = b.model(b.process("p", b.start(), b.catch("first", paid), b.receive("second", paid), b.end()))
    assert _found(file, "//bpmn:message/@name") == ["paid"]
    assert _found(file, "//bpmn:receiveTask/@messageRef") == _found(file, "//@messageRef")[:1]


def test_the_engine_reads_a_model_with_pools_loops_and_ad_hoc_sub_processes() -> None:
    file = b.model(
        b.process(
            "p",
            b.start(),
            b.service("a", multi=each("= items", "item", collect=("results", "= result"), until="= done")),
            b.ad_hoc("tools", b.task("one"), b.task("two"), active='= ["one"]', until="= true"),
            b.end(),
        ),
        pools=True,
    )
    (process,) = read(file, "p.bpmn")
    assert set(process.elements) >= {"start", "a", "tools", "one", "two", "end"}
