"""How often and how many at once a host is asked: what a poller owes those whom it polls.

Of one process, only so many requests to one host are under way, and only so many wait for their turn: the others are
left to their next interval, so that a host that hangs takes up no worker. A host that answers 429 or 503 is left alone
for as long as it says, else for a pause that grows.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

from zelery.errors import ConnectorError
from zelery.sdk import Settings
from zelery.sdk.http.repeat import WAIT_S, asked_s

#: Requests to one host at once, and those that wait for a turn, of one process.
AT_ONCE, WAITING_MAX = 10, 40

#: How long a host is left alone that says it is too much and not for how long, seconds: doubled up to the longest.
PAUSE_S, PAUSE_MAX_S = 10.0, 600.0

#: The longest that a host can ask for, seconds.
TOLD_MAX_S = 86_400.0

#: Hosts that are remembered for nothing but their pause.
HOSTS_MAX = 1000

_TOO_MUCH = ("429", "503")


@dataclasses.dataclass
class _Host:
    slots: asyncio.Semaphore
    here: int = 0
    """Requests under way, and those that wait."""
    not_before: float = 0.0
    pause_s: float = PAUSE_S


class Manners:
    """What one process remembers of the hosts that it polls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:  # noqa: ARG003 - a resource's signature
        """Shared by the looks of one process: `await context.use(Manners.open)`."""
        yield cls()

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    @contextlib.asynccontextmanager
    async def asking(self, url: str) -> AsyncIterator[None]:
        """Wait for a turn at the URL's host, and note what it says.

        Raises ConnectorError while it wants to be left alone, and when too many wait already.
        """
        name = _host_of(url)
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(AT_ONCE)))
        self._check(name, host)
        if host.here >= AT_ONCE + WAITING_MAX:
            raise ConnectorError(f"{name} has {host.here} requests to answer; it is asked again after the interval")
        host.here += 1
        try:
            async with host.slots:
                self._check(name, host)  # It may have been said while this one waited.
                yield
            host.pause_s = PAUSE_S
        except ConnectorError as error:
            if error.code in _TOO_MUCH:
                self._leave(host, _retry_after_s(error))
            raise
        finally:
            host.here -= 1
            self._tidy()

    def _check(self, name: str, host: _Host) -> None:
        left_s = host.not_before - self._clock()
        if left_s > 0:
            raise ConnectorError(f"{name} asked to be left alone; it is asked again in {left_s:.0f} s")

    def _leave(self, host: _Host, told_s: float | None) -> None:
        """Of many answers at once that say so, one makes the pause grow."""
        now = self._clock()
        pause_s = host.pause_s if told_s is None else min(told_s, TOLD_MAX_S)
        if host.not_before <= now:
            host.pause_s = min(host.pause_s * 2, PAUSE_MAX_S)
        elif told_s is None:
            return
        host.not_before = max(host.not_before, now + pause_s)

    def _tidy(self) -> None:
        """Forget hosts of which there is nothing to say; models may name new ones for ever."""
        if len(self._hosts) > HOSTS_MAX:
            now = self._clock()
            self._hosts = {name: host for name, host in self._hosts.items() if host.here or host.not_before > now}


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:  # The client says what is wrong with it.
        return ""


def _retry_after_s(error: ConnectorError) -> float | None:
    """What the answer says of when to come again, seconds; None when it says nothing that lies ahead."""
    response = (error.variables or {}).get("response") or {}
    headers = response.get("headers") or {}
    told = next((str(value).strip() for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = asked_s(told, datetime.now(UTC))
    return seconds if seconds != WAIT_S or told == "1" else None
