from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from zelery.connectors.kafka import producers
from zelery.connectors.kafka.producers import KEPT_MAX, Producers, Record, SharedProducer, UndeliveredError
from zelery.connectors.kafka.properties import Configuration
from zelery.sdk import InputError

RECORD = Record(topic="t", key=None, value=b"v")


@dataclasses.dataclass
class Fake:
    """A producer that sends nothing."""

    configuration: Configuration
    users: int = 0
    broken: bool = False
    closed: bool = False

    async def close(self) -> None:
        self.closed = True


def kept() -> tuple[Producers, list[Any]]:
    opened: list[Any] = []

    def opening(configuration: Configuration) -> Any:
        opened.append(Fake(configuration))
        return opened[-1]

    return Producers(opening), opened


async def test_a_configuration_that_librdkafka_refuses_is_the_models_fault() -> None:
    with pytest.raises(InputError) as found:
        SharedProducer({"bootstrap.servers": "", "acks": "many"})
    assert str(found.value).startswith("Kafka's properties cannot be used: ")
    assert "acks" in str(found.value)


async def test_a_configuration_that_is_refused_leaves_nothing_behind() -> None:
    shared = Producers()
    with pytest.raises(InputError):
        async with shared.using({"acks": "many"}):
            pass
    await shared.close()


async def test_a_broken_producer_has_a_successor_and_is_closed_by_its_last_user() -> None:
    shared, opened = kept()
    async with shared.using({"a": "1"}) as first:
        opened[0].broken = True
        async with shared.using({"a": "1"}) as second:
            assert second is not first
        assert not opened[0].closed
    assert [each.closed for each in opened] == [True, False]


async def test_jobs_with_one_configuration_share_a_producer() -> None:
    shared, opened = kept()
    async with shared.using({"a": "1", "b": "2"}), shared.using({"b": "2", "a": "1"}), shared.using({"a": "2"}):
        pass
    async with shared.using({"a": "1", "b": "2"}):
        pass
    assert len(opened) == 2
    await shared.close()
    assert all(each.closed for each in opened)


async def test_the_idle_ones_that_were_used_longest_ago_are_closed_beyond_the_bound() -> None:
    shared, opened = kept()
    async with shared.using({"n": "busy"}):
        for number in range(KEPT_MAX):
            async with shared.using({"n": str(number)}):
                pass
        async with shared.using({"n": "1"}):  # used again, so that 2 is next
            pass
        async with shared.using({"n": "last"}):
            pass
    assert [each.configuration["n"] for each in opened if each.closed] == ["0", "2"]


async def test_who_no_longer_waits_takes_the_record_along() -> None:
    """Nothing listens there, so the record waits until it is purged, and the producer ends without it."""
    producer = SharedProducer({"bootstrap.servers": "127.0.0.1:1"})
    sending = asyncio.create_task(producer.send(RECORD))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await producer.close()


async def test_a_queue_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = SharedProducer({"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": "1"})
    waiting = asyncio.create_task(producer.send(RECORD))
    await asyncio.sleep(0)
    with pytest.raises(UndeliveredError, match="Queue full"):
        await producer.send(RECORD)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await producer.close()


def test_nothing_of_a_record_but_its_topic_is_shown() -> None:
    assert repr(Record(topic="t", key=b"k", value=b"s3cret")) == "Record(topic='t')"
    assert producers.silent.level > 50
