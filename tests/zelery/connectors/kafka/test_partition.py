from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.zelery.connectors.kafka.recording import PUBLISHED, Recording
from zelery.connectors.kafka.avro import AvroError
from zelery.connectors.kafka.events import Received, Value, plain
from zelery.connectors.kafka.partition import Partition, Settling
from zelery.connectors.kafka.poison import Patience
from zelery.connectors.kafka.producers import UndeliveredError
from zelery.correlation import ConditionNotMet, EngineRefused, Failed, InvalidInput, Result
from zelery.sdk import ConnectorError, InputError

REFUSED = EngineRefused(status="INVALID_ARGUMENT", message="no", later=False)


@dataclasses.dataclass
class Around:
    """What a partition has around it."""

    done: list[int] = dataclasses.field(default_factory=list)
    buried: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    shown: list[str] = dataclasses.field(default_factory=list)
    slept: list[float] = dataclasses.field(default_factory=list)
    lost_letters: int = 0

    async def bury(self, record: Received, why: str) -> None:
        if self.lost_letters:
            self.lost_letters -= 1
            raise UndeliveredError("no broker")
        self.buried.append((record.offset, why))

    async def sleep(self, pause_s: float) -> None:
        self.slept.append(pause_s)
        await asyncio.sleep(0)

    def blocked(self, partition: int, reason: str) -> None:
        self.shown.append(reason)

    def unblocked(self, partition: int) -> None:
        if self.shown and self.shown[-1] != "goes on":
            self.shown.append("goes on")


def only(offset: int, *results: Result) -> Callable[[str, int], Result]:
    """A script in which one record has these results, one an attempt, and then is taken, as all others are."""

    def script(name: str, attempt: int) -> Result:
        fails = name.endswith(f"-{offset}") and attempt <= len(results)
        return results[attempt - 1] if fails else PUBLISHED

    return script


def settling(context: Recording, around: Around, **given: Any) -> Settling:
    async def read(data: bytes | None) -> Value:
        return plain(data)

    reachable = asyncio.Event()
    reachable.set()
    return Settling(
        **{
            "context": context,
            "decode": read,
            "bury": around.bury,
            "done": lambda record: around.done.append(record.offset),
            "blocks": around,
            "reachable": reachable,
            "patience": Patience(attempts=3, first_s=1, longest_s=30),
            "sleep": around.sleep,
            **given,
        }
    )


def records(*offsets: int) -> list[Received]:
    return [Received(topic="t", partition=0, offset=offset, value=b"v%d" % offset) for offset in offsets]


async def ran(
    script: Callable[[str, int], Result], *, until: int = 3, lost_letters: int = 0, **given: Any
) -> tuple[Recording, Around]:
    """Three records, until that many are done."""
    context, around = Recording(script=script), Around(lost_letters=lost_letters)
    partition = Partition(0, settling(context, around, **given))
    partition.put(records(1, 2, 3))
    for _ in range(100):
        if len(around.done) >= until or partition.task.done():
            break
        await asyncio.sleep(0)
    if partition.task.done():
        partition.task.result()
    await partition.stop(0)
    return context, around


async def test_records_are_settled_one_after_another() -> None:
    context, around = await ran(only(0))
    assert context.accepted == ["t-0-1", "t-0-2", "t-0-3"]
    assert [event["value"] for _, event in context.events] == ["v1", "v2", "v3"]
    assert context.most_at_once == 1
    assert around.done == [1, 2, 3]


@pytest.mark.parametrize("result", [REFUSED, Failed(message="no")])
async def test_what_may_pass_is_tried_again_after_growing_pauses_and_nothing_overtakes_it(result: Result) -> None:
    context, around = await ran(only(2, result, result))
    assert [name for name, _ in context.events] == ["t-0-1", "t-0-2", "t-0-2", "t-0-2", "t-0-3"]
    assert around.slept == [1, 2]
    assert around.shown == []
    assert context.messages() == [
        "t-0-2 was not correlated: no; attempt 1 of 3, the next in 1 s",
        "t-0-2 was not correlated: no; attempt 2 of 3, the next in 2 s",
    ]


async def test_poison_blocks_its_partition_and_is_shown_until_it_passes() -> None:
    bad = InvalidInput(message="no key")
    context, around = await ran(only(2, bad, bad))
    assert around.slept == [30, 30]
    assert around.shown == ["t-0-2 waits: no key", "t-0-2 waits: no key", "goes on"]
    assert around.done == [1, 2, 3]
    assert context.accepted == ["t-0-1", "t-0-2", "t-0-3"]


