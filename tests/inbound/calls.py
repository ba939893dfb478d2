"""The webhooks' application, called in this process as a server would call it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from redis.asyncio import Redis
from starlette.types import ASGIApp

from inbound.app import application
from inbound.executables import Executable
from inbound.host import Host
from tests.fakes import FakeGateway
from tests.inbound.hosts import connected, hosting, write
from zelery.sdk.inbound import InboundConnector


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """One replica."""

    host: Host
    app: ASGIApp
    client: httpx.AsyncClient

    @property
    def redis(self) -> Redis:
        return self.host.connected.redis

    async def write(self, *put: Executable, remove: Sequence[str] = ()) -> None:
        """As the reconciler writes; returns when this replica has heard of it."""
        await write(self.redis, *put, remove=remove)
        ids = {each.id for each in put}
        async with asyncio.timeout(30):
            while not (ids <= self.host.store.live.keys() and not self.host.store.live.keys() & set(remove)):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(
    redis_url: str, *connectors: InboundConnector, gateway: FakeGateway | None = None, **given: Any
) -> AsyncIterator[Served]:
    """A replica over a Redis, with a client that calls it."""
    async with AsyncExitStack() as stack:
        of = await stack.enter_async_context(connected(redis_url, gateway=gateway, **given))
        host = await stack.enter_async_context(hosting(of, *connectors))
        app = await stack.enter_async_context(application(host))
        transport = httpx.ASGITransport(app=app)
        client = httpx.AsyncClient(transport=transport, base_url="http://h", timeout=30)
        yield Served(host=host, app=app, client=await stack.enter_async_context(client))
