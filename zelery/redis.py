"""Redis, opened as Zelery needs it, and the names of all our keys in one place."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from zelery.settings import Settings

#: Jobs that are dispatched or run, by activation; the score is when an entry stops counting (milliseconds).
IN_FLIGHT = "zelery:jobs:in-flight"

#: Worker processes with how many jobs each can run, `id|capacity`; the score is when one counts as gone (milliseconds).
WORKERS = "zelery:workers"

#: Definitions that `zelery deploy` recorded, and their BPMN (base64), by key; and a token, new at each change.
DEFINITIONS = "zelery:definitions"
DEFINITIONS_XML = "zelery:definitions:xml"
DEFINITIONS_TOKEN = "zelery:definitions:token"  # noqa: S105 - a name

#: Inbound connectors that live: a hash that is followed (`zelery.followed`), by executable id.
EXECUTABLES = "zelery:inbound:executables"

#: What was read of each definition's model, by key: models never change. The number is that of the form it is kept in.
MODELS = "zelery:inbound:models:1"

#: Health of executables by id, and the activity log of each (a list under its id).
HEALTH = "zelery:inbound:health"
ACTIVITY = "zelery:inbound:activity:"

#: How the reconciler's last look at the cluster went.
IMPORT = "zelery:inbound:import"

#: Events that are to start one instance however often they come, by element and id.
STARTED = "zelery:inbound:started:"

#: Names of the schedule's entries for instances that wait, a set under each executable's id.
WAITING = "zelery:inbound:waiting:"

#: Processes that hold subscriptions; the score is when one counts as gone (milliseconds).
CONSUMERS = "zelery:consumers"

#: Counters of all processes, by name and labels.
METRICS = "zelery:metrics"

#: What beat fires besides what always ticks: entries by name, followed by generation (`zelery/schedule.py`).
ENTRIES = "zelery:schedule"

#: Last and next run of each entry by name; and the names that a beat was about to send when it last wrote.
RUNS = "zelery:schedule:runs"
SENDING = "zelery:schedule:sending"

#: By entry, for a time: the newest firing that a worker has taken up, and who runs one now.
FIRED = "zelery:schedule:fired"
RUNNING = "zelery:schedule:running"

#: A half-open connection must not hold a role for minutes.
TIMEOUT_S = 10.0

#: What Redis raises when it is away, or refuses what it usually takes: it is full, its disk is, it lost its replicas or
#: is one itself for the moment. All of it heals by trying again.
AWAY = (RedisConnectionError, RedisTimeoutError, ResponseError, OSError)

#: Written to see whether Redis takes writes.
PROBE = "zelery:probe"


def connect(settings: Settings) -> Redis:
    """A client that connects at its first command, and again when the connection was lost."""
    client = Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.05), retries=2),
        health_check_interval=15,
    )
    pool = client.connection_pool
    pool.connection_class = type("Connection", (_Cancellable, pool.connection_class), {})
    return client


async def takes_writes(redis: Redis) -> None:
    """Raises one of AWAY while Redis does not."""
    await redis.set(PROBE, "", px=1_000)


class _Cancellable(AbstractConnection):
    """A task that is cancelled while it sends is cancelled: before Python 3.12, `asyncio.wait_for`, which the client
    sends with, forgets it when both happen at once, and a loop that was to end went on for ever."""

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        task = asyncio.current_task()
        asked = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)
        if task and task.cancelling() > asked:
            await self.disconnect(nowait=True)  # Its answer is nobody's.
            raise asyncio.CancelledError
