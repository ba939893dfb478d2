"""Each subscription has one holder, wherever there is one that can: on paper, and with real processes that die."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from inbound.activity import healths, logs
from inbound.executables import Executable, State
from inbound.subscriptions import HEARD_S, LEASE_S, LOOK_S, MARGIN_S, Slot, mine, slots
from tests.conftest import Cluster
from tests.inbound.elements import element, executable
from tests.inbound.hosts import write
from tests.inbound.whole import patiently
from tests.models import line_of_tasks
from tests.roles import RoleProcess, role
from zelery.camunda.gateway import Lease, ZeebeGateway
from zelery.redis import CONSUMERS, connect
from zelery.settings import Settings

DEADLINE_S = 90

names = st.lists(st.sampled_from([f"consume-{n}@host" for n in range(8)]), min_size=1, max_size=6, unique=True)
holders = st.integers(1, 4)


def places(count: int, of_each: int = 1) -> set[Slot]:
    return {Slot(f"executable-{n}", number) for n in range(count) for number in range(of_each)}


# -- on paper


@settings(deadline=None)
@given(names, holders)
def test_every_place_has_exactly_one_owner(consumers: list[str], of_each: int) -> None:
    shares = [mine(places(20, of_each), consumers, each) for each in consumers]
    assert collections.Counter(place for share in shares for place in share) == dict.fromkeys(places(20, of_each), 1)


@settings(deadline=None)
@given(names, holders)
def test_the_holders_of_one_executable_are_as_many_processes_as_there_can_be(
    consumers: list[str], of_each: int
) -> None:
    for executable_id in ("a", "b"):
        wanted = {Slot(executable_id, number) for number in range(of_each)}
        counts = [len(mine(wanted, consumers, each)) for each in consumers]
        assert max(counts) - min(counts) <= 1


@settings(deadline=None)
@given(names)
def test_who_comes_takes_from_all_and_moves_nothing_else(consumers: list[str]) -> None:
    new = "consume-new@host"
    for each in consumers:
        before, after = mine(places(50), consumers, each), mine(places(50), [*consumers, new], each)
        assert before - after <= mine(places(50), [*consumers, new], new)
        assert after <= before


@settings(deadline=None)
@given(names, holders)
def test_who_goes_leaves_each_executable_with_the_others_that_held_it(consumers: list[str], of_each: int) -> None:
    rest = consumers[1:]
    for executable_id in map(str, range(10)):
        wanted = {Slot(executable_id, number) for number in range(of_each)}
        before = {each for each in rest if mine(wanted, consumers, each)}
        after = {each for each in rest if mine(wanted, rest, each)}
        assert before <= after


def test_who_is_not_counted_yet_counts_itself() -> None:
    assert mine(places(3), [], "me") == places(3)


def test_shares_are_about_equal() -> None:
    counts = [len(mine(places(400), ["a", "b", "c", "d"], each)) for each in "abcd"]
    assert sum(counts) == 400
    assert min(counts) > 60


def subscription(name: str, **given: Any) -> Executable:
    return executable(element(name), **{"kind": "subscription", "id": name, **given})


def test_places_are_those_of_subscriptions_that_live() -> None:
    found = slots(
        [
            subscription("a"),
            subscription("b", holders=2),
            subscription("c", state=State.FAILED),
            executable(element(), id="d"),
        ]
    )
    assert found == {Slot("a", 0), Slot("b", 0), Slot("b", 1)}
    assert str(Slot("b", 1)) == "b/1"


# -- with processes


def test_what_a_dead_consumer_held_rests_no_longer_than_ten_seconds() -> None:
    """It counts for a while, its leases last for a while, and the others look now and then."""
    assert max(LEASE_S, HEARD_S) + 2 * LOOK_S <= 10


def test_a_holder_stops_before_its_lease_ends() -> None:
    assert LEASE_S / 4 + MARGIN_S < LEASE_S


@dataclasses.dataclass
class Bench:
    """The engine with a process whose instances say which event started them, and the store."""

    gateway: ZeebeGateway
    redis: Redis
    environment: dict[str, str]
    folder: pathlib.Path
    process_id: str
    version: int
    job_type: str
    events: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """What started an instance so far: number, pid."""

    def ticks(self, name: str, **properties: str) -> Executable:
        """A subscription that starts an instance for each number, three a second."""
        properties = {"inbound.type": "tests:ticks:1", "pause_s": "0.3", "resultVariable": "event", **properties}
        of = element(name, process_id=self.process_id, version=self.version, properties=properties)
        return executable(of, kind="subscription")

    async def seen(self) -> list[dict[str, Any]]:
        """Every event that has started an instance."""
        lease = Lease(type=self.job_type, worker="test", lease_ms=600_000)
        while jobs := await patiently(lambda: self.gateway.activate(lease, most=500, wait_s=0)):
            self.events += [json.loads(job.variables)["event"] for job in jobs]
        return self.events

    async def numbers(self, pid: int) -> list[int]:
        """What a process has counted."""
        return [event["number"] for event in await self.seen() if event["pid"] == pid]

    async def owners(self) -> dict[str, str]:
        """Who holds what: the labels of consumers, by executable."""
        found: dict[str, str] = {}
        async for key in self.redis.scan_iter("zelery:lease:subscription:*"):
            if not str(key).endswith(":token") and (owner := await self.redis.hget(key, "owner")):
                found[str(key).rpartition(":")[2].partition("/")[0]] = str(owner).partition("-")[0]
        return found

    @contextlib.contextmanager
    def consuming(self, label: str) -> Iterator[RoleProcess]:
        """A `zelery consume` process."""
        with role("consume", {**self.environment, "ZELERY_LABEL": label}, self.folder) as process:
            yield process


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    ends = time.monotonic() + DEADLINE_S
    while not await holds():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.1)


@pytest.fixture
async def bench(zeebe: Cluster, redis_url: str, tmp_path: pathlib.Path) -> AsyncIterator[Bench]:
    found = Settings(zeebe_address=zeebe.gateway, redis_url=redis_url)
    name = f"ticks-{uuid.uuid4().hex}"
    async with ZeebeGateway.open(found) as gateway, connect(found) as redis:
        (deployed,) = await patiently(lambda: gateway.deploy({"ticks.bpmn": line_of_tasks(name, name)}))
        yield Bench(
            gateway=gateway,
            redis=redis,
            environment={"ZEEBE_ADDRESS": zeebe.gateway, "ZELERY_REDIS_URL": redis_url},
            folder=tmp_path,
            process_id=name,
            version=deployed.version,
            job_type=name,
        )


@pytest.mark.integration
async def test_subscriptions_are_spread_and_those_of_a_dead_consumer_are_held_again(bench: Bench) -> None:
    executables = [bench.ticks(f"e{n}", pause_s="3") for n in range(12)]
    await write(bench.redis, *executables)
    ids = {each.id for each in executables}
    with bench.consuming("one") as one, bench.consuming("two") as two:

        async def spread() -> bool:
            found = await bench.owners()
            return found.keys() == ids and set(found.values()) == {"one", "two"}

        await until(spread, f"not spread:\n{one.said[-2000:]}\n{two.said[-2000:]}")
        before = await bench.owners()
        one.kill()

        async def all_by_two() -> bool:
            return await bench.owners() == dict.fromkeys(ids, "two")

        await until(all_by_two, f"not taken over:\n{two.said[-3000:]}")
        assert two.said.count("holding ") >= len(ids)
        one.restart()

        async def as_before() -> bool:
            return set((await bench.owners()).values()) == {"one", "two"} and len(await bench.owners()) == len(ids)

        await until(as_before, "who came back got nothing")
        assert set(before.values()) == {"one", "two"}
        assert two.stop() == 0

        async def all_by_one() -> bool:
            return await bench.owners() == dict.fromkeys(ids, "one")

        await until(all_by_one, "what was given back was not taken")


@pytest.mark.integration
async def test_a_holder_that_was_stopped_and_replaced_tells_zeebe_nothing_more(bench: Bench) -> None:
    with bench.consuming("one") as one, bench.consuming("two") as two:
        processes = {"one": one, "two": two}

        async def both() -> bool:
            return bool(await bench.redis.zcard(CONSUMERS) == 2)

        await until(both, f"they do not hear of each other:\n{one.said[-2000:]}\n{two.said[-2000:]}")
        await write(bench.redis, bench.ticks("e"))

        async def held() -> bool:
            return len(await bench.seen()) >= 3

        await until(held, f"nobody counts:\n{one.said[-2000:]}\n{two.said[-2000:]}")
        (label,) = (await bench.owners()).values()
        first, second = processes.pop(label), processes.popitem()[1]
        os.kill(first.pid, signal.SIGSTOP)

        async def replaced() -> bool:
            return any(event["pid"] == second.pid for event in await bench.seen())

        await until(replaced, f"nobody took over:\n{second.said[-3000:]}")
        counted = await bench.numbers(first.pid)
        os.kill(first.pid, signal.SIGCONT)

        async def let_go() -> bool:
            return "holding no more" in first.said

        await until(let_go, f"it holds on:\n{first.said[-3000:]}")
        went_on = len(await bench.seen()) + 5

        async def goes_on() -> bool:
            return len(await bench.seen()) >= went_on

        await until(goes_on, "nobody counts any more")
        later = (await bench.numbers(first.pid))[len(counted) :]
        if later[:1] == [counted[-1] + 1]:  # It was on its way to Zeebe when the process was stopped.
            del later[0]
        assert later[:1] in ([], [1])  # It may have got its share back, and begins anew.


@pytest.mark.integration
async def test_a_subscription_that_fails_is_shown_and_started_again_until_it_works(bench: Bench) -> None:
    broken = bench.ticks("e", fails="{{secrets.WHY}}")
    await write(bench.redis, broken)
    bench.environment["SECRET_WHY"] = "hunter2 is no queue"
    with bench.consuming("one") as one:

        async def again() -> bool:
            entries = (await logs(bench.redis, [broken.id]))[broken.id]
            return [each["tag"] for each in entries].count("Consumer") >= 2

        await until(again, f"not started again:\n{one.said[-3000:]}")
        health = (await healths(bench.redis))[broken.id]
        assert (health["status"], health["error"]["message"]) == ("DOWN", "***")
        await write(bench.redis, bench.ticks("e"))

        async def works() -> bool:
            health = (await healths(bench.redis))[broken.id]
            return bool(health["status"] == "UP" and await bench.seen())

        await until(works, f"it does not work again:\n{one.said[-3000:]}")
        assert "hunter2" not in one.said


@pytest.mark.integration
async def test_another_configuration_starts_it_again_and_other_elements_do_not(bench: Bench) -> None:
    await write(bench.redis, bench.ticks("e"))
    with bench.consuming("one") as one:

        async def counts() -> bool:
            return len(await bench.seen()) >= 3

        await until(counts, f"it does not count:\n{one.said[-3000:]}")
        await write(bench.redis, bench.ticks("e", resultExpression="={event: {number: number, other: true}}"))

        async def other() -> bool:
            return sum("other" in event for event in await bench.seen()) >= 3

        await until(other, "the new elements do not count")
        assert sum(event["number"] == 1 for event in await bench.seen()) == 1
        await write(bench.redis, bench.ticks("e", pause_s="0.2"))

        async def anew() -> bool:
            return [event["number"] for event in await bench.seen()].count(1) == 2

        await until(anew, "it was not started again")
