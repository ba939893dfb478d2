"""The consumer on a queue in memory, with a clock that does not wait."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from tests.inbound_context import PUBLISHED, FakeInboundContext
from zelery.connectors.aws_sqs.consumer import BATCHES_MAX, HIDDEN_S, RENEW_S, Consumer, Wanted, pause_s
from zelery.correlation import ConditionNotMet, Failed, InvalidInput, Result
from zelery.sdk import ConnectorError


@dataclasses.dataclass
class FakeQueue:
    """Batches in their order, or errors; after the last it has nothing, for ever."""

    batches: list[list[dict[str, Any]] | ConnectorError]
    told: list[tuple[Any, ...]] = dataclasses.field(default_factory=list)
    refuses: bool = False
    waits: list[int] = dataclasses.field(default_factory=list)

    async def receive(self, **asked: Any) -> Sequence[dict[str, Any]]:
        self.waits.append(asked["wait_s"])
        self.told.append(("receive", *asked["attributes"]))
        if not self.batches:
            await asyncio.Event().wait()
        found = self.batches.pop(0)
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def delete(self, messages: Sequence[dict[str, Any]]) -> None:
        await self._do("delete", messages)

    async def hide(self, messages: Sequence[dict[str, Any]], seconds: int) -> None:
        await self._do(f"hide {seconds}", messages)

    async def _do(self, what: str, messages: Sequence[dict[str, Any]]) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise ConnectorError("no way")
        self.told.append((what, *(message["MessageId"] for message in messages)))

    @property
    def done(self) -> list[tuple[Any, ...]]:
        return [each for each in self.told if each[0] != "receive"]


def message(name: str, *, count: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(count), "SenderId": "me"}
    return {"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": name, "Attributes": attributes}


@dataclasses.dataclass
class Clock:
    """Sleeps until it is told to go on."""

    slept: list[float] = dataclasses.field(default_factory=list)
    ticks: asyncio.Semaphore = dataclasses.field(default_factory=lambda: asyncio.Semaphore(0))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.ticks.acquire()


@dataclasses.dataclass
class Running:
    queue: FakeQueue
    context: FakeInboundContext
    clock: Clock
    task: asyncio.Task[None]

    async def settled(self) -> None:
        """Let it do all that it can do without a tick."""
        for _ in range(100):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task


async def running(
    *batches: list[dict[str, Any]] | ConnectorError,
    results: dict[str, Result] | None = None,
    waits: Sequence[str] = (),
    wanted: Wanted | None = None,
    refuses: bool = False,
) -> Running:
    """A consumer that has done all that it can; those in `waits` are never answered."""

    async def correlates(event: Any, message_id: str | None) -> Result:
        await asyncio.sleep(0)
        if message_id in waits:
            await asyncio.Event().wait()
        return (results or {}).get(str(message_id), PUBLISHED)

    queue, context, clock = FakeQueue(list(batches), refuses=refuses), FakeInboundContext(correlates), Clock()
    consumer = Consumer(
        queue=queue,  # type: ignore[arg-type]  # its twin in memory
        wanted=wanted or Wanted(wait_s=1),
        context=context,
        sleep=clock.sleep,
    )
    found = Running(queue, context, clock, asyncio.create_task(consumer.run()))
    await found.settled()
    return found


class TestFailures:
    @pytest.mark.parametrize(
        "result", [InvalidInput(message="no key"), Failed(message="bad"), ConditionNotMet(consume=False)]
    )
    async def test_what_could_not_be_correlated_comes_back_after_a_pause_that_grows(self, result: Result) -> None:
        run = await running([message("a", count=4), message("b")], results={"a": result})
        await run.stop()
        assert run.queue.done == [("hide 8", "a"), ("delete", "b")]
        assert [entry for entry in run.context.entries if entry[0] == "WARNING"] == [
            ("WARNING", "Message", getattr(result, "message"))  # noqa: B009 - of each kind
        ]

    async def test_a_queue_that_cannot_be_asked_is_down_until_it_can(self) -> None:
        error = ConnectorError("away")
        run = await running(error, error, error, [message("a")], wanted=Wanted(wait_s=20))
        assert run.context.health == ["away"]
        for _ in range(3):
            run.clock.ticks.release()
            await run.settled()
        await run.stop()
        assert run.clock.slept[:3] == [1, 2, 4]
        assert run.queue.waits == [20, 1, 1, 1, 20]
        assert run.context.health == ["away", "away", "away", "up"]
        assert [entry[2] for entry in run.context.entries] == [
            "Failed to receive messages from SQS queue: away",
            "Resumed receiving messages from SQS queue",
            "Received SQS Message with ID a",
        ]
        assert run.queue.done == [("delete", "a")]

    async def test_a_message_that_cannot_be_deleted_ends_nothing(self) -> None:
        run = await running([message("a")], [message("b")], refuses=True)
        assert not run.task.done()
        await run.stop()
        trouble = ("WARNING", "Consumer", "Messages were not deleted and come again: no way")
        assert run.context.entries.count(trouble) == 2

    async def test_one_that_ends_deletes_what_zeebe_has_and_gives_the_rest_back(self) -> None:
        run = await running([message("a"), message("b"), message("c")], waits=["b", "c"])
        assert run.queue.done == []
        await run.stop()
        assert run.queue.done == [("delete", "a"), ("hide 0", "b", "c")]


class TestWorking:
    async def test_a_message_is_deleted_after_it_was_correlated_under_its_own_id(self) -> None:
        run = await running([message("a"), message("b")])
        await run.stop()
        assert run.context.correlated[0][0]["body"] == "a"
        assert [id_ for _, id_ in run.context.correlated] == ["a", "b"]
        assert run.queue.done == [("delete", "a", "b")]

    async def test_what_nobody_wants_is_deleted_too(self) -> None:
        run = await running([message("a")], results={"a": ConditionNotMet(consume=True)})
        await run.stop()
        assert run.queue.done == [("delete", "a")]
        assert ("WARNING", "Message", "Activation condition not met") in run.context.entries

    async def test_what_is_worked_on_is_kept_hidden(self) -> None:
        run = await running([message("a"), message("b")], waits=["b"])
        assert run.clock.slept == [RENEW_S]
        run.clock.ticks.release()
        await run.settled()
        assert run.queue.done == [(f"hide {HIDDEN_S}", "a", "b")]
        assert run.clock.slept == [RENEW_S, RENEW_S]
        await run.stop()

    async def test_while_nothing_gets_through_no_more_is_received(self) -> None:
        names = [str(number) for number in range(BATCHES_MAX + 2)]
        run = await running(*([message(name)] for name in names), waits=names)
        assert len(run.queue.waits) == BATCHES_MAX
        await run.stop()

    async def test_the_model_sees_no_attribute_that_it_did_not_ask_for(self) -> None:
        run = await running([message("a")], wanted=Wanted(wait_s=1, attributes=["SenderId"]))
        await run.stop()
        assert set(run.queue.told[0]) == {"receive", "SenderId", "ApproximateReceiveCount"}
        assert run.context.correlated[0][0]["attributes"] == {"SenderId": "me"}

    async def test_all_attributes_are_asked_for_where_the_model_names_none(self) -> None:
        run = await running([message("a")])
        await run.stop()
        assert run.queue.told[0] == ("receive", "All")
        assert set(run.context.correlated[0][0]["attributes"]) == {"ApproximateReceiveCount", "SenderId"}


@pytest.mark.parametrize(
    ("deliveries", "pause"), [(0, 1), (1, 1), (2, 2), (5, 16), (10, 512), (11, 900), (1_000_000, 900)]
)
def test_a_pause_grows_to_a_quarter_of_an_hour(deliveries: int, pause: int) -> None:
    assert pause_s(deliveries) == pause
