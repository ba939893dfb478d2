"""The record of `zelery deploy` on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.definitions.port import Definition
from zelery.errors import SourceNotFoundError, SourceRefusedError, SourceUnavailableError
from zelery.redis import DEFINITIONS, connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration

FIRST = Definition(key=2**53 + 1, process_id="order", version=1, tenant_id="<default>")
SECOND = Definition(key=2**53 + 2, process_id="order", version=2, tenant_id="<default>", name="Order")


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def test_a_recorded_definition_comes_back_with_its_bytes(client: redis.asyncio.Redis) -> None:
    source = DeployedSource(client)
    utf16 = '<?xml version="1.0" encoding="UTF-16"?><ä/>'.encode("utf-16")
    await source.record(FIRST, b"<a/>")
    await source.record(SECOND, utf16)
    assert (await source.deployed()).definitions == (SECOND, FIRST)
    assert await source.xml(SECOND.key) == utf16
    assert (await source.deployed()).doubt is None


async def test_another_process_sees_what_is_recorded_and_forgotten(client: redis.asyncio.Redis) -> None:
    here, there = DeployedSource(client), DeployedSource(client)
    assert (await there.deployed()).definitions == ()
    await here.record(FIRST, b"<a/>")
    assert (await there.deployed()).definitions == (FIRST,)
    assert await there.deployed() is await there.deployed()
    assert await here.forget(FIRST.key)
    assert not await here.forget(FIRST.key)
    assert (await there.deployed()).definitions == ()
    with pytest.raises(SourceNotFoundError, match=str(FIRST.key)):
        await there.xml(FIRST.key)


async def test_a_redis_that_was_emptied_is_noticed(client: redis.asyncio.Redis) -> None:
    source = DeployedSource(client)
    await source.record(FIRST, b"<a/>")
    await source.deployed()
    await client.flushall()
    assert (await source.deployed()).definitions == ()
    await source.record(SECOND, b"<a/>")
    assert (await source.deployed()).definitions == (SECOND,)


async def test_lookups_are_refused_with_what_to_set(client: redis.asyncio.Redis) -> None:
    source = DeployedSource(client)
    with pytest.raises(SourceRefusedError, match=r"Event_1 of definition 5 .* need CAMUNDA_OPERATE_CLIENT_URL"):
        await source.waiting_elements(5, "Event_1")
    with pytest.raises(SourceRefusedError, match=r"instance 7 .* CAMUNDA_REST_ADDRESS"):
        await source.variables(7, [7])
    assert await source.waiting([1, 2]) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"process_id": "a", "version": "x", "tenant_id": "t", "name": null}']
)
async def test_an_entry_that_is_no_definition_is_named_with_its_remedy(client: redis.asyncio.Redis, text: str) -> None:
    await client.hset(DEFINITIONS, "17", text)
    with pytest.raises(SourceRefusedError, match="17 is no definition: drop it with `zelery deploy --forget 17`"):
        await DeployedSource(client).deployed()


async def test_a_redis_that_is_away_is_unavailable() -> None:
    async with connect(Settings(redis_url="redis://127.0.0.1:9/0")) as client:
        source = DeployedSource(client)
        with pytest.raises(SourceUnavailableError, match="Redis"):
            await source.deployed()
        with pytest.raises(SourceUnavailableError, match="Redis"):
            await source.check()
