"""The builtin functions as a page: what `zelery feel --builtins` prints and docs/feel.md holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from zelery.feel.builtins.examples import EXAMPLES
from zelery.feel.builtins.table import GROUPS
from zelery.feel.engine import Engine
from zelery.feel.values import Function

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # What now() answers in the examples.


def page() -> str:
    """A section for each group of builtins: every function with its parameters, an example and the example's result."""
    return "\n".join(_lines(Engine(clock=lambda: MOMENT)))


def _lines(engine: Engine) -> Iterator[str]:
    for title, functions in GROUPS.items():
        yield from (f"### {title}", "", "| Function | Example | Result |", "| --- | --- | --- |")
        for name, overloads in functions.items():
            result = engine.compile(EXAMPLES[name]).evaluate_json({})
            cells = signatures(name, overloads), _code(EXAMPLES[name]), _code(json.dumps(result, ensure_ascii=False))
            yield f"| {' | '.join(cells)} |"
        yield ""


def signatures(name: str, overloads: list[Function]) -> str:
    """The ways to call a function, each once."""
    shown = [f"{name}({', '.join(each.parameters)}{'…' if each.variadic else ''})" for each in overloads]
    return "<br>".join(map(_code, dict.fromkeys(shown)))


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"
