"""`zelery fetch`: from Zeebe to Celery. Jobs are leased as far as there is credit, and each becomes one message.

A type is served in two ways at once, as the Java client does it. A *stream* has jobs pushed to us as they are created.
A *poll* finds what waited, what a stream could not take, and what came back when a lease ended.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from tasks.celery import App
from tasks.credit import Credit
from tasks.dispatch import Dispatcher
from zelery.camunda.gateway import Gateway, Lease, ZeebeGateway
from zelery.catalogue import Served, served
from zelery.errors import GatewayError
from zelery.garbage import settle
from zelery.logs import logger
from zelery.model import Job
from zelery.outage import Server
from zelery.redis import AWAY, connect, takes_writes
from zelery.settings import Settings, mask_url

log = logger(__name__)

#: Pauses after an error, seconds: they double, and carry jitter so that fetchers do not knock all at once. They stay
#: short: a cluster that is busy refuses some requests and takes others, and the jobs of a worker that died wait for one
#: that is taken. A cluster that is away is waited for otherwise (`Server.ready`).
PAUSE_S, PAUSE_MAX_S = 0.2, 1.0

#: Jobs that a stream may have waiting here before it stops reading and Zeebe is held back.
PUSHED_MAX = 32


class Fetcher:
    """Serves job types: leases, dispatches, counts."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        dispatcher: Dispatcher,
        credit: Credit,
        settings: Settings,
        servers: Sequence[Server] = (),
    ) -> None:
        self._servers = servers
        self._gateway = gateway
        self._dispatcher = dispatcher
        self._credit = credit
        self._settings = settings

    async def serve(self, each: Served) -> None:
        """Fetch the jobs of one connector until cancelled. No error ends it."""
        lease = Lease(
            type=each.type,
            worker=each.connector.name,
            lease_ms=int(self._settings.lease_s * 1000),
            variables=each.connector.variables,
            tenant_ids=self._settings.tenant_ids,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._enduring(lambda: self.poll(lease), lease.type))
            if self._settings.fetch_stream:
                group.create_task(self._enduring(lambda: self.stream(lease), lease.type))

    async def poll(self, lease: Lease) -> None:
        """Lease what waits. An idle type asks for one job and waits for it; a busy one asks for more, and at once."""
        wanted = 1
        while True:
            taken = await self._credit.take(wanted)
            try:
                wait_s = self._settings.fetch_poll_s if wanted == 1 else 0
                jobs = await self._gateway.activate(lease, most=taken, wait_s=wait_s)
                if jobs:
                    await self._hand_over(lease, jobs)
            finally:
                self._credit.settle(taken)
            wanted = min(max(1, len(jobs) * 4), self._settings.fetch_batch)

    async def stream(self, lease: Lease) -> None:
        """Take what Zeebe pushes. Without credit the stream is not read, and gRPC holds the cluster back."""
        pushed: asyncio.Queue[Job] = asyncio.Queue(PUSHED_MAX)
        async with asyncio.TaskGroup() as group:
            hands = group.create_task(self._hand_over_pushed(lease, pushed))
            async for job in self._gateway.stream(lease):
                await pushed.put(job)
            await pushed.join()
            hands.cancel()

    async def _hand_over_pushed(self, lease: Lease, pushed: asyncio.Queue[Job]) -> None:
        while True:
            jobs = [await pushed.get()]
            taken = await self._credit.take(1 + pushed.qsize())
            try:
                jobs += [pushed.get_nowait() for _ in range(min(taken - 1, pushed.qsize()))]
                # What waited for credit here or on the wire may have gone back to Zeebe, which pushes it again:
                # to count it would use up the credit that is needed to get at what is fresh.
                now_ms = time.time() * 1000
                if fresh := [job for job in jobs if job.deadline_ms > now_ms]:
                    await self._hand_over(lease, fresh)
            finally:
                self._credit.settle(taken)
                for _ in jobs:
                    pushed.task_done()

    async def _hand_over(self, lease: Lease, jobs: Sequence[Job]) -> None:
        """Counted before they are sent: a worker may be done with a job before the fetcher has said that it exists."""
        await self._credit.record([job.activation for job in jobs], lease.lease_ms)
        await self._dispatcher.dispatch(jobs)

    async def _enduring(self, work: Callable[[], Awaitable[None]], job_type: str) -> None:
        """Do it for ever: an error costs a pause, longer each time until it works again."""
        loop, pause = asyncio.get_running_loop(), PAUSE_S
        while True:
            began = loop.time()
            try:
                await work()
            except* (GatewayError, *AWAY) as group:
                why = _why(group)
                if loop.time() - began > PAUSE_MAX_S:  # It did work: this is a new trouble.
                    pause = PAUSE_S
                for server in self._servers:
                    await server.ready()
                log.info("cannot fetch; trying again", type=job_type, why=why, pause_s=round(pause, 1))
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, PAUSE_MAX_S)


def _why(group: BaseExceptionGroup[BaseException]) -> str:
    """The first error of a group, in a line."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return f"{first}" or type(first).__name__


async def run(app: App) -> None:
    """The role: serve every installed connector until cancelled."""
    settings = app.settings
    connectors = served(settings)
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(ZeebeGateway.open(settings))
        redis = await stack.enter_async_context(connect(settings))
        dispatcher = Dispatcher(app)
        stack.callback(dispatcher.close)
        log.info(
            "fetching",
            zeebe=settings.zeebe_address,
            redis=mask_url(settings.redis_url),
            types=sorted(connectors),
            host=f"{socket.gethostname()}:{os.getpid()}",
        )
        servers = [
            Server("Zeebe", settings.zeebe_address, gateway.topology, (GatewayError,)),
            Server("Redis", mask_url(settings.redis_url), partial(takes_writes, redis), AWAY),
        ]
        for server in servers:
            await server.ready()
        fetcher = Fetcher(
            gateway=gateway, dispatcher=dispatcher, credit=Credit(redis), settings=settings, servers=servers
        )
        settle()
        async with asyncio.TaskGroup() as group:
            for each in connectors.values():
                group.create_task(fetcher.serve(each))
