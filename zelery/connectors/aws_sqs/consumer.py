"""Messages from a queue into processes, each deleted after Zeebe has taken it.

A message that is worked on is hidden from others for a short time, again and again, so that those of a consumer that
dies come back soon. One that could not be correlated comes back after a pause that grows with each delivery, until the
queue's redrive policy moves it away.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Sequence

from zelery.connectors.aws_sqs.event import event
from zelery.connectors.aws_sqs.queue import Message, Queue
from zelery.sdk import ConnectorError, Handling, InboundContext

#: How long a message is hidden at a time, and how often that is renewed while it is worked on, seconds.
HIDDEN_S, RENEW_S = 20, 5
#: Batches that are worked on at once. While Zeebe is away they wait, and nothing more is received.
BATCHES_MAX = 8
#: Pauses before what could not be correlated comes back, seconds: 1, 2, 4, ….
PAUSE_S_MAX = 900
#: Pauses after an error of the queue, seconds: 1, 2, 4, ….
BACKOFF_S_MAX = 30
#: How long giving back may take when the consumer ends, seconds.
SETTLE_S = 3

#: The attribute that we need ourselves.
COUNT = "ApproximateReceiveCount"
_ALL = ("All",)

Sleep = Callable[[float], Awaitable[None]]


def pause_s(deliveries: int) -> int:
    """How long a message stays away after so many deliveries."""
    return min(1 << min(max(deliveries, 1) - 1, 10), PAUSE_S_MAX)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a model asks for with each message."""

    wait_s: int
    """How long one request waits for a message."""
    attributes: Sequence[str] = _ALL
    """Names of attributes that SQS sets."""
    message_attributes: Sequence[str] = _ALL
    """Names of attributes that the sender set."""

    @property
    def hidden(self) -> frozenset[str]:
        """Attributes that we ask for beside those."""
        return frozenset() if {"All", COUNT} & {*self.attributes} else frozenset({COUNT})


@dataclasses.dataclass(kw_only=True)
class Batch:
    """Messages that came together, and what became of them so far."""

    messages: Sequence[Message]
    done: list[Message] = dataclasses.field(default_factory=list)
    """Those that Zeebe has, or that nobody wants."""
    failed: dict[int, list[Message]] = dataclasses.field(default_factory=dict)
    """Those that come back, by their pause."""

    def open(self) -> list[Message]:
        """Those that are not decided yet."""
        decided = [id(each) for each in itertools.chain(self.done, *self.failed.values())]
        return [each for each in self.messages if id(each) not in decided]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Consumer:
    """Works on a queue until it is cancelled; then it gives back what it holds."""

    queue: Queue
    wanted: Wanted
    context: InboundContext
    sleep: Sleep = asyncio.sleep

    async def run(self) -> None:
        """Receive, correlate, delete."""
        slots = asyncio.Semaphore(BATCHES_MAX)
        async with asyncio.TaskGroup() as working:
            while True:
                await slots.acquire()
                if messages := await self._receive():
                    working.create_task(self._work(messages)).add_done_callback(lambda _: slots.release())
                else:
                    slots.release()

    async def _receive(self) -> list[Message]:
        """What there is. While the queue cannot be asked, it is shown as down, and asked again after growing pauses."""
        tries = 0
        while True:
            try:
                messages = await self.queue.receive(
                    wait_s=1 if tries else self.wanted.wait_s,  # That it works again is seen soon.
                    hidden_s=HIDDEN_S,
                    attributes=[*self.wanted.attributes, *self.wanted.hidden],
                    message_attributes=self.wanted.message_attributes,
                )
            except ConnectorError as error:
                if not tries:
                    self.context.log("ERROR", "Consumer", f"Failed to receive messages from SQS queue: {error}")
                self.context.down(error)
                await self.sleep(min(1 << min(tries, 10), BACKOFF_S_MAX))
                tries += 1
                continue
            if tries:
                self.context.log("INFO", "Consumer", "Resumed receiving messages from SQS queue")
                self.context.up()
            return messages

    async def _work(self, messages: Sequence[Message]) -> None:
        batch = Batch(messages=messages)
        renewing = asyncio.create_task(self._renew(batch))
        limit_s = None
        try:
            async with asyncio.TaskGroup() as correlating:
                for message in messages:
                    correlating.create_task(self._correlate(message, batch))
        except asyncio.CancelledError:
            limit_s = SETTLE_S
            raise
        finally:
            renewing.cancel()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._settle(batch)

    async def _correlate(self, message: Message, batch: Batch) -> None:
        self.context.log("INFO", "Message", f"Received SQS Message with ID {message['MessageId']}")
        seen = event(message, hidden=self.wanted.hidden)
        result = await self.context.correlate(seen, message_id=message["MessageId"])
        if result.handling is not Handling.ACCEPT:
            self.context.log("WARNING", "Message", getattr(result, "message", str(result.handling)))
        if result.handling in (Handling.ACCEPT, Handling.IGNORE):
            batch.done.append(message)
        else:
            pause = pause_s(int((message.get("Attributes") or {}).get(COUNT, 1)))
            batch.failed.setdefault(pause, []).append(message)

    async def _renew(self, batch: Batch) -> None:
        """Keep what is worked on hidden."""
        while True:
            await self.sleep(RENEW_S)
            await self._told(self.queue.hide(batch.messages, HIDDEN_S), "were not kept hidden and may come twice")

    async def _settle(self, batch: Batch) -> None:
        """Delete, and give back."""
        calls = [self._told(self.queue.hide(each, pause), "come back late") for pause, each in batch.failed.items()]
        if batch.done:
            calls.append(self._told(self.queue.delete(batch.done), "were not deleted and come again"))
        if open_ := batch.open():
            calls.append(self._told(self.queue.hide(open_, 0), "come back late"))
        await asyncio.gather(*calls)

    async def _told(self, call: Awaitable[None], trouble: str) -> None:
        """A call whose failure harms nobody, but is shown."""
        try:
            await call
        except ConnectorError as error:
            self.context.log("WARNING", "Consumer", f"Messages {trouble}: {error}")
