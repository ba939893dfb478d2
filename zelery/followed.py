"""A Redis hash that many processes follow: whoever has seen it up to a generation is told only what changed since.

Each write makes one generation, which grows for ever, through a restart of an empty Redis too: it begins at Redis's
clock, in µs, which writes do not overtake. Who asks since a generation that this Redis does not know gets everything,
and is told so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from redis.asyncio import Redis

from zelery.errors import LostLeaseError
from zelery.lease import Held

#: Names of removed entries that are remembered, so that followers hear of the removal; then they get everything anew.
REMOVED_MAX = 10_000

#: Keys: the hash, generation of each name's last change, {generation, floor}, the lease.
_APPLY = """
if ARGV[1] ~= '' and redis.call('HGET', KEYS[4], 'token') ~= ARGV[1] then return '' end
local generation = redis.call('HGET', KEYS[3], 'generation')
if not generation then
  local time = redis.call('TIME')
  generation = string.format('%.0f', time[1] * 1000000 + time[2])
  redis.call('HSET', KEYS[3], 'floor', generation)
end
generation = string.format('%.0f', generation + 1)
redis.call('HSET', KEYS[3], 'generation', generation)
local puts = tonumber(ARGV[2])
for i = 3, 2 + 2 * puts, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  redis.call('ZADD', KEYS[2], generation, ARGV[i])
end
for i = 3 + 2 * puts, #ARGV do
  if redis.call('HDEL', KEYS[1], ARGV[i]) == 1 then redis.call('ZADD', KEYS[2], generation, ARGV[i]) end
end
if redis.call('ZCARD', KEYS[2]) - redis.call('HLEN', KEYS[1]) > REMOVED_MAX then
  for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if redis.call('HEXISTS', KEYS[1], name) == 0 then redis.call('ZREM', KEYS[2], name) end
  end
  redis.call('HSET', KEYS[3], 'floor', generation)
end
return generation
""".replace("REMOVED_MAX", str(REMOVED_MAX))

_SINCE = """
local meta = redis.call('HMGET', KEYS[3], 'generation', 'floor')
if not meta[1] then return {'0', 1, {}, {}} end
local since, generation = tonumber(ARGV[1]), tonumber(meta[1])
if since < tonumber(meta[2]) or since > generation then
  return {meta[1], 1, redis.call('HGETALL', KEYS[1]), {}}
end
local put, removed = {}, {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf')) do
  local value = redis.call('HGET', KEYS[1], name)
  if value then put[#put + 1] = name; put[#put + 1] = value else removed[#removed + 1] = name end
end
return {meta[1], 0, put, removed}
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changes:
    """What happened since a generation."""

    generation: int
    """Up to where this goes: what to ask with the next time."""
    whole: bool
    """Whether `values` is all there is, and what the follower had besides is gone."""
    values: Mapping[str, str]
    """New and changed entries by name."""
    removed: frozenset[str]
    """Names of entries that are gone."""

    @property
    def none(self) -> bool:
        """Whether there is nothing to do for a follower."""
        return not (self.whole or self.values or self.removed)


class Followed:
    """One such hash, by its name in Redis."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._keys = [name, f"{name}:changes", f"{name}:meta"]
        self._apply = redis.register_script(_APPLY)
        self._since = redis.register_script(_SINCE)

    async def since(self, generation: int) -> Changes:
        """What changed after a generation; 0 gets everything."""
        now, whole, flat, removed = await self._since(keys=self._keys, args=[generation])
        return Changes(
            generation=int(now),
            whole=bool(whole),
            values=dict(zip(flat[::2], flat[1::2], strict=True)),
            removed=frozenset(removed),
        )

    async def apply(self, put: Mapping[str, str], remove: Iterable[str] = (), *, held: Held | None = None) -> int:
        """Write all of this at once, and return the generation that it makes.

        With a lease, only if it is still held: raises LostLeaseError when another has it, and nothing is written.
        """
        pairs: list[Any] = [part for pair in put.items() for part in pair]
        keys = [*self._keys, held.key if held else self._keys[0]]
        generation = await self._apply(keys=keys, args=[held.token if held else "", len(put), *pairs, *remove])
        if not generation:
            raise LostLeaseError(
                f"{held.name if held else ''}: another holds it; nothing was written to {self._keys[0]}"
            )
        return int(generation)

    async def value(self, name: str) -> str | None:
        """One entry, as it is now."""
        found: str | None = await self._redis.hget(self._keys[0], name)  # type: ignore[assignment]  # text: decode_responses
        return found
