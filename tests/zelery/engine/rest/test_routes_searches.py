from __future__ import annotations

from typing import Any

import pytest

from tests.zelery.engine.rules.builder import call, catch, end, process, service, start
from tests.zelery.engine.rules.definitions import message
from tests.zelery.engine.served import NOW, Served, served
from zelery.engine import commands as cmd
from zelery.engine.rest.contract import ENTITIES
from zelery.engine.rest.sources import SOURCES


async def filled(there: Served) -> None:
    """Two versions, a caller, an incident, a message that is waited for."""
    there.deploy(process("p", start(), service("work", inputs={"local": "= n"}), end()))
    there.start(n=1)
    there.deploy(process("p", start(), service("work"), end(), version_tag="v2"))
    there.start(n=2)
    there.deploy(process("caller", start("b"), call("called", "p"), end("e")), name="b.bpmn")
    there.start("caller", n=3)
    there.deploy(process("waits", start(), catch("wait", message("m", "= n")), end()), name="c.bpmn")
    there.start("waits", n=4)
    there.engine.execute(cmd.FailJob(there.job("work"), 0, "broken"))


async def counted(there: Served, entity: str, **filter_: Any) -> int:
    """How many items a search finds."""
    return len(await there.search(entity, filter_))


@pytest.mark.parametrize("line", ["8.8", "8.9", "8.10"])
async def test_every_search_answers_and_knows_its_own_items(line: str) -> None:
    async with served(line) as there:
        await filled(there)
        for entity in SOURCES:
            answer = await there.post(f"/v2/{entity}/search")
            assert answer.status_code == 200, (entity, answer.text)
            assert len(answer.json()["items"]) == answer.json()["page"]["totalItems"]


@pytest.mark.parametrize(
    ("entity", "filter_", "found"),
    [
        ("process-definitions", {}, 4),
        ("process-definitions", {"processDefinitionId": "p"}, 2),
        ("process-definitions", {"processDefinitionId": "p", "isLatestVersion": True}, 1),
        ("process-definitions", {"versionTag": "v2"}, 1),
        ("process-instances", {"processDefinitionId": "p"}, 3),
        ("process-instances", {"processDefinitionId": {"$in": ["p", "waits"]}}, 4),
        ("process-instances", {"parentProcessInstanceKey": {"$exists": True}}, 1),
        ("process-instances", {"hasIncident": True}, 1),
        ("process-instances", {"elementId": "wait"}, 1),
        ("process-instances", {"variables": [{"name": "local", "value": "1"}]}, 1),
        ("process-instances", {"$or": [{"processDefinitionId": "waits"}, {"hasIncident": True}]}, 2),
        ("process-instances", {"state": "ACTIVE", "processDefinitionId": {"$neq": "p"}}, 2),
        ("element-instances", {"type": "PROCESS"}, 5),
        ("element-instances", {"elementId": "work", "state": "ACTIVE"}, 3),
        ("element-instances", {"hasIncident": True}, 1),
        ("variables", {"name": "local"}, 1),
        ("variables", {"name": "n", "value": "4"}, 1),
        ("incidents", {"errorType": "JOB_NO_RETRIES"}, 1),
        ("incidents", {"errorMessage": {"$like": "brok*"}, "state": "ACTIVE"}, 1),
        ("jobs", {"type": "work"}, 3),
        ("jobs", {"state": "FAILED"}, 1),
        ("jobs", {"retries": {"$gt": 0}}, 2),
        ("message-subscriptions", {"messageName": "m", "correlationKey": "4"}, 1),
        ("message-subscriptions", {"messageSubscriptionState": "CORRELATED"}, 0),
        ("user-tasks", {}, 0),
    ],
)
async def test_a_search_finds_what_its_filter_asks_for(entity: str, filter_: dict[str, Any], found: int) -> None:
    async with served() as there:
        await filled(there)
        assert await counted(there, entity, **filter_) == found


async def test_an_item_is_found_by_each_of_its_keys() -> None:
    async with served() as there:
        await filled(there)
        for entity in SOURCES:
            for item in await there.search(entity):
                for name in ("processInstanceKey", "processDefinitionKey", "elementInstanceKey", "scopeKey"):
                    field, value = ENTITIES[entity].field(name, "8.10"), item.get(name)
                    if field is None or value is None:
                        continue
                    more = [{"$eq": value}, {"$in": [value, "1"]}] if field.operators("8.10") else []
                    for asked in (value, *more):
                        assert item in await there.search(entity, {name: asked}), (entity, name, asked)


async def test_a_thing_is_read_by_its_key() -> None:
    async with served() as there:
        await filled(there)
        for entity, name in (
            ("process-definitions", "processDefinitionKey"),
            ("process-instances", "processInstanceKey"),
            ("element-instances", "elementInstanceKey"),
            ("incidents", "incidentKey"),
        ):
            for item in await there.search(entity):
                assert (await there.get(f"/v2/{entity}/{item[name]}")).json() == item
            answer = await there.get(f"/v2/{entity}/1")
            assert (answer.status_code, answer.json()["title"]) == (404, "NOT_FOUND")


async def test_a_long_value_is_cut_in_searches_unless_it_is_asked_for_whole() -> None:
    async with served() as there:
        there.deploy(process("p", start(), service("work"), end()))
        there.start(long="x" * 9000, short=1)
        cut, short = await there.search("variables")
        assert (len(cut["value"]), cut["isTruncated"], short["isTruncated"]) == (8191, True, False)
        assert await there.search("variables", {"isTruncated": True}) == [cut]
        whole = (await there.post("/v2/variables/search?truncateValues=false")).json()["items"][0]
        assert (len(whole["value"]), whole["isTruncated"]) == (9002, False)
        one = (await there.get(f"/v2/variables/{cut['variableKey']}")).json()
        assert len(one["value"]) == 9002
        assert "isTruncated" not in one
        assert (await there.get("/v2/variables/1")).status_code == 404


async def test_a_deleted_definition_drains_and_is_found_when_it_is_asked_for() -> None:
    async with served("8.9") as there:
        (key,) = there.deploy(process("p", start(), service("work"), end()))
        there.start()
        there.engine.execute(cmd.DeleteResource(key))
        assert (await there.search("process-definitions"))[0]["state"] == "DRAINING"
        there.engine.execute(cmd.CompleteJob(there.job("work")))
        assert await there.search("process-definitions") == []
        assert len(await there.search("process-definitions", {"state": "DELETED"})) == 1
    async with served("8.8") as there:
        there.deploy(process("p", start(), end()))
        assert "state" not in (await there.search("process-definitions"))[0]


async def test_a_late_search_finds_what_was_a_moment_ago() -> None:
    async with served(lag_ms=2000) as there:
        there.deploy(process("p", start(), end()))
        assert await there.search("process-definitions") == []
        there.engine.clock.pin(NOW + 2000)
        assert len(await there.search("process-definitions")) == 1


async def test_names_of_variables_are_listed_once_a_definition() -> None:
    async with served() as there:
        (key,) = there.deploy(process("p", start(), service("work"), end()))
        there.start(a=1, b=2)
        there.start(a=1)
        path = f"/v2/process-definitions/{key}/variable-names/search"
        assert (await there.post(path)).json()["items"] == [{"name": "a"}, {"name": "b"}]
        assert (await there.post(path, {"filter": {"name": {"$like": "b*"}}})).json()["items"] == [{"name": "b"}]
        assert (await there.post(path, {"filter": {"value": "1"}})).status_code == 400
