"""What an operator sees of an executable: its health, and what it did last. In Redis, the same from every replica.

Entries are collected and written a few times a second, so that an event costs no round trip; the newest health is
written with them, and a change of it is an entry too. What a killed process had not written is lost: the log is for
people, Zeebe is the record.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from zelery.redis import ACTIVITY, AWAY, HEALTH
from zelery.sdk.inbound import Severity

#: From one write to the next, seconds.
WRITE_S = 0.2

#: Longer messages are cut, characters: an entry is a line for people.
MESSAGE_MAX = 2_000

#: Entries that wait to be written while Redis is away, for each executable.
WAITING_MAX = 1_000


class Activity:
    """The activity of all executables that one process runs."""

    def __init__(self, redis: Redis, *, keep: int) -> None:
        """`keep` is how many entries of each executable are remembered."""
        self._redis = redis
        self._keep = keep
        self._runtime = socket.gethostname()
        self._entries: dict[str, collections.deque[str]] = {}
        self._health: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._one_write = asyncio.Lock()

    def log(self, id_: str, severity: Severity, tag: str, message: str) -> None:
        """An entry of an executable's log. No secret may be in it any more."""
        entry = {
            "severity": severity,
            "tag": tag,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": message[:MESSAGE_MAX],
            "runtimeId": self._runtime,
        }
        waiting = self._entries.setdefault(id_, collections.deque(maxlen=WAITING_MAX))
        waiting.append(json.dumps(entry, ensure_ascii=False))

    def health(
        self, id_: str, status: str, error: tuple[str, str] | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """The health of an executable: UP, DOWN or UNKNOWN, and of an error its code and message."""
        told = {
            "status": status,
            "error": {"code": error[0], "message": error[1][:MESSAGE_MAX]} if error else None,
            "details": dict(details) if details else None,
        }
        # Written though it may be the same: another process may have said otherwise meanwhile.
        self._health[id_] = json.dumps(told, ensure_ascii=False, default=str)
        if self._told.get(id_) != status:
            words = f": {error[1]}" if error else ""
            self.log(id_, "INFO" if status == "UP" else "WARNING", "Health", f"Health is {status}{words}")
        self._told[id_] = status

    def forget(self, id_: str) -> None:
        """This process runs the executable no more."""
        self._told.pop(id_, None)

    async def write(self) -> None:
        """Write what has been collected; while Redis is away it is kept, the newest of it.

        When it returns, what another call was writing is written too: who reads next sees all that was told before.
        """
        async with self._one_write:
            await self._write()

    async def _write(self) -> None:
        entries, self._entries = self._entries, {}
        health, self._health = self._health, {}
        if not entries and not health:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for id_, texts in entries.items():
                    pipe.rpush(ACTIVITY + id_, *texts)
                    pipe.ltrim(ACTIVITY + id_, -self._keep, -1)
                if health:
                    pipe.hset(HEALTH, items=[part for pair in health.items() for part in pair])
                await pipe.execute()
        except AWAY:
            for id_, texts in entries.items():
                texts.extend(self._entries.get(id_, ()))
                self._entries[id_] = texts
            self._health = {**health, **self._health}

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write a few times a second until the block ends, and once more then."""
        task = asyncio.create_task(self._keep_writing())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.write()

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            await self.write()


async def logs(redis: Redis, ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The log of each of these executables, the oldest entry first."""
    wanted = list(ids)
    async with redis.pipeline(transaction=False) as pipe:
        for id_ in wanted:
            pipe.lrange(ACTIVITY + id_, 0, -1)
        found = await pipe.execute()
    return {id_: [json.loads(text) for text in texts] for id_, texts in zip(wanted, found, strict=True)}


async def healths(redis: Redis) -> dict[str, dict[str, Any]]:
    """What each executable last said of its health, by id."""
    found: Any = await redis.hgetall(HEALTH)
    return {id_: json.loads(text) for id_, text in found.items()}


async def purge(redis: Redis, ids: Iterable[str]) -> None:
    """Forget executables that are gone."""
    gone = list(ids)
    if gone:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.hdel(HEALTH, *gone)
            pipe.delete(*(ACTIVITY + id_ for id_ in gone))
            await pipe.execute()
