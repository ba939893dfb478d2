"""Producers that the jobs of a worker process share: one for each configuration, a bounded number of them.

librdkafka sends in threads of its own, and tells what became of a record to who polls: a thread for each producer,
which hands it to the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from zelery.connectors.kafka.properties import Configuration
from zelery.sdk import InputError, Settings
from zelery.sdk.sharing import Shared

#: How many producers are kept while no job uses them: each holds connections and threads.
KEPT_MAX = 16
#: How long a poll waits for news: a producer is closed within that time.
POLL_S = 0.2

#: What librdkafka logs is in the errors of the jobs that it concerns.
silent = logging.getLogger("zelery.connectors.kafka.silent")
silent.setLevel(logging.CRITICAL + 1)

#: The cluster does not let us in, or is not who it should be: that does not pass by waiting.
REFUSED = (KafkaError._AUTHENTICATION, KafkaError._SSL)  # noqa: SLF001 - so the library names what is its own


#: How long it took and how often it was seen, at the end of what librdkafka says: new each time, and of no use.
_DURATION = re.compile(r" \(after \d+ms in state [^()]*(\([^()]*\)[^()]*)*\)$")


class UndeliveredError(Exception):
    """A record was not written, as far as the producer knows."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What goes out."""

    topic: str
    key: bytes | None = dataclasses.field(repr=False)
    value: bytes | None = dataclasses.field(repr=False)
    headers: Sequence[tuple[str, bytes | None]] = dataclasses.field(default=(), repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Written:
    """Where a record is."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970."""


class SharedProducer:
    """A producer on an event loop."""

    def __init__(self, configuration: Configuration) -> None:
        self.broken = False
        """Whether it cannot go on: the login is refused, or it no longer knows what it has written."""
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[Written]] = set()
        self._trouble = ""
        try:
            self._client = Producer({**configuration, "error_cb": self._troubled, "logger": silent})
        except KafkaException as error:
            raise InputError(f"Kafka's properties cannot be used: {error.args[0].str()}") from None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="kafka producer", daemon=True)
        self._thread.start()

    async def send(self, record: Record) -> Written:
        """Write a record. Raises UndeliveredError, which says why it is not known to be written."""
        told: asyncio.Future[Written] = self._loop.create_future()
        self._waiting.add(told)
        try:
            self._client.produce(
                record.topic,
                value=record.value,
                key=record.key,
                headers=list(record.headers),
                on_delivery=functools.partial(self._delivered, told),
            )
            return await told
        except KafkaException as error:
            raise UndeliveredError(error.args[0].str()) from None
        except BufferError as error:
            raise UndeliveredError(str(error)) from None
        finally:
            self._waiting.discard(told)
            if told.cancelled() and not self._waiting:
                self._client.purge()  # Nobody wants to know any more, and the job will come again.

    async def close(self) -> None:
        """Let go of what was not sent, and hang up."""
        self._client.purge()
        self._ending.set()
        await asyncio.to_thread(self._thread.join)

    def _poll(self) -> None:
        while not self._ending.is_set():
            self._client.poll(POLL_S)

    def _delivered(self, told: asyncio.Future[Written], error: KafkaError | None, message: Message) -> None:
        """Called in the polling thread."""
        if error is not None:
            why = f"{reason(error)} ({self._trouble})" if self._trouble else reason(error)
            self._settle(told.set_exception, told, UndeliveredError(why))
            return
        self._trouble = ""
        _, timestamp = message.timestamp()
        written = Written(
            topic=message.topic() or "",
            partition=_known(message.partition()),
            offset=_known(message.offset()),
            timestamp=timestamp,
        )
        self._settle(told.set_result, told, written)

    def _troubled(self, error: KafkaError) -> None:
        """Called in the polling thread, for what concerns no one record."""
        self._trouble = reason(error)
        if error.fatal() or error.code() in REFUSED:
            self.broken = True
            for told in tuple(self._waiting):
                self._settle(told.set_exception, told, UndeliveredError(reason(error)))

    def _settle(self, settle: Callable[[Any], None], told: asyncio.Future[Written], news: Any) -> None:
        def once() -> None:
            if not told.done():
                settle(news)

        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits.
            self._loop.call_soon_threadsafe(once)


class Producers:
    """Opened once in a worker process: `producers = await context.use(open_producers)`."""

    def __init__(self, open_producer: Callable[[Configuration], SharedProducer] = SharedProducer) -> None:
        self._shared: Shared[frozenset[tuple[str, str]], SharedProducer] = Shared(
            lambda items: open_producer(dict(items)), kept_max=KEPT_MAX
        )

    def using(self, configuration: Configuration) -> AbstractAsyncContextManager[SharedProducer]:
        """The producer with this configuration. Raises InputError for one that librdkafka refuses."""
        return self._shared.using(frozenset(configuration.items()))

    async def close(self) -> None:
        """Close all of them."""
        await self._shared.close()


@contextlib.asynccontextmanager
async def open_producers(_settings: Settings) -> AsyncIterator[Producers]:
    """The producers of a worker process."""
    producers = Producers()
    try:
        yield producers
    finally:
        await producers.close()


def reason(error: KafkaError) -> str:
    """What librdkafka says, the same for the same error."""
    return _DURATION.sub("", error.str())


def _known(number: int | None) -> int:
    return -1 if number is None else number
