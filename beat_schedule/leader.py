"""Who fires: one beat leads under a lease, the others look again and again whether it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from zelery.lease import Held
from zelery.logs import logger

log = logger(__name__)

#: The lease's name, and how long it lasts: a leader that is gone is replaced after that and one look, seconds.
NAME, LASTS_S = "beat", 6.0

#: How often a leader renews it, and how often who stands by looks, seconds.
RENEW_S, LOOK_S = LASTS_S / 3, 0.5


class Takes(Protocol):
    """A lease, as `zelery.lease.Lease` is one."""

    async def take(self) -> Held | None: ...

    async def give(self) -> None: ...


class Leader:
    """Whether this beat leads. Its lease may be lost at any time; then it stands by, and no more happens."""

    def __init__(self, lease: Takes, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease = lease
        self._clock = clock
        self._held: Held | None = None
        self._asks_at = clock()

    async def held(self) -> Held | None:
        """The lease under which this beat leads now; None when another does. Asks Redis as seldom as it may."""
        now = self._clock()
        if now < self._asks_at:
            return self._held
        before, self._held = self._held, None  # Where the answer does not come, this beat does not lead.
        self._held = await self._lease.take()
        self._asks_at = now + (RENEW_S if self._held else LOOK_S)
        self._say(before)
        return self._held

    def lost(self) -> None:
        """Another holds the lease, or it is not known who does: ask before anything else."""
        self._held, self._asks_at = None, self._clock()

    async def resign(self) -> None:
        """Lead no more, so that another need not wait for the lease's end."""
        self.lost()
        await self._lease.give()

    def _say(self, before: Held | None) -> None:
        if self._held and (before is None or before.token != self._held.token):
            log.info("leading", token=self._held.token)
        elif before and not self._held:
            log.warning("another beat leads now; standing by", token=before.token)
