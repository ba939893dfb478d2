"""The records of one partition, one after another: each is correlated, or settled, before the next is looked at."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from zelery.connectors.kafka.avro import AvroError
from zelery.connectors.kafka.events import Received, Value, event
from zelery.connectors.kafka.poison import Again, Buried, OnPoison, Passed, Patience, Skipped, Step, step
from zelery.connectors.kafka.producers import UndeliveredError
from zelery.connectors.kafka.registry import PrefixError
from zelery.sdk import ConnectorError, Handling, InboundContext, InputError

#: A registry says so of a schema that it does not have: asking again is no use.
_NOT_FOUND = "404"

Sleep = Callable[[float], Awaitable[None]]
Decode = Callable[[bytes | None], Awaitable[Value]]


class Blocks(Protocol):
    """Who shows that a partition does not get on."""

    def blocked(self, partition: int, reason: str) -> None:
        """The partition waits at a record, and why."""

    def unblocked(self, partition: int) -> None:
        """It goes on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settling:
    """What the partitions of a subscription have in common."""

    context: InboundContext
    decode: Decode
    bury: Callable[[Received, str], Awaitable[None]]
    """Writes a record to the dead-letter topic, with the word that says why. Raises UndeliveredError."""
    done: Callable[[Received], None]
    """Told of each record that is settled."""
    blocks: Blocks
    reachable: asyncio.Event
    """Set while the cluster is there: what cannot be committed is not begun, as another may have it by now."""
    on_poison: OnPoison = "block"
    patience: Patience = dataclasses.field(default_factory=Patience)
    sleep: Sleep = asyncio.sleep


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt came to."""

    handling: Handling
    why: str = ""
    """Why it was not correlated, for people."""
    sort: str = ""
    """The same in a word, without anything of the record."""


class Partition:
    """One partition while it is assigned to us."""

    def __init__(self, number: int, settling: Settling) -> None:
        self.number = number
        self._settling = settling
        self._waiting: collections.deque[Received] = collections.deque()
        self._news = asyncio.Event()
        self._correlating = False
        self._stopping = False
        self.task = asyncio.create_task(self._run())

    def put(self, records: Iterable[Received]) -> None:
        """More records, in order."""
        self._waiting.extend(records)
        self._news.set()

    async def stop(self, finish_s: float) -> None:
        """Stop. A record that is being correlated has `finish_s` seconds to end that; one that rests is dropped."""
        self._stopping = True
        if self._correlating and finish_s:
            await asyncio.wait({self.task}, timeout=finish_s)
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({self.task})
        self._settling.blocks.unblocked(self.number)

    async def _run(self) -> None:
        while not self._stopping:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            await self._settling.reachable.wait()
            record = self._waiting.popleft()
            await self._settle(record)
            self._settling.done(record)

    async def _settle(self, record: Received) -> None:
        """Returns when the record is done with."""
        attempt = 1
        while isinstance(next_step := await self._step(record, attempt), Again):
            attempt += 1
            await self._settling.sleep(next_step.pause_s)
        self._settling.blocks.unblocked(self.number)

    async def _step(self, record: Received, attempt: int) -> Step:
        settling = self._settling
        outcome = await self._attempt(record)
        found = step(outcome.handling, attempt, settling.on_poison, settling.patience)
        match found:
            case Again(blocked=True):
                settling.blocks.blocked(self.number, f"{record.id} waits: {outcome.why}")
            case Again(pause_s=pause_s):
                settling.context.log(
                    "WARNING",
                    "Message",
                    f"{record.id} was not correlated: {outcome.why}; attempt {attempt} of "
                    f"{settling.patience.attempts}, the next in {pause_s:g} s",
                )
            case Skipped():
                settling.context.log("ERROR", "Message", f"{record.id} was skipped: {outcome.why}")
            case Buried():
                return await self._bury(record, outcome, attempt)
            case Passed():
                pass
        return found

    async def _bury(self, record: Received, outcome: Outcome, attempt: int) -> Step:
        settling = self._settling
        try:
            await settling.bury(record, outcome.sort)
        except UndeliveredError as error:
            settling.blocks.blocked(self.number, f"{record.id} cannot be written to the dead-letter topic: {error}")
            return Again(pause_s=settling.patience.pause_s(attempt), blocked=True)
        settling.context.log("ERROR", "Message", f"{record.id} went to the dead-letter topic: {outcome.why}")
        return Buried()

    async def _attempt(self, record: Received) -> Outcome:
        self._correlating = True
        try:
            value = await self._settling.decode(record.value)
        except (AvroError, PrefixError) as error:
            return Outcome(handling=Handling.REJECT, why=str(error), sort=type(error).__name__)
        except InputError:
            raise  # The model's schema, or the operator's blocks: no record of this topic can be read.
        except ConnectorError as error:
            handling = Handling.REJECT if error.code == _NOT_FOUND else Handling.WAIT
            return Outcome(handling=handling, why=error.message, sort=type(error).__name__)
        else:
            result = await self._settling.context.correlate(event(record, value), message_id=record.id)
            return _outcome(result)
        finally:
            self._correlating = False


def _outcome(result: Any) -> Outcome:
    return Outcome(
        handling=result.handling,
        why=str(getattr(result, "message", "")),
        sort=type(result).__name__,
    )
