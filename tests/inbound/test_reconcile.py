"""What lives is what the deployed models ask for, whatever went wrong in between."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis

from inbound.activity import Activity, logs
from inbound.executables import Executable, Executables, State
from inbound.polling import Poller
from inbound.reconcile import OLDER_MAX, Reconciler
from tests.inbound.hosts import CONNECTORS, connected, hosting
from tests.inbound.sources import Cluster, catch, start
from zelery.connected import Connected
from zelery.errors import LostLeaseError, SourceRefusedError, SourceUnavailableError
from zelery.fencing import Firing
from zelery.followed import Followed
from zelery.metrics import Metrics
from zelery.redis import AWAY, ENTRIES, IMPORT

pytestmark = pytest.mark.integration

LEASE = "zelery:lease:reconcile"
HOOK = {"inbound__context": "orders"}


@dataclasses.dataclass
class Bench:
    """A cluster, and workers that reconcile with it."""

    connected: Connected
    cluster: Cluster
    environment: dict[str, str]
    now_ms: int = 1_000_000

    def __post_init__(self) -> None:
        self.activity = Activity(self.redis, keep=100)
        self.metrics = Metrics(self.redis)
        self.one = self.reconciler("one")

    @property
    def redis(self) -> Redis:
        return self.connected.redis

    def reconciler(self, name: str, of: Connected | None = None, **given: Any) -> Reconciler:
        return Reconciler(
            of or self.connected,
            given.get("source", self.cluster),
            name=name,
            connectors=given.get("connectors", CONNECTORS),
            absent=given.get("absent", {}),
            activity=self.activity,
            metrics=self.metrics,
            clock_ms=lambda: self.now_ms,
        )

    async def tick(self, seconds: float = 0) -> str:
        self.now_ms += int(seconds * 1000)
        return await self.one.tick()

    async def live(self) -> dict[str, Executable]:
        """By process, version and element of each executable."""
        store = Executables(self.redis)
        await store.follow()
        return {shown(each): each for each in store.live.values()}

    async def entries(self) -> set[str]:
        return set((await Followed(self.redis, ENTRIES).since(0)).values)

    async def messages(self, of: Executable) -> list[str]:
        await self.activity.write()
        return [each["message"] for each in (await logs(self.redis, [of.id]))[of.id]]

    async def imported(self) -> Any:
        return json.loads(await self.redis.get(IMPORT) or "null")


def shown(of: Executable) -> str:
    """`order 1 start`, or with several elements `order 2 catch + order 1 catch`."""
    return " + ".join(f"{each.process_id} {each.version} {each.element_id}" for each in of.elements)


@pytest.fixture
async def bench(redis_url: str) -> AsyncIterator[Bench]:
    environment = {"SECRET_TOKEN": "hunter2"}
    async with connected(redis_url, variables=environment) as of:
        yield Bench(of, Cluster(), environment)


# -- what is deployed, lives


async def test_what_is_deployed_lives_a_tick_later(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK), catch(inbound__context="paid"))
    assert await bench.tick() == "2 changed, 0 removed, 2 live"
    live = await bench.live()
    assert {name: each.state for name, each in live.items()} == {
        "order 1 start": State.ACTIVE,
        "order 1 catch": State.ACTIVE,
    }
    assert live["order 1 start"].activated_ms == bench.now_ms
    assert await bench.messages(live["order 1 start"]) == ["Activated"]


async def test_a_tick_in_which_nothing_changed_asks_for_no_model_and_writes_no_executable(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    await bench.tick()  # Its own write is news to nobody.
    before = (await bench.live(), await bench.redis.hget("zelery:inbound:executables:meta", "generation"))
    bench.cluster.asked.clear()
    assert await bench.tick() == "nothing changed"
    assert [method for method, _ in bench.cluster.asked] == ["deployed"]
    assert (await bench.live(), await bench.redis.hget("zelery:inbound:executables:meta", "generation")) == before
    assert (await bench.imported())["ok"] is True


async def test_a_new_version_replaces_the_old_one_and_keeps_its_place_in_the_line(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    bench.cluster.deploy("other", start(**HOOK))
    await bench.tick(1)
    assert (await bench.live())["other 1 start"].state is State.QUEUED
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick(1)
    live = await bench.live()
    assert {name: each.state for name, each in live.items()} == {
        "order 2 start": State.ACTIVE,
        "other 1 start": State.QUEUED,
    }


async def test_who_waits_for_a_path_takes_it_when_it_is_free(bench: Bench) -> None:
    first = bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("other", start(**HOOK))
    await bench.tick()
    waiting = (await bench.live())["other 1 start"]
    bench.cluster.delete(first)
    await bench.tick(1)
    assert {name: each.state for name, each in (await bench.live()).items()} == {"other 1 start": State.ACTIVE}
    assert await bench.messages(waiting) == [
        "Context: orders already in use by: process order(start)",
        'Path "orders" is now available. executable has been activated.',
    ]


async def test_what_is_deleted_goes_and_the_version_before_lives_again(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    newest = bench.cluster.deploy("order", start(inbound__context="newer"))
    await bench.tick()
    assert set(await bench.live()) == {"order 2 start"}
    bench.cluster.delete(newest)
    await bench.tick(1)
    assert set(await bench.live()) == {"order 1 start"}
    bench.cluster.definitions.clear()
    await bench.tick(1)
    assert await bench.live() == {}


async def test_equal_properties_outlive_a_new_version(bench: Bench) -> None:
    auto = {"deduplicationMode": "AUTO", **HOOK}
    bench.cluster.deploy("order", start(**auto))
    await bench.tick()
    (before,) = (await bench.live()).values()
    bench.cluster.deploy("order", start(activationCondition="=true", **auto))
    await bench.tick(1)
    (after,) = (await bench.live()).values()
    assert (after.id, after.activated_ms, shown(after)) == (before.id, before.activated_ms, "order 2 start")
    assert await bench.messages(after) == ["Activated", "Updated configuration due to new process version deployment"]


async def test_another_configuration_under_the_same_name_is_activated_again(bench: Bench) -> None:
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one"}
    bench.cluster.deploy("order", start(inbound__context="a", **manual))
    await bench.tick()
    (before,) = (await bench.live()).values()
    bench.cluster.deploy("order", start(inbound__context="b", **manual))
    await bench.tick(1)
    (after,) = (await bench.live()).values()
    assert after.id == before.id
    assert after.claim != before.claim


async def test_tenants_have_processes_of_their_own(bench: Bench) -> None:
    for tenant in ("t1", "t2"):
        bench.cluster.deploy("order", start(**HOOK), tenant_id=tenant)
    await bench.tick()
    store = Executables(bench.redis)
    await store.follow()
    assert sorted((each.tenant_id, each.state) for each in store.live.values()) == [
        ("t1", State.ACTIVE),
        ("t2", State.QUEUED),  # a path is one for all tenants, as in Camunda
    ]


# -- older versions


async def older(bench: Bench) -> int:
    """Two versions of `order`; the key of the older one."""
    old = bench.cluster.deploy("order", start(**HOOK), catch(inbound__context="paid"))
    bench.cluster.deploy("order", start(**HOOK), catch(inbound__context="paid2"))
    return old


async def test_where_instances_wait_an_older_version_lives_but_starts_none(bench: Bench) -> None:
    old = await older(bench)
    bench.cluster.waits = {old: True}
    await bench.tick()
    assert set(await bench.live()) == {"order 2 start", "order 2 catch", "order 1 catch"}
    bench.cluster.waits = {old: False}
    await bench.tick(1)
    assert set(await bench.live()) == {"order 2 start", "order 2 catch"}


async def test_a_source_that_cannot_tell_is_asked_once_and_the_newest_live(bench: Bench) -> None:
    await older(bench)
    bench.cluster.waits = None
    for _ in range(3):
        await bench.tick(1)
    assert set(await bench.live()) == {"order 2 start", "order 2 catch"}
    assert bench.cluster.count("waiting") == 1


async def test_a_version_of_which_nothing_is_known_yet_stays_as_it_is(bench: Bench) -> None:
    """A worker that has just started asks about thousands of versions little by little."""
    old = await older(bench)
    bench.cluster.waits = {old: True}
    await bench.tick()
    bench.cluster.waits = {}
    bench.one = bench.reconciler("new")
    await bench.tick(1)
    assert "order 1 catch" in await bench.live()
    bench.cluster.waits = {old: False}
    await bench.tick(1)
    assert "order 1 catch" not in await bench.live()


async def test_a_source_that_fails_to_tell_deactivates_nothing_and_stops_nothing(bench: Bench) -> None:
    old = await older(bench)
    bench.cluster.waits = {old: True}
    await bench.tick()
    bench.cluster.trouble["waiting"] = SourceRefusedError("give it the right to read instances")
    bench.cluster.deploy("new", start(inbound__context="n"))
    bench.one = bench.reconciler("new")
    await bench.tick(1)
    assert {"order 1 catch", "new 1 start"} <= set(await bench.live())
    assert (await bench.imported())["ok"] is True


async def test_only_versions_at_whose_elements_an_instance_can_wait_are_asked_about(bench: Bench) -> None:
    waits = bench.cluster.deploy("order", catch())
    for _ in range(3):
        bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    assert [about for method, about in bench.cluster.asked if method == "waiting"] == [(waits,)]


async def test_models_of_older_versions_are_read_little_by_little(bench: Bench) -> None:
    for _ in range(OLDER_MAX + 6):
        bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    assert bench.cluster.count("xml") == OLDER_MAX + 1
    await bench.tick()
    assert bench.cluster.count("xml") == OLDER_MAX + 6


async def test_the_setting_that_leaves_older_versions_alone_costs_no_question(bench: Bench) -> None:
    await older(bench)
    settings = bench.connected.settings.model_copy(update={"active_versions": False})
    runtime = dataclasses.replace(bench.connected.runtime, settings=settings)
    bench.one = bench.reconciler("off", dataclasses.replace(bench.connected, runtime=runtime))
    await bench.tick()
    assert bench.cluster.count("waiting") == 0
    assert bench.cluster.count("xml") == 1


# -- answers that are no answers


async def test_a_cluster_that_does_not_answer_deactivates_nothing(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    bench.cluster.trouble["deployed"] = SourceUnavailableError("refused")
    assert await bench.tick(1) == "the cluster did not say what is deployed"
    assert set(await bench.live()) == {"order 1 start"}
    assert await bench.imported() == {"ok": False, "at_ms": bench.now_ms, "why": "refused"}
    del bench.cluster.trouble["deployed"]
    await bench.tick(1)
    assert (await bench.imported())["ok"] is True


async def test_an_answer_in_doubt_deactivates_nothing(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    bench.cluster.definitions = []
    bench.cluster.doubt = "there were 1 a moment ago"
    bench.cluster.deploy("new", start(inbound__context="n"))
    await bench.tick(1)
    assert set(await bench.live()) == {"order 1 start", "new 1 start"}
    bench.cluster.doubt = None
    await bench.tick(1)
    assert set(await bench.live()) == {"new 1 start"}


async def test_a_model_that_cannot_be_read_now_keeps_what_lives_of_its_process(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("other", start(inbound__context="o"))
    await bench.tick()
    new = bench.cluster.deploy("order", start(inbound__context="new"))
    bench.cluster.trouble[f"xml {new}"] = SourceUnavailableError("busy")
    await bench.tick(1)
    assert set(await bench.live()) == {"order 1 start", "other 1 start"}
    assert (await bench.imported())["unread"] == 1
    del bench.cluster.trouble[f"xml {new}"]
    await bench.tick(1)
    assert set(await bench.live()) == {"order 2 start", "other 1 start"}


# -- what cannot live


async def test_one_bad_model_leaves_the_others_and_is_said_once(bench: Bench) -> None:
    bad = bench.cluster.deploy("bad", start())
    bench.cluster.models[bad] = b"no xml"
    bench.cluster.deploy("odd", start(deduplicationMode="SOME", **HOOK), catch(inbound__context="c"))
    bench.cluster.deploy("good", start(inbound__context="g"))
    with structlog.testing.capture_logs() as lines:
        await bench.tick()
        await bench.tick(1)
    assert set(await bench.live()) == {"odd 1 catch", "good 1 start"}
    assert [line["process"] for line in lines if line["event"] == "a model has a fault"] == ["bad"]
    (odd,) = (line["why"] for line in lines if line["event"] == "an inbound element cannot be used")
    assert "deduplicationMode" in odd


async def test_a_failed_activation_is_shown_and_tried_again_after_pauses_that_grow(bench: Bench) -> None:
    bench.cluster.deploy("order", start(inbound__context="{{secrets.PATH}}"))
    bench.cluster.deploy("good", start(inbound__context="g"))
    await bench.tick()
    live = await bench.live()
    failed = live["order 1 start"]
    assert (failed.state, live["good 1 start"].state) == (State.FAILED, State.ACTIVE)
    assert "PATH" in (failed.reason or "")
    pauses = []
    for _ in range(4):
        before = (await bench.live())["order 1 start"]
        wait_s = (before.retry_ms - bench.now_ms) / 1000
        pauses.append(wait_s)
        await bench.tick(wait_s - 0.001)
        assert (await bench.live())["order 1 start"].attempts == before.attempts
        await bench.tick(0.001)
    assert pauses == [5, 10, 20, 40]
    assert await bench.messages(failed) == [failed.reason]  # once, not at each attempt
    bench.environment["SECRET_PATH"] = "orders"
    bench.connected.runtime.secrets._known.clear()
    await bench.tick(80)
    assert (await bench.live())["order 1 start"].state is State.ACTIVE
    assert await bench.messages(failed) == [failed.reason, "Activated"]


async def test_a_type_that_is_not_installed_is_shown_with_its_remedy_and_lives_when_it_is(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    without = bench.reconciler("without", connectors={}, absent={"tests:hook:1": "pip install 'zelery[hook]'"})
    await without.tick()
    (shown_,) = (await bench.live()).values()
    assert shown_.state is State.UNREGISTERED
    assert shown_.reason == "Connector tests:hook:1 not registered: pip install 'zelery[hook]'"
    await bench.tick(1)
    (live,) = (await bench.live()).values()
    assert live.state is State.ACTIVE


async def test_what_is_counted_is_what_dashboards_ask_for(bench: Bench) -> None:
    key = bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("bad", start())
    await bench.tick()
    bench.cluster.delete(key)
    await bench.tick(1)
    activations, checked = (
        "camunda_connector_inbound_activations",
        "camunda_connector_inbound_process_definitions_checked",
    )
    assert dict(bench.metrics._sums) == {
        (activations, ("activated", "tests:hook:1")): 1,
        (activations, ("activation-failed", "tests:hook:1")): 1,
        (activations, ("deactivated", "tests:hook:1")): 1,
        (checked, ()): 2,
    }


# -- the schedule


FEED = {"inbound__type": "tests:feed:1", "seconds": "10"}


async def test_what_polls_is_in_the_schedule_and_goes_with_its_executable(bench: Bench) -> None:
    key = bench.cluster.deploy("order", start(**FEED))
    await bench.tick()
    (entry,) = await bench.entries()
    assert entry.startswith("tests:feed:1 | order | start | <default> | ")
    bench.cluster.delete(key)
    await bench.tick(1)
    assert await bench.entries() == set()


async def test_a_poller_with_other_elements_has_one_entry_and_not_two(bench: Bench) -> None:
    auto = {"deduplicationMode": "AUTO", **FEED}
    bench.cluster.deploy("order", start(**auto))
    await bench.tick()
    bench.cluster.deploy("order", start(**auto), catch("second", **auto))
    await bench.tick(1)
    (entry,) = await bench.entries()
    assert "start, second" in entry


async def test_a_poller_that_fails_is_fired_no_more(bench: Bench) -> None:
    manual = {"deduplicationMode": "MANUAL", "deduplicationId": "one", **FEED}
    bench.cluster.deploy("order", start(**manual))
    await bench.tick()
    bench.cluster.deploy("order", start(**{**manual, "seconds": "soon"}))
    await bench.tick(1)
    assert await bench.entries() == set()


# -- two at once


class Gated(Cluster):
    """It answers when it is let."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.came, self.goes_on = asyncio.Event(), asyncio.Event()

    async def deployed(self) -> Any:
        self.came.set()
        await self.goes_on.wait()
        return await super().deployed()


