"""What time it is: Redis's, so that beats on machines whose clocks differ agree on what is due."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.asyncio import Redis


class Clock:
    """Redis's time, carried on by this machine's monotonic clock from one `ask` to the next."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead_s: float | None = None

    async def ask(self, redis: Redis) -> None:
        """Ask Redis what time it is."""
        asked = self._monotonic()
        seconds, microseconds = await redis.time()
        self.hear(seconds + microseconds / 1e6, asked, self._monotonic())

    def hear(self, told_s: float, asked: float, answered: float) -> None:
        """Redis told its time between asking and answering. What that cannot tell apart changes nothing."""
        ahead_s, doubt_s = told_s - (asked + answered) / 2, (answered - asked) / 2
        if self._ahead_s is None or abs(ahead_s - self._ahead_s) > doubt_s:
            self._ahead_s = ahead_s

    def now_ms(self) -> int:
        """Milliseconds since 1970. Asked before Redis was, it is 0."""
        return 0 if self._ahead_s is None else int((self._monotonic() + self._ahead_s) * 1000)
