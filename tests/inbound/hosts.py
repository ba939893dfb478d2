"""A host over a real Redis and a Zeebe in memory, and connectors for it that do as a test says."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from inbound.executables import Executable, Executables
from inbound.host import Host
from tests.fakes import FakeGateway
from zelery.connected import Connected
from zelery.lease import Lease
from zelery.redis import connect
from zelery.runtime import Runtime
from zelery.sdk import InboundContext, Input, InputError, Request, Response, answer
from zelery.sdk.inbound import InboundConnector, polling, subscription, webhook
from zelery.settings import Settings


class Inbound(Input):
    context: str | None = None
    token: str = ""


class Hook(Input):
    inbound: Inbound


def path_of(hook: Hook) -> str:
    if not hook.inbound.context:
        raise InputError("there is no path")
    return hook.inbound.context


@webhook(type="tests:hook:1", name="Test Hook", path=path_of)
async def hook(properties: Hook, request: Request, context: InboundContext) -> Response:
    """Correlates the request."""
    event = {"body": request.body.decode(), "method": request.method, "token": properties.inbound.token}
    return answer(await context.correlate(event), Response(body={"token": len(properties.inbound.token)}))


class Every(Input):
    seconds: float = 10.0
    lookups: float | None = None

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    @property
    def lookup(self) -> timedelta | None:
        return None if self.lookups is None else timedelta(seconds=self.lookups)


class Ticks(Input):
    name: str = ""


@subscription(type="tests:ticks:1", name="Test Ticks")
async def ticks(properties: Ticks, context: InboundContext) -> None: ...


@polling(type="tests:feed:1", name="Test Feed", intervals=Every)
async def feed(properties: Ticks, context: InboundContext) -> None: ...


CONNECTORS: Mapping[str, InboundConnector] = {each.type: each for each in (hook, ticks, feed)}


@asynccontextmanager
async def connected(
    redis_url: str, *, gateway: FakeGateway | None = None, variables: Mapping[str, str] | None = None, **settings: Any
) -> AsyncIterator[Connected]:
    """What a role has open; `variables` are its environment."""
    read = Settings(redis_url=redis_url, **settings)
    async with Runtime.open(read, variables or {}) as runtime, connect(read) as redis:
        yield Connected(runtime=runtime, gateway=gateway or FakeGateway(), redis=redis)


@asynccontextmanager
async def hosting(of: Connected, *connectors: InboundConnector) -> AsyncIterator[Host]:
    """A host that serves these connectors, or those above."""
    async with Host.open(of) as host:
        yield dataclasses.replace(host, connectors={each.type: each for each in connectors} or CONNECTORS)


async def write(redis: Redis, *put: Executable, remove: Iterable[str] = ()) -> None:
    """As the reconciler writes."""
    lease = Lease(redis, "reconcile", "test", lasts_s=60)
    held = await lease.take()
    assert held is not None
    await Executables(redis).apply(put, remove, held=held)
    await lease.give()
