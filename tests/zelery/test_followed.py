"""Who has seen a hash up to a generation hears what changed since, whatever happened to Redis meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from zelery import followed
from zelery.errors import LostLeaseError
from zelery.followed import Changes, Followed
from zelery.lease import Lease
from zelery.redis import connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


class Follower:
    """What one knows who asks again and again."""

    def __init__(self, of: Followed) -> None:
        self._of = of
        self.generation = 0
        self.values: dict[str, str] = {}

    async def ask(self) -> Changes:
        changes = await self._of.since(self.generation)
        if changes.whole:
            self.values = {}
        self.values |= changes.values
        for name in changes.removed:
            self.values.pop(name, None)
        self.generation = changes.generation
        return changes


@pytest.fixture
def one(client: Redis) -> Followed:
    return Followed(client, "things")


async def test_whose_lease_is_another_s_writes_nothing(client: Redis, one: Followed) -> None:
    first, second = (Lease(client, "work", owner, lasts_s=60) for owner in "ab")
    held = await first.take()
    assert held
    await one.apply({"a": "1"}, held=held)
    await first.give()
    await second.take()
    with pytest.raises(LostLeaseError, match="work: another holds it; nothing was written to things"):
        await one.apply({"b": "2"}, ["a"], held=held)
    assert (await one.since(0)).values == {"a": "1"}


async def test_whose_lease_has_ended_writes_nothing_either(client: Redis, one: Followed) -> None:
    lease = Lease(client, "work", "a", lasts_s=60)
    held = await lease.take()
    await lease.give()
    with pytest.raises(LostLeaseError):
        await one.apply({"a": "1"}, held=held)


async def test_a_redis_that_holds_nothing_is_generation_zero_and_whole(one: Followed) -> None:
    assert await one.since(0) == Changes(generation=0, whole=True, values={}, removed=frozenset())
    assert await one.since(5) == Changes(generation=0, whole=True, values={}, removed=frozenset())


async def test_a_follower_hears_only_what_changed(one: Followed) -> None:
    follower = Follower(one)
    await one.apply({"a": "1", "b": "1"})
    assert (await follower.ask()).whole
    assert (await follower.ask()).none
    await one.apply({"b": "2", "c": "1"}, ["a"])
    changes = await follower.ask()
    assert not changes.whole
    assert changes.values == {"b": "2", "c": "1"}
    assert changes.removed == {"a"}


async def test_what_came_and_went_between_two_questions_is_gone(one: Followed) -> None:
    follower = Follower(one)
    await one.apply({"a": "1"})
    await follower.ask()
    await one.apply({"b": "1"})
    await one.apply({}, ["b"])
    assert (await follower.ask()).removed == {"b"}
    await one.apply({"b": "2"})
    assert (await follower.ask()).values == {"b": "2"}


async def test_removing_what_is_not_there_tells_nobody(one: Followed) -> None:
    follower = Follower(one)
    await one.apply({"a": "1"})
    await follower.ask()
    await one.apply({}, ["never"])
    assert (await follower.ask()).none


async def test_a_redis_that_was_emptied_and_filled_again_is_told_whole(client: Redis, one: Followed) -> None:
    follower = Follower(one)
    for number in range(5):
        await one.apply({f"old-{number}": "1"})
    await follower.ask()
    await client.flushall()
    assert (await follower.ask()).generation == 0
    assert follower.values == {}
    await one.apply({"new": "1"})
    assert (await follower.ask()).whole
    assert follower.values == {"new": "1"}


async def test_who_slept_through_the_emptying_is_told_whole_too(client: Redis, one: Followed) -> None:
    follower = Follower(one)
    await one.apply({"old": "1"})
    await follower.ask()
    await client.flushall()
    await one.apply({"new": "1"})
    await follower.ask()
    assert follower.values == {"new": "1"}


async def test_a_redis_that_went_back_in_time_is_told_whole(client: Redis, one: Followed) -> None:
    follower = Follower(one)
    await one.apply({"a": "1"})
    await one.apply({"b": "1"})
    await follower.ask()
    # As a replica that had not heard of the last write, and leads now.
    await client.hset("things:meta", "generation", str(follower.generation - 1))
    await client.hdel("things", "b")
    await client.zrem("things:changes", "b")
    assert (await follower.ask()).whole
    assert follower.values == {"a": "1"}


async def test_removals_that_are_too_many_to_be_remembered_are_told_as_a_whole(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "_APPLY", followed._APPLY.replace(str(followed.REMOVED_MAX), "3"))
    one = Followed(client, "things")
    await one.apply({f"n{number}": "1" for number in range(5)})
    follower = Follower(one)
    await follower.ask()
    await one.apply({}, ["n0", "n1", "n2"])
    assert (await follower.ask()).removed == {"n0", "n1", "n2"}
    await one.apply({}, ["n3"])
    assert (await follower.ask()).whole
    assert follower.values == {"n4": "1"}
    assert await client.zcard("things:changes") == 1


async def test_one_entry_is_read_as_it_is_now(one: Followed) -> None:
    await one.apply({"a": "1"})
    assert await one.value("a") == "1"
    assert await one.value("b") is None


Step = tuple[dict[str, str], list[str], bool]
names = st.sampled_from("abcde")
steps = st.lists(
    st.tuples(st.dictionaries(names, st.sampled_from("12")), st.lists(names, max_size=3), st.booleans()), max_size=12
)


@given(steps)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whoever_asks_however_seldom_knows_what_is_there(redis_url: str, done: Sequence[Step]) -> None:
    async with connect(Settings(redis_url=redis_url)) as client:
        await client.flushall()
        one = Followed(client, "things")
        often, seldom = Follower(one), Follower(one)
        truth: dict[str, str] = {}
        for put, remove, asks in done:
            await one.apply(put, remove)
            truth = {name: value for name, value in (truth | put).items() if name not in remove}
            await often.ask()
            if asks:
                await seldom.ask()
        await seldom.ask()
        assert often.values == seldom.values == truth
