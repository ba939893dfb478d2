"""The REST API v2 as a source, on values; what servers of 8.8 and 8.9 answer is written from their specification."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.zelery.camunda.definitions.scripted import answer
from zelery.camunda.definitions.login import Nobody
from zelery.camunda.definitions.orchestration import (
    DEFINITIONS,
    ELEMENTS,
    HINT,
    OLDER_ASKS_MAX,
    STATISTICS,
    SUBSCRIPTIONS,
    SUBSCRIPTIONS_AGE_S,
    VARIABLES,
    OrchestrationSource,
)
from zelery.camunda.definitions.port import Definition, ElementInstance
from zelery.camunda.definitions.site import Site
from zelery.camunda.definitions.transport import Request, Response
from zelery.errors import SourceNotFoundError, SourceRefusedError, SourceUnavailableError
from zelery.settings import Settings

URL = "http://cluster"


def item(key: int, process: str, version: int = 1) -> dict[str, Any]:
    """A process definition as REST shows it."""
    return {
        "processDefinitionKey": str(key),
        "processDefinitionId": process,
        "version": version,
        "tenantId": "<default>",
        "name": None,
    }


@dataclasses.dataclass
class Cluster:
    """An Orchestration Cluster that knows `state` and statistics, or does not."""

    definitions: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """Every version, by ascending key."""
    subscriptions: list[int] = dataclasses.field(default_factory=list)
    """The definition of each open message subscription."""
    newer: bool = True
    others: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    """Items of other searches, by path."""
    files: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Answers to GET, by path."""
    instead: dict[str, Response] = dataclasses.field(default_factory=dict)
    asked: list[Request] = dataclasses.field(default_factory=list)
    now: float = 1000.0

    @property
    def counted(self) -> Counter[str]:
        return Counter(urlsplit(each.url).path for each in self.asked)

    def source(self, **settings: Any) -> OrchestrationSource:
        site = Site(self, Nobody("set CAMUNDA_CLIENT_AUTH_METHOD"), name="REST", url=URL, hint=HINT)
        return OrchestrationSource(site, Settings(**settings), clock=lambda: self.now)

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        path = urlsplit(request.url).path
        if path in self.instead:
            return self.instead[path]
        if request.method == "GET":
            return self._get(path)
        if path == STATISTICS and not self.newer:
            return answer({"title": "Not Found"}, 404)
        wanted = request.json.get("filter", {})
        if path == DEFINITIONS and "state" in wanted and not self.newer:
            return answer({"detail": 'Unexpected property "state"'}, 400)
        return answer(_page(self._found(path, request.json), request.json["page"]))

    def _get(self, path: str) -> Response:
        if path in self.files:
            return answer(self.files[path])
        for each in self.definitions:
            if path.endswith(f"/process-definitions/{each['processDefinitionKey']}"):
                return answer(each)
        return answer({}, 404)

    def _found(self, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        wanted = body.get("filter", {})
        if path == DEFINITIONS:
            if wanted.get("isLatestVersion"):
                assert "sort" not in body
                return list({each["processDefinitionId"]: each for each in self.definitions}.values())
            return list(reversed(self.definitions)) if "sort" in body else self.definitions
        if path == STATISTICS:
            return [{"processDefinitionKey": str(key)} for key in sorted(set(self.subscriptions))]
        if path == SUBSCRIPTIONS:
            left_out = wanted.get("processDefinitionKey", {}).get("$notIn", [])
            return [{"processDefinitionKey": str(key)} for key in self.subscriptions if str(key) not in left_out]
        return self.others[path]


def _page(found: list[dict[str, Any]], page: Mapping[str, Any]) -> Any:
    start = int(page.get("after", 0))
    items = found[start : start + page["limit"]]
    return {"items": items, "page": {"totalItems": len(found), "endCursor": str(start + len(items)) if items else None}}


async def keys(source: OrchestrationSource) -> list[int]:
    return [each.key for each in (await source.deployed()).definitions]


@pytest.mark.parametrize("newer", [True, False])
async def test_the_latest_version_of_each_process_is_read(newer: bool) -> None:
    cluster = Cluster([item(1, "a"), item(2, "b"), item(2**53 + 1, "a", 2)], newer=newer)
    (first, second) = (await cluster.source().deployed()).definitions
    assert first == Definition(key=2**53 + 1, process_id="a", version=2, tenant_id="<default>", name=None)
    assert second.key == 2


async def test_deleted_definitions_are_left_out_where_the_server_knows_how() -> None:
    for newer in (True, False):
        cluster = Cluster([item(1, "a")], newer=newer)
        source = cluster.source()
        await source.deployed()
        await source.deployed()
        last = [each.json for each in cluster.asked if each.url.endswith(DEFINITIONS)][-1]
        assert last["filter"] == ({"state": "ACTIVE"} if newer else {})


async def test_of_ten_thousand_definitions_a_new_one_costs_two_requests() -> None:
    cluster = Cluster([item(n, f"p{n}") for n in range(1, 10_001)])
    source = cluster.source()
    assert len(await keys(source)) == 10_000
    assert cluster.counted == {DEFINITIONS: 12, STATISTICS: 1}
    snapshot = await source.deployed()
    assert await source.deployed() is snapshot
    cluster.asked.clear()
    cluster.definitions.append(item(10_001, "p7", 2))
    assert (await keys(source))[0] == 10_001
    assert cluster.counted == {DEFINITIONS: 1, STATISTICS: 1}


@pytest.mark.parametrize("newer", [True, False])
async def test_an_older_version_is_there_while_something_waits_in_it(newer: bool) -> None:
    cluster = Cluster([item(1, "a"), item(2, "a", 2), item(3, "a", 3)], subscriptions=[1, 3, 1], newer=newer)
    source = cluster.source()
    assert await keys(source) == [3, 1]
    assert await source.waiting([1, 2]) == {1: True, 2: False}
    assert await source.deployed() is await source.deployed()
    assert cluster.counted["/v2/process-definitions/1"] == 1
    cluster.subscriptions.clear()
    cluster.now += SUBSCRIPTIONS_AGE_S
    assert await keys(source) == [3]
    assert await source.waiting([1]) == {1: False}


async def test_a_cluster_of_8_8_lists_subscriptions_seldom_and_skips_what_it_has_seen() -> None:
    cluster = Cluster([item(1, "a"), item(2, "a", 2), item(3, "a", 3)], subscriptions=[1] * 5000 + [2], newer=False)
    source = cluster.source()
    assert await keys(source) == [3, 2, 1]
    assert cluster.counted[SUBSCRIPTIONS] == 2
    for _ in range(3):
        await source.deployed()
    assert (cluster.counted[SUBSCRIPTIONS], cluster.counted[STATISTICS]) == (2, 1)
    filters = [each.json["filter"] for each in cluster.asked if each.url.endswith(SUBSCRIPTIONS)]
    assert filters[1] == {"messageSubscriptionState": "CREATED", "processDefinitionKey": {"$notIn": ["1"]}}


async def test_a_subscription_that_does_not_say_its_definition_is_passed_over() -> None:
    cluster = Cluster([item(1, "a")], newer=False)
    cluster.instead[SUBSCRIPTIONS] = answer({"items": [{"processDefinitionKey": None}], "page": {}})
    assert await keys(cluster.source()) == [1]


async def test_after_the_start_many_older_versions_come_over_some_ticks() -> None:
    many = OLDER_ASKS_MAX + 10
    cluster = Cluster([item(n, "a", n) for n in range(1, many + 2)], subscriptions=list(range(1, many + 1)))
    source = cluster.source()
    assert len(await keys(source)) == OLDER_ASKS_MAX + 1
    assert len(await keys(source)) == many + 1


async def test_a_definition_that_is_deleted_with_open_subscriptions_is_left_out() -> None:
    cluster = Cluster([item(5, "a")], subscriptions=[4])
    assert await keys(cluster.source()) == [5]


async def test_older_versions_can_be_left_out() -> None:
    cluster = Cluster([item(1, "a"), item(2, "a", 2)], subscriptions=[1])
    source = cluster.source(active_versions=False)
    assert await keys(source) == [2]
    assert await source.waiting([1]) == {1: False}
    assert STATISTICS not in cluster.counted


async def test_an_empty_answer_keeps_what_was_there_and_says_its_doubt() -> None:
    cluster = Cluster([item(1, "a")])
    source = cluster.source()
    await source.deployed()
    cluster.definitions.clear()
    cluster.now += 61
    snapshot = await source.deployed()
    assert [each.key for each in snapshot.definitions] == [1]
    assert "where it showed 1 before" in str(snapshot.doubt)


async def test_tokens_that_wait() -> None:
    nodes = [{"elementInstanceKey": str(n), "processInstanceKey": str(10 * n)} for n in range(1, 1502)]
    cluster = Cluster(others={ELEMENTS: nodes})
    found = await cluster.source().waiting_elements(2**53 + 1, "e")
    assert (len(found), found[0]) == (1501, ElementInstance(key=1, process_instance_key=10, element_id="e"))
    assert cluster.asked[0].json["filter"] == {
        "processDefinitionKey": str(2**53 + 1),
        "elementId": "e",
        "state": "ACTIVE",
    }


def variable(key: int, name: str, value: str, scope: int, **more: Any) -> dict[str, Any]:
    return {"variableKey": str(key), "name": name, "value": value, "scopeKey": str(scope), **more}


async def test_variables_are_read_in_full_and_inner_ones_hide_outer_ones() -> None:
    shown = [
        variable(1, "a", "2", scope=8),
        variable(2, "a", "1", scope=7),
        variable(3, "long", '"xx', scope=7, isTruncated=True),
        variable(4, "ended", '"yy', scope=7, isTruncated=True),
        variable(5, "hidden", '"zz', scope=7, isTruncated=True),
        variable(6, "hidden", "null", scope=8),
    ]
    cluster = Cluster(others={VARIABLES: shown}, files={"/v2/variables/3": {"value": '"' + "x" * 20_000 + '"'}})
    found = await cluster.source().variables(7, [7, 8])
    assert found.values == {"a": 2, "long": "x" * 20_000, "hidden": "null"}
    assert found.cut == {"ended"}
    assert cluster.asked[0].json["filter"] == {"processInstanceKey": "7", "scopeKey": {"$in": ["7", "8"]}}
    assert "/v2/variables/5" not in cluster.counted


async def test_xml() -> None:
    cluster = Cluster()
    path = "/v2/process-definitions/7/xml"
    cluster.instead[path] = Response(status=200, body=b"<a/>")
    assert await cluster.source().xml(7) == b"<a/>"
    cluster.instead[path] = Response(status=204)
    with pytest.raises(SourceNotFoundError):
        await cluster.source().xml(7)


@pytest.mark.parametrize(
    ("response", "error", "says"),
    [
        # an engine before 8.8, or another server
        (answer({}, 404), SourceRefusedError, "HTTP 404.*check CAMUNDA_REST_ADDRESS.*up to 8.7 set CAMUNDA_OPERATE"),
        (answer({"detail": "no"}, 403), SourceRefusedError, "HTTP 403.*set CAMUNDA_CLIENT_AUTH_METHOD"),
        (answer({"detail": "busy"}, 503), SourceUnavailableError, "busy"),
        # answers that are none
        (answer({"items": {}}), SourceUnavailableError, "without a list of items"),
        (answer({"items": [{}], "page": {}}), SourceUnavailableError, "processDefinitionId is None"),
        (answer({"items": [{**item(1, "a"), "version": "x"}]}), SourceUnavailableError, "version is 'x'"),
        (answer({"items": [{**item(1, "a"), "processDefinitionKey": "²"}]}), SourceUnavailableError, "'²'"),
        (answer({"items": [item(1, "a")], "page": {"endCursor": "c"}}), SourceUnavailableError, "endCursor 'c'"),
    ],
)
async def test_an_answer_that_is_none_says_what_it_was(response: Response, error: type[Exception], says: str) -> None:
    cluster = Cluster(instead={DEFINITIONS: response})
    with pytest.raises(error, match=says):
        await cluster.source().deployed()


async def test_the_check_asks_for_one_definition() -> None:
    cluster = Cluster([item(1, "a")])
    await cluster.source().check()
    assert [each.json for each in cluster.asked] == [{"page": {"limit": 1}}]
