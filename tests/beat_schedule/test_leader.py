"""Who leads, decided with a clock that stands still."""

from __future__ import annotations

import dataclasses

import pytest
import structlog.testing

from beat_schedule.leader import LASTS_S, LOOK_S, RENEW_S, Leader
from zelery.lease import Held


@dataclasses.dataclass
class Lease:
    """A lease of which the test says who holds it."""

    now: float = 0.0
    token: int = 0
    """0: another's."""
    asked: int = 0
    given: int = 0
    away: bool = False

    async def take(self) -> Held | None:
        self.asked += 1
        if self.away:
            raise ConnectionError("refused")
        return Held(name="beat", key="k", token=self.token, until=self.now + LASTS_S) if self.token else None

    async def give(self) -> None:
        self.given += 1


@pytest.fixture
def lease() -> Lease:
    return Lease()


@pytest.fixture
def leader(lease: Lease) -> Leader:
    return Leader(lease, lambda: lease.now)


async def test_a_leader_renews_three_times_in_the_life_of_its_lease(lease: Lease, leader: Leader) -> None:
    lease.token = 1
    for tenth in range(60):
        lease.now = tenth / 10
        assert await leader.held()
    assert lease.asked == LASTS_S / RENEW_S == 3


async def test_who_stands_by_takes_over_within_a_lease_and_a_look(lease: Lease, leader: Leader) -> None:
    assert await leader.held() is None
    lease.token = 2  # The lease ended just after the look.
    lease.now = LOOK_S - 0.01
    assert await leader.held() is None
    lease.now = LOOK_S
    held = await leader.held()
    assert held
    assert held.token == 2
    assert LASTS_S + LOOK_S <= 10


async def test_a_lost_lease_is_said_once_and_then_waited_for(lease: Lease, leader: Leader) -> None:
    lease.token = 1
    with structlog.testing.capture_logs() as lines:
        await leader.held()
        lease.token = 0
        for second in range(2, 20):
            lease.now = float(second)
            assert await leader.held() is None
    assert [line["event"] for line in lines] == ["leading", "another beat leads now; standing by"]


async def test_without_an_answer_it_does_not_lead(lease: Lease, leader: Leader) -> None:
    lease.token = 1
    await leader.held()
    lease.away, lease.now = True, RENEW_S
    with pytest.raises(ConnectionError):
        await leader.held()
    lease.away = False
    lease.token = 0
    assert await leader.held() is None


async def test_after_a_refused_write_it_asks_at_once(lease: Lease, leader: Leader) -> None:
    lease.token = 1
    await leader.held()
    leader.lost()
    lease.token = 0
    assert await leader.held() is None


async def test_who_resigns_gives_the_lease_back(lease: Lease, leader: Leader) -> None:
    lease.token = 1
    await leader.held()
    await leader.resign()
    assert lease.given == 1
