"""`zelery health`: whether what a role stands on answers, for a container's health check."""

from __future__ import annotations

import asyncio
import socket

import click
from redis.asyncio import Redis

from zelery.camunda.gateway import ZeebeGateway
from zelery.errors import UnavailableError
from zelery.redis import AWAY, WORKERS, connect
from zelery.settings import Settings, mask_url


async def check(settings: Settings, *, worker: bool, host: str) -> str:
    """What answered, in a line; with `worker`, that a worker on `host` has sent its heartbeat too.

    Raises UnavailableError or GatewayError for the first that does not answer.
    """
    async with connect(settings) as redis, ZeebeGateway.open(settings) as gateway:
        try:
            await redis.ping()
            workers = await _workers(redis, host)
        except AWAY as error:
            raise UnavailableError(f"Redis at {mask_url(settings.redis_url)} does not answer: {error}") from error
        if worker and not workers:
            raise UnavailableError(f"no worker on {host} has sent a heartbeat to Redis")
        version = await gateway.topology()
    return f"Zeebe {version} and Redis answer; workers on {host}: {workers}"


async def _workers(redis: Redis, host: str) -> int:
    """How many workers of a host count by Redis's own clock."""
    seconds, microseconds = await redis.time()
    now_ms = seconds * 1000 + microseconds // 1000
    alive = await redis.zrangebyscore(WORKERS, f"({now_ms}", "+inf")
    return sum(str(member).rpartition("|")[0].endswith(f"@{host}") for member in alive)


@click.command("health")
@click.option("--worker", is_flag=True, help="Also that a worker on this host is alive.")
def command(*, worker: bool) -> None:
    """Check that Zeebe and Redis answer: exit status 0, or 1 and a line that says what does not."""
    click.echo(asyncio.run(check(Settings.read(), worker=worker, host=socket.gethostname())))
