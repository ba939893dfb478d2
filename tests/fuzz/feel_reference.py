"""Random expressions against the reference engine: `python -m tests.fuzz.feel_reference --cases 5000 --seed 1`.

Prints what differs (value, error, warnings), grouped by the first function's name.
Needs Java 17 and Maven Central; it is not a test.
"""

import argparse
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.feel_expressions import CONTEXT, Expressions
from zelery import feel

REFERENCE = Path(__file__).parents[3] / "shared" / "lab" / "feel_reference" / "ref-eval.sh"
CLOCK = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Case = dict[str, Any]


def asked(cases: list[Case], version: str = "1.21.0") -> list[Case]:
    """The reference's answers, in order; one JVM for all."""
    lines = "\n".join(map(json.dumps, cases))
    done = subprocess.run([REFERENCE, version, "eval"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def answered(engine: feel.Engine, case: Case) -> Case:
    """Our answer, in the form of the reference's."""
    warnings: list[str] = []
    try:
        if case.get("unary"):
            value = engine.unary(case["expression"], case["input"], case["context"], warnings=warnings)
        else:
            value = engine.compile(case["expression"]).evaluate_json(case["context"], warnings=warnings)
    except feel.FeelError as error:
        return {"ok": False, "error": str(error), "failures": warnings}
    return {"ok": True, "json": value, "failures": warnings}


def difference(wanted: Case, got: Case) -> str | None:
    """What two answers differ in; None if in nothing."""
    if wanted["ok"] != got["ok"]:
        return "error or not"
    if not wanted["ok"]:
        return None if wanted["error"] == got["error"] else "message"
    if json.dumps(wanted["json"], sort_keys=True) != json.dumps(got["json"], sort_keys=True):
        return "value"
    return None if wanted["failures"] == got["failures"] else "warnings"


def drawn(count: int, seed: int) -> Iterable[Case]:
    """So many cases; the same ones for the same seed."""
    random = Random(seed)  # a fuzzer's draws are no secrets
    expressions = Expressions(random)
    for number in range(count):
        case: Case = {"id": str(number), "context": CONTEXT}
        if number % 10 == 0:
            case["expression"], case["input"] = expressions.unary()
            case["unary"] = True
        else:
            case["expression"] = expressions.expression(random.choice((2, 3, 3, 4)))
        yield case


def group_of(case: Case) -> str:
    """The first function's name, or the kind of expression."""
    found = re.search(r"([a-z][a-z ]*[a-z])\(", case["expression"])
    return "unary" if case.get("unary") else found[1] if found else "operators"


def report(cases: list[Case], kinds: frozenset[str]) -> None:
    """Ask both, print the differences."""
    engine = feel.Engine(clock=lambda: CLOCK)
    counts: dict[str, int] = defaultdict(int)
    groups: dict[str, list[str]] = defaultdict(list)
    for case, wanted in zip(cases, asked(cases), strict=True):
        got = answered(engine, case)
        kind = difference(wanted, got)
        counts[kind or ("same value" if wanted["ok"] and wanted["json"] is not None else "same null or error")] += 1
        if kind in kinds:
            given = f" about {json.dumps(case['input'])}" if case.get("unary") else ""
            shown = [
                answer.get("json", answer.get("error")) if kind != "warnings" else answer["failures"]
                for answer in (wanted, got)
            ]
            groups[group_of(case)].append(
                f"  {kind}: {case['expression']}{given}\n      wanted {shown[0]!r}\n      got    {shown[1]!r}"
            )
    for group, lines in sorted(groups.items()):
        print(f"{group}: {len(lines)}", *lines, sep="\n")
    print(dict(counts))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, help="JSON lines of cases to ask instead of random ones")
    parser.add_argument(
        "--kinds", default="value,error or not", help="which differences to print; also message, warnings"
    )
    options = parser.parse_args()
    if options.file:
        cases = [json.loads(line) for line in options.file.read_text("utf-8").splitlines()]
    else:
        cases = list(drawn(options.cases, options.seed))
    report(cases, frozenset(options.kinds.split(",")))


if __name__ == "__main__":
    main()
