from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.golden import CONFORMANCE
from zelery.engine.rest.contract import ENTITIES, SUBSCRIPTION_STATISTICS
from zelery.engine.rest.problems import Problem
from zelery.engine.rest.query import equal_to, matching, search

REQUESTS = CONFORMANCE / "orchestration" / "client-requests.jsonl"


def definition(key: int, process: str = "order", *, latest: bool = False) -> dict[str, Any]:
    return {
        "processDefinitionKey": str(key),
        "processDefinitionId": process,
        "version": key,
        "isLatestVersion": latest,
        "name": None,
    }


ITEMS = [definition(key) for key in (100, 9, 20, 3)]


def keys(answer: dict[str, Any]) -> list[int]:
    return [int(item["processDefinitionKey"]) for item in answer["items"]]


def ask(body: dict[str, Any], items: list[dict[str, Any]] = ITEMS, line: str = "8.9") -> dict[str, Any]:
    return search(ENTITIES["process-definitions"], items, body, line)


def test_keys_are_ordered_as_numbers() -> None:
    assert keys(ask({})) == [3, 9, 20, 100]
    assert keys(ask({"sort": [{"field": "processDefinitionKey", "order": "DESC"}]})) == [100, 20, 9, 3]


def test_the_answer_says_how_many_there_are_and_where_its_page_stands() -> None:
    assert ask({"page": {"limit": 2}})["page"] == {
        "totalItems": 4,
        "hasMoreTotalItems": False,
        "startCursor": "WzNd",  # [3]
        "endCursor": "Wzld",  # [9]
    }


def test_a_page_that_is_empty_has_no_cursors() -> None:
    assert ask({}, [])["page"] == {
        "totalItems": 0,
        "hasMoreTotalItems": False,
        "startCursor": None,
        "endCursor": None,
    }


def test_all_items_are_read_page_by_page_forwards_and_backwards() -> None:
    seen: list[int] = []
    page: dict[str, Any] = {"limit": 3}
    while (answer := ask({"page": page}))["items"]:
        seen += keys(answer)
        page = {"limit": 3, "after": answer["page"]["endCursor"]}
    assert seen == [3, 9, 20, 100]
    last = ask({"page": {"from": 3}})
    before = ask({"page": {"limit": 2, "before": last["page"]["startCursor"]}})
    assert keys(before) == [9, 20]
    assert keys(ask({"page": {"limit": 2, "before": before["page"]["startCursor"]}})) == [3]


def test_a_cursor_stays_where_it_is_when_items_come_and_go() -> None:
    cursor = ask({"page": {"limit": 2}})["page"]["endCursor"]
    changed = [definition(key) for key in (1, 8, 10, 100, 200)]  # 9, at which it stands, has gone.
    assert keys(ask({"page": {"after": cursor}}, changed)) == [10, 100, 200]
    assert keys(ask({"page": {"before": cursor}}, changed)) == [1, 8]


def test_an_offset_skips_items() -> None:
    assert keys(ask({"page": {"from": 1, "limit": 2}})) == [9, 20]
    assert keys(ask({"page": {"from": 9}})) == []


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_what_is_absent_comes_last_both_ways_and_cursors_pass_it(order: str, limit: int) -> None:
    businesses = {1: "A", 2: None, 3: "C", 4: None, 5: "B"}
    items = [{"processInstanceKey": str(key), "businessId": business} for key, business in businesses.items()]
    expected = [1, 5, 3, 2, 4] if order == "ASC" else [3, 5, 1, 2, 4]
    seen: list[int] = []
    page: dict[str, Any] = {"limit": limit}
    while True:
        body = {"sort": [{"field": "businessId", "order": order}], "page": page}
        answer = search(ENTITIES["process-instances"], items, body, "8.10")
        if not answer["items"]:
            break
        seen += [int(item["processInstanceKey"]) for item in answer["items"]]
        page = {"limit": limit, "after": answer["page"]["endCursor"]}
    assert seen == expected
    backwards = {"sort": [{"field": "businessId", "order": order}], "page": {"before": _cursor_of_last(items, order)}}
    found = search(ENTITIES["process-instances"], items, backwards, "8.10")["items"]
    assert [int(item["processInstanceKey"]) for item in found] == expected[:-1]


