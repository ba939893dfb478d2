"""Redis, opened as Zelery needs it, and the names of all our keys in one place."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
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

#: A half-open connection must not hold a role for minutes.
TIMEOUT_S = 10.0

#: What Redis raises when it is away; it heals by trying again.
AWAY = (RedisConnectionError, RedisTimeoutError, OSError)


def connect(settings: Settings) -> Redis:
    """A client that connects at its first command, and again when the connection was lost."""
    return Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.05), retries=2),
        health_check_interval=15,
    )
