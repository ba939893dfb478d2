"""The engine's time: the machine's, moved or held still on request (docs: "Cluster clock", REST API)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable


class Clock:
    """Milliseconds since 1970.

    Args:
        system: The machine's time, milliseconds.
    """

    def __init__(self, system: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._system = system
        self._offset_ms = 0
        self._pinned: int | None = None

    def now_ms(self) -> int:
        """The time now."""
        return self._pinned if self._pinned is not None else self._system() + self._offset_ms

    def now(self) -> dt.datetime:
        """The time now, aware of UTC."""
        return dt.datetime.fromtimestamp(self.now_ms() / 1000, dt.UTC)

    @property
    def pinned(self) -> bool:
        """Whether time stands still."""
        return self._pinned is not None

    def pin(self, ms: int) -> None:
        """Let time stand still there."""
        self._pinned = ms

    def add(self, ms: int) -> None:
        """Move time forward by so much, whether it goes or stands still."""
        if self._pinned is not None:
            self._pinned += ms
        else:
            self._offset_ms += ms

    def reset(self) -> None:
        """Follow the machine's time again."""
        self._pinned, self._offset_ms = None, 0
