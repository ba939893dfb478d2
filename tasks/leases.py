"""Leases: the jobs a worker process runs stay its own, for as long as it runs them.

Leases are short, so that a crash costs little, and are extended while a connector still works. The same beat tells
Redis that the worker is there and what it holds, so the fetchers' count survives a Redis that lost its memory.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.credit import Capacity
from zelery.camunda.gateway import Gateway
from zelery.errors import GatewayError, NotFoundError
from zelery.logs import logger
from zelery.model import Job
from zelery.redis import AWAY

log = logger(__name__)

#: How often leases are looked at, and how often Redis hears from a worker, seconds.
LOOK_S, HEARTBEAT_S = 0.5, 3.0

#: Ended jobs are told to Redis in batches this far apart, seconds: one round trip for many.
FLUSH_S = 0.02

#: A lease is extended when less than this share of it is left.
MARGIN = 0.5


@dataclasses.dataclass(kw_only=True)
class Held:
    """A job in hand."""

    job: Job
    until: float
    """When the lease ends, seconds on the event loop's clock."""
    lost: bool = False
    """Zeebe no longer knows the job, or has given it to another."""


class Leases:
    """The jobs that this process holds."""

    def __init__(self, *, gateway: Gateway, capacity: Capacity, lease_s: float) -> None:
        self._gateway = gateway
        self._capacity = capacity
        self._lease_s = lease_s
        self._held: dict[str, Held] = {}
        self._ended: list[str] = []
        self._something_ended = asyncio.Event()

    @contextmanager
    def hold(self, job: Job, *, left_s: float) -> Iterator[Held]:
        """Hold a job whose lease has `left_s` seconds left, until the block is left."""
        held = Held(job=job, until=asyncio.get_running_loop().time() + left_s)
        self._held[job.activation] = held
        try:
            yield held
        finally:
            del self._held[job.activation]
            self._ended.append(job.activation)
            self._something_ended.set()

    def ours(self, held: Held) -> bool:
        """Whether the lease still runs."""
        return not held.lost and asyncio.get_running_loop().time() < held.until

    async def extend_if_short(self, held: Held) -> None:
        """Extend a lease of which little is left. A job that is gone is marked as lost."""
        loop = asyncio.get_running_loop()
        if held.lost or held.until - loop.time() > self._lease_s * MARGIN:
            return
        asked = loop.time()
        try:
            await self._gateway.extend(held.job, int(self._lease_s * 1000))
        except NotFoundError:
            held.lost = True
        except GatewayError as error:
            log.warning("cannot extend a lease; trying again", job=held.job.key, why=str(error))
        else:
            held.until = asked + self._lease_s

    async def keep(self) -> None:
        """Extend what runs long, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.gather(*(self.extend_if_short(held) for held in tuple(self._held.values())))

    async def heartbeat(self) -> None:
        """Tell Redis that the worker is there and what it holds, until cancelled."""
        while True:
            try:
                await self._capacity.heartbeat(tuple(self._held), int(self._lease_s * 1000))
            except AWAY as error:
                log.warning("Redis unreachable; trying again", why=str(error))
            await asyncio.sleep(HEARTBEAT_S)

    async def flush(self) -> None:
        """Tell Redis what ended, until cancelled."""
        while True:
            await self._something_ended.wait()
            self._something_ended.clear()
            ended, self._ended = self._ended, []
            try:
                await self._capacity.ended(ended)
            except AWAY as error:  # The entries end by themselves; until then the fetchers are careful.
                log.warning("Redis unreachable; ended jobs still count for a while", jobs=len(ended), why=str(error))
            await asyncio.sleep(FLUSH_S)
