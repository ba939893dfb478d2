"""The recorded REST jobs and the tools that recorded them, used where they are: beside the project, never copied."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

CONFORMANCE = Path(__file__).parents[3] / "shared" / "conformance"
CASES = CONFORMANCE / "rest-golden.jsonl"
TOOLS = CONFORMANCE / "golden"

#: The prefix of environment secrets under which the cases were recorded.
PREFIX = "GOLDEN_"

#: What must agree: messages are for people, and are judged by their sense.
ASPECTS = ("outcome", "variables", "requests")


class Mock(Protocol):
    """A scripted HTTP server that keeps the requests it got."""

    port: int
    requests: list[dict[str, Any]]


def missing() -> str | None:
    """Why there are no recorded cases; None when there are."""
    absent = [
        path for path in (CASES, TOOLS / "mock.py", TOOLS / "compare.py", TOOLS / "record.py") if not path.exists()
    ]
    return f"no recorded cases: {absent[0]} is not there" if absent else None


def cases() -> list[dict[str, Any]]:
    """Every recorded case, in the file's order."""
    with CASES.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def environment(recorded: list[dict[str, Any]]) -> dict[str, str]:
    """Environment variables with the secrets that the cases use."""
    known = {name: value for case in recorded for name, value in case.get("secrets", {}).items()}
    return {f"{PREFIX}{name}": value for name, value in known.items()}


def mock(script: list[dict[str, Any]]) -> AbstractAsyncContextManager[Mock]:
    """A scripted server for one case."""
    server: AbstractAsyncContextManager[Mock] = tool("mock").Mock(script)
    return server


def normalise(observed: dict[str, Any], port: int) -> dict[str, Any]:
    """What was observed without what no two runs share: ports, boundaries, the client's name."""
    found: dict[str, Any] = tool("record").normalise(observed, port)
    return found


def differences(case: Mapping[str, Any], observed: dict[str, Any], aspects: tuple[str, ...] = ASPECTS) -> Iterator[str]:
    """Each aspect in which a case was observed otherwise than recorded, with the first place and both values."""
    compare = tool("compare")
    want, have = compare.aspects(case["observed"]), compare.aspects(observed)
    for aspect in aspects:
        paths = (
            [] if compare.unstable(case.get("unstable", []), aspect) else compare.differing(want[aspect], have[aspect])
        )
        if paths:
            recorded, now = compare.pick(want[aspect], paths[0]), compare.pick(have[aspect], paths[0])
            yield f"[{aspect}] {paths[0]}\n    recorded {compare.show(recorded)}\n    observed {compare.show(now)}"


def tool(name: str) -> ModuleType:
    """A module of the tools; they import one another by their bare names."""
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)
