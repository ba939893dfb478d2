"""`zelery consume`: each subscription is held by one process, under a lease, wherever there is one that can.

Who should hold what is worked out by every consumer alike, from who is there: each subscription goes to the consumer
that ranks highest for it (rendezvous hashing), so that a consumer that comes or goes moves only what it must. A lease
makes sure of it: what another still holds is not begun. A consumer that cannot renew in time stops by itself, and what
it correlates after that is refused here, so that a paused process never makes two holders.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import random
import socket
import time
from collections.abc import Iterable

from inbound.activate import resolve
from inbound.executables import Executable, State
from inbound.host import Host, RunContext, attempt
from zelery.connected import Connected
from zelery.garbage import settle
from zelery.lease import Held, Lease
from zelery.logs import logger
from zelery.redis import AWAY, CONSUMERS
from zelery.sdk.inbound import Kind
from zelery.secrets import Mask
from zelery.settings import Settings

log = logger(__name__)

#: How long a subscription is held without renewing, and how long a consumer counts without being heard of, seconds:
#: together they bound how long a dead one's subscriptions rest.
LEASE_S, HEARD_S = 6.0, 4.0

#: From one look at who is there and what there is to the next, seconds.
LOOK_S = 0.5

#: A holder stops by itself this long before its lease ends at the latest, seconds.
MARGIN_S = 1.0

#: Pauses before a subscription that ended is started again, seconds: doubled, with jitter, and from the beginning when
#: it worked for so long.
PAUSE_S, PAUSE_MAX_S, WORKED_S = 1.0, 8.0, 60.0

#: How long one may take to give back what it holds, seconds.
STOP_S = 10.0

_HEARD = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""


@dataclasses.dataclass(frozen=True)
class Slot:
    """One of an executable's places: there are as many as it is to have holders."""

    executable_id: str
    number: int

    def __str__(self) -> str:
        return f"{self.executable_id}/{self.number}"


def slots(executables: Iterable[Executable]) -> set[Slot]:
    """The places of all subscriptions that live."""
    return {
        Slot(each.id, number)
        for each in executables
        if each.kind == Kind.SUBSCRIPTION and each.state is State.ACTIVE
        for number in range(each.holders)
    }


def mine(places: Iterable[Slot], consumers: Iterable[str], me: str) -> set[Slot]:
    """Those that this consumer ranks highest for; no consumer gets two of one executable while others get none."""
    there = sorted({*consumers, me})
    found: set[Slot] = set()
    for place in places:
        ranked = sorted(there, key=lambda consumer: _rank(place.executable_id, consumer), reverse=True)
        if ranked[place.number % len(ranked)] == me:
            found.add(place)
    return found


def _rank(executable_id: str, consumer: str) -> bytes:
    return hashlib.blake2b(f"{executable_id} {consumer}".encode(), digest_size=8).digest()