async def test_poison_that_stays_is_never_passed() -> None:
    _, around = await ran(only(2, *[REFUSED] * 50), until=99)
    assert around.done == [1]
    assert around.slept[:4] == [1, 2, 30, 30]


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (InvalidInput(message="no key"), "no key"),
        (ConditionNotMet(consume=False), "Activation condition not met"),
    ],
)
async def test_poison_is_skipped_with_an_entry(result: Result, why: str) -> None:
    context, around = await ran(only(2, result), on_poison="skip")
    assert around.done == [1, 2, 3]
    assert around.slept == []
    assert context.logged == [("ERROR", "Message", f"t-0-2 was skipped: {why}")]


async def test_poison_goes_to_the_dead_letter_topic_with_a_word_of_why() -> None:
    context, around = await ran(only(2, REFUSED, REFUSED, REFUSED), on_poison="deadLetterTopic")
    assert around.buried == [(2, "EngineRefused")]
    assert around.done == [1, 2, 3]
    assert around.slept == [1, 2]
    assert context.messages()[-1] == "t-0-2 went to the dead-letter topic: no"


async def test_a_dead_letter_that_is_not_written_is_not_passed() -> None:
    _, around = await ran(only(2, *[InvalidInput(message="x")] * 9), on_poison="deadLetterTopic", lost_letters=2)
    assert around.shown == ["t-0-2 cannot be written to the dead-letter topic: no broker"] * 2 + ["goes on"]
    assert around.slept == [1, 2]
    assert around.buried == [(2, "InvalidInput")]
    assert around.done == [1, 2, 3]


async def test_what_nobody_wanted_is_passed_without_a_word() -> None:
    context, around = await ran(only(2, ConditionNotMet(consume=True)))
    assert around.done == [1, 2, 3]
    assert context.logged == []


def decoding(error: Exception, times: int = 99) -> Any:
    left = [times]

    async def decode(data: bytes | None) -> Value:
        if data == b"v2" and left[0]:
            left[0] -= 1
            raise error
        return plain(data)

    return decode


@pytest.mark.parametrize(
    "error", [AvroError("does not fit"), ConnectorError("does not fit", code="404")], ids=["value", "unknown schema"]
)
async def test_a_value_that_does_not_fit_its_schema_is_poison(error: Exception) -> None:
    context, around = await ran(only(0), on_poison="skip", decode=decoding(error))
    assert context.accepted == ["t-0-1", "t-0-3"]
    assert context.messages() == ["t-0-2 was skipped: does not fit"]
    assert around.done == [1, 2, 3]


async def test_a_registry_that_is_away_is_waited_for_and_shown() -> None:
    away = ConnectorError("the registry is away", code="503")
    context, around = await ran(only(0), on_poison="skip", decode=decoding(away, times=4))
    assert around.slept == [1, 2, 4, 8]
    assert around.shown == ["t-0-2 waits: the registry is away"] * 4 + ["goes on"]
    assert context.accepted == ["t-0-1", "t-0-2", "t-0-3"]


async def test_what_makes_each_record_unreadable_ends_the_subscription() -> None:
    with pytest.raises(InputError, match="blocked"):
        await ran(only(0), decode=decoding(InputError("blocked by the operator")))


async def stopped_while(takes_s: float, finish_s: float) -> tuple[list[str], list[int]]:
    context, around = Recording(takes_s=takes_s), Around()
    partition = Partition(0, settling(context, around))
    partition.put(records(1, 2))
    while not context.events:
        await asyncio.sleep(0)
    await partition.stop(finish_s)
    return context.accepted, around.done


async def test_a_partition_that_is_taken_away_finishes_the_record_at_hand_and_no_other() -> None:
    assert await stopped_while(0.01, 5) == (["t-0-1"], [1])


async def test_a_partition_that_is_lost_finishes_nothing() -> None:
    assert await stopped_while(5, 0) == ([], [])


async def test_a_record_that_takes_too_long_is_dropped() -> None:
    assert await stopped_while(5, 0.01) == ([], [])


async def test_a_record_that_rests_is_dropped_at_once() -> None:
    context, around = Recording(script=only(1, *[REFUSED] * 9)), Around()
    partition = Partition(0, settling(context, around, sleep=asyncio.sleep))
    partition.put(records(1))
    while not context.logged:
        await asyncio.sleep(0)
    await asyncio.wait_for(partition.stop(60), 5)
    assert len(context.events) == 1


async def test_nothing_is_begun_while_the_cluster_is_away() -> None:
    context, around = Recording(), Around()
    reachable = asyncio.Event()
    partition = Partition(0, settling(context, around, reachable=reachable))
    partition.put(records(1, 2))
    for _ in range(10):
        await asyncio.sleep(0)
    assert context.events == []
    reachable.set()
    while around.done != [1, 2]:
        await asyncio.sleep(0)
    await partition.stop(0)
