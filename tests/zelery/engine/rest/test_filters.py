from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.filters import Beyond, compiled, equalities, like
from zelery.engine.rest.problems import Problem

INSTANCES = [
    {
        "processInstanceKey": "11",
        "processDefinitionId": "order",
        "processDefinitionVersion": 1,
        "parentProcessInstanceKey": None,
        "state": "ACTIVE",
        "hasIncident": True,
        "startDate": "2026-01-01T10:00:00.000Z",
        "endDate": None,
        "tags": ["vip", "eu"],
    },
    {
        "processInstanceKey": "12",
        "processDefinitionId": "order*",
        "processDefinitionVersion": 2,
        "parentProcessInstanceKey": "11",
        "state": "COMPLETED",
        "hasIncident": False,
        "startDate": "2026-01-02T10:00:00.000Z",
        "endDate": "2026-01-03T10:00:00.000Z",
        "tags": ["eu"],
    },
    {
        "processInstanceKey": "9",
        "processDefinitionId": "invoice",
        "processDefinitionVersion": 10,
        "parentProcessInstanceKey": None,
        "state": "TERMINATED",
        "hasIncident": False,
        "startDate": "2026-01-03T10:00:00.000Z",
        "endDate": "2026-01-03T11:00:00.000Z",
        "tags": [],
    },
]


def found(
    filter_: Any, line: str = "8.10", entity: str = "process-instances", beyond: Beyond | None = None
) -> list[str]:
    """The keys of the instances that a filter matches."""
    matches = compiled(ENTITIES[entity], filter_, line, beyond or {})
    return [str(item["processInstanceKey"]) for item in INSTANCES if matches(item)]


@pytest.mark.parametrize(
    ("filter_", "keys"),
    [
        (None, ["11", "12", "9"]),
        ({}, ["11", "12", "9"]),
        ({"state": None}, ["11", "12", "9"]),
        ({"processInstanceKey": "12"}, ["12"]),
        ({"processInstanceKey": 12}, ["12"]),  # A number is read as its text.
        ({"processInstanceKey": {"$eq": "12"}}, ["12"]),
        ({"processInstanceKey": {"$neq": "12"}}, ["11", "9"]),
        ({"processInstanceKey": {"$in": ["9", "11"]}}, ["11", "9"]),
        ({"processInstanceKey": {"$notIn": ["9", "11"]}}, ["12"]),
        ({"processInstanceKey": {"$eq": "12", "$in": [], "$notIn": []}}, ["12"]),  # As the Java client sends it.
        ({"parentProcessInstanceKey": {"$exists": True}}, ["12"]),
        ({"parentProcessInstanceKey": {"$exists": False}}, ["11", "9"]),
        ({"parentProcessInstanceKey": {"$neq": "11"}}, ["11", "9"]),  # What is absent is not equal either.
        ({"parentProcessInstanceKey": {"$notIn": ["11"]}}, ["11", "9"]),
        ({"processDefinitionVersion": {"$gt": 1, "$lt": 10}}, ["12"]),
        ({"processDefinitionVersion": {"$gte": 2}}, ["12", "9"]),
        ({"processDefinitionVersion": {"$lte": 2}}, ["11", "12"]),
        ({"hasIncident": False}, ["12", "9"]),
        ({"state": {"$like": "*ED"}}, ["12", "9"]),
        ({"state": "ACTIVE", "hasIncident": False}, []),
        ({"startDate": {"$gte": "2026-01-02T11:00:00+01:00"}}, ["12", "9"]),
        ({"startDate": "2026-01-01T10:00:00Z"}, ["11"]),
        ({"endDate": {"$exists": False}}, ["11"]),
        ({"endDate": {"$lt": "2026-01-03T10:30:00Z"}}, ["12"]),
        ({"tags": ["eu"]}, ["11", "12"]),
        ({"tags": ["eu", "vip"]}, ["11"]),
        ({"tags": []}, ["11", "12", "9"]),
        ({"processDefinitionId": {"$like": "order\\*"}}, ["12"]),
        ({"$or": []}, ["11", "12", "9"]),
        ({"$or": [{"state": "ACTIVE"}, {"processDefinitionVersion": 10}]}, ["11", "9"]),
        ({"hasIncident": False, "$or": [{"state": "ACTIVE"}, {"processDefinitionVersion": 10}]}, ["9"]),
    ],
)
def test_a_filter_matches_the_items_that_are_as_it_asks(filter_: Any, keys: list[str]) -> None:
    assert found(filter_) == keys