async def test_of_two_at_once_one_works(bench: Bench) -> None:
    gated = Gated()
    gated.deploy("order", start(**HOOK))
    first = asyncio.create_task(bench.reconciler("first", source=gated).tick())
    await gated.came.wait()
    assert await bench.tick() == "another worker is at it"
    gated.goes_on.set()
    assert await first == "1 changed, 0 removed, 1 live"
    assert bench.cluster.asked == []
    assert await bench.redis.exists(LEASE) == 0  # given back, so that the next tick need not wait


async def test_who_loses_the_lease_in_a_tick_writes_nothing(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("feed", start(**FEED))
    gated = Gated()  # which has nothing deployed: the late one would remove all
    gated.deploy("late", start(inbound__context="late"))
    late = asyncio.create_task(bench.reconciler("late", source=gated).tick())
    await gated.came.wait()
    await bench.redis.delete(LEASE)  # it was stopped for longer than the lease lasts
    await bench.tick()
    live, entries = await bench.live(), await bench.entries()
    gated.goes_on.set()
    assert await late == "another worker took over"
    assert (await bench.live(), await bench.entries()) == (live, entries)
    assert set(live) == {"order 1 start", "feed 1 start"}


async def test_who_loses_the_lease_between_two_writes_leaves_the_schedule_alone(bench: Bench) -> None:
    bench.cluster.deploy("feed", start(**FEED))
    held = await bench.one._lease.take()
    assert held
    await bench.redis.delete(LEASE)
    await bench.one._store.follow()
    (feed,) = await wanted_live(bench)
    bench.one._store.live[feed.id] = feed
    with pytest.raises(LostLeaseError):
        await bench.one._schedule({}, held)
    assert await bench.entries() == set()


async def wanted_live(bench: Bench) -> list[Executable]:
    """What another worker makes of the cluster; then its entries are lost."""
    await bench.reconciler("other").tick()
    live = [*(await bench.live()).values()]
    await Followed(bench.redis, ENTRIES).apply({}, await bench.entries())
    return live


async def test_workers_that_take_turns_agree(bench: Bench) -> None:
    two = bench.reconciler("two")
    bench.cluster.deploy("order", start(**HOOK))
    await bench.tick()
    await two.tick()
    bench.cluster.deploy("order", start(inbound__context="new"))
    await two.tick()
    assert set(await bench.live()) == {"order 2 start"}
    await bench.tick(1)
    assert set(await bench.live()) == {"order 2 start"}
    assert await bench.tick(1) == "nothing changed"
    assert await two.tick() == "nothing changed"


# -- crashes


class KilledError(BaseException):
    """Nothing that a killed process would do happens."""


def kill(redis: Redis, after: int) -> None:
    """This client's process ends before it has sent one command more than these."""
    left = after
    execute: Any = redis.execute_command
    pipeline: Any = redis.pipeline

    def one_more() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError

    def command(*args: Any, **given: Any) -> Any:
        one_more()
        return execute(*args, **given)

    def commands(*args: Any, **given: Any) -> Any:
        one_more()
        return pipeline(*args, **given)

    redis.execute_command = command  # type: ignore[method-assign]  # as a kill
    redis.pipeline = commands  # type: ignore[method-assign]  # as a kill


async def prepared(bench: Bench) -> None:
    """Something that lives, and after it a change of all kinds: new, upgraded, deleted, unchanged."""
    await bench.redis.flushall()
    bench.cluster = Cluster()
    gone = bench.cluster.deploy("gone", start(**FEED))
    bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("feed", start(**FEED))
    bench.cluster.deploy("queue", start(**HOOK))
    await bench.reconciler("before").tick()
    bench.cluster.delete(gone)
    bench.cluster.deploy("order", start(inbound__context="elsewhere"))
    bench.cluster.deploy("feed", start(**{**FEED, "seconds": "20"}))
    bench.cluster.deploy("new", start(**FEED), catch(inbound__context="{{secrets.NONE}}"))


async def test_a_worker_killed_anywhere_in_a_tick_leaves_nothing_that_two_ticks_do_not_make_good(
    bench: Bench, redis_url: str
) -> None:
    await prepared(bench)
    await bench.reconciler("clean").tick()
    expected = {name: (each.state, each.every_ms) for name, each in (await bench.live()).items()}
    entries = {name.rpartition(" | ")[0] for name in await bench.entries()}
    assert len(expected) == 5
    assert len(entries) == 2
    for commands in itertools.count():
        await prepared(bench)
        async with connected(redis_url) as dies:
            kill(dies.redis, commands)
            died = await asyncio.gather(bench.reconciler("dies", dies).tick(), return_exceptions=True)
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        if not isinstance(died[0], KilledError):
            break
        await bench.redis.delete(LEASE)  # which ends by itself
        after = bench.reconciler("after")
        for _ in range(2):
            await after.tick()
        live = await bench.live()
        assert {name: (each.state, each.every_ms) for name, each in live.items()} == expected, commands
        await fire(bench, [name for name in await bench.entries() if name.rpartition(" | ")[0] not in entries])
        assert {name.rpartition(" | ")[0] for name in await bench.entries()} == entries, commands
    assert commands > 8


async def fire(bench: Bench, names: list[str]) -> None:
    """What was left in the schedule fires once."""
    values = (await Followed(bench.redis, ENTRIES).since(0)).values
    async with hosting(bench.connected) as host:
        poller = Poller(host, bench.cluster)
        for name in names:
            (id_,) = json.loads(values[name])["args"]
            assert await poller.poll(Firing(entry=name, due_ms=1, token=1, lasts_ms=1), id_) == "gone"


async def test_an_emptied_redis_is_whole_within_two_ticks_and_who_serves_goes_on(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    bench.cluster.deploy("feed", start(**FEED))
    await bench.tick()
    serves = Executables(bench.redis, keeps=True)
    await serves.follow()
    live, entries = await bench.live(), await bench.entries()
    for worker in (bench.one, bench.reconciler("fresh")):
        await bench.redis.flushall()
        await serves.follow()
        assert {shown(each) for each in serves.live.values()} == set(live)
        await worker.tick()
        await worker.tick()
        assert {name: (each.id, each.state) for name, each in (await bench.live()).items()} == {
            name: (each.id, each.state) for name, each in live.items()
        }
        assert await bench.entries() == entries
        await serves.follow()
        assert {shown(each) for each in serves.live.values()} == set(live)


async def test_a_redis_that_is_away_is_the_next_ticks_affair(bench: Bench) -> None:
    bench.cluster.deploy("order", start(**HOOK))
    async with connected("redis://127.0.0.1:1/0") as away:
        with pytest.raises(AWAY):
            await bench.reconciler("away", away).tick()
    await bench.tick()
    assert set(await bench.live()) == {"order 1 start"}
