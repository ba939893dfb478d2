"""A lease in Redis: one holder at a time, for a short time, with a number that grows with each change of holder.

The number is a fencing token: who writes under a lease says it, and is refused when another has taken over meanwhile
(`Followed.apply`). Time is Redis's own. A holder that cannot renew in time must stop what the lease allows by itself:
`Held.left_s` counts on its own monotonic clock, from before the question was sent.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from redis.asyncio import Redis

#: The key is a hash with a time to live: owner and token. The counter beside it lives on. It begins at Redis's clock,
#: in microseconds, so that a Redis that was emptied does not give a number that a holder of before still has.
_TAKE = """
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return 0 end
if not owner then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[2], string.format('%.0f', time[1] * 1000000 + time[2]), 'NX')
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', redis.call('INCR', KEYS[2]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(redis.call('HGET', KEYS[1], 'token'))
"""
_GIVE = "if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A lease that was ours when we asked."""

    name: str
    """What it is for."""
    key: str
    """Its key in Redis."""
    token: int
    """Grows with each change of holder."""
    until: float
    """When it ends at the latest, on the holder's own clock."""


class Lease:
    """One lease as one would-be holder sees it. `take` renews what is held."""

    def __init__(
        self, redis: Redis, name: str, owner: str, *, lasts_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.lasts_s = lasts_s
        self._redis = redis
        self._keys = [f"zelery:lease:{name}", f"zelery:lease:{name}:token"]
        self._owner = owner
        self._clock = clock
        self._take = redis.register_script(_TAKE)
        self._give = redis.register_script(_GIVE)

    async def take(self) -> Held | None:
        """Hold the lease from now on, again or for the first time; None when another holds it."""
        asked = self._clock()
        token = int(await self._take(keys=self._keys, args=[self._owner, int(self.lasts_s * 1000)]))
        if not token:
            return None
        return Held(name=self.name, key=self._keys[0], token=token, until=asked + self.lasts_s)

    async def give(self) -> None:
        """Hold it no more, so that another need not wait for its end."""
        await self._give(keys=self._keys[:1], args=[self._owner])

    async def holder(self) -> str | None:
        """Who holds it now."""
        owner: str | None = await self._redis.hget(self._keys[0], "owner")  # type: ignore[assignment]  # text: decode_responses
        return owner
