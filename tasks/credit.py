"""Backpressure is credit: how many more jobs may be leased before the workers that are there have all their hands full.

    credit = what all workers can run at once - jobs in flight

Both numbers live in Redis, shared by all fetchers, and every entry expires by itself: a worker that dies takes its
capacity along after a missed heartbeat, its jobs stop counting when their leases end. No worker, no credit, no job
leased for nothing. Redis started empty costs one heartbeat of over-commitment; the jobs then wait in the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from redis.asyncio import Redis

from zelery.redis import IN_FLIGHT, WORKERS

#: How long a worker counts after its last heartbeat.
WORKER_TTL_MS = 10_000

#: How often a fetcher without credit looks again: short beside a job, long beside a look.
LOOK_S = 0.05

#: Adds entries to the jobs in flight and answers the credit. Time is Redis's own, so no two clocks are compared.
_RECORD = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local capacity = 0
for _, worker in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  capacity = capacity + tonumber(string.match(worker, '|(%d+)$'))
end
return capacity - redis.call('ZCARD', KEYS[1])
"""

#: A worker's heartbeat: it is there, and these jobs of its are still in flight, whatever Redis remembers.
_HEARTBEAT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[i]) end
"""


class Credit:
    """A fetcher's view: what it may lease now."""

    def __init__(self, redis: Redis) -> None:
        self._record = redis.register_script(_RECORD)
        self._shared = 0
        self._asked = 0

    @property
    def free(self) -> int:
        """Jobs that may be leased, as far as this fetcher knows."""
        return self._shared - self._asked

    async def take(self, most: int) -> int:
        """Wait for credit; between 1 and `most` jobs may then be leased. `settle` them when they have come, or not."""
        while self.free < 1:
            await self.record((), 0)
            if self.free < 1:
                await asyncio.sleep(LOOK_S)
        taken = min(most, self.free)
        self._asked += taken
        return taken

    def settle(self, taken: int) -> None:
        """What was taken is leased and recorded, or not needed."""
        self._asked -= taken

    async def record(self, activations: Iterable[str], ttl_ms: int) -> None:
        """Count these activations as in flight for `ttl_ms`, and learn the credit that is left."""
        self._shared = int(await self._record(keys=[IN_FLIGHT, WORKERS], args=[ttl_ms, *activations]))


class Capacity:
    """A worker's side: that it is there, what it can do, what it holds."""

    def __init__(self, redis: Redis, worker: str, capacity: int) -> None:
        self._redis = redis
        self._heartbeat = redis.register_script(_HEARTBEAT)
        self._member = f"{worker}|{capacity}"

    async def heartbeat(self, activations: Iterable[str], ttl_ms: int) -> None:
        """Count this worker for another `WORKER_TTL_MS`, and what it runs for `ttl_ms`."""
        await self._heartbeat(keys=[IN_FLIGHT, WORKERS], args=[self._member, WORKER_TTL_MS, ttl_ms, *activations])

    async def ended(self, activations: Iterable[str]) -> None:
        """These activations are in flight no more."""
        await self._redis.zrem(IN_FLIGHT, *activations)

    async def leave(self) -> None:
        """Stop counting: nothing more is leased for this worker."""
        await self._redis.zrem(WORKERS, self._member)
