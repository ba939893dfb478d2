"""The recorded answers of the reference engine (feel-scala 1.21.0), letter by letter."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from zelery import feel

RECORDED = Path(__file__).parents[4] / "shared" / "conformance"
CLOCK = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

# Cases that no other engine can answer letter by letter, each with its reason. At most five.
REMAINDER = {
    "s0539": "random number() is random",
    "s0742": "uuid() is random",
    "c1951": "bpmnError(code: …): we accept the parameter names of 8.5 too, a decided deviation",
}


def recorded(name: str) -> list[dict[str, Any]]:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"the recorded cases are not here: {path}")
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for case in cases:
        if isinstance(case["context"], str):
            case["context"] = json.loads((RECORDED / case["context"].removeprefix("@")).read_text("utf-8"))
    return cases


def answer(engine: feel.Engine, case: dict[str, Any], warnings: list[str]) -> Any:
    if case.get("unary"):
        return engine.unary(case["expression"], case["input"], case["context"], warnings=warnings)
    return engine.compile(case["expression"]).evaluate_json(case["context"], warnings=warnings)


def differences(name: str) -> dict[str, tuple[Any, ...]]:
    engine, found = feel.Engine(clock=lambda: CLOCK), {}
    for case in recorded(name):
        wanted = case["results"]["1.21.0"]
        try:
            got = {"expected": answer(engine, case, [])}
        except feel.FeelError as error:
            got = {"error": True, "message": str(error)}
        same = (
            "error" in wanted
            if "error" in got
            else "expected" in wanted and text(got["expected"]) == text(wanted["expected"])
        )
        if not same:
            found[case["id"]] = (case["expression"], wanted, got)
    return found


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("name", ["feel-cases.jsonl", "feel-fuzz-cases.jsonl"])
def test_every_deterministic_case_gives_the_reference_s_json(name: str) -> None:
    left = differences(name)
    assert {key: value for key, value in left.items() if key not in REMAINDER} == {}


def test_the_remainder_is_small() -> None:
    assert len(REMAINDER) <= 5
