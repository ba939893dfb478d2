"""Whatever a file has: it is read, or refused in words."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.conformance.golden import CONFORMANCE
from tests.zelery.engine.bpmn.models import JOB, START, definition, extended, file, flow, node, task, timer
from zelery.engine.bpmn.read import read
from zelery.engine.bpmn.refuse import Refused

CASES = CONFORMANCE / "inbound-golden.jsonl"
GENERATOR = CONFORMANCE / "golden_inbound" / "bpmn.py"

COLLECTION = extended('loopCharacteristics inputCollection="= i"/>')
LOOP = f"<multiInstanceLoopCharacteristics>{COLLECTION}</multiInstanceLoopCharacteristics>"
HANDLER = node("startEvent", "handled", definition("error", "broke"))
RICH = file(
    START,
    task("work", JOB + LOOP),
    node("boundaryEvent", "limit", timer("timeDuration", "PT1H"), attachedToRef="work"),
    node("exclusiveGateway", "which", default="which-call"),
    node("callActivity", "call", extended('calledElement processId="child"/>')),
    node("subProcess", "inner", node("startEvent", "in") + node("userTask", "ask", extended("userTask/>"))),
    node("subProcess", "handler", HANDLER, triggeredByEvent="true"),
    node("adHocSubProcess", "tools", task("tool")),
    node("eventBasedGateway", "wait"),
    node("intermediateCatchEvent", "paid_in", definition("message", "paid")),
    node("intermediateCatchEvent", "rung", definition("signal", "alarm")),
    node("endEvent", "end", definition("error", "broke")),
    *(flow("start", "work"), flow("work", "which"), flow("which", "call"), flow("which", "inner", "= x")),
    *(flow("call", "tools"), flow("tools", "wait"), flow("wait", "paid_in"), flow("wait", "rung")),
    *(flow("paid_in", "end"), flow("inner", "end")),
)
TEXTS = st.sampled_from(["", " ", "=", "= (", "= x", "start", "work", "gone", "true", "false", "1", "a b", "é", "*"])


def test_the_rich_model_is_read() -> None:
    assert len(read(RICH, "rich.bpmn")[0].flows) == 10


@given(data=st.data())
def test_a_model_that_was_damaged_is_read_or_refused_in_words(data: st.DataObject) -> None:
    root = etree.fromstring(RICH)
    for _ in range(data.draw(st.integers(1, 4))):
        _damage(root, data)
    try:
        found = read(etree.tostring(root), "rich.bpmn")
    except Refused as refused:
        _check_refusal(refused)
    else:
        for process in found:
            assert all(each.id == name for name, each in process.elements.items())
            assert all(each.source.scope is each.target.scope for each in process.flows.values())


def _check_refusal(refused: Refused) -> None:
    assert refused.complaints
    assert all(each.what for each in refused.complaints)
    assert len(str(refused)) < 8000


def _damage(root: etree._Element, data: st.DataObject) -> None:
    """Delete, move, empty or rename something."""
    victim = data.draw(st.sampled_from(list(root.iter())[1:] or [root]))
    parent = victim.getparent()
    match data.draw(st.integers(0, 3)):
        case 0 if parent is not None:
            parent.remove(victim)
        case 1 if victim.attrib:
            victim.attrib[data.draw(st.sampled_from(sorted(map(str, victim.attrib))))] = data.draw(TEXTS)
        case 2 if victim.attrib:
            del victim.attrib[data.draw(st.sampled_from(sorted(map(str, victim.attrib))))]
        case _:
            other = data.draw(st.sampled_from(list(root.iter())))
            if other not in victim.iter():
                other.append(victim)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_model_are_refused(xml: bytes) -> None:
    with pytest.raises(Refused):
        read(xml, "bytes.bpmn")


def recorded() -> list[Any]:
    """The models of the recorded cases, which a real Zeebe has taken, a case each."""
    if not CASES.exists() or not GENERATOR.exists():
        return [pytest.param({}, marks=pytest.mark.skip(f"no recorded cases: {CASES} is not there"), id="none")]
    lines = CASES.read_text(encoding="utf-8").splitlines()
    return [pytest.param(case["processes"], id=case["id"]) for case in map(json.loads, lines) if case["processes"]]


@pytest.mark.parametrize("processes", recorded())
def test_what_a_real_cluster_has_taken_is_taken(processes: Mapping[str, list[dict[str, Any]]]) -> None:
    generate = _generator(GENERATOR)
    for name, versions in processes.items():
        for version in versions:
            assert [each.id for each in read(generate.process(name, version), "recorded.bpmn")] == [name]


def _generator(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("golden_inbound_bpmn", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
