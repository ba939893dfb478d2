"""Conditional requests: what has been answered with an ETag or a date is asked for again with it.

An answer that nothing has changed since counts as the one before, which the model never notices.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self

from zelery.sdk import Settings
from zelery.sdk.http import Answer, Call

#: Characters of JSON of one answer that is kept, and of all of them in one process.
ANSWER_CHARACTERS_MAX, CHARACTERS_MAX = 200_000, 20_000_000

_OK, _NOT_MODIFIED = 200, 304
_CONDITIONS = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kept:
    text: str
    """The answer as JSON: of a size that is known, and nobody can change it."""
    conditions: dict[str, str]

    @property
    def answer(self) -> Answer:
        return Answer(**json.loads(self.text))


class Conditions:
    """The answers that one process keeps, of calls that it knows by a digest only: there are secrets in them."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()
        self._characters = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:  # noqa: ARG003 - a resource's signature
        """Shared by the looks of one process: `await context.use(Conditions.open)`."""
        yield cls()

    async def answer(self, call: Call, ask: Callable[[Call], Awaitable[Answer]]) -> Answer:
        """The answer to a call, or the one before where nothing has changed since. Raises what `ask` raises."""
        own = {name.lower() for name in call.headers or {}}
        if call.method != "GET" or own & {name.lower() for name in _CONDITIONS}:
            return await ask(call)
        identity = _identity(call)
        kept = self._kept.get(identity)
        if kept is not None:
            call = dataclasses.replace(call, headers={**(call.headers or {}), **kept.conditions})
        answer = await ask(call)
        if kept is not None and answer.status == _NOT_MODIFIED:
            answer = kept.answer
        self._keep(identity, answer)
        return answer

    def _keep(self, identity: str, answer: Answer) -> None:
        """The answer instead of the one before, as the one that was used last; the oldest make room for it."""
        before = self._kept.pop(identity, None)
        self._characters -= len(before.text) if before else 0
        found = _kept(answer)
        if found is None:
            return
        self._kept[identity] = found
        self._characters += len(found.text)
        while self._characters > CHARACTERS_MAX:
            _, oldest = self._kept.popitem(last=False)
            self._characters -= len(oldest.text)


def _kept(answer: Answer) -> _Kept | None:
    """An answer as it is kept; None for one that cannot be asked for under a condition, or must not be kept."""
    told = {name.lower(): value for name, value in answer.headers.items() if isinstance(value, str)}
    conditions = {name: told[source] for name, source in _CONDITIONS.items() if source in told}
    if answer.status != _OK or not conditions or "no-store" in told.get("cache-control", "").lower():
        return None
    length = told.get("content-length", "")
    if length.isdecimal() and int(length) > ANSWER_CHARACTERS_MAX:
        return None
    text = json.dumps(dataclasses.asdict(answer), ensure_ascii=False, separators=(",", ":"))
    return _Kept(text=text, conditions=conditions) if len(text) <= ANSWER_CHARACTERS_MAX else None


def _identity(call: Call) -> str:
    """What makes two calls the same: where they go, what they say, and who asks."""
    told: list[Any] = [call.url, call.headers, call.parameters, call.skip_encoding, call.authentication.model_dump()]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
