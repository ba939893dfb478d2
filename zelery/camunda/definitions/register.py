"""What a source has read so far, so that a tick asks for what is new and everything is read only now and then."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import MappingProxyType

from zelery.camunda.definitions.port import Definition, Snapshot

#: Pages of definitions, one request each, while they are asked for.
Pages = Callable[[], AsyncIterator[Sequence[Definition]]]


class Register:
    """Reads `newest` (highest key first) as far as a key that is known, and `everything` each `reread_s` seconds.

    Belongs to one event loop. What a page raises ends the reading and changes nothing.
    """

    def __init__(
        self,
        *,
        name: str,
        everything: Pages,
        newest: Pages,
        reread_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._everything = everything
        self._newest = newest
        self._reread_s = reread_s
        self._clock = clock
        self._known: Mapping[int, Definition] = MappingProxyType({})
        self._snapshot = Snapshot(definitions=())
        self._whole_at = -math.inf
        self._lock = asyncio.Lock()

    async def read(self) -> Snapshot:
        """What is there now."""
        async with self._lock:
            now = self._clock()
            if now < self._whole_at:
                self._keep(await self._with_new())
            elif found := {each.key: each async for page in self._everything() for each in page}:
                self._keep(found)
                self._whole_at = now + self._reread_s
            else:  # Read again at the next call.
                self._snapshot = self._emptied()
            return self._snapshot

    async def _with_new(self) -> Mapping[int, Definition]:
        new: dict[int, Definition] = {}
        async for page in self._newest():
            unknown = list(itertools.takewhile(lambda each: each.key not in self._known, page))
            new |= {each.key: each for each in unknown}
            if len(unknown) < len(page):
                break
        return {**self._known, **new} if new else self._known

    def _keep(self, found: Mapping[int, Definition]) -> None:
        if found == self._known and self._snapshot.doubt is None:
            return
        self._known = found
        newest_first = sorted(found.values(), key=lambda each: each.key, reverse=True)
        self._snapshot = Snapshot(definitions=tuple(newest_first))

    def _emptied(self) -> Snapshot:
        """An index that is being rebuilt, or a login that may see nothing, looks as if all had been deleted."""
        before = f", where it showed {len(self._known)} before" if self._known else ""
        doubt = f"{self._name} shows no process definition at all{before}"
        if self._snapshot.doubt == doubt:
            return self._snapshot
        return Snapshot(definitions=self._snapshot.definitions, doubt=doubt)
