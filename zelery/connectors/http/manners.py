"""How often and how many at once a host is asked: what a poller owes those whom it polls.

At most so many requests to one host are under way in a process. A host that answers 429 or 503 is left alone for as
long as it says, else for a pause that grows. What has been answered with an ETag or a date is asked for again with it,
and an answer that nothing has changed counts as the one before, which the model never notices.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

from zelery.errors import ConnectorError
from zelery.sdk import Settings
from zelery.sdk.http import Answer, Call
from zelery.sdk.http.repeat import asked_s

#: Requests to one host at once, from one process.
AT_ONCE = 10

#: How long a host is left alone that says it is too much and not for how long, seconds: doubled up to the longest.
PAUSE_S, PAUSE_MAX_S = 10.0, 600.0

#: Answers that are kept for conditional requests: how many, and how large one may be, characters of JSON.
KEPT_MAX, KEPT_CHARACTERS_MAX = 500, 200_000

_NOT_MODIFIED = 304
_TOO_MUCH = ("429", "503")
_CONDITIONS = ("if-none-match", "if-modified-since")


@dataclasses.dataclass
class _Host:
    slots: asyncio.Semaphore
    not_before: float = 0.0
    pause_s: float = PAUSE_S


@dataclasses.dataclass(frozen=True)
class _Kept:
    answer: Answer
    conditions: dict[str, str]


class Manners:
    """What one process remembers of the hosts that it polls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:  # noqa: ARG003 - a resource's signature
        """Shared by the looks of one process: `await context.use(Manners.open)`."""
        yield cls()

    @contextlib.asynccontextmanager
    async def asking(self, url: str) -> AsyncIterator[None]:
        """Wait for a turn at the URL's host, and note what it says. Raises ConnectorError while it wants to be left."""
        name = urlsplit(url).netloc.rpartition("@")[2].lower()
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(AT_ONCE)))
        left_s = host.not_before - self._clock()
        if left_s > 0:
            raise ConnectorError(f"{name} asked to be left alone; it is asked again in {left_s:.0f} s")
        async with host.slots:
            try:
                yield
            except ConnectorError as error:
                if error.code in _TOO_MUCH:
                    self._leave(host, _retry_after_s(error))
                raise
            host.pause_s = PAUSE_S

    def _leave(self, host: _Host, told_s: float | None) -> None:
        pause_s = host.pause_s if told_s is None else told_s
        host.not_before = self._clock() + min(pause_s, PAUSE_MAX_S)
        host.pause_s = min(host.pause_s * 2, PAUSE_MAX_S)

    def conditional(self, call: Call) -> Call:
        """The call with the conditions of the last answer to it, unless the model sets its own."""
        kept = self._kept.get(_identity(call))
        if kept is None:
            return call
        return dataclasses.replace(call, headers={**(call.headers or {}), **kept.conditions})

    def whole(self, call: Call, answer: Answer) -> Answer:
        """The answer, or the one before where nothing has changed since."""
        identity = _identity(call)
        if answer.status == _NOT_MODIFIED and identity in self._kept:
            return self._kept[identity].answer
        self._keep(identity, call, answer)
        return answer

    def _keep(self, identity: str, call: Call, answer: Answer) -> None:
        self._kept.pop(identity, None)
        told = {name.lower(): value for name, value in answer.headers.items() if isinstance(value, str)}
        conditions = {
            name: told[source]
            for name, source in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
            if source in told
        }
        own = {name.lower() for name in call.headers or {}}
        if not conditions or call.method != "GET" or answer.status != 200 or own & set(_CONDITIONS):  # noqa: PLR2004
            return
        if len(json.dumps(answer.body)) <= KEPT_CHARACTERS_MAX:
            self._kept[identity] = _Kept(answer, conditions)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)


def _identity(call: Call) -> str:
    """What makes two calls the same, as a digest: there are secrets in it."""
    told = (call.method, call.url, call.headers, call.parameters, repr(call.authentication.headers()))
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()


def _retry_after_s(error: ConnectorError) -> float | None:
    """What the answer says of when to come again, seconds."""
    response = (error.variables or {}).get("response") or {}
    headers = response.get("headers") or {}
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    return None if told is None else asked_s(str(told), datetime.now(UTC))
