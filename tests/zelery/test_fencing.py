"""Each due time once, and one run of an entry at a time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from zelery import fencing
from zelery.fencing import HEADER, Firing, Verdict, alone
from zelery.redis import FIRED, RUNNING, connect
from zelery.settings import Settings

FIRST = Firing(entry="poll|order", due_ms=1_000, token=7, lasts_ms=10_000)


def later(**fields: int) -> Firing:
    return dataclasses.replace(FIRST, **fields)  # type: ignore[arg-type]  # a table of fields


def test_a_firing_is_read_from_the_headers_of_its_message() -> None:
    assert Firing.of(FIRST.headers()) == FIRST
    assert Firing.of({"id": "sent by hand"}) is None


@pytest.mark.parametrize("text", ["", "7", "7|x|10000|a", "7|1|a"])
def test_a_torn_header_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=rf"{HEADER}='.*': not token\|due\|lasts\|entry"):
        Firing.of({HEADER: text})


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def verdict(client: Redis, firing: Firing) -> Verdict:
    async with alone(client, firing) as answer:
        return answer


@pytest.mark.integration
@pytest.mark.parametrize(
    ("second", "answer"),
    [
        (later(), Verdict.STALE),  # delivered twice
        (later(due_ms=999), Verdict.STALE),  # overtaken on its way
        (later(token=6, due_ms=2_000), Verdict.STALE),  # from a beat that has been replaced and does not know it
        (later(due_ms=2_000), Verdict.RUN),
        (later(token=8, due_ms=2_000), Verdict.RUN),
        (Firing(entry="another", due_ms=1, token=1, lasts_ms=10_000), Verdict.RUN),
    ],
)
async def test_what_is_older_than_what_was_seen_is_dropped(client: Redis, second: Firing, answer: Verdict) -> None:
    assert await verdict(client, FIRST) is Verdict.RUN
    assert await verdict(client, second) is answer


@pytest.mark.integration
async def test_runs_of_one_entry_never_overlap(client: Redis) -> None:
    async with alone(client, FIRST) as first:
        assert first is Verdict.RUN
        assert await verdict(client, later(due_ms=2_000)) is Verdict.BUSY
    assert await verdict(client, later(due_ms=3_000)) is Verdict.RUN


@pytest.mark.integration
async def test_a_run_that_fails_makes_room_too(client: Redis) -> None:
    with pytest.raises(ValueError, match="failed"):
        async with alone(client, FIRST):
            raise ValueError("failed")
    assert await verdict(client, later(due_ms=2_000)) is Verdict.RUN


@pytest.mark.integration
async def test_what_beat_did_not_send_runs_as_it_is(client: Redis) -> None:
    async with alone(client, None) as answer:
        assert answer is Verdict.RUN
    assert not await client.keys("*")


@pytest.mark.integration
async def test_a_long_run_stays_alone(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fencing, "ALONE_S", 0.3)
    async with alone(client, FIRST):
        await asyncio.sleep(0.9)
        assert await verdict(client, later(due_ms=2_000)) is Verdict.BUSY


@pytest.mark.integration
async def test_a_run_whose_place_redis_has_lost_ends(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fencing, "ALONE_S", 0.3)

    async def lasting() -> None:
        async with alone(client, FIRST):
            await client.flushall()
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await lasting()


@pytest.mark.integration
async def test_nothing_is_left_of_an_entry_that_is_gone(client: Redis) -> None:
    await verdict(client, FIRST)
    assert await client.exists(f"{RUNNING}:poll|order") == 0
    assert 0 < await client.pttl(f"{FIRED}:poll|order") <= 80_000
