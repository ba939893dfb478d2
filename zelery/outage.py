"""A server that is away: said once, waited for by all who need it, and said again when it is back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from zelery.logs import logger

log = logger(__name__)

#: Pauses between looks, seconds: doubled, with jitter so that many processes do not knock at once.
PAUSE_S, PAUSE_MAX_S = 0.2, 5.0


class Server:
    """A server as those who need it see it. `check` raises one of `errors` while it is away."""

    def __init__(
        self, name: str, address: str, check: Callable[[], Awaitable[object]], errors: tuple[type[Exception], ...]
    ) -> None:
        self._name = name
        self._address = address
        self._check = check
        self._errors = errors
        self._looking: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return when the server answers; however many ask, one looks and one speaks."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        pause, away = PAUSE_S, False
        while True:
            try:
                await self._check()
            except self._errors as error:
                log.warning(
                    "server unreachable; trying again",
                    server=self._name,
                    address=self._address,
                    why=str(error) or type(error).__name__,
                    pause_s=round(pause, 1),
                )
                away = True
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, PAUSE_MAX_S)
            else:
                if away:
                    log.info("server is back", server=self._name, address=self._address)
                return
