"""Inbound's Celery tasks, as workers run them: thin, each one call of what does the work."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from celery import Task

from inbound import entries
from inbound.host import Host, follow
from inbound.polling import Poller
from inbound.reconcile import Reconciler
from zelery.camunda.definitions.choose import open_source
from zelery.catalogue import INBOUND_GROUP, absent
from zelery.connected import Connected
from zelery.fencing import HEADERS, Firing, Verdict, alone
from zelery.logs import logger

log = logger(__name__)

RECONCILE = "inbound.reconcile"

#: How often a worker looks for what changed in the store, seconds.
FOLLOW_S = 1.0


class Opened:
    """What the tasks of one worker process share, while it is open."""

    host: Host
    reconciler: Reconciler
    poller: Poller

    @asynccontextmanager
    async def lifespan(self, connected: Connected) -> AsyncIterator[None]:
        """Open it on the pool's event loop; close it after the last task."""
        async with AsyncExitStack() as stack:
            source = await stack.enter_async_context(open_source(connected.settings, connected.redis))
            self.host = await stack.enter_async_context(Host.open(connected))
            self.poller = Poller(self.host, source)
            self.reconciler = Reconciler(
                connected,
                source,
                name=f"{socket.gethostname()}-{os.getpid()}",
                connectors=self.host.connectors,
                absent=absent(INBOUND_GROUP),
                activity=self.host.activity,
                metrics=self.host.metrics,
            )
            following = asyncio.create_task(follow(self.host, FOLLOW_S, self.poller.changed))
            try:
                yield
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)


class InboundTask(Task[..., Any]):
    """A task that beat sends: each due time is worked on once, and never two of one entry at a time."""

    Request = "tasks.consumer:Request"
    ignore_result = True

    def __init__(self, name: str, opened: Opened) -> None:
        self.name = name
        self._opened = opened

    async def run(self, *args: Any) -> str:
        """Work on one firing, unless it is stale or the one before still runs."""
        opened, firing = self._opened, Firing.of(HEADERS.get())
        async with alone(opened.host.connected.redis, firing) as verdict:
            if verdict is not Verdict.RUN:
                return verdict.name.lower()
            match self.name:
                case entries.LOOKUP:
                    return await opened.poller.look_up(firing, *args)
                case entries.POLL:
                    return await opened.poller.poll(firing, *args)
                case entries.POLL_INSTANCE:
                    return await opened.poller.poll_instance(firing, *args)
                case _:
                    return await opened.reconciler.tick()


def register(app: Any) -> None:
    """Give the application inbound's tasks, and a worker process what they need."""
    opened = Opened()
    for name in (RECONCILE, entries.LOOKUP, entries.POLL, entries.POLL_INSTANCE):
        app.register_task(InboundTask(name, opened))
    app.queues += [entries.CONTROL_QUEUE, entries.QUEUE]
    app.lifespans.append(opened.lifespan)
