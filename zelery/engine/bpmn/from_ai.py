"""What `fromAi` marks in the mappings of an element of an ad-hoc sub-process: the parameters that a model is asked for.

Docs: "FEEL", "AI Agent"; `fromAi(value, description, type, schema, options)`, by position or by name.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from zelery.engine.bpmn.model import Element
from zelery.feel import FeelError, Limits
from zelery.feel.parser import parse
from zelery.feel.syntax import Call, ContextLiteral, ListLiteral, Literal, Negation, Path, Reference

NAMES = ("value", "description", "type", "schema", "options")


def parameters(element: Element) -> list[dict[str, Any]]:
    """The parameters of an element, inputs before outputs. What is not given is left out."""
    sources = [each.source for each in (*element.inputs, *element.outputs)]
    return [dict(found) for source in sources if source.feel is not None for found in _in(source.text)]


@functools.lru_cache(maxsize=1_000)
def _in(text: str) -> tuple[dict[str, Any], ...]:
    """The parameters that one expression marks."""
    try:
        node = parse(text.strip().removeprefix("="), Limits(), datetime.now(UTC), unary=False)
    except FeelError:
        return ()
    return tuple(filter(None, map(_parameter, _calls(node))))


def _calls(node: Any) -> Iterator[Call]:
    """All calls of `fromAi` in an expression, but none within another."""
    if isinstance(node, Call) and node.path is None and node.name == "fromAi":
        yield node
    elif isinstance(node, tuple | list):
        for each in node:
            yield from _calls(each)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _calls(getattr(node, field.name))


def _parameter(call: Call) -> dict[str, Any] | None:
    given = dict(zip(call.names or NAMES, call.arguments, strict=False))
    name = _reference(given.get("value"))
    if name is None:
        return None
    described = {key: _constant(given[key]) for key in NAMES[1:] if key in given}
    return {"name": name, **{key: value for key, value in described.items() if value is not None}}


def _reference(node: Any) -> str | None:
    """A reference's text, `toolCall.city`; None for anything else."""
    if isinstance(node, Reference):
        return ".".join(node.names)
    if isinstance(node, Path) and (source := _reference(node.source)) is not None:
        return f"{source}.{node.key}"
    return None


def _constant(node: Any) -> Any:
    """A literal's value; None for what is none."""
    match node:
        case Literal(value=value):
            return value
        case ListLiteral(items=items):
            return [_constant(each) for each in items]
        case ContextLiteral(entries=entries):
            return {name: _constant(each) for name, each in entries}
        case Negation(operand=operand) if isinstance(value := _constant(operand), int | float):
            return -value
        case _:
            return None
