"""What is remembered of each entry's runs, in Redis. Only who leads writes, and it writes before it sends.

So nothing is sent twice for one due time: a leader fires what it has been allowed to write down, a new leader begins
with all that was written, and what an old one writes after that is refused. The price is paid by a leader that dies
between writing and sending: those firings are left out. Which they may be is written with them (`SENDING`), and the
next leader counts each as missed, though some may have been sent. None is more than an interval late by that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from redis.asyncio import Redis

from beat_schedule.rhythm import Run
from zelery.errors import LostLeaseError
from zelery.lease import Held
from zelery.logs import logger
from zelery.redis import RUNS, SENDING

log = logger(__name__)

#: Keys: the lease, runs, what is being sent. Arguments: token, names being sent, how many runs, runs, names to forget.
_WRITE = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[2]) end
local puts = tonumber(ARGV[3])
for i = 4, 3 + 2 * puts, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
for i = 4 + 2 * puts, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
return 1
"""


class Runs:
    """The runs of all entries."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._write = redis.register_script(_WRITE)

    async def load(self) -> tuple[dict[str, Run], frozenset[str]]:
        """What is remembered by name, and which entries' last firings may never have been sent."""
        texts, sending = await self._redis.pipeline().hgetall(RUNS).get(SENDING).execute()  # type: ignore[attr-defined]  # it chains
        runs = {name: run for name, text in texts.items() if (run := _read(name, text))}
        return runs, frozenset(json.loads(sending) if sending else ())

    async def write(
        self, held: Held, runs: Mapping[str, Run], *, sending: Collection[str] = (), forget: Iterable[str] = ()
    ) -> None:
        """Remember these runs, and which firings are now to be sent.

        Raises LostLeaseError when another leads: nothing is written.
        """
        pairs = [part for name, run in runs.items() for part in (name, run.to_text())]
        args: list[Any] = [held.token, json.dumps([*sending]) if sending else "", len(runs), *pairs, *forget]
        if not await self._write(keys=[held.key, RUNS, SENDING], args=args):
            raise LostLeaseError(f"{held.name}: another leads; nothing was written")


def _read(name: str, text: str) -> Run | None:
    try:
        return Run.from_text(text)
    except ValueError:
        log.warning("cannot read what is remembered of an entry; it counts as new", entry=name, text=text)
        return None