def _cursor_of_last(items: list[dict[str, Any]], order: str) -> str:
    body = {"sort": [{"field": "businessId", "order": order}]}
    return str(search(ENTITIES["process-instances"], items, body, "8.10")["page"]["endCursor"])


def test_several_fields_order_one_after_the_other_and_dates_by_their_moment() -> None:
    items = [
        {"processInstanceKey": "1", "state": "ACTIVE", "startDate": "2026-01-01T12:00:00.000+02:00"},
        {"processInstanceKey": "2", "state": "COMPLETED", "startDate": "2026-01-01T09:00:00Z"},
        {"processInstanceKey": "3", "state": "ACTIVE", "startDate": "2026-01-01T11:00:00Z"},
    ]
    sort = [{"field": "state", "order": "desc"}, {"field": "startDate", "order": "DESC"}]
    body: dict[str, Any] = {"sort": sort, "page": {"limit": 2}}
    answer = search(ENTITIES["process-instances"], items, body, "8.8")
    assert [item["processInstanceKey"] for item in answer["items"]] == ["2", "3"]
    body["page"] = {"after": answer["page"]["endCursor"]}
    rest = search(ENTITIES["process-instances"], items, body, "8.8")["items"]
    assert [item["processInstanceKey"] for item in rest] == ["1"]


def test_latest_versions_are_paged_forwards_alone() -> None:
    items = [definition(1, "a", latest=True), definition(2, "b", latest=True), definition(3, "b")]
    latest = {"isLatestVersion": True}
    answer = ask({"filter": latest, "page": {"limit": 1}}, items)
    assert keys(answer) == [1]
    assert answer["page"]["startCursor"] is None
    after = {"limit": 1, "after": answer["page"]["endCursor"]}
    assert keys(ask({"filter": latest, "page": after}, items)) == [2]
    assert keys(ask({"filter": latest, "sort": [{"field": "processDefinitionId", "order": "DESC"}]}, items)) == [2, 1]
    for refused in ({"page": {"before": "WzFd"}}, {"page": {"from": 1}}, {"sort": [{"field": "version"}]}):
        with pytest.raises(Problem):
            ask({"filter": latest, **refused}, items)


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        ({"x": 1}, "Bad Request", "Request property [x] cannot be parsed"),
        ({"page": []}, "Bad Request", None),
        ({"page": "x"}, "Bad Request", "Request property [page] cannot be parsed: expected an object, not x"),
        ({"page": {"size": 1}}, "Bad Request", "Request property [page.size] cannot be parsed"),
        ({"page": {"limit": -1}}, "INVALID_ARGUMENT", "page.limit is '-1' but must be between 1 and 10000"),
        ({"page": {"limit": 0}}, "INVALID_ARGUMENT", "page.limit is '0'"),
        ({"page": {"limit": 10_001}}, "INVALID_ARGUMENT", "page.limit is '10001'"),
        ({"page": {"limit": "5"}}, "Bad Request", "[page.limit] cannot be parsed: expected a whole number, not 5"),
        ({"page": {"limit": True}}, "Bad Request", "[page.limit] cannot be parsed"),
        ({"page": {"from": -1}}, "INVALID_ARGUMENT", "page.from is '-1'"),
        ({"page": {"from": 1, "after": "WzFd"}}, "INVALID_ARGUMENT", "Only one of [from, after, before] is allowed"),
        ({"page": {"before": "WzFd", "after": "WzFd", "limit": 1}}, "INVALID_ARGUMENT", "Only one of"),
        ({"page": {"after": "invalid_value"}}, "INVALID_ARGUMENT", "Cannot decode pagination cursor 'invalid_value'"),
        ({"page": {"after": ""}}, "INVALID_ARGUMENT", "Cannot decode pagination cursor ''"),
        ({"page": {"before": 5}}, "INVALID_ARGUMENT", "Cannot decode pagination cursor '5' of page.before"),
        ({"page": {"after": "WyJhIl0="}}, "INVALID_ARGUMENT", "another sort"),  # ["a"] is no key.
        ({"page": {"after": "WzEsMl0="}}, "INVALID_ARGUMENT", "another sort"),  # [1,2]
        ({"page": {"after": "e30="}}, "INVALID_ARGUMENT", "another sort"),  # {}
        ({"sort": {}}, "Bad Request", None),
        ({"sort": "version"}, "Bad Request", "[sort] cannot be parsed: expected a list, not version"),
        ({"sort": ["version"]}, "Bad Request", "[sort[0]] cannot be parsed: expected an object"),
        ({"sort": [{"order": "ASC"}]}, "INVALID_ARGUMENT", "Sort field must not be null"),
        ({"sort": [{"field": "x"}]}, "Bad Request", "Unexpected value 'x' for enum field 'field'. Use any of"),
        ({"sort": [{"field": ["x"]}]}, "Bad Request", "enum field 'field'"),
        ({"sort": [{"field": "version", "order": "up"}]}, "Bad Request", "following values: [ASC, DESC]"),
        ({"sort": [{"field": "version", "x": 1}]}, "Bad Request", "[sort[0].x] cannot be parsed"),
    ],
)
def test_a_search_that_cannot_be_is_refused_with_its_property(
    body: dict[str, Any], title: str, detail: str | None
) -> None:
    if detail is None:  # An empty thing of another shape asks for nothing.
        assert ask(body)["page"]["totalItems"] == 4
        return
    with pytest.raises(Problem) as refused:
        ask(body)
    assert (refused.value.status, refused.value.title) == (400, title)
    assert detail in refused.value.detail


