from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest
from confluent_kafka import Producer

from tests.servers.kafka import KafkaServer
from zelery.connectors.kafka.consumer import Subscribing, ThreadedConsumer
from zelery.connectors.kafka.events import Received
from zelery.connectors.kafka.progress import Progress
from zelery.sdk import ConnectorError, InputError

pytestmark = pytest.mark.integration


@dataclasses.dataclass
class Listening:
    """What the event loop is told; each record is done at once, unless it is held."""

    progress: Progress = dataclasses.field(default_factory=Progress)
    held: set[int] = dataclasses.field(default_factory=set)
    """Partitions whose records are not done."""
    told: list[str] = dataclasses.field(default_factory=list)
    ours: set[int] = dataclasses.field(default_factory=set)
    records: list[Received] = dataclasses.field(default_factory=list)

    def assigned(self, partitions: Sequence[int]) -> None:
        self.told.append(f"assigned {sorted(partitions)}")
        self.ours |= set(partitions)

    async def revoked(self, partitions: Sequence[int], *, lost: bool) -> None:
        self.told.append(f"{'lost' if lost else 'revoked'} {sorted(partitions)}")
        self.ours -= set(partitions)

    def received(self, records: Sequence[Received]) -> None:
        self.records += records
        for record in records:
            if record.partition not in self.held:
                self.progress.done(record)

    def disturbed(self, why: str | None) -> None:
        self.told.append(f"disturbed: {why}")

    def offsets(self, partition: int) -> list[int]:
        return [record.offset for record in self.records if record.partition == partition]


@contextlib.asynccontextmanager
async def consuming(given: Subscribing, listening: Listening) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(ThreadedConsumer(given, listening.progress, listening).run())
    try:
        yield task
    finally:
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait({task})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def subscribing(kafka: KafkaServer, topic: str, offsets: Sequence[int] | None = None, **more: str) -> Subscribing:
    configuration: Mapping[str, str] = {
        "bootstrap.servers": kafka.bootstrap,
        "group.id": topic,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": "6000",
        "heartbeat.interval.ms": "500",
        **{name.replace("_", "."): value for name, value in more.items()},
    }
    return Subscribing(topic=topic, configuration=dict(configuration), offsets=offsets)


def filled(kafka: KafkaServer, partitions: int, count: int) -> str:
    topic = f"c-{uuid.uuid4()}"
    kafka.create(topic, partitions)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for number in range(partitions * count):
        producer.produce(topic, json.dumps(number), partition=number % partitions)
    producer.flush()
    return topic


async def test_a_configuration_that_librdkafka_refuses_opens_nothing(kafka: KafkaServer) -> None:
    with pytest.raises(InputError, match=r"Kafka's properties cannot be used: .*session\.timeout\.ms"):
        ThreadedConsumer(subscribing(kafka, "t", session_timeout_ms="soon"), Progress(), Listening())


async def test_a_group_that_may_not_have_such_a_timeout_is_told_by_the_brokers_words(kafka: KafkaServer) -> None:
    topic = filled(kafka, 1, 1)
    async with consuming(subscribing(kafka, topic, session_timeout_ms="2000"), Listening()) as task:
        with pytest.raises(ConnectorError, match=r"Kafka: .*session timeout"):
            await asyncio.wait_for(task, 60)


async def test_offsets_count_once_and_after_a_rebalance_it_goes_on_where_it_was(kafka: KafkaServer) -> None:
    topic = filled(kafka, 2, 10)
    first, second = Listening(), Listening()
    async with consuming(subscribing(kafka, topic, [7, 8]), first):
        await until(lambda: len(first.records) == 5)
        async with consuming(subscribing(kafka, topic), second):
            await until(lambda: len(first.ours) == len(second.ours) == 1)
        await until(lambda: len(first.ours) == 2)
        filler = Producer({"bootstrap.servers": kafka.bootstrap})
        for partition in (0, 1):
            filler.produce(topic, b"1", partition=partition)
        filler.flush()
        await until(lambda: len(first.records) == 7)
    assert (first.offsets(0), first.offsets(1)) == ([7, 8, 9, 10], [8, 9, 10])
    assert second.records == []


async def test_a_partition_that_was_paused_is_read_again_when_it_comes_back(kafka: KafkaServer) -> None:
    topic = filled(kafka, 2, 3000)
    first, second = Listening(held={0, 1}), Listening(held={0, 1})
    async with consuming(subscribing(kafka, topic), first):
        await until(lambda: min(len(first.offsets(0)), len(first.offsets(1))) >= 1000)
        async with consuming(subscribing(kafka, topic), second):
            await until(lambda: len(second.records) >= 1000)
        first.held.clear()  # What was received before the rebalance is nobody's.
        await until(lambda: {2999} <= set(first.offsets(0)) & set(first.offsets(1)))
    assert first.told[-1] == "revoked [0, 1]"
    assert not [each for each in first.told if each.startswith("lost")]
    assert kafka.committed(topic, topic) == {0: 3000, 1: 3000}