class Consumer:
    """One process's share of the subscriptions."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._redis = host.connected.redis
        self.name = f"{os.environ.get('ZELERY_LABEL', 'consume')}-{os.getpid()}@{socket.gethostname()}"
        self._heard = self._redis.register_script(_HEARD)
        self._running: dict[Slot, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """The role: hold this process's share until cancelled; then give it all back."""
        told: set[Slot] | None = None
        try:
            while True:
                with contextlib.suppress(*AWAY):
                    share = await self._share()
                    await self._adjust(share)
                    if told is None:
                        log.info("consuming", name=self.name, subscriptions=len(share))
                    told = share
                await asyncio.sleep(LOOK_S)
        finally:
            await self._stop(list(self._running))
            with contextlib.suppress(*AWAY):
                await self._redis.zrem(CONSUMERS, self.name)

    async def _share(self) -> set[Slot]:
        """What this process should hold, by what the store and the others say now."""
        await self._host.store.follow()
        consumers = await self._heard(keys=[CONSUMERS], args=[self.name, int(HEARD_S * 1000)])
        served = (each for each in self._host.store.live.values() if each.type in self._host.connectors)
        return mine(slots(served), consumers, self.name)

    async def _adjust(self, share: set[Slot]) -> None:
        await self._stop([slot for slot in self._running if slot not in share])
        for slot in share - self._running.keys():
            self._running[slot] = asyncio.create_task(self._hold(slot))

    async def _stop(self, gone: list[Slot]) -> None:
        tasks = [self._running.pop(slot) for slot in gone]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _hold(self, slot: Slot) -> None:
        """Wait for a place's lease, run its connector while the lease is held, and wait for it again."""
        lease = Lease(self._redis, f"subscription:{slot}", self.name, lasts_s=LEASE_S)
        try:
            while True:
                with contextlib.suppress(*AWAY):
                    held = await lease.take()
                    if held is not None:
                        await self._while_held(slot, lease, held)
                await asyncio.sleep(LOOK_S)
        finally:
            with contextlib.suppress(*AWAY):
                await lease.give()

    async def _while_held(self, slot: Slot, lease: Lease, held: Held) -> None:
        tenure = _Tenure(held)
        log.info("holding", executable=self._described(slot))
        run = asyncio.create_task(self._keep_running(slot, tenure))
        try:
            while await self._renewed(lease, tenure):
                await asyncio.wait({run}, timeout=LEASE_S / 4)
                if run.done():
                    break
        finally:
            run.cancel()
            await asyncio.wait({run}, timeout=STOP_S)
            self._host.activity.forget(slot.executable_id)
            log.info("holding no more", executable=self._described(slot))

    async def _renewed(self, lease: Lease, tenure: _Tenure) -> bool:
        """Whether the lease is still ours, for long enough to be asked again."""
        with contextlib.suppress(*AWAY, TimeoutError):
            async with asyncio.timeout(max(tenure.left_s, 0)):
                held = await lease.take()
                if held is None:
                    return False
                tenure.held = held
        return tenure.left_s > 0

    async def _keep_running(self, slot: Slot, tenure: _Tenure) -> None:
        """Run the connector; when it ends by itself, or its configuration changes, start it again."""
        pause = PAUSE_S
        while (executable := self._host.store.live.get(slot.executable_id)) is not None:
            life = asyncio.create_task(self._life(executable, tenure, pause))
            try:
                while not life.done() and self._same(executable):
                    await asyncio.wait({life}, timeout=LOOK_S)
                pause = life.result() if life.done() else PAUSE_S
            finally:
                life.cancel()
                await asyncio.wait({life}, timeout=STOP_S)

    async def _life(self, executable: Executable, tenure: _Tenure, pause: float) -> float:
        """Run the connector until it ends, and rest; returns the next pause."""
        began = time.monotonic()
        context = RunContext(
            host=self._host, executable=executable, mask=Mask(), waits=True, ours=lambda: tenure.left_s > 0
        )
        outcome = await attempt(self._run(executable, context))
        reason = outcome or "it ended by itself"
        context.down(reason)
        context.log("ERROR", "Consumer", f"The subscription ended and is started again: {reason}")
        why = context.mask(f"{type(reason).__name__}: {reason}")
        log.warning("a subscription ended; starting it again", executable=executable.describe(), why=why)
        pause = PAUSE_S if time.monotonic() - began > WORKED_S else pause
        await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
        return min(pause * 2, PAUSE_MAX_S)

    async def _run(self, executable: Executable, context: RunContext) -> None:
        connector = self._host.connectors[executable.type]
        bound = await resolve(executable, self._host.connected.runtime.secrets)
        context.mask = bound.mask
        await connector(bound.to(connector.input), context)

    def _same(self, executable: Executable) -> bool:
        """Whether what it was started with still stands; other elements are no reason to start it again."""
        newest = self._host.store.live.get(executable.id)
        return newest is not None and newest.configuration == executable.configuration

    def _described(self, slot: Slot) -> str:
        executable = self._host.store.live.get(slot.executable_id)
        return executable.describe() if executable else str(slot)


@dataclasses.dataclass
class _Tenure:
    """How long the lease is ours for sure."""

    held: Held

    @property
    def left_s(self) -> float:
        """Seconds, by our own clock, until we must have stopped."""
        return self.held.until - MARGIN_S - time.monotonic()


async def serve(settings: Settings) -> None:
    """The role: until cancelled."""
    async with Connected.open(settings) as connected, Host.open(connected) as host:
        settle()
        await Consumer(host).run()
