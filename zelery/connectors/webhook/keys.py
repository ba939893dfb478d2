"""Key sets of token issuers (JWKS), kept for all webhooks of a process and fetched seldom, whoever sends tokens."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from zelery.connectors.webhook.token import Key, keys_of
from zelery.sdk import ConnectorError, Settings
from zelery.sdk.http import Call, HttpClient

#: Fetches a key set's document. Raises ConnectorError.
Fetch = Callable[[str], Awaitable[Any]]

#: A set is taken as it is for this long, seconds.
FRESH_S = 600.0
#: From one fetch of a set to the next, seconds: tokens with invented key ids must not make us call its server all day.
PAUSE_S = 6.0
#: How long a fetch may take, seconds.
FETCH_S = 10
#: Sets kept; beyond it the one that was fetched first goes.
SETS_MAX = 100


class NoKeysError(ConnectorError):
    """A key set cannot be had."""


@dataclasses.dataclass
class _Set:
    keys: Mapping[str, Key] = dataclasses.field(default_factory=dict)
    fetched: float = float("-inf")
    error: NoKeysError | None = None
    lock: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)

    def due(self, key_id: str, now: float) -> bool:
        """Whether it is fetched (again) for this key."""
        age = now - self.fetched
        return age >= FRESH_S or (age >= PAUSE_S and (self.error is not None or key_id not in self.keys))


class KeySets:
    """Key sets by their URL."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._sets: dict[str, _Set] = {}

    async def find(self, url: str, key_id: str) -> Key | None:
        """A key of a set; None where it has no such key. Raises NoKeysError while the set cannot be fetched."""
        kept = self._sets.setdefault(url, _Set())
        if kept.due(key_id, self._clock()):
            async with kept.lock:
                if kept.due(key_id, self._clock()):  # Nobody has fetched it meanwhile.
                    await self._refresh(url, kept)
        if kept.error is not None:
            raise kept.error
        return kept.keys.get(key_id)

    async def _refresh(self, url: str, kept: _Set) -> None:
        try:
            kept.keys, kept.error = keys_of(await self._fetch(url)), None
        except (ConnectorError, ValueError) as error:
            kept.keys, kept.error = {}, NoKeysError(f"The key set at {url} cannot be had: {error}")
        kept.fetched = self._clock()
        if len(self._sets) > SETS_MAX:
            del self._sets[min(self._sets, key=lambda each: self._sets[each].fetched)]


@dataclasses.dataclass(frozen=True)
class _Deadline:
    ends: float

    @property
    def remaining_s(self) -> float:
        return max(self.ends - time.monotonic(), 0.0)


@asynccontextmanager
async def open_key_sets(settings: Settings) -> AsyncIterator[KeySets]:
    """The key sets of a process."""
    async with HttpClient.open(settings) as client:

        async def fetch(url: str) -> Any:
            call = Call(method="GET", url=url, connect_s=FETCH_S, read_s=FETCH_S)
            try:
                async with asyncio.timeout(FETCH_S):
                    return (await client.call(call, _Deadline(time.monotonic() + FETCH_S))).body
            except TimeoutError:
                raise ConnectorError(f"no answer within {FETCH_S} s") from None

        yield KeySets(fetch)
