"""The table of searches against the facts that were read off the clients' types, wherever they are there."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conformance.golden import CONFORMANCE
from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.fields import LINES, OPERATORS, Kind

CONTRACT = CONFORMANCE / "orchestration" / "contract.json"

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason=f"no recorded contract: {CONTRACT} is not there")

#: What the facts say otherwise, and why that is no difference.
_ALTERNATIVES = {"or", "$or"}  # Not a field: `alternatives_since`.


@functools.cache
def contract() -> Mapping[str, Any]:
    """The facts by line and endpoint."""
    facts: Mapping[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return facts


def searches(line: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each search of a line that the facts have, by the name of its entity."""
    for endpoint, facts in contract()[line].items():
        path = endpoint.removeprefix("POST /v2/")
        if facts is not None and path.endswith("/search"):
            yield path.removesuffix("/search"), facts


@pytest.mark.parametrize("line", LINES)
def test_the_names_of_filters_are_those_of_the_line(line: str) -> None:
    for entity, facts in searches(line):
        known = {name for name in ENTITIES[entity].fields if ENTITIES[entity].field(name, line)}
        assert known == set(facts["filter"]) - _ALTERNATIVES, (line, entity)


@pytest.mark.parametrize("line", LINES[:2])
def test_what_is_sorted_by_is_that_of_the_line(line: str) -> None:
    for entity, facts in searches(line):
        assert set(ENTITIES[entity].sortable(line)) == set(facts["sort"]), (line, entity)


@pytest.mark.parametrize("line", LINES[:2])
def test_kinds_operators_and_values_are_those_of_the_line(line: str) -> None:
    types = {Kind.BOOLEAN: "boolean", Kind.INTEGER: "integer", Kind.TAGS: "array", Kind.VARIABLES: "array"}
    for entity, facts in searches(line):
        for name, wanted in facts["filter"].items():
            field = ENTITIES[entity].field(name, line)
            assert field is not None
            assert types.get(field.kind, "string") in wanted["type"], (line, entity, name)
            # Of texts with operators the facts say only that they are texts: the types nest them one deeper.
            if "operators" in wanted or field.kind is not Kind.TEXT:
                assert field.operators(line) == set(wanted.get("operators", ())), (line, entity, name)
            # An element's type is a plain text in the facts.
            if "values" in wanted or name != "type":
                assert set(field.choices(line)) == set(wanted.get("values", ())), (line, entity, name)


def test_the_states_of_8_10_are_those_of_the_line() -> None:
    facts = contract()["8.10"]
    state = ENTITIES["process-definitions"].fields["state"]
    assert set(state.choices("8.10")) == set(facts["POST /v2/process-definitions/search"]["state"])
    subscriptions = facts["POST /v2/message-subscriptions/search"]
    for name in ("messageSubscriptionType", "messageSubscriptionState"):
        assert set(ENTITIES["message-subscriptions"].fields[name].choices("8.10")) == set(subscriptions[name])


def test_a_field_without_a_kind_of_operators_never_has_one() -> None:
    for entity in ENTITIES.values():
        for field in entity.fields.values():
            for line in LINES:
                assert field.operators(line) <= OPERATORS.get(field.kind, frozenset()) | field.operators_more


def test_every_search_orders_by_a_field_that_it_knows() -> None:
    for name, entity in ENTITIES.items():
        for key in entity.key:
            assert entity.field(key, LINES[-1]) is not None, name
