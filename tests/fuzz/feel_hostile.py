"""Hostile text and data for FEEL: `python -m tests.fuzz.feel_hostile --cases 200000 --seed 1`.

Whatever comes, an expression ends in a value or in one of our errors, soon.
What else happens is printed with its case, and the command fails.
"""

import argparse
import json
import math
import reprlib
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random
from time import process_time
from typing import Any

from tests.fuzz.feel_expressions import CONTEXT, NAMES, Expressions
from zelery import feel

LIMITS = feel.Limits(steps=20_000, deadline_s=0.5, string_chars_max=100_000, list_items_max=5_000)
SLOW_S = 2.0  # Four deadlines, of CPU time: a busy machine is no failure.
TOKENS = (
    *"()[]{}.,:;?@`\"'\\/+-*<>=!&|#$%^~_0123456789eExX \t\n\r\0\x7f\u2028\u00e9\ud83d\U0001f600",
    "if ", " then ", " else ", "for ", " in ", " return ", "some ", "every ", " satisfies ", " and ", " or ", "not(",
    "null", "true",
    "function(x) ", "instance of ", "between ", "..", "**", "!=", ">=", "//", "/*", "*/", '@"', "\\u", "date(",
    'duration("P',
    "item", "partial", "cellInput", "?", "external", "time offset", "years and months duration(", "9" * 40, "1e999",
    "(" * 30, "[" * 30,
    "{a:" * 20, "-" * 40, ".a" * 30, "[1]" * 30, "f(" * 20, '"' + "a" * 200 + '"', 'matches(s, "(a+)+$")',
    "2**99999999", "..999999999",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, 2**63, -(2**31), 1e308, 5e-324, -0.0, float("inf"), float("-inf"), float("nan"), "",
    "\ud800", "a" * 5000,
    "\0", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "2024-02-30", "P99999999999999999999Y", [], {}, [[]],
    [None] * 300, {"": 1}, {"a": {}}, object(), (1, 2), {1: 2}, b"x",
)  # fmt: skip


def nested(random: Random) -> Any:
    """Lists and contexts inside each other, deeper than anybody means."""
    value: Any = 1
    for _ in range(random.choice((3, 50, 900, 5000))):
        value = [value] if random.random() < 0.5 else {"k": value}
    return value


def data(random: Random) -> dict[str, Any]:
    """A context in which some variables are hostile."""
    context = dict(CONTEXT)
    for _ in range(random.choice((0, 0, 1, 2, 5))):
        name = random.choice(NAMES).strip("`").split(".")[0]
        context[name] = nested(random) if random.random() < 0.05 else random.choice(VALUES)
    return context


def mutated(text: str, random: Random) -> str:
    """The text with pieces cut, doubled, swapped and put in."""
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        at, end = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
        shape = random.random()
        if shape < 0.5:
            text = text[:at] + random.choice(TOKENS) + text[at + random.choice((0, 0, 1)) :]
        elif shape < 0.7:
            text = text[:at] + text[end:]
        elif shape < 0.85:
            text = text[:end] + text[at:end] + text[end:]
        else:
            text = text[at:end] + text[:at] + text[end:]
    return text[:3000]


def texts(seeds: list[str], random: Random) -> Iterator[str]:
    """Hostile texts without end: mutants of the seeds and of random expressions, and heaps of tokens."""
    expressions = Expressions(random)
    while True:
        shape = random.random()
        if shape < 0.15:
            yield "".join(random.choice(TOKENS) for _ in range(random.randint(1, 30)))
        elif shape < 0.3:
            yield expressions.expression(random.choice((2, 3, 5)))
        elif shape < 0.6 or not seeds:
            yield mutated(expressions.expression(3), random)
        else:
            yield mutated(random.choice(seeds), random)


def outcome(text: str, context: dict[str, Any], *, unary: bool) -> str:
    """How a case ended: a kind of value, or the name of one of our errors. Whatever else is raised comes through."""
    engine = feel.Engine(limits=LIMITS)
    warnings: list[str] = []
    try:
        expression = engine.compile(text, unary=unary)
        value = (
            expression.test(context.get("a"), context, warnings=warnings)
            if unary
            else expression.evaluate_json(context, warnings=warnings)
        )
    except feel.FeelError as error:
        return type(error).__name__
    json.dumps(value)
    return "null" if value is None else "value"


def failures(count: int, seed: int, seeds: list[str], *, slow_s: float = math.inf) -> tuple[Counter[str], list[str]]:
    """How so many cases ended, and what went wrong."""
    random = Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for _, text in zip(range(count), texts(seeds, random), strict=False):
        context, unary = data(random), random.random() < 0.2
        started = process_time()
        try:
            counts[outcome(text, context, unary=unary)] += 1
        except Exception as error:  # noqa: BLE001 # what a fuzzer looks for
            changed = {key: reprlib.repr(value)[:80] for key, value in context.items() if CONTEXT.get(key) is not value}
            wrong.append(f"{type(error).__name__}: {str(error)[:200]}\n  {text!r}\n  {changed} unary={unary}")
        if process_time() - started > slow_s:
            wrong.append(f"{process_time() - started:.1f} s\n  {text!r}")
    return counts, wrong


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--corpus", type=argparse.FileType(encoding="utf-8"), help="JSON lines with expressions to mutate"
    )
    options = parser.parse_args()
    seeds = [json.loads(line)["expression"] for line in options.corpus or ()]
    counts, wrong = failures(options.cases, options.seed, seeds, slow_s=SLOW_S)
    print(dict(counts))
    print(*wrong[:30], sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
