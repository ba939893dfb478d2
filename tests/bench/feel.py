"""µs of CPU an evaluation takes here and in the reference engine on the JVM, in one run: `python -m tests.bench feel`.

Six expressions that connectors evaluate, over a response of about 1 kB and one of about 105 kB: twelve cells. Both
sides start from a map at hand and a parsed expression, and end at JSON. The JVM's figure is one thread's CPU time:
neither its JIT nor its GC counts.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zelery import feel
from zelery.model import to_json

REFERENCE = Path(__file__).parents[3] / "shared" / "lab" / "feel_reference" / "ref-eval.sh"
REFERENCE_VERSION = "1.21.0"
EXPRESSIONS = {
    "result": "{a: response.body.x, ok: response.status = 200}",
    "error": 'if response.status > 299 then jobError("status " + string(response.status)) else null',
    "filter": "response.body.items[price > 10].name",
    "loop": "for i in response.body.items return i.id",
    "whole": "{statusCode: response.status, body: response.body}",
    "header": 'get value(response.headers, "x-y")',
}
ITEMS = {"1k": 9, "105k": 1_107}
WINDOWS = 5
WINDOW_S = 0.15


def context(items: int) -> dict[str, Any]:
    """A response with so many items."""
    body = {
        "x": 42,
        "items": [
            {"id": at, "name": f"item number {at}", "price": at * 7 % 23 + 0.5, "tags": ["a", "b"], "kind": "standard"}
            for at in range(items)
        ],
    }
    headers = {"content-type": "application/json", "x-y": "z", "date": "Fri, 02 Jan 2026 03:04:05 GMT"}
    return {"response": {"status": 200, "headers": headers, "body": body}}


def cells() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each cell's name, expression and context."""
    for size, items in ITEMS.items():
        for name, expression in EXPRESSIONS.items():
            yield f"{size} {name}", expression, context(items)


def best_us(work: Callable[[], object]) -> float:
    """CPU time of one call, in µs: the best of several windows."""
    best, count = math.inf, 1
    for _ in range(WINDOWS):
        spent = 0.0
        while spent < WINDOW_S:
            start = time.process_time()
            for _ in range(count):
                work()
            spent = time.process_time() - start
            best = min(best, spent / count * 1e6)
            count *= 1 if spent >= WINDOW_S else 2
    return best


def _to_text(expression: feel.Expression, variables: dict[str, Any]) -> str:
    """As a job's variables are written for Zeebe."""
    return to_json(expression.evaluate_json(variables))


def ours() -> dict[str, float]:
    """µs by cell: a compiled expression, a map at hand, JSON bytes at the end."""
    found = {}
    for name, text, variables in cells():
        expression = feel.compile(text)
        found[name] = best_us(partial(_to_text, expression, variables))
    return found


def reference() -> dict[str, float]:
    """µs by cell as the reference engine's bench mode prints them. Raises CalledProcessError and OSError."""
    lines = [json.dumps({"id": name, "expression": text, "context": given}) for name, text, given in cells()]
    command = [str(REFERENCE), REFERENCE_VERSION, "bench"]
    done = subprocess.run(
        command, input="\n".join(lines), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {answer["id"]: answer["eval_us"] for answer in answers}


def table(own: dict[str, float], theirs: dict[str, float]) -> str:
    """A line for each cell: ours, the JVM's, and how many times ours goes into it."""
    lines = [f"{'cell':<14}{'zelery µs':>12}{'JVM µs':>12}{'ratio':>9}"]
    lines += [f"{name:<14}{own[name]:>12.1f}{theirs[name]:>12.1f}{theirs[name] / own[name]:>8.1f}x" for name in own]
    return "\n".join(lines)


def main(options: Sequence[str] = ()) -> int:
    """Measure and print. The JVM runs first, alone, as it takes both cores."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench feel", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there")
    given = parser.parse_args(options)
    if not REFERENCE.exists() or not os.access(REFERENCE, os.X_OK):
        print(f"The reference engine is not here: {REFERENCE}", file=sys.stderr)
        return 1
    theirs = reference()
    own = ours()
    print(table(own, theirs))
    if given.json:
        rows = [
            {"cell": name, "zelery_us": us, "jvm_us": theirs[name], "ratio": theirs[name] / us}
            for name, us in own.items()
        ]
        given.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
