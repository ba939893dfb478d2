"""librdkafka's consumer in a thread of its own, and an event loop that is told what it receives.

Every call of the client that may block is made in that thread. It polls all the time: partitions of which enough waits
in memory are paused, and so are those whose record waits for another try, which fills their memory.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from zelery.connectors.kafka.events import Received
from zelery.connectors.kafka.producers import reason, silent
from zelery.connectors.kafka.progress import Progress
from zelery.connectors.kafka.properties import Configuration
from zelery.sdk import ConnectorError, InputError

#: How long a poll waits for a record, and so how long an end waits for a poll, seconds.
POLL_S = 0.1
#: The same while records are done with one after another: so long their commits wait, which a crash would lose.
POLL_BUSY_S = 0.01
#: How long after one it is expected that there is another, seconds.
BUSY_S = 1.0
#: Records taken over at once.
BATCH = 100
#: How long one call to the cluster may take, seconds.
CALL_S = 3.0
#: How often a cluster that was lost is looked for, seconds.
PROBE_EVERY_S = 1.0
#: How long revoked partitions may finish the records that are being correlated, seconds.
FINISH_S = 4.0
#: How long the thread may take to end; then it is left behind, seconds.
END_S = 9.0

#: They pass: the client goes on by itself.
_PASSING = (
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - so the library names what is its own
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001
)
_COOPERATIVE = "cooperative-sticky"


class Listener(Protocol):
    """What the event loop is told, in order."""

    def assigned(self, partitions: Sequence[int]) -> None:
        """These partitions are ours from now on."""

    async def revoked(self, partitions: Sequence[int], *, lost: bool) -> None:
        """They are not: finish or drop what is being done. They are another's already when they are `lost`."""

    def received(self, records: Sequence[Received]) -> None:
        """New records, in order."""

    def disturbed(self, why: str | None) -> None:
        """The cluster cannot be reached, and why, as far as it is known; None: it can again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subscribing:
    """What is consumed."""

    topic: str
    configuration: Configuration = dataclasses.field(repr=False)
    """librdkafka's."""
    offsets: Sequence[int] | None = None
    """Where each partition begins, whatever the group has committed."""


