from __future__ import annotations

from typing import Any

import pytest

from zelery.engine.operate.items import RESOURCES
from zelery.engine.operate.problems import OperateProblem
from zelery.engine.operate.search import search

INSTANCES = RESOURCES["process-instances"]


def instance(key: int, **more: Any) -> dict[str, Any]:
    return {"key": key, "bpmnProcessId": "p", "processVersion": 1, "state": "ACTIVE", "tenantId": "<default>", **more}


ITEMS = [instance(30, endDate="2026-01-02"), instance(4), instance(20, endDate="2026-01-01"), instance(100)]


def ask(**query: Any) -> dict[str, Any]:
    return search(INSTANCES, ITEMS, query)


def keys(**query: Any) -> list[int]:
    return [item["key"] for item in ask(**query)["items"]]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (None, [4, 20, 30, 100]),
        ([{"field": "key", "order": "DESC"}], [100, 30, 20, 4]),
        ([{"field": "endDate", "order": "ASC"}], [20, 30, 4, 100]),  # What has none comes last, both ways.
        ([{"field": "endDate", "order": "DESC"}], [30, 20, 4, 100]),
        ([{"field": "bpmnProcessId"}, {"field": "endDate"}], [20, 30, 4, 100]),
    ],
)
def test_items_are_sorted_by_fields_and_then_by_key(sort: Any, found: list[int]) -> None:
    assert keys(sort=sort) == found


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["key", "endDate", "bpmnProcessId"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_that_follow_each_other_have_each_item_once(field: str, order: str, size: int) -> None:
    query: dict[str, Any] = {"sort": [{"field": field, "order": order}], "size": size}
    seen: list[int] = []
    while (answer := ask(**query))["items"]:
        assert answer["total"] == len(ITEMS)
        seen += [item["key"] for item in answer["items"]]
        query["searchAfter"] = answer["sortValues"]
    assert seen == keys(sort=query["sort"])


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"key": 20}, [20]),
        ({"key": "20"}, [20]),
        ({"key": "x"}, []),
        ({"key": True}, []),
        ({"key": [20]}, []),
        ({"endDate": "2026-01-01"}, [20]),
        ({"parentKey": 1}, []),  # An item may lack it: none has it.
        ({"unheard": 1}, [4, 20, 30, 100]),
        ({"state": None}, [4, 20, 30, 100]),
        ({"state": "ACTIVE", "key": 4}, [4]),
    ],
)
def test_a_filter_matches_what_it_asks_for_and_passes_over_what_is_unheard_of(filter_: Any, found: list[int]) -> None:
    assert keys(filter=filter_) == found


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"size": "2"}, "Invalid request"),
        ({"size": True}, "Invalid request"),
        ({"filter": [1]}, "Invalid request"),
        ({"sort": {"field": "key"}}, "Invalid request"),
        ({"sort": ["key"]}, "Invalid request"),
        ({"sort": [{"field": "key", "order": 1}]}, "Invalid request"),
        ({"sort": [{}]}, "Data invalid"),
        ({"sort": [{"field": ["key"]}]}, "Data invalid"),
        ({"searchAfter": "20"}, "Invalid request"),
        ({"searchAfter": ["x"]}, "Data invalid"),
        ({"searchAfter": [1, 2]}, "Data invalid"),
    ],
)
def test_what_cannot_be_asked_is_refused(query: dict[str, Any], kind: str) -> None:
    with pytest.raises(OperateProblem) as refused:
        ask(**query)
    assert (refused.value.status, refused.value.type) == (400, kind)