@pytest.mark.parametrize(
    ("filter_", "keys"),
    [
        ({"elementId": "pay"}, ["11"]),
        ({"elementId": {"$in": ["pay", "ship"]}}, ["11", "12"]),
        ({"elementId": {"$neq": "pay"}}, ["12", "9"]),
        ({"elementId": {"$exists": False}}, ["9"]),
        ({"elementId": {"$like": "s*p"}}, ["11", "12"]),
    ],
)
def test_a_field_beyond_the_item_matches_by_any_of_its_values(filter_: Any, keys: list[str]) -> None:
    elements = {"11": ["start", "pay", "stop"], "12": ["start", "ship"], "9": []}
    assert found(filter_, beyond={"elementId": lambda item: elements[item["processInstanceKey"]]}) == keys


@pytest.mark.parametrize(
    ("pairs", "keys"),
    [
        ([], ["11", "12", "9"]),
        ([{"name": "n", "value": "1"}], ["11"]),
        ([{"name": "n", "value": '"1"'}], ["12"]),
        ([{"name": "n", "value": {"$like": "*1*"}}], ["11", "12"]),
        ([{"name": "n", "value": {"$exists": False}}], ["9"]),
        ([{"name": "n", "value": "1"}, {"name": "m", "value": "null"}], ["11"]),
        ([{"name": "n", "value": "1"}, {"name": "m", "value": "2"}], []),
    ],
)
def test_variables_match_by_their_json_text(pairs: Any, keys: list[str]) -> None:
    variables: Mapping[str, Mapping[str, Any]] = {"11": {"n": "1", "m": "null"}, "12": {"n": '"1"'}, "9": {}}
    beyond: Beyond = {"variables": lambda item: variables[item["processInstanceKey"]]}
    assert found({"variables": pairs}, beyond=beyond) == keys


