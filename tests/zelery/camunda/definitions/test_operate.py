"""Operate v1 as a source, on values: what is asked, how often, and what trouble becomes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tests.zelery.camunda.definitions.scripted import URL, Operate, always, answer, away, item, paged
from zelery.camunda.definitions.login import Nobody
from zelery.camunda.definitions.operate import (
    FIRST_AGE_S,
    HINT,
    WAITING_AGE_S,
    WAITING_ASKS_MAX,
    Answer,
    OperateSource,
    due,
)
from zelery.camunda.definitions.port import Definition, ElementInstance
from zelery.camunda.definitions.site import Site
from zelery.camunda.definitions.transport import Response
from zelery.errors import SourceNotFoundError, SourceRefusedError, SourceUnavailableError
from zelery.settings import Settings

SEARCH = "/v1/process-definitions/search"
BIG = 2**51  # keys as they are: above what a double holds exactly once doubled


@dataclasses.dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def source(operate: Operate, clock: Clock | None = None, **settings: Any) -> OperateSource:
    site = Site(operate, Nobody("set a login"), name="Operate", url=URL, hint=HINT)
    return OperateSource(site, Settings(**settings), clock=clock or Clock())


async def keys(of: OperateSource) -> list[int]:
    return [each.key for each in (await of.deployed()).definitions]


async def test_all_versions_of_all_tenants_are_read_and_the_highest_key_comes_first() -> None:
    shown = [item(2**53 + 1, "order"), item(2**53 + 3, "order", 2), item(2**53 + 2, "order", 1, "red")]
    found = (await source(Operate(shown)).deployed()).definitions
    assert found == (
        Definition(key=2**53 + 3, process_id="order", version=2, tenant_id="<default>", name="order"),
        Definition(key=2**53 + 2, process_id="order", version=1, tenant_id="red", name="order"),
        Definition(key=2**53 + 1, process_id="order", version=1, tenant_id="<default>", name="order"),
    )


async def test_a_definition_of_a_cluster_without_tenants_is_the_default_ones() -> None:
    nameless = {"key": BIG, "version": 1, "bpmnProcessId": "p"}
    (found,) = (await source(Operate([nameless])).deployed()).definitions
    assert (found.tenant_id, found.name) == ("<default>", None)


async def test_of_ten_thousand_definitions_ten_new_ones_cost_one_request() -> None:
    operate, clock = Operate([item(BIG + n) for n in range(10_000)]), Clock()
    here = source(operate, clock)
    assert len(await keys(here)) == 10_000
    assert operate.counted[SEARCH] == 11  # ten full pages, and one that says that there are no more
    before = await here.deployed()
    assert operate.counted[SEARCH] == 12
    assert await here.deployed() is before
    operate.definitions += [item(BIG + 10_000 + n) for n in range(10)]
    operate.asked.clear()
    assert len(await keys(here)) == 10_010
    assert operate.counted == {SEARCH: 1}
    assert len(json.dumps(operate._search(operate.asked[0].json))) < 10_000  # 50 items, not a thousand


async def test_more_new_definitions_than_one_page_holds_are_all_read() -> None:
    operate = Operate([item(BIG)])
    here = source(operate)
    await here.deployed()
    operate.definitions += [item(BIG + 1 + n) for n in range(1200)]
    operate.asked.clear()
    assert len(await keys(here)) == 1201
    assert operate.counted[SEARCH] == 3  # 50, 1000, and the rest with the one that is known


async def test_a_deletion_is_seen_when_everything_is_read_again_and_not_before() -> None:
    operate, clock = Operate([item(1), item(2), item(3)]), Clock()
    here = source(operate, clock, definitions_reread_s=60)
    await here.deployed()
    operate.definitions.pop(1)
    clock.now += 59
    assert await keys(here) == [3, 2, 1]
    clock.now += 2
    assert await keys(here) == [3, 1]


async def test_a_late_definition_with_a_lower_key_is_found_when_everything_is_read_again() -> None:
    operate, clock = Operate([item(5)]), Clock()
    here = source(operate, clock)
    await here.deployed()
    operate.definitions.append(item(4))
    clock.now += 61
    assert await keys(here) == [5, 4]


async def test_an_empty_answer_keeps_what_was_there_and_says_its_doubt() -> None:
    operate, clock = Operate([item(1), item(2)]), Clock()
    here = source(operate, clock)
    await here.deployed()
    there, operate.definitions = operate.definitions, []
    clock.now += 61
    snapshot = await here.deployed()
    assert [each.key for each in snapshot.definitions] == [2, 1]
    assert snapshot.doubt == "Operate at http://operate shows no process definition at all, where it showed 2 before"
    assert await here.deployed() is snapshot
    operate.definitions = there
    assert (await here.deployed()).doubt is None


async def test_an_operate_that_was_never_seen_with_anything_is_in_doubt_too() -> None:
    snapshot = await source(Operate()).deployed()
    assert snapshot.definitions == ()
    assert snapshot.doubt == "Operate at http://operate shows no process definition at all"


async def test_a_reading_that_fails_half_way_changes_nothing() -> None:
    operate, clock = Operate([item(n) for n in range(1, 3001)]), Clock()
    here = source(operate, clock)
    await here.deployed()
    operate.definitions = operate.definitions[:1500]
    clock.now += 61
    operate.trouble = lambda request: answer({}, 503) if "searchAfter" in request.json else None
    with pytest.raises(SourceUnavailableError, match="HTTP 503"):
        await here.deployed()
    operate.trouble = lambda _: None
    assert len(await keys(here)) == 1500


async def test_a_server_that_is_away_is_unavailable_and_heals() -> None:
    operate = Operate([item(1)], trouble=away)
    here = source(operate)
    with pytest.raises(SourceUnavailableError, match="refused"):
        await here.deployed()
    with pytest.raises(SourceUnavailableError):
        await here.check()
    operate.trouble = lambda _: None
    assert await keys(here) == [1]
    await here.check()


@pytest.mark.parametrize(
    ("response", "error", "says"),
    [
        # no JSON: cut off, a page of something in front, too deep
        (Response(status=200, body=b'{"items": ['), SourceUnavailableError, "no JSON"),
        (Response(status=200, body=b"<html>login</html>"), SourceUnavailableError, "no JSON"),
        (Response(status=200, body=b"[" * 100_000), SourceUnavailableError, "no JSON"),
        # JSON that is not what was asked for
        (answer([]), SourceUnavailableError, "without a list of items"),
        (answer({"items": None}), SourceUnavailableError, "without a list of items"),
        (answer({"items": [1]}), SourceUnavailableError, "without a list of items"),
        (answer({"items": [{"key": "5"}]}), SourceUnavailableError, "an item whose key is '5'"),
        (answer({"items": [{"key": 5.0}]}), SourceUnavailableError, "an item whose key is 5.0"),
        (answer({"items": [{"key": 5, "bpmnProcessId": "p"}]}), SourceUnavailableError, "version is None"),
        (answer({"items": [{"key": 5, "version": 1}]}), SourceUnavailableError, "bpmnProcessId is None"),
        # pages that never end
        (answer({"items": [item(5)]}), SourceUnavailableError, "sortValues None"),
        (answer({"items": [item(5)], "sortValues": []}), SourceUnavailableError, r"sortValues \[\]"),
        (answer({"items": [item(5)], "sortValues": ["5"]}), SourceUnavailableError, r"sortValues \['5'\]"),
        # statuses: later, or somebody must do something
        (answer({"message": "too many"}, 429), SourceUnavailableError, "HTTP 429: too many"),
        (answer({"error": "down"}, 503), SourceUnavailableError, "HTTP 503: down"),
        (answer({"message": "bad size"}, 400), SourceRefusedError, "HTTP 400: bad size; check CAMUNDA_OPERATE"),
        (Response(status=404, body=b""), SourceRefusedError, "HTTP 404: nothing; check CAMUNDA_OPERATE_CLIENT_URL"),
        (Response(status=401), SourceRefusedError, r"does not take us .* \(HTTP 401\): set a login"),
        (Response(status=302), SourceRefusedError, r"\(HTTP 302\): set a login"),
    ],
)
async def test_an_answer_that_is_none_says_what_it_was(response: Response, error: type[Exception], says: str) -> None:
    here = source(Operate(trouble=always(response)))
    with pytest.raises(error, match=says):
        await here.deployed()


async def test_the_size_of_pages_is_a_setting_and_operate_gives_a_thousand_at_most() -> None:
    operate = Operate([item(n) for n in range(1, 8)])
    assert len(await keys(source(operate, definitions_page=3))) == 7
    assert [each.json["size"] for each in operate.asked] == [3, 3, 3, 3]
    operate.asked.clear()
    await keys(source(operate, definitions_page=10_000))
    assert operate.asked[0].json["size"] == 1000


async def test_xml_comes_as_its_bytes_and_is_asked_for_as_operate_gives_it() -> None:
    operate = Operate(trouble=always(Response(status=200, body="<ä/>".encode())))
    assert await source(operate).xml(7) == "<ä/>".encode()
    (request,) = operate.asked
    assert (request.url, request.headers["Accept"]) == ("http://operate/v1/process-definitions/7/xml", "text/xml")


@pytest.mark.parametrize("response", [answer({}, 404), Response(status=200), Response(status=204)])
async def test_a_definition_without_xml_is_not_found(response: Response) -> None:
    with pytest.raises(SourceNotFoundError, match="/v1/process-definitions/7/xml"):
        await source(Operate(trouble=always(response))).xml(7)


async def test_xml_of_a_server_in_trouble_is_later_and_not_gone() -> None:
    with pytest.raises(SourceUnavailableError):
        await source(Operate(trouble=always(answer({}, 500)))).xml(7)


async def test_tokens_that_wait_are_read_to_the_last_page() -> None:
    nodes = [{"key": n, "processInstanceKey": 10 * n, "flowNodeId": "e"} for n in range(1, 1502)]
    operate = Operate(others={"/v1/flownode-instances/search": paged(nodes)})
    found = await source(operate).waiting_elements(BIG, "e")
    assert len(found) == 1501
    assert found[0] == ElementInstance(key=1, process_instance_key=10, element_id="e")
    assert [each.json["filter"] for each in operate.asked] == [
        {"processDefinitionKey": BIG, "flowNodeId": "e", "state": "ACTIVE"}
    ] * 2


def variable(key: int, name: str, value: str, scope: int = 1) -> dict[str, Any]:
    return {"key": key, "name": name, "value": value, "scopeKey": scope, "processInstanceKey": 1}


async def variables(*shown: dict[str, Any], scopes: tuple[int, ...] = (1,)) -> Any:
    def search(body: Any) -> Any:
        return paged([each for each in shown if each["scopeKey"] == body["filter"]["scopeKey"]])(body)

    return await source(Operate(others={"/v1/variables/search": search})).variables(1, scopes)


async def test_variables_are_json_and_null_is_the_text() -> None:
    texts = {"t": '"5"', "n": "5", "f": "2.5", "b": "true", "o": '{"a":[1]}', "z": "null", "big": str(2**60)}
    found = await variables(*(variable(n, *pair) for n, pair in enumerate(texts.items())))
    assert found.values == {"t": "5", "n": 5, "f": 2.5, "b": True, "o": {"a": [1]}, "z": "null", "big": 2**60}
    assert not found.cut


async def test_a_variable_that_operate_cuts_off_is_named_and_has_no_value() -> None:
    whole = '"' + "y" * 8189 + '"'
    found = await variables(variable(1, "long", '"' + "x" * 8190), variable(2, "whole", whole))
    assert (dict(found.values), found.cut) == ({"whole": "y" * 8189}, {"long"})


async def test_an_inner_scope_hides_an_outer_one_whole_or_cut() -> None:
    cut = '"' + "x" * 8190
    shown = variable(1, "a", "1"), variable(2, "b", cut), variable(3, "c", "3"), variable(4, "a", cut, 2)
    found = await variables(*shown, variable(5, "b", "5", 2), scopes=(1, 2))
    assert (dict(found.values), found.cut) == ({"b": 5, "c": 3}, {"a"})


async def test_more_variables_than_a_page_holds_are_all_read() -> None:
    assert len((await variables(*(variable(n, f"v{n}", "1") for n in range(250)))).values) == 250


async def test_whether_old_versions_wait_is_asked_a_few_at_a_time_and_remembered() -> None:
    clock, busy = Clock(), {3, 25}
    operate = Operate(
        others={
            "/v1/process-instances/search": lambda body: {
                "items": [{"key": 1}] if body["filter"]["processDefinitionKey"] in busy else []
            }
        }
    )
    here, candidates = source(operate, clock), range(1, 31)
    first = await here.waiting(candidates)
    assert first is not None
    assert len(first) == WAITING_ASKS_MAX
    assert {key for key, waits in first.items() if waits} == {3}
    second = await here.waiting(candidates)
    assert second is not None
    assert {key for key, waits in second.items() if waits} == busy
    assert len(operate.asked) == 30
    await here.waiting(candidates)
    assert len(operate.asked) == 30
    busy.clear()
    clock.now += WAITING_AGE_S
    await here.waiting(candidates)
    third = await here.waiting(candidates)
    assert third == dict.fromkeys(candidates, False)
    assert operate.asked[0].json == {"filter": {"processDefinitionKey": 1, "state": "ACTIVE"}, "size": 1}
    assert await here.waiting([5]) == {5: False}


async def test_an_instance_of_which_operate_hears_late_is_found_soon() -> None:
    clock, heard = Clock(), list[dict[str, int]]()
    here = source(Operate(others={"/v1/process-instances/search": lambda _: {"items": heard}}), clock)
    assert await here.waiting([1]) == {1: False}
    heard.append({"key": 1})
    clock.now += FIRST_AGE_S
    assert await here.waiting([1]) == {1: True}


async def test_old_versions_can_be_left_out() -> None:
    operate = Operate()
    assert await source(operate, active_versions=False).waiting([1, 2]) == {1: False, 2: False}
    assert not operate.asked


def answered(until: float, *, waits: bool = False) -> Answer:
    return Answer(waits=waits, age_s=WAITING_AGE_S, until=until)


def test_those_never_asked_go_first_in_their_order_and_then_the_oldest() -> None:
    answers = {1: answered(900.0), 2: answered(800.0), 3: answered(1000.1)}
    assert list(due([1, 2, 3, 9, 8], answers, 1000.0)) == [9, 8, 2, 1]


def test_a_version_without_instances_is_asked_about_ever_more_seldom() -> None:
    answer, ages = None, []
    for _ in range(10):
        answer = Answer.given(1000.0, answer, waits=False)
        ages.append(answer.age_s)
    assert ages == [3, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert Answer.given(1000.0, answer, waits=True) == Answer(waits=True, age_s=30, until=1030.0)
    assert Answer.given(1000.0, answered(0, waits=True), waits=False).age_s == 30
