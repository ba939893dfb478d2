"""One holder at a time, and a number that grows with each change of holder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from zelery.lease import Held, Lease
from zelery.redis import connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


def lease(client: Redis, owner: str, lasts_s: float = 60.0) -> Lease:
    return Lease(client, "work", owner, lasts_s=lasts_s, clock=lambda: 100.0)


async def ends(client: Redis) -> None:
    """As when its time is over."""
    await client.delete("zelery:lease:work")


async def taken(by: Lease) -> Held:
    held = await by.take()
    assert held is not None
    return held


async def test_what_one_holds_another_does_not_get(client: Redis) -> None:
    first, second = lease(client, "a"), lease(client, "b")
    await taken(first)
    assert await second.take() is None
    assert await second.holder() == "a"


async def test_renewing_keeps_the_number_and_makes_it_last(client: Redis) -> None:
    one = lease(client, "a")
    before = await taken(one)
    await client.pexpire("zelery:lease:work", 5_000)
    assert (await taken(one)).token == before.token
    assert await client.pttl("zelery:lease:work") > 50_000


async def test_the_number_grows_when_another_takes_over(client: Redis) -> None:
    first, second = lease(client, "a"), lease(client, "b")
    before = await taken(first)
    await ends(client)
    after = await taken(second)
    assert after.token > before.token
    assert await first.take() is None


async def test_the_number_grows_when_its_own_holder_was_too_late(client: Redis) -> None:
    one = lease(client, "a")
    before = await taken(one)
    await ends(client)
    assert (await taken(one)).token > before.token


async def test_a_redis_that_comes_back_empty_gives_no_number_of_before(client: Redis) -> None:
    one = lease(client, "a")
    before = await taken(one)
    await client.flushall()
    assert (await taken(one)).token > before.token


async def test_who_holds_nothing_gives_nothing_away(client: Redis) -> None:
    first, second = lease(client, "a"), lease(client, "b")
    await taken(first)
    await second.give()
    assert await first.holder() == "a"
    await first.give()
    assert await first.holder() is None
    await taken(second)


async def test_it_ends_by_itself(client: Redis) -> None:
    await taken(lease(client, "a", lasts_s=2.5))
    assert 0 < await client.pttl("zelery:lease:work") <= 2_500


async def test_its_holder_counts_from_before_the_question(client: Redis) -> None:
    held = await taken(lease(client, "a", lasts_s=2.5))
    assert held.until == 102.5
