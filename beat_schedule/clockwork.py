"""One turn of the clock: lead, follow what is scheduled, write down what is due, send it.

All that is known is thrown away when the lease is lost or a server goes away, and is loaded again by who leads next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial

from celery.beat import ScheduleEntry
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from beat_schedule.clock import Clock
from beat_schedule.heap import Due, Heap
from beat_schedule.leader import LOOK_S, Leader
from beat_schedule.rhythm import Rate, Rhythm, Run, jitter_ms, rhythm_of
from beat_schedule.runs import Runs
from beat_schedule.sender import Fired, Sender
from zelery.errors import LostLeaseError, UnavailableError
from zelery.fencing import Firing
from zelery.followed import Followed
from zelery.lease import Held
from zelery.logs import logger
from zelery.outage import Server
from zelery.redis import AWAY, ENTRIES, takes_writes
from zelery.schedule import Entry

log = logger(__name__)

#: How often the schedule's generation is looked at, seconds: one command when nothing has changed.
FOLLOW_S = 0.25

#: Entries that are due within this long of each other leave together, seconds.
GRAIN_S = 0.01

#: How many are written down and sent at once. Between batches the lease is renewed, also where a batch takes seconds.
BATCH_MAX = 200

#: How long a turn waits for a server that is away, seconds; then Celery's beat may look around.
AWAY_S = 1.0


class Clockwork:
    """A beat without Celery's shell around it."""

    def __init__(
        self,
        *,
        redis: Redis,
        leader: Leader,
        sender: Sender,
        plain: Mapping[str, ScheduleEntry],
        address: str,
        clock: Clock | None = None,
    ) -> None:
        self._redis = redis
        self._leader = leader
        self._sender = sender
        self._plain = plain
        self._clock = clock or Clock()
        self._runs = Runs(redis)
        self._followed = Followed(redis, ENTRIES)
        self._redis_server = Server("Redis", address, partial(takes_writes, redis), AWAY)
        self._broker_server = Server("broker", sender.address, self._reach_broker, (UnavailableError,))
        self._forget()

    async def turn(self) -> float:
        """Do what is due; returns for how long there is nothing to do, seconds. A server that is away is waited for."""
        try:
            return await self._turn()
        except LostLeaseError:
            self._lose()
            return 0.0
        except ResponseError as error:
            log.warning("Redis refused a command; trying again", why=str(error))
            await self._ready(self._redis_server)
        except AWAY as error:
            log.debug("Redis went away", why=str(error))
            await self._ready(self._redis_server)
        except UnavailableError as error:
            log.warning("cannot send; what was due is missed", broker=self._sender.address, why=str(error))
            await self._resign()  # Who cannot send does not lead: another may reach the broker.
        self._lose()
        return LOOK_S

    async def leave(self) -> None:
        """The end: another need not wait for the lease's."""
        await self._resign()
        await self._redis.aclose()
        self._sender.close()

    async def _resign(self) -> None:
        with contextlib.suppress(*AWAY):
            await self._leader.resign()

    def _lose(self) -> None:
        """Whatever is known is not to be relied on any more."""
        self._leader.lost()
        self._forget()

    async def _turn(self) -> float:
        if not self._sender.connected and not await self._ready(self._broker_server):
            return 0.0
        held = await self._leader.held()
        if held is None:
            return LOOK_S
        if self._token != held.token:
            await self._load(held)
        now_ms = self._clock.now_ms()
        if now_ms >= self._follow_ms:
            await self._clock.ask(self._redis)
            await self._follow(held)
        await self._fire(held)
        return self._pause_s()

    async def _ready(self, server: Server) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AWAY_S):
                await server.ready()
            return True
        return False

    async def _reach_broker(self) -> None:
        """It may block for some seconds; who has no broker has nothing else to do."""
        self._sender.connect()

    def _forget(self) -> None:
        self._token = 0
        self._generation = 0
        self._follow_ms = 0
        self._heap = Heap()
        self._entries: dict[str, Entry | ScheduleEntry] = {}
        self._remembered: dict[str, Run] = {}

    async def _load(self, held: Held) -> None:
        """Everything from the beginning, under this lease."""
        self._forget()
        self._sender.connect()  # What stood by for an hour may have been cut off without knowing it.
        await self._clock.ask(self._redis)
        self._remembered, unsent = await self._runs.load()
        for name, entry in self._plain.items():
            self._put(name, entry, rhythm_of(entry))
        await self._follow(held)
        for name in unsent:
            self._heap.missed(name)
        gone = [name for name in self._remembered if name not in self._entries]
        await self._runs.write(held, {}, forget=gone)
        self._remembered.clear()
        self._token = held.token
        log.info("schedule loaded", entries=len(self._entries), generation=self._generation, unsent=len(unsent))

    async def _follow(self, held: Held) -> None:
        """Take over what changed since the last time."""
        changes = await self._followed.since(self._generation)
        self._generation = changes.generation
        self._follow_ms = self._clock.now_ms() + int(FOLLOW_S * 1000)
        for name, text in changes.values.items():
            self._put_text(name, text)
        gone = changes.removed
        if changes.whole:
            gone = frozenset(self._entries) - frozenset(changes.values)
        gone -= frozenset(self._plain)
        for name in gone:
            self._drop(name)
        if gone and self._token:
            await self._runs.write(held, {}, forget=gone)

    def _put_text(self, name: str, text: str) -> None:
        if name in self._plain:
            log.warning("an entry has the name of one that always ticks; it is left out", entry=name)
            return
        try:
            entry = Entry.from_json(text)
        except ValueError as error:
            log.warning("an entry cannot be fired", entry=name, why=str(error))
            self._drop(name)
            return
        jitter = jitter_ms(name, entry.interval_ms) if entry.jitter else None
        self._put(name, entry, Rate(interval_ms=entry.interval_ms, jitter_ms=jitter))

    def _put(self, name: str, entry: Entry | ScheduleEntry, rhythm: Rhythm) -> None:
        self._entries[name] = entry
        self._heap.put(name, rhythm, self._clock.now_ms(), self._remembered.get(name))

    def _drop(self, name: str) -> None:
        self._heap.remove(name)
        self._entries.pop(name, None)

    async def _fire(self, held: Held) -> None:
        """Write down what is due, and then send it: see `runs.py` for why in this order."""
        now_ms = self._clock.now_ms()
        due = self._heap.take(now_ms, BATCH_MAX)
        if not due:
            return
        fires = [each for each in due if each.fires]
        await self._runs.write(held, {each.name: each.run for each in due}, sending=[each.name for each in fires])
        self._sender.send([self._fired(each, held, now_ms) for each in fires])
        await self._runs.write(held, {})

    def _fired(self, due: Due, held: Held, now_ms: int) -> Fired:
        entry, run = self._entries[due.name], due.run
        lasts_ms = entry.lasts_ms if isinstance(entry, Entry) else run.next_ms - run.last_ms
        firing = Firing(entry=due.name, due_ms=run.last_ms, token=held.token, lasts_ms=lasts_ms)
        return Fired(entry=entry, firing=firing, now_ms=now_ms)

    def _pause_s(self) -> float:
        now_ms = self._clock.now_ms()
        wake_ms = min(self._heap.next_ms(), self._follow_ms)
        return max((wake_ms - now_ms) / 1000, GRAIN_S)