class ThreadedConsumer:
    """One consumer: `run` it once."""

    def __init__(self, subscribing: Subscribing, progress: Progress, listener: Listener) -> None:
        self._given = subscribing
        self._progress = progress
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._stopping = threading.Event()
        self._begun: set[int] = set()
        self._fault: Exception | None = None
        self._trouble: str | None = None
        self._last = ""
        self._commit_until = self._probed_at = self._busy_until = 0.0
        self._client = self._open()
        self._thread = threading.Thread(target=self._run, name=f"kafka {subscribing.topic}", daemon=True)

    async def run(self) -> None:
        """Consume until cancelled, or until something is wrong that waiting does not mend: that is raised."""
        self._thread.start()
        try:
            await asyncio.shield(self._ended)
        finally:
            self._stopping.set()
            await asyncio.wait({self._ended}, timeout=END_S)
            if self._ended.done():
                self._ended.exception()  # Who is cancelled does not ask for it.

    def _open(self) -> Consumer:
        configuration = {
            **self._given.configuration,
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "error_cb": self._told,
            "on_commit": self._on_commit,
            "logger": silent,
        }
        try:
            return Consumer(configuration)
        except KafkaException as error:
            raise InputError(f"Kafka's properties cannot be used: {error.args[0].str()}") from None

    # From here on in the thread.

    def _run(self) -> None:
        try:
            self._client.subscribe(
                [self._given.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
            while not self._stopping.is_set() and self._fault is None:
                self._turn()
        except KafkaException as error:
            self._fault = self._fault or ConnectorError(f"Kafka: {reason(error.args[0])}")
        finally:
            with contextlib.suppress(KafkaException, RuntimeError):
                self._client.close()
            self._tell(self._end)

    def _end(self) -> None:
        if self._ended.done():
            return
        if self._fault is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(self._fault)

    def _turn(self) -> None:
        self._commit()
        if paused := self._progress.to_pause():
            self._client.pause(self._places(paused))
        if resumed := self._progress.to_resume():
            self._client.resume(self._places(resumed))
        if self._trouble is not None:
            self._probe()
        first = self._client.poll(POLL_BUSY_S if self._busy() else POLL_S)
        if first is not None:
            self._hand_over([first, *self._client.consume(BATCH - 1, 0)])

    def _busy(self) -> bool:
        now = time.monotonic()
        if self._progress.moved():
            self._busy_until = now + BUSY_S
        return now < self._busy_until

    def _hand_over(self, messages: Sequence[Message]) -> None:
        records = []
        for message in messages:
            error = message.error()
            if error is None:
                records.append(_received(message))
            else:
                self._told(error)
        if records:
            self._disturbed(None)
            self._progress.received(records)
            self._tell(self._listener.received, records)

    def _told(self, error: KafkaError) -> None:
        """Something is wrong with the client as a whole."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - so the library names what is its own
            self._fault = self._fault or self._no_place(reason(error))
        elif error.code() not in _PASSING and not error.retriable():
            self._fault = self._fault or ConnectorError(f"Kafka: {reason(error)}")
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - so the library names what is its own
            self._disturbed(self._last)
        else:
            self._last = reason(error)
            if self._trouble is not None:
                self._disturbed(self._last)

    def _disturbed(self, why: str | None) -> None:
        if why != self._trouble:
            self._trouble = why
            self._last = why or ""
            self._tell(self._listener.disturbed, why)

    def _probe(self) -> None:
        """The client does not say when it has found the cluster again."""
        if time.monotonic() - self._probed_at < PROBE_EVERY_S:
            return
        with contextlib.suppress(KafkaException):
            self._client.list_topics(self._given.topic, PROBE_EVERY_S)
            self._disturbed(None)
        self._probed_at = time.monotonic()

    def _commit(self) -> None:
        """One at a time: a broker that is busy would be sent more than it can write, and be late with all of them."""
        now = time.monotonic()
        # What is sent to nobody would hold up the end.
        if self._trouble is not None or now < self._commit_until:
            return
        if places := self._progress.uncommitted():
            self._commit_until = now + CALL_S
            try:
                self._client.commit(offsets=self._offsets(places), asynchronous=True)
            except KafkaException:
                self._progress.refused(places)

    def _commit_last(self) -> None:
        """The same, and wait for it."""
        if self._trouble is not None:
            return
        if places := self._progress.uncommitted():
            # What is not committed is received again, by whoever is next, and its message id tells.
            with contextlib.suppress(KafkaException):
                self._client.commit(offsets=self._offsets(places), asynchronous=False)

    def _offsets(self, places: Mapping[int, int]) -> list[TopicPartition]:
        return [TopicPartition(self._given.topic, each, place) for each, place in places.items()]

    def _on_commit(self, error: KafkaError | None, places: Sequence[TopicPartition]) -> None:
        refused = [place.partition for place in places if error is not None or place.error is not None]
        self._progress.refused(refused)
        self._commit_until = 0.0

    def _on_assign(self, client: Consumer, places: list[TopicPartition]) -> None:
        try:
            self._begin_at(places)
        except ConnectorError as error:
            self._fault = self._fault or error
            return
        partitions = [place.partition for place in places]
        self._progress.began(partitions)
        if self._given.configuration.get("partition.assignment.strategy") == _COOPERATIVE:
            client.incremental_assign(places)
        else:
            client.assign(places)
        if places:
            client.resume(places)  # A partition that comes back is still paused.
        self._tell(self._listener.assigned, partitions)

    def _begin_at(self, places: Sequence[TopicPartition]) -> None:
        """Where partitions begin: at the given offsets once, after a rebalance where the group was."""
        new = [place for place in places if place.partition not in self._begun]
        if self._given.offsets is not None and new:
            self._check_count(self._given.offsets)
            for place in new:
                place.offset = self._given.offsets[place.partition]
        elif self._given.configuration.get("auto.offset.reset") == "error" and new:
            known = self._client.committed(new, CALL_S)
            if unknown := [place.partition for place in known if place.offset < 0]:
                raise self._no_place(f"partition {', '.join(map(str, unknown))}: nothing is committed")
        self._begun.update(place.partition for place in new)

    def _check_count(self, offsets: Sequence[int]) -> None:
        topic = self._given.topic
        count = len(self._client.list_topics(topic, CALL_S).topics[topic].partitions)
        if count != len(offsets):
            raise InputError(
                f"offsets: {len(offsets)} given, but the topic {topic} has {count} partitions; give one for each"
            )

    def _no_place(self, why: str) -> ConnectorError:
        return ConnectorError(
            f"The group {self._given.configuration['group.id']} has no place in {self._given.topic} to go on at "
            f"({why}), and autoOffsetReset is none: choose earliest or latest, or give offsets"
        )

    def _on_revoke(self, _client: Consumer, places: list[TopicPartition]) -> None:
        partitions = [place.partition for place in places]
        self._wait_for(self._listener.revoked(partitions, lost=False))
        self._commit_last()
        self._progress.ended(partitions)

    def _on_lost(self, _client: Consumer, places: list[TopicPartition]) -> None:
        partitions = [place.partition for place in places]
        self._progress.ended(partitions)
        self._wait_for(self._listener.revoked(partitions, lost=True))

    def _places(self, partitions: Sequence[int]) -> list[TopicPartition]:
        return [TopicPartition(self._given.topic, partition) for partition in partitions]

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody listens.
            self._loop.call_soon_threadsafe(what, *arguments)

    def _wait_for(self, what: Coroutine[Any, Any, None]) -> None:
        try:
            asyncio.run_coroutine_threadsafe(what, self._loop).result(FINISH_S + 1)
        except RuntimeError:  # The loop is closed.
            what.close()
        except concurrent.futures.TimeoutError:
            pass


def _received(message: Message) -> Received:
    return Received(
        topic=str(message.topic()),
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),  # type: ignore[arg-type] # Names are text, values bytes or None.
    )
