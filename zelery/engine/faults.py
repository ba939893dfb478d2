"""Faults on request, so that what a real cluster did to its clients can be tested (spec/engine.md §7)."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from zelery.engine.errors import Code, Rejected

#: Seconds of silence that one request may ask for at most.
SILENCE_MAX_S = 600.0

#: What refuses where a rule says nothing else: a busy broker.
_BUSY = "Expected to handle the command, but the broker is busy (a fault on request): try again later"


@dataclasses.dataclass(slots=True)
class Rule:
    """What goes wrong with calls."""

    calls: tuple[str, ...] = ()
    """Names of calls, as `CompleteJob`, or paths of REST; empty: all."""
    code: Code = Code.EXCEEDED
    reason: str = _BUSY
    share: float = 1.0
    """Which part of the calls is refused."""
    next: int | None = None
    """How many calls it is still for; None: all."""
    delay_ms: int = 0
    """How long each answer is held back first."""
    refuse: bool = True
    """False: only delay."""

    def applies(self, name: str) -> bool:
        """Whether it is about a call."""
        return (not self.calls or name in self.calls) and self.next != 0


class Faults:
    """What goes wrong at present. Thread-unsafe, as the engine is.

    Args:
        silence: Stops listening for so many seconds.
        drop: Ends all open streams of jobs.
    """

    def __init__(
        self,
        silence: Callable[[float], Awaitable[None]] | None = None,
        drop: Callable[[], None] | None = None,
        seed: int | None = None,
    ) -> None:
        self.rules: list[Rule] = []
        self._silence = silence
        self._drop = drop
        self._random = random.Random(seed)  # noqa: S311 - a share, no secret

    async def __call__(self, name: str) -> None:
        """Let a call go wrong as the rules say. Raises Rejected."""
        for rule in self.rules:
            if not rule.applies(name):
                continue
            if rule.next is not None:
                rule.next -= 1
            if rule.delay_ms:
                await asyncio.sleep(rule.delay_ms / 1000)
            if rule.refuse and self._random.random() < rule.share:
                raise Rejected(rule.code, rule.reason)

    def add(self, **options: Any) -> Rule:
        """Let calls go wrong from now on.

        Raises:
            ValueError: An option is not known, or cannot be.
        """
        rule = _rule(options)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let all go well again."""
        self.rules.clear()

    def drop_streams(self) -> None:
        """End all open streams of jobs."""
        if self._drop is not None:
            self._drop()

    async def silence(self, seconds: float) -> None:
        """Stop listening, and begin again after so many seconds."""
        if self._silence is not None:
            await self._silence(min(seconds, SILENCE_MAX_S))

    def crash(self) -> None:
        """End the process at once, as a power cut does: only the journal remains."""
        os._exit(137)


def _rule(options: Mapping[str, Any]) -> Rule:
    known = {"calls", "code", "reason", "share", "next", "delay_ms", "refuse"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such option of a fault; there are {', '.join(sorted(known))}")
    given = dict(options)
    if "code" in given:
        try:
            given["code"] = Code(str(given["code"]))
        except ValueError:
            raise ValueError(f"code {given['code']!r} is none of {', '.join(Code)}") from None
    if not 0 <= float(given.get("share", 1)) <= 1:
        raise ValueError(f"share {given['share']!r} is not between 0 and 1")
    given["calls"] = tuple(given.get("calls", ()))
    return Rule(**given)
