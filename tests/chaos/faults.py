"""What happens to a flow of messages. Each fault is one function, and over when it returns."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

from tests.chaos.stand import Flow, Stand
from tests.chaos.transports import Transport
from tests.servers.redis import refusing_writes
from zelery.camunda.gateway import Gateway, Message
from zelery.errors import GatewayError

ZEEBE_AWAY_S = 30
ZEEBE_BACK_S = 900
NETWORK_AWAY_S = 10

#: Longer than the lease of a subscription.
REFUSED_S = 15

#: None of them is JSON with what the model's expressions want.
POISON = (b"{", b"no JSON at all", b'"a text"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """What a fault can reach."""

    stand: Stand
    transport: Transport
    flow: Flow


async def consumer_killed(target: Target) -> None:
    """Who holds the subscription dies, and is not started again."""
    (await target.stand.holder(target.flow)).kill()


async def broker_restarted(target: Target) -> None:
    """It dies, and is up again."""
    await asyncio.to_thread(target.transport.restart)


async def zeebe_down(target: Target) -> None:
    """It dies, and is started half a minute later, with all that it held; it is up when it takes a command."""
    await asyncio.to_thread(target.stand.zeebe.kill)
    await asyncio.sleep(ZEEBE_AWAY_S)
    await asyncio.to_thread(target.stand.zeebe.start)
    # It says that it is healthy while it still reads its log, which took 90 s where much was written.
    async with asyncio.timeout(ZEEBE_BACK_S):
        while not await _taken(target.flow.gateway):
            await asyncio.sleep(0.2)


async def _taken(gateway: Gateway) -> bool:
    try:
        await gateway.publish(Message(name="nobody waits for it"))
    except GatewayError:
        return False
    return True


async def redis_emptied(target: Target) -> None:
    """It dies, and is up again without anything that it held; the model is deployed again."""
    await asyncio.to_thread(target.stand.redis.kill)
    await asyncio.to_thread(target.stand.redis.start)
    await target.stand.record()


async def redis_refuses(target: Target) -> None:
    """It takes no writes: who holds a lease loses it."""
    with refusing_writes(target.stand.redis.server.url):
        await asyncio.sleep(REFUSED_S)


async def network_cut(target: Target) -> None:
    """Nothing gets through; then it is there again, but not the connections of before."""
    proxy = target.transport.proxy
    assert proxy is not None
    proxy.freeze()
    await asyncio.sleep(NETWORK_AWAY_S)
    await asyncio.to_thread(proxy.cut)
    await asyncio.to_thread(proxy.restore)


async def poison(target: Target) -> None:
    """Messages in the middle that cannot be read."""
    await target.flow.queue.publish(POISON)


Fault = Callable[[Target], Awaitable[None]]

FAULTS: dict[str, Fault] = {
    "consumer-killed": consumer_killed,
    "broker-restarted": broker_restarted,
    "zeebe-down": zeebe_down,
    "redis-emptied": redis_emptied,
    "redis-refuses": redis_refuses,
    "network-cut": network_cut,
    "poison": poison,
}
