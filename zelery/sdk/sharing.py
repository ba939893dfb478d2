"""Things that the jobs of a worker process share by what they are for: connections, producers.

    producers = Shared(open_producer, kept_max=16)
    async with producers.using(configuration) as producer:
        ...

One that nobody uses is kept for the next, as long as there are no more than `kept_max` in all; then the one that was
used longest ago is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Closing(Protocol):
    """What can be shared."""

    @property
    def broken(self) -> bool:
        """Whether it is of no use any more: the next user gets another."""

    async def close(self) -> None:
        """Nobody uses it any more."""


K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Closing)


class _Entry(Generic[V]):
    def __init__(self, value: V) -> None:
        self.value = value
        self.users = 0


class Shared(Generic[K, V]):
    """One of each kind, for as many users as there are. Belongs to one event loop."""

    def __init__(self, open_: Callable[[K], V], *, kept_max: int) -> None:
        self._open = open_
        self._kept_max = kept_max
        self._kept: dict[K, _Entry[V]] = {}

    @contextlib.asynccontextmanager
    async def using(self, key: K) -> AsyncIterator[V]:
        """The one for a key, opened if need be. Raises what opening it raises."""
        entry = self._kept.pop(key, None)
        if entry is None or entry.value.broken:
            entry = _Entry(self._open(key))
        self._kept[key] = entry  # The last is the one that was used last.
        entry.users += 1
        try:
            yield entry.value
        finally:
            entry.users -= 1
            if not entry.users and self._kept.get(key) is not entry:
                await entry.value.close()  # It was broken, and has a successor.
            await self._trim()

    async def close(self) -> None:
        """Close all of them."""
        kept = [entry.value for entry in self._kept.values()]
        self._kept.clear()
        await asyncio.gather(*(each.close() for each in kept))

    async def _trim(self) -> None:
        idle = [key for key, entry in self._kept.items() if not entry.users]
        closing = [self._kept.pop(key).value for key in idle[: max(0, len(self._kept) - self._kept_max)]]
        await asyncio.gather(*(each.close() for each in closing))
