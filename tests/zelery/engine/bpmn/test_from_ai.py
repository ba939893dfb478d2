from __future__ import annotations

from typing import Any

import pytest

from zelery import feel
from zelery.engine.bpmn.from_ai import parameters
from zelery.engine.bpmn.model import Element, Expression, Kind, VariableMapping


def element(*inputs: str, outputs: tuple[str, ...] = ()) -> Element:
    return Element("tool", Kind.SERVICE_TASK, inputs=tuple(map(mapping, inputs)), outputs=tuple(map(mapping, outputs)))


def mapping(source: str) -> VariableMapping:
    expression = Expression(source, feel.compile(source)) if source.startswith("=") else Expression(source)
    return VariableMapping(expression, ("target",))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("= fromAi(toolCall.city)", {"name": "toolCall.city"}),
        (
            '= fromAi(toolCall.city, "The city", "string")',
            {"name": "toolCall.city", "description": "The city", "type": "string"},
        ),
        (
            '= fromAi(value: toolCall.n, schema: {minimum: -1, enum: [1, "a", true]})',
            {"name": "toolCall.n", "schema": {"minimum": -1, "enum": [1, "a", True]}},
        ),
        ('= "to " + fromAi(toolCall.city)', {"name": "toolCall.city"}),
        ("= {a: [fromAi(toolCall.deep.b)]}", {"name": "toolCall.deep.b"}),
        (
            '= fromAi(toolCall.a, "d", null, null, {required: false})',
            {"name": "toolCall.a", "description": "d", "options": {"required": False}},
        ),
    ],
)
def test_a_parameter_is_what_is_said_of_it(source: str, found: dict[str, Any]) -> None:
    assert parameters(element(source)) == [found]


@pytest.mark.parametrize(
    "source", ["toolCall.city", "= toolCall.city", '= fromAi("no reference")', "= other(toolCall.a)"]
)
def test_nothing_else_is_a_parameter(source: str) -> None:
    assert parameters(element(source)) == []


def test_inputs_come_before_outputs_and_each_in_its_order() -> None:
    tool = element("= fromAi(toolCall.a) + fromAi(toolCall.b)", outputs=("= fromAi(toolCall.c)",))
    assert [each["name"] for each in parameters(tool)] == ["toolCall.a", "toolCall.b", "toolCall.c"]
