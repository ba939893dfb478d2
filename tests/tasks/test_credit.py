"""Credit on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tasks.credit import Capacity, Credit
from zelery.redis import IN_FLIGHT, connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def test_without_a_worker_nothing_is_leased(client: Redis) -> None:
    credit = Credit(client)
    await credit.record((), 0)
    assert credit.free == 0


async def test_credit_is_what_all_workers_can_run_less_what_is_in_flight(client: Redis) -> None:
    await Capacity(client, "a", 5).heartbeat((), 1000)
    await Capacity(client, "b", 3).heartbeat(("held-1",), 60_000)
    credit = Credit(client)
    await credit.record(("x-1", "x-2"), 60_000)
    assert credit.free == 8 - 3


async def test_an_activation_counts_once_for_fetcher_and_worker(client: Redis) -> None:
    worker = Capacity(client, "a", 5)
    credit = Credit(client)
    await credit.record(("x-1",), 60_000)
    await worker.heartbeat(("x-1",), 60_000)
    await credit.record((), 0)
    assert credit.free == 4


async def test_what_ended_frees_credit(client: Redis) -> None:
    worker, credit = Capacity(client, "a", 2), Credit(client)
    await worker.heartbeat((), 1000)
    await credit.record(("x-1", "x-2"), 60_000)
    assert credit.free == 0
    await worker.ended(("x-1",))
    assert await credit.take(10) == 1


async def test_an_entry_stops_counting_when_its_lease_ends(client: Redis) -> None:
    worker, credit = Capacity(client, "a", 1), Credit(client)
    await worker.heartbeat((), 1000)
    await credit.record(("x-1",), 1)
    await asyncio.sleep(0.01)
    await credit.record((), 0)
    assert credit.free == 1
    assert await client.zcard(IN_FLIGHT) == 0


async def test_a_worker_that_leaves_takes_its_capacity_along(client: Redis) -> None:
    worker, credit = Capacity(client, "a", 7), Credit(client)
    await worker.heartbeat((), 1000)
    await worker.leave()
    await credit.record((), 0)
    assert credit.free == 0


async def test_two_takers_in_one_fetcher_do_not_take_the_same(client: Redis) -> None:
    await Capacity(client, "a", 10).heartbeat((), 1000)
    credit = Credit(client)
    assert await credit.take(8) == 8
    assert await credit.take(8) == 2
    credit.settle(10)
    assert credit.free == 10


async def test_who_waits_for_credit_gets_it_when_a_worker_comes(client: Redis) -> None:
    waiting = asyncio.create_task(Credit(client).take(4))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await Capacity(client, "late", 3).heartbeat((), 1000)
    assert await asyncio.wait_for(waiting, 5) == 3
