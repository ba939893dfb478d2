"""Each due time of an entry is worked on once, and never two of one entry at a time: the worker's side.

A message that beat sends says which entry was due when, and under which token its sender led (`zelery/lease.py`). A
sender that was stopped for a while, and has been replaced without knowing it, sends late; a broker may deliver twice.
So a worker asks Redis before it begins, and lets go of what is older than what has been seen of the entry:

    async with alone(redis, Firing.of(headers)) as verdict:
        if verdict is Verdict.RUN:
            ...

What is seen is kept for twice as long as a message may wait, so that entries that are gone leave nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import uuid
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from typing import Any, Self

from redis.asyncio import Redis

from zelery.redis import AWAY, FIRED, RUNNING

#: The header of a message that beat sends.
HEADER = "zelery-fence"

#: The headers of the message whose task runs; the worker's pool says them.
HEADERS: ContextVar[Mapping[str, Any]] = ContextVar("message headers", default={})  # noqa: B039 - nobody writes there

#: How long a run is alone without saying again that it still runs, seconds: a worker that dies costs its entry no more.
#: A run that could not say it for so long is cancelled, as another may begin.
ALONE_S = 15.0

#: What is kept longer than a message may wait, for clocks that differ, milliseconds.
_SLACK_MS = 60_000

#: Keys: the newest firing seen, who runs. Answers 1 run, 0 stale, -1 another runs.
_ENTER = """
local seen = redis.call('HMGET', KEYS[1], 'token', 'due')
local token, due = tonumber(ARGV[1]), tonumber(ARGV[2])
if seen[1] and (token < tonumber(seen[1]) or due <= tonumber(seen[2])) then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'due', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('SET', KEYS[2], ARGV[4], 'NX', 'PX', ARGV[5]) and 1 or -1
"""
_STAY = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_LEAVE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class Verdict(enum.Enum):
    """What becomes of a firing."""

    RUN = 1
    """It is this worker's, and it is alone."""
    STALE = 0
    """This due time, or a later one, was taken up before."""
    BUSY = -1
    """An earlier run of the entry still goes on; this one is left out."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Firing:
    """One due time of an entry, as its message says it."""

    entry: str
    """The entry's name."""
    due_ms: int
    """When it was due, by Redis's clock."""
    token: int
    """Under which lease it was sent; grows with each change of leader."""
    lasts_ms: int
    """How long the message may wait."""

    def headers(self) -> dict[str, str]:
        """What a message carries."""
        return {HEADER: f"{self.token}|{self.due_ms}|{self.lasts_ms}|{self.entry}"}

    @classmethod
    def of(cls, headers: Mapping[str, Any]) -> Self | None:
        """The firing that a message is; None for one that beat did not send. Raises ValueError for a torn one."""
        text = headers.get(HEADER)
        if text is None:
            return None
        try:
            token, due_ms, lasts_ms, entry = str(text).split("|", 3)
            return cls(entry=entry, due_ms=int(due_ms), token=int(token), lasts_ms=int(lasts_ms))
        except ValueError:
            raise ValueError(f"{HEADER}={text!r}: not token|due|lasts|entry, as beat writes it") from None


@contextlib.asynccontextmanager
async def alone(redis: Redis, firing: Firing | None) -> AsyncIterator[Verdict]:
    """Ask whether to run, and be the entry's only run while the block lasts. What beat did not send runs as it is.

    Raises TimeoutError from the block when Redis was away so long that another may have begun, and what redis-py
    raises when it is away at the beginning.
    """
    if firing is None:
        yield Verdict.RUN
        return
    key, run, alone_ms = f"{RUNNING}:{firing.entry}", uuid.uuid4().hex, int(ALONE_S * 1000)
    keys, kept_ms = [f"{FIRED}:{firing.entry}", key], 2 * firing.lasts_ms + _SLACK_MS
    verdict = Verdict(await _script(redis, _ENTER, keys, firing.token, firing.due_ms, kept_ms, run, alone_ms))
    if verdict is not Verdict.RUN:
        yield verdict
        return
    async with asyncio.timeout(ALONE_S) as limit:
        staying = asyncio.create_task(_stay(redis, key, run, limit))
        try:
            yield verdict
        finally:
            staying.cancel()
            with contextlib.suppress(*AWAY):  # The key ends by itself.
                await _script(redis, _LEAVE, [key], run)


async def _stay(redis: Redis, key: str, run: str, limit: asyncio.Timeout) -> None:
    """Say again and again that it still runs; as long as that is heard, the limit moves on."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(ALONE_S / 3)
        asked = loop.time()
        with contextlib.suppress(*AWAY):
            stays = await _script(redis, _STAY, [key], run, int(ALONE_S * 1000))
            if limit.expired():
                return
            if not stays:
                limit.reschedule(asked)  # Redis has lost it, or has given it to another: this run ends now.
                return
            limit.reschedule(asked + ALONE_S)


async def _script(redis: Redis, script: str, keys: list[str], *args: object) -> int:
    return int(await redis.register_script(script)(keys=keys, args=[str(arg) for arg in args]))