def test_a_line_does_not_sort_by_what_came_later_or_has_gone() -> None:
    for line, field, known in (
        ("8.8", "businessId", False),
        ("8.9", "businessId", True),
    ):
        body = {"sort": [{"field": field}]}
        if known:
            search(ENTITIES["process-instances"], [], body, line)
        else:
            with pytest.raises(Problem):
                search(ENTITIES["process-instances"], [], body, line)
    search(ENTITIES["incidents"], [], {"sort": [{"field": "errorMessage"}]}, "8.8")
    with pytest.raises(Problem):
        search(ENTITIES["incidents"], [], {"sort": [{"field": "errorMessage"}]}, "8.9")


def test_a_filter_alone_gives_all_that_it_matches() -> None:
    items = [definition(key) for key in range(1, 20_001)]
    assert len(matching(ENTITIES["process-definitions"], items, {"processDefinitionId": "order"}, "8.9")) == 20_000


def test_one_text_that_is_asked_for_is_found_in_an_index() -> None:
    assert equal_to({"filter": {"processInstanceKey": {"$eq": "1", "$in": []}}}, "processInstanceKey") == "1"
    assert equal_to({"filter": {"processInstanceKey": {"$in": ["1", "2"]}}}, "processInstanceKey") is None
    assert equal_to({"filter": "x"}, "processInstanceKey") is None
    assert equal_to({}, "processInstanceKey") is None


def test_statistics_are_paged_by_their_definition() -> None:
    rows = [{"processDefinitionKey": key} for key in ("7", "30", "4")]
    first = search(SUBSCRIPTION_STATISTICS, rows, {"page": {"limit": 2}}, "8.9")
    assert [row["processDefinitionKey"] for row in first["items"]] == ["4", "7"]
    page = {"limit": 2, "after": first["page"]["endCursor"]}
    assert search(SUBSCRIPTION_STATISTICS, rows, {"page": page}, "8.9")["items"] == [rows[1]]


@pytest.mark.skipif(not REQUESTS.exists(), reason=f"no recorded requests: {REQUESTS} is not there")
def test_the_searches_of_the_java_clients_are_read() -> None:
    read = 0
    for row in REQUESTS.read_text(encoding="utf-8").splitlines():
        request = json.loads(row)
        line = request["client"].rpartition(" ")[2][:3]
        entity = request["path"].removeprefix("/v2/").removesuffix("/search")
        if entity in ENTITIES:
            assert search(ENTITIES[entity], [], request["body"], line)["items"] == []
            read += 1
    assert read >= 14
