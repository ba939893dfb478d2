"""Leases are short, and kept while a connector works."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from tasks import leases as module
from tasks.leases import Leases
from tests.fakes import FakeGateway
from zelery.model import Job


class Told:
    """A worker's capacity that only remembers."""

    def __init__(self) -> None:
        self.beats: list[tuple[str, ...]] = []
        self.gone: list[str] = []

    async def heartbeat(self, activations: Iterable[str], ttl_ms: int) -> None:
        self.beats.append(tuple(activations))

    async def ended(self, activations: Iterable[str]) -> None:
        self.gone.extend(activations)


@pytest.fixture
async def gateway() -> FakeGateway:
    return FakeGateway()


def holding(gateway: FakeGateway, told: Told | None = None, lease_s: float = 10) -> Leases:
    return Leases(gateway=gateway, capacity=told or Told(), lease_s=lease_s)  # type: ignore[arg-type]  # the same two methods


async def leased(gateway: FakeGateway) -> Job:
    job = await gateway.put()
    gateway.waiting.remove(job)
    gateway.leased[job.key] = job
    return job


@pytest.mark.parametrize(
    ("left_s", "extended"),
    [
        (9.0, False),  # plenty is left
        (4.0, True),  # less than half
        (0.5, True),  # nearly over
    ],
)
async def test_a_lease_is_extended_when_less_than_half_is_left(
    gateway: FakeGateway, left_s: float, *, extended: bool
) -> None:
    job, kept = await leased(gateway), holding(gateway)
    with kept.hold(job, left_s=left_s) as held:
        await kept.extend_if_short(held)
        assert gateway.extended == ([(job.key, 10_000)] if extended else [])
        assert kept.ours(held)


async def test_a_job_that_is_gone_is_not_ours_any_more(gateway: FakeGateway) -> None:
    kept = holding(gateway)
    with kept.hold(Job(key=404, type="x"), left_s=1) as held:
        await kept.extend_if_short(held)
        assert held.lost
        assert not kept.ours(held)


async def test_a_gateway_that_is_away_leaves_the_lease_as_it_is(gateway: FakeGateway) -> None:
    job, kept = await leased(gateway), holding(gateway)
    gateway.busy = 1
    with kept.hold(job, left_s=1) as held:
        await kept.extend_if_short(held)
        assert kept.ours(held)
        assert gateway.extended == []


async def test_a_lease_that_has_ended_is_not_ours(gateway: FakeGateway) -> None:
    kept = holding(gateway)
    with kept.hold(Job(key=1, type="x"), left_s=-1) as held:
        assert not kept.ours(held)


async def test_what_runs_long_is_extended_beside_it(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    job, kept = await leased(gateway), holding(gateway)
    keeper = asyncio.create_task(kept.keep())
    with kept.hold(job, left_s=1):
        while not gateway.extended:
            await asyncio.sleep(0.001)
    keeper.cancel()
    assert gateway.extended[0] == (job.key, 10_000)


async def test_redis_hears_what_is_held_and_what_ended(gateway: FakeGateway) -> None:
    told = Told()
    kept = holding(gateway, told)
    beats = [asyncio.create_task(kept.heartbeat()), asyncio.create_task(kept.flush())]
    with kept.hold(Job(key=1, type="x", deadline_ms=5), left_s=1):
        while not told.beats:
            await asyncio.sleep(0)
    while not told.gone:
        await asyncio.sleep(0)
    for beat in beats:
        beat.cancel()
    assert told.beats == [("1-5",)]
    assert told.gone == ["1-5"]
