"""OAuth tokens that a worker process keeps, so that its jobs ask for one once and not each for its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

#: A token is given up this long before it expires, so that none expires on its way.
SKEW_S = 10.0
#: Tokens kept; beyond it the one that expires first goes.
KEPT_MAX = 1000

#: Asks for a token: the token, and for how many seconds it is valid (0 when nobody says; it is then not kept).
Ask = Callable[[], Awaitable[tuple[str, float]]]


class Tokens:
    """Tokens by what they depend on. Those who need the same one at the same time share one request for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[str, float]] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def get(self, key: str, ask: Ask) -> str:
        """The token for a key, kept or asked for. Raises whatever `ask` raises, to all who wait for it."""
        kept = self._kept.get(key)
        if kept and self._clock() < kept[1]:
            return kept[0]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, ask))
            asking.add_done_callback(_seen)
        # A job that is cancelled leaves the request to the others who wait for it.
        return await asyncio.shield(asking)

    def forget(self, token: str) -> None:
        """Keep a token no longer, because a server did not take it."""
        for key in [key for key, kept in self._kept.items() if kept[0] == token]:
            del self._kept[key]

    async def close(self) -> None:
        """Ask for nothing any more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, key: str, ask: Ask) -> str:
        try:
            token, seconds = await ask()
            if seconds > SKEW_S:
                self._kept[key] = (token, self._clock() + seconds - SKEW_S)
                if len(self._kept) > KEPT_MAX:
                    del self._kept[min(self._kept, key=lambda kept: self._kept[kept][1])]
            return token
        finally:
            del self._asking[key]


def _seen(task: asyncio.Task[str]) -> None:
    """Look at an error that nobody waits for any more, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()
