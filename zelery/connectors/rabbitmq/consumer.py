"""Messages from a queue into processes, each acknowledged after Zeebe has taken it.

Several are worked on at once, so that the queue drains as fast as Zeebe takes them; an exclusive consumer's keep their
order. One that could not be correlated stays with us, unacknowledged, while it is tried again after growing pauses;
then it is rejected, and goes where the queue's owner wants dead letters. When the consumer ends, what is under way gets
a moment to end too; all that is not acknowledged is RabbitMQ's to deliver again.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Sequence

from aiormq.abc import AbstractChannel, DeliveredMessage

from zelery.connectors.rabbitmq.connection import ERRORS
from zelery.connectors.rabbitmq.event import event
from zelery.sdk import ConnectorError, Handling, InboundContext

#: Messages that RabbitMQ hands out before the first is acknowledged, and that are worked on at once.
PREFETCH = 20
#: Pauses before what could not be correlated is tried again, seconds: ten attempts over half a minute.
PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0)
#: How long what is under way may take when the consumer ends, seconds.
FINISH_S = 3


@dataclasses.dataclass(kw_only=True)
class Consumer:
    """Works on what it is given until it is finished."""

    channel: AbstractChannel
    tag: str
    """The consumer's name, which the event has."""
    context: InboundContext
    one_by_one: bool = False
    """Whether the messages keep their order."""
    pauses_s: Sequence[float] = PAUSES_S

    def __post_init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Why nothing comes any more: its exception."""
        self.ended.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # Nobody may ask.
        self._finishing = asyncio.Event()
        self._room = asyncio.Semaphore(1 if self.one_by_one else PREFETCH)
        self._working: set[asyncio.Task[None]] = set()

    async def received(self, message: DeliveredMessage) -> None:
        """Begin to work on a message. RabbitMQ bounds how many there are."""
        task = asyncio.create_task(self._work(message))
        self._working.add(task)
        task.add_done_callback(self._worked)

    def cancelled(self, _frame: object) -> None:
        """The broker takes the queue away: it was deleted, or its node left."""
        self.context.log("WARNING", "Subscription", f"Consumer cancelled: {self.tag}")
        self._end(ConnectorError(f"Consumer cancelled: {self.tag}"))

    async def finish(self) -> None:
        """Let what is under way come to its end, within bounds."""
        self._finishing.set()
        if self._working:
            await asyncio.wait(self._working, timeout=FINISH_S)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._end(error)

    def _end(self, error: BaseException) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)

    async def _work(self, message: DeliveredMessage) -> None:
        async with self._room:
            if self._finishing.is_set():
                return
            handling = await self._correlated(message)
        tag = message.delivery_tag or 0
        with contextlib.suppress(*ERRORS):  # The channel is gone, and the message will be delivered again.
            match handling:
                case Handling.ACCEPT | Handling.IGNORE:
                    await self.channel.basic_ack(tag)
                case Handling.REJECT:
                    await self.channel.basic_reject(tag, requeue=False)

    async def _correlated(self, message: DeliveredMessage) -> Handling:
        """What to do with a message, after all attempts: `RETRY` is to leave it to RabbitMQ."""
        number = message.delivery_tag
        self.context.log("INFO", "Message", f"Received AMQP message with delivery tag {number}")
        properties = message.header.properties
        seen = event(self.tag, message.body, properties)
        for pause_s in (*self.pauses_s, None):
            result = await self.context.correlate(seen, message_id=properties.message_id)
            if result.handling is not Handling.ACCEPT:
                why = getattr(result, "message", result.handling)
                said = f"Failed to handle AMQP message with delivery tag {number}, reason: {why}"
                self.context.log("WARNING", "Message", said)
            if result.handling not in (Handling.RETRY, Handling.WAIT):
                return result.handling
            if pause_s is not None and await self._finishing_within(pause_s):
                return Handling.RETRY
        attempts = len(self.pauses_s) + 1
        said = f"Rejected AMQP message with delivery tag {number} after {attempts} attempts"
        self.context.log("ERROR", "Message", said)
        return Handling.REJECT

    async def _finishing_within(self, pause_s: float) -> bool:
        """Wait, but not beyond the consumer's end; whether that came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._finishing.wait()
        return self._finishing.is_set()