@pytest.mark.parametrize(
    ("filter_", "line", "detail"),
    [
        ({"nonsense": 1}, "8.10", "Request property [filter.nonsense] cannot be parsed"),
        ({"businessId": "b"}, "8.8", "Request property [filter.businessId] cannot be parsed"),
        ({"state": {"$gt": "A"}}, "8.10", "Request property [filter.state.$gt] cannot be parsed: expected one of"),
        ({"state": {"$notIn": ["ACTIVE"]}}, "8.10", "[filter.state.$notIn] cannot be parsed"),
        ({"state": "SUSPENDED"}, "8.9", "Unexpected value 'SUSPENDED' for enum field. Use any of the following"),
        ({"state": ["ACTIVE"]}, "8.9", "values: [ACTIVE, COMPLETED, TERMINATED]"),
        ({"hasIncident": "true"}, "8.9", "[filter.hasIncident] cannot be parsed: expected true or false, not true"),
        ({"hasIncident": {"$eq": True}}, "8.9", "expected an exact value: this filter has no operators"),
        ({"processDefinitionVersion": "1"}, "8.9", "[filter.processDefinitionVersion] cannot be parsed"),
        ({"processDefinitionVersion": True}, "8.9", "expected a whole number, not true"),
        ({"processDefinitionVersion": 1.5}, "8.9", "expected a whole number, not 1.5"),
        ({"processInstanceKey": "order"}, "8.9", "filter.processInstanceKey 'order' is not a valid key"),
        ({"processInstanceKey": {"$in": "11"}}, "8.9", "[filter.processInstanceKey.$in] cannot be parsed"),
        ({"processInstanceKey": str(2**63)}, "8.9", "is not a valid key"),
        ({"processInstanceKey": "9" * 5000}, "8.9", "is not a valid key"),
        ({"processInstanceKey": {"$exists": "yes"}}, "8.9", "[filter.processInstanceKey.$exists] cannot be parsed"),
        ({"startDate": "2026-01-01"}, "8.9", "filter.startDate '2026-01-01' cannot be parsed as a date"),
        ({"startDate": "2026-13-01T00:00:00Z"}, "8.9", "cannot be parsed as a date"),
        ({"startDate": {"$gt": 5}}, "8.9", "filter.startDate.$gt '5' cannot be parsed as a date"),
        ({"processDefinitionId": {"a": 1}}, "8.9", "[filter.processDefinitionId.a] cannot be parsed"),
        ({"processDefinitionId": ["a"]}, "8.9", "expected a text"),
        ({"tags": "eu"}, "8.9", "[filter.tags] cannot be parsed: expected a list, not eu"),
        ({"tags": [{}]}, "8.9", "expected a text, not {}"),
        ({"variables": {"n": 1}}, "8.9", "[filter.variables] cannot be parsed: expected a list"),
        ({"variables": [1]}, "8.9", "expected an object, not 1"),
        ({"variables": [{"name": "n"}]}, "8.9", "a variable needs a name and a value"),
        ({"variables": [{"name": "n", "value": "1", "x": 1}]}, "8.9", "[filter.variables.x] cannot be parsed"),
        ({"$or": {}}, "8.9", "[filter.$or] cannot be parsed: expected a list"),
        ({"$or": [{"$or": []}]}, "8.9", "[filter.$or[0].$or] cannot be parsed"),
        ({"$or": [{}, {"x": 1}]}, "8.9", "[filter.$or[1].x] cannot be parsed"),
        ([], "8.9", "[filter] cannot be parsed: expected an object"),
        ("x", "8.9", "[filter] cannot be parsed: expected an object, not x"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_its_property(filter_: Any, line: str, detail: str) -> None:
    with pytest.raises(Problem) as refused:
        found(filter_, line)
    assert refused.value.status == 400
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    ("entity", "filter_", "known_since"),
    [
        ("element-instances", {"$or": []}, "8.10"),
        ("element-instances", {"elementId": {"$eq": "a"}}, "8.10"),
        ("incidents", {"errorMessage": {"$like": "*"}}, "8.9"),
        ("process-definitions", {"state": "ACTIVE"}, "8.9"),
        ("message-subscriptions", {"messageSubscriptionType": "START_EVENT"}, "8.10"),
        ("user-tasks", {"tags": []}, "8.9"),
    ],
)
def test_what_came_with_a_line_is_not_known_before(entity: str, filter_: Any, known_since: str) -> None:
    for line in ("8.8", "8.9", "8.10"):
        if (line, known_since) in {("8.8", "8.9"), ("8.8", "8.10"), ("8.9", "8.10")}:
            with pytest.raises(Problem):
                compiled(ENTITIES[entity], filter_, line, {})
        else:
            compiled(ENTITIES[entity], filter_, line, {})


def test_metadata_of_cluster_variables_is_matched_by_name() -> None:
    matches = compiled(ENTITIES["cluster-variables"], {"metadata": {"team": {"$like": "pay*"}, "tier": 1}}, "8.10", {})
    assert matches({"name": "a", "metadata": {"team": "payments", "tier": "1"}})
    assert not matches({"name": "a", "metadata": {"team": "sales", "tier": "1"}})
    assert not matches({"name": "a"})


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*c", "abbc", True),
        ("a*c", "abbcd", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a\\?c", "abc", False),
        ("a\\?c", "a?c", True),
        ("a\\\\c", "a\\c", True),
        ("a\\bc", "a\\bc", True),
        ("*b*", "a\nb\nc", True),
        ("a.c", "abc", False),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_pattern_fits_whole_texts(pattern: str, text: str, fits: bool) -> None:
    assert like(pattern)(text) is fits


def test_a_hostile_pattern_takes_no_longer_than_its_text() -> None:
    fits = like("*a" * 200 + "*b")
    begun = time.monotonic()
    assert not fits("a" * 8191)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("filter_", "equal"),
    [
        ({"processInstanceKey": "1"}, {"processInstanceKey": ("1",)}),
        ({"processInstanceKey": {"$eq": "1", "$in": []}}, {"processInstanceKey": ("1",)}),
        ({"processInstanceKey": {"$in": ["1", "2"], "$notIn": ["2"]}}, {"processInstanceKey": ("1", "2")}),
        ({"processInstanceKey": {"$in": []}, "state": {"$like": "A*"}}, {}),
        ({"hasIncident": True, "$or": [{"state": "ACTIVE"}], "tags": []}, {}),
        ({"state": {"$in": [1, {}]}}, {}),
        ("nonsense", {}),
        (None, {}),
    ],
)
def test_a_store_learns_what_a_filter_wants_to_be_equal(filter_: Any, equal: Mapping[str, Any]) -> None:
    assert equalities(filter_) == equal
