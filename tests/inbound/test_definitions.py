"""Which versions live, and what their models hold: each model is read once, by whichever worker needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from inbound.definitions import Model, Models, chosen, model_of, newest
from inbound.executables import Point
from tests.inbound.elements import definition
from tests.inbound.sources import Cluster, catch, model, start
from zelery.errors import SourceRefusedError, SourceUnavailableError
from zelery.redis import MODELS, connect
from zelery.settings import Settings

DEFINITION = definition(key=7, process_id="order", version=3, tenant_id="t")

# -- a model


@pytest.mark.parametrize("xml", [b"", b"no xml", model("another", start())])
def test_a_model_that_cannot_be_read_holds_nothing_and_says_why(xml: bytes) -> None:
    found = model_of(DEFINITION, xml)
    assert found.elements == ()
    assert len(found.faults) == 1


def test_a_fault_is_about_one_element_with_its_line_and_leaves_the_others() -> None:
    broken = catch("broken").replace('messageRef="m-broken"', 'messageRef="nothing"')
    found = model_of(DEFINITION, model("order", start("good"), broken))
    assert [each.element_id for each in found.elements] == ["good"]
    (fault,) = found.faults
    assert "broken" in fault
    assert "line 3" in fault


def test_elements_say_of_which_version_they_are_and_how_they_take_events() -> None:
    found = model_of(DEFINITION, model("order", start("a", inbound__context="x"), catch("b")))
    a, b = found.elements
    assert (a.process_id, a.version, a.definition_key, a.tenant_id) == ("order", 3, 7, "t")
    assert (a.point, a.message_name, a.properties) == (
        Point.START,
        None,
        {"inbound.type": "tests:hook:1", "inbound.context": "x"},
    )
    assert (b.point, b.message_name, b.waits_at) == (Point.MESSAGE, "m-b", "b")


def test_an_instance_can_wait_only_where_a_message_continues_it() -> None:
    assert model_of(DEFINITION, model("order", start(), catch())).waited_at
    assert not model_of(DEFINITION, model("order", start())).waited_at
    assert not Model().waited_at


# -- versions


def test_the_newest_is_the_one_with_the_highest_key_in_each_tenant() -> None:
    old, new, other = definition(1, "p"), definition(5, "p", 2), definition(3, "p", tenant_id="t")
    assert set(newest([old, new, other]).values()) == {new, other}
    assert set(newest([new, other, old]).values()) == {new, other}


def test_older_versions_live_only_where_something_waits() -> None:
    old, older, new = definition(2, "p", 2), definition(1, "p", 1), definition(3, "p", 3)
    found = chosen([new, old, older], {2: True, 1: False})
    assert [(each.definition.key, each.latest) for each in found] == [(3, True), (2, False)]


# -- reading them


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


@pytest.fixture
def cluster() -> Cluster:
    found = Cluster()
    for name in ("a", "b", "c"):
        found.deploy(name, start())
    return found


@pytest.mark.integration
async def test_one_that_cannot_be_read_leaves_the_others(client: Redis, cluster: Cluster) -> None:
    models, bad = Models(client), cluster.definitions[1].key
    cluster.trouble[f"xml {bad}"] = SourceUnavailableError("busy")
    assert set(await models.read(cluster, cluster.definitions)) == {101, 103}
    # The one that is left alone now fails again and is no reason to stop.
    assert set(await models.read(cluster, cluster.definitions)) == {101, 103}
    del cluster.trouble[f"xml {bad}"]
    assert set(await models.read(cluster, cluster.definitions)) == {101, 102, 103}


@pytest.mark.integration
async def test_when_none_can_be_read_the_reason_is_raised(client: Redis, cluster: Cluster) -> None:
    cluster.trouble["xml"] = SourceRefusedError("give the client the right to read definitions")
    with pytest.raises(SourceRefusedError, match="the right"):
        await Models(client).read(cluster, cluster.definitions)


@pytest.mark.integration
async def test_one_whose_model_the_cluster_lacks_is_not_asked_for_again(client: Redis, cluster: Cluster) -> None:
    models = Models(client)
    del cluster.models[102]
    found = await models.read(cluster, cluster.definitions)
    assert found[102] == Model(faults=("the cluster has no model for it",))
    await models.read(cluster, cluster.definitions)
    assert cluster.count("xml") == 3


@pytest.mark.integration
async def test_models_are_shared_so_a_second_reader_asks_the_cluster_for_none(client: Redis, cluster: Cluster) -> None:
    found = await Models(client).read(cluster, cluster.definitions)
    cluster.asked.clear()
    assert await Models(client).read(cluster, cluster.definitions) == found
    assert cluster.asked == []
    assert found[101].elements[0].element_id == "start"


@pytest.mark.integration
async def test_only_so_many_are_asked_for_at_a_time_the_newest_first(client: Redis, cluster: Cluster) -> None:
    models = Models(client)
    assert set(await models.read(cluster, cluster.definitions, most=2)) == {103, 102}
    assert set(await models.read(cluster, cluster.definitions, most=2)) == {103, 102, 101}


@pytest.mark.integration
async def test_no_definitions_cost_no_request(client: Redis) -> None:
    cluster = Cluster()
    assert await Models(client).read(cluster, []) == {}
    assert cluster.asked == []


@pytest.mark.integration
async def test_what_is_deployed_no_more_is_forgotten(client: Redis, cluster: Cluster) -> None:
    models = Models(client)
    await models.read(cluster, cluster.definitions)
    await models.forget(frozenset({101, 103}))
    assert set(await client.hkeys(MODELS)) == {"101", "103"}
    await models.forget(frozenset({101, 103}))
    await models.read(cluster, cluster.definitions)
    assert cluster.count("xml") == 4
