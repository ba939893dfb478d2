"""Whole turns on a real Redis, which is the broker too; the time is what the test says it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import structlog.testing
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import crontab
from redis.asyncio import Redis

from beat_schedule.clock import Clock
from beat_schedule.clockwork import Clockwork
from beat_schedule.leader import LASTS_S, NAME, Leader
from beat_schedule.sender import Fired, Sender
from zelery.errors import UnavailableError
from zelery.fencing import Firing
from zelery.followed import Followed
from zelery.lease import Lease
from zelery.local import ports
from zelery.redis import ENTRIES, RUNS, connect
from zelery.schedule import Entry
from zelery.settings import Settings

pytestmark = pytest.mark.integration

QUEUE = "tests"
LEASE = f"zelery:lease:{NAME}"

#: 2026-01-02T03:00:00Z.
BEGIN_MS = 1_767_322_800_000


class Told(Clock):
    """A clock that is set, and asks nobody."""

    at_ms = BEGIN_MS

    async def ask(self, redis: Redis) -> None:
        """Nothing: the test says what time it is."""

    def now_ms(self) -> int:
        return self.at_ms


class World:
    """Beats on one Redis and one clock. A lease ends when the test deletes it, as Redis's clock is not the test's."""

    def __init__(self, url: str, redis: Redis) -> None:
        self.redis = redis
        self.clock = Told()
        self.followed = Followed(redis, ENTRIES)
        self.app = Celery("tests", broker=url, set_as_current=False)
        self.app.conf.update(task_default_queue=QUEUE, timezone="UTC")
        self._url = url
        self._opened: list[Sender] = []

    def beat(self, owner: str, *plain: ScheduleEntry, sender: Sender | None = None) -> Clockwork:
        sender = sender or Sender(self.app)
        self._opened.append(sender)
        return Clockwork(
            redis=self.redis,
            leader=Leader(Lease(self.redis, NAME, owner, lasts_s=3600), lambda: self.clock.at_ms / 1000),
            sender=sender,
            plain={str(entry.name): entry for entry in plain},
            address="redis",
            clock=self.clock,
        )

    def plain(self, name: str, when: Any, **fields: Any) -> ScheduleEntry:
        return ScheduleEntry(name=name, task="t", schedule=when, app=self.app, **fields)

    async def put(self, *entries: Entry) -> None:
        await self.followed.apply({entry.name: entry.to_json() for entry in entries})

    async def sent(self, queue: str = QUEUE) -> list[dict[str, Any]]:
        """The messages so far, oldest first."""
        return [json.loads(text) for text in reversed(await self.redis.lrange(queue, 0, -1))]

    async def fired(self) -> list[tuple[str, int]]:
        """Entry and due time of each, in milliseconds from the beginning."""
        firings = [Firing.of(message["headers"]) for message in await self.sent()]
        return [(each.entry, each.due_ms - BEGIN_MS) for each in firings if each]

    async def missed(self, name: str) -> int:
        text: Any = await self.redis.hget(RUNS, name)
        return int(text.split("|")[-1])

    def close(self) -> None:
        for sender in self._opened:
            sender.close()


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[World]:
    async with connect(Settings(redis_url=redis_url)) as redis:
        world = World(redis_url, redis)
        yield world
        world.close()


def second(name: str, **fields: Any) -> Entry:
    return Entry(**{"name": name, "task": "inbound.poll", "interval_ms": 1000, "jitter": False, **fields})


async def test_a_new_entry_is_sent_at_once_and_then_at_its_rate(world: World) -> None:
    await world.put(second("a"))
    beat = world.beat("one")
    for at_ms in (0, 500, 1000, 1990, 2030):
        world.clock.at_ms = BEGIN_MS + at_ms
        await beat.turn()
    assert await world.fired() == [("a", 0), ("a", 1000), ("a", 2000)]


async def test_a_message_says_what_people_and_workers_need(world: World) -> None:
    await world.put(second("poll | order", args=({"element": "start"}, 1), expires_ms=4000))
    await world.beat("one").turn()
    (message,) = await world.sent()
    headers = message["headers"]
    assert (headers["task"], headers["argsrepr"], headers["kwargsrepr"]) == ("inbound.poll", "poll | order", "")
    assert headers["expires"] == "2026-01-02T03:00:04+00:00"
    assert headers["ignore_result"] is True
    firing = Firing.of(headers)
    assert firing
    assert (firing.entry, firing.due_ms, firing.lasts_ms) == ("poll | order", BEGIN_MS, 4000)
    assert str(firing.token) == await world.redis.hget(LEASE, "token")


async def test_one_leads_and_the_other_stands_by(world: World) -> None:
    await world.put(second("a"))
    one, two = world.beat("one"), world.beat("two")
    for at_ms in range(0, 3000, 250):
        world.clock.at_ms = BEGIN_MS + at_ms
        await one.turn()
        await two.turn()
    assert await world.fired() == [("a", 0), ("a", 1000), ("a", 2000)]


async def test_after_a_takeover_nothing_is_sent_twice_and_the_old_leader_only_stands_by(world: World) -> None:
    names = [f"e{n}" for n in range(100)]
    await world.put(*(second(name, jitter=True) for name in names))
    one, two = world.beat("one"), world.beat("two")
    for at_ms in range(0, 10_000, 100):
        world.clock.at_ms = BEGIN_MS + at_ms
        if at_ms == 5000:  # The lease ends while its holder is too busy to renew it.
            await world.redis.delete(LEASE)
            await two.turn()
        await one.turn()
        await two.turn()
    fired = await world.fired()
    assert len(set(fired)) == len(fired)
    tokens = [Firing.of(message["headers"]).token for message in await world.sent()]  # type: ignore[union-attr]  # all are
    assert len(set(tokens)) == 2
    assert tokens == sorted(tokens)
    for name in names:
        due = [at_ms for entry, at_ms in fired if entry == name]
        assert [later - sooner for sooner, later in itertools.pairwise(due[1:])] == [1000] * (len(due) - 2)


class Dying(Sender):
    """A sender whose process ends when it was about to send."""

    def send(self, batch: Sequence[Fired]) -> None:
        if batch:
            raise KeyboardInterrupt


async def test_what_a_leader_wrote_down_and_did_not_send_is_left_out_and_counted(world: World) -> None:
    await world.put(second("a"), second("b"))
    dying = world.beat("one", sender=Dying(world.app))
    with pytest.raises(KeyboardInterrupt):
        await dying.turn()
    await world.redis.delete(LEASE)  # as time would
    beat = world.beat("two")
    for at_ms in (600, 1100, 2100):
        world.clock.at_ms = BEGIN_MS + at_ms
        await beat.turn()
    assert sorted(await world.fired()) == [("a", 1000), ("a", 2000), ("b", 1000), ("b", 2000)]
    assert await world.missed("a") == await world.missed("b") == 1


async def test_due_times_that_passed_without_a_beat_are_counted_and_the_newest_is_sent(world: World) -> None:
    await world.put(second("a"))
    one = world.beat("one")
    await one.turn()
    await one.leave()
    world.clock.at_ms = BEGIN_MS + 5_300
    await world.beat("two").turn()
    assert await world.fired() == [("a", 0), ("a", 5000)]
    assert await world.missed("a") == 4


async def test_an_entry_that_is_saved_again_keeps_its_last_run_even_between_two_beats(world: World) -> None:
    await world.put(second("a"))
    await world.beat("one").turn()
    await world.redis.delete(LEASE)
    await world.put(second("a", interval_ms=3000, args=("other",)))
    beat = world.beat("two")
    for at_ms in (600, 2900, 3000):
        world.clock.at_ms = BEGIN_MS + at_ms
        await beat.turn()
    assert await world.fired() == [("a", 0), ("a", 3000)]


async def commands(redis: Redis) -> int:
    """How many commands Redis has carried out, those in scripts too."""
    stats = await redis.info("commandstats")
    return sum(stat["calls"] for name, stat in stats.items() if name not in {"cmdstat_info", "cmdstat_ping"})


async def test_one_entry_beside_ten_thousand_costs_one_entry(world: World) -> None:
    await world.put(*(second(f"e{n}", interval_ms=3_600_000) for n in range(10_000)))
    beat = world.beat("one")
    for _ in range(50):
        await beat.turn()
    assert len(await world.fired()) == 10_000

    world.clock.at_ms += 251  # The time for a look, within which nothing changed.
    before = await commands(world.redis)
    await beat.turn()
    idle = await commands(world.redis) - before

    await world.put(second("new"))
    world.clock.at_ms += 251
    before = await commands(world.redis)
    await beat.turn()
    cost = await commands(world.redis) - before
    assert (await world.fired())[-1] == ("new", 502)
    assert idle <= 4
    assert cost <= idle + 16  # one entry read, its run written, one message


async def test_a_removed_entry_is_sent_no_more_and_forgotten(world: World) -> None:
    await world.put(second("a"), second("b"))
    beat = world.beat("one")
    await beat.turn()
    await world.followed.apply({}, ["a"])
    world.clock.at_ms += 1000
    await beat.turn()
    assert await world.fired() == [("a", 0), ("b", 0), ("b", 1000)]
    assert await world.redis.hkeys(RUNS) == ["b"]


async def test_what_was_removed_while_no_beat_ran_is_forgotten(world: World) -> None:
    await world.put(second("a"), second("b"))
    one = world.beat("one")
    await one.turn()
    await one.leave()
    await world.followed.apply({}, ["a"])
    await world.beat("two").turn()
    assert await world.redis.hkeys(RUNS) == ["b"]


async def test_a_broken_entry_is_named_and_leaves_the_others_alone(world: World) -> None:
    await world.followed.apply({"bad": '{"name": "bad"}', "good": second("good").to_json()})
    with structlog.testing.capture_logs() as lines:
        await world.beat("one").turn()
    assert await world.fired() == [("good", 0)]
    (complaint,) = (line for line in lines if line["log_level"] == "warning")
    assert complaint["entry"] == "bad"
    assert "interval_ms" in complaint["why"]


async def test_an_entry_that_becomes_broken_is_sent_no_more(world: World) -> None:
    await world.put(second("a"))
    beat = world.beat("one")
    await beat.turn()
    await world.followed.apply({"a": "{"})
    for _ in range(2):
        world.clock.at_ms += 1000
        await beat.turn()
    assert await world.fired() == [("a", 0)]


async def test_an_unreadable_run_counts_as_new(world: World) -> None:
    await world.put(second("a"))
    await world.redis.hset(RUNS, "a", "torn")
    await world.beat("one").turn()
    assert await world.fired() == [("a", 0)]


async def test_a_redis_that_was_started_again_empty_is_filled_again_and_all_is_new(world: World) -> None:
    await world.put(second("a"))
    beat = world.beat("one", world.plain("always", 1.0))
    await beat.turn()
    await world.redis.flushall()
    world.clock.at_ms += 1500
    for _ in range(3):  # The lease is lost, taken again, and what always ticks goes on.
        await beat.turn()
    assert await world.fired() == [("always", 1500)]
    await world.put(second("a"))
    world.clock.at_ms += 300
    await beat.turn()
    assert await world.fired() == [("always", 1500), ("a", 1800)]


async def test_a_crontab_of_the_users_runs_at_its_minute_whoever_leads(world: World) -> None:
    def mine() -> ScheduleEntry:
        return world.plain("mine", crontab(minute="*/5"), args=("x",), options={"queue": "theirs"})

    one = world.beat("one", mine())
    for at_ms in (0, 299_000, 300_010):
        world.clock.at_ms = BEGIN_MS + 1000 + at_ms
        await one.turn()
    (message,) = await world.sent("theirs")
    assert message["headers"]["argsrepr"] == "mine"
    await world.redis.delete(LEASE)
    two = world.beat("two", mine())
    for at_ms in (301_000, 500_000, 600_000):
        world.clock.at_ms = BEGIN_MS + 1000 + at_ms
        await two.turn()
    assert len(await world.sent("theirs")) == 2


async def test_a_plain_entry_that_cannot_be_sent_leaves_the_others_alone(world: World) -> None:
    broken, fine = world.plain("broken", 1.0, args=(object(),)), world.plain("fine", 1.0)
    with structlog.testing.capture_logs() as lines:
        await world.beat("one", broken, fine).turn()
    assert await world.fired() == [("fine", 0)]
    assert [line["entry"] for line in lines if line["event"] == "cannot send an entry"] == ["broken"]


async def test_an_entry_does_not_replace_what_always_ticks(world: World) -> None:
    await world.put(second("always", task="other"))
    with structlog.testing.capture_logs() as lines:
        await world.beat("one", world.plain("always", 1.0)).turn()
    assert [message["headers"]["task"] for message in await world.sent()] == ["t"]
    assert [line["entry"] for line in lines if line["log_level"] == "warning"] == ["always"]


async def test_who_has_no_broker_does_not_lead_and_says_so(world: World) -> None:
    (port,) = ports.free(1)
    nowhere = Celery("nowhere", broker=f"redis://:hunter2@127.0.0.1:{port}/0", set_as_current=False)
    with structlog.testing.capture_logs() as lines:
        await world.beat("one", sender=Sender(nowhere)).turn()
    assert await world.redis.exists(LEASE) == 0
    assert {line["server"] for line in lines} == {"broker"}
    assert "hunter2" not in repr(lines)


class Losing(Sender):
    """A sender whose broker goes away when it is about to send for the second time."""

    turns = 0

    def send(self, batch: Sequence[Fired]) -> None:
        self.turns += bool(batch)
        if self.turns == 2 and batch:
            self.turns += 1
            self.close()
        super().send(batch)


async def test_a_broker_that_goes_away_costs_what_was_due_then_and_nothing_is_sent_twice(world: World) -> None:
    await world.put(second("a"))
    beat = world.beat("one", sender=Losing(world.app))
    for at_ms in (0, 1000, 1600, 2000, 3000):
        world.clock.at_ms = BEGIN_MS + at_ms
        await beat.turn()
    assert await world.fired() == [("a", 0), ("a", 2000), ("a", 3000)]
    assert await world.missed("a") == 1


class CutOff(Sender):
    """A sender whose connection does not outlive standing by."""

    cut = False

    def connect(self) -> None:
        self.cut = False
        super().connect()

    def send(self, batch: Sequence[Fired]) -> None:
        if self.cut:
            raise UnavailableError("connection reset by peer")
        super().send(batch)


async def test_who_takes_over_does_not_rely_on_the_connection_with_which_it_stood_by(world: World) -> None:
    await world.put(second("a"))
    one, sender = world.beat("one"), CutOff(world.app)
    two = world.beat("two", sender=sender)
    await one.turn()
    await two.turn()
    sender.cut = True
    await world.redis.delete(LEASE)
    world.clock.at_ms += 1000
    await two.turn()
    assert await world.fired() == [("a", 0), ("a", 1000)]


async def test_a_redis_that_is_away_is_waited_for_and_the_process_goes_on(world: World) -> None:
    (port,) = ports.free(1)
    async with connect(Settings(redis_url=f"redis://127.0.0.1:{port}/0")) as nowhere:
        beat = Clockwork(
            redis=nowhere,
            leader=Leader(Lease(nowhere, NAME, "one", lasts_s=LASTS_S)),
            sender=Sender(world.app),
            plain={},
            address="redis://there",
        )
        with structlog.testing.capture_logs() as lines:
            assert await beat.turn() > 0
        assert {(line.get("server"), line.get("address")) for line in lines if line["log_level"] == "warning"} == {
            ("Redis", "redis://there")
        }
        await beat.leave()
