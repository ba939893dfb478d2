"""Jobs over the gateway: polled, pushed, given back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest

from tests.zelery.engine.grpc.calling import Called, calling
from tests.zelery.engine.rules.builder import process, service, start
from zelery.camunda.proto import gateway_pb2 as pb
from zelery.engine.clock import Clock
from zelery.engine.records import JobState

pytestmark = pytest.mark.integration

_PROCESS = process("p", start(), service("a"))

#: A stream's jobs are leased for so long, milliseconds.
_LEASE_MS = 60_000


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    async with calling() as called:
        await called.deploy(_PROCESS)
        yield called


def _request(**more: Any) -> pb.ActivateJobsRequest:
    given: dict[str, Any] = {"type": "a", "worker": "w", "timeout": 60_000, "maxJobsToActivate": 10, **more}
    return pb.ActivateJobsRequest(**given)


async def _until(held: Callable[[], bool]) -> None:
    """Wait until something holds, for a while."""
    async with asyncio.timeout(20):
        while not held():
            await asyncio.sleep(0.01)


async def test_a_poll_that_does_not_wait_answers_nothing_at_once(called: Called) -> None:
    assert [each async for each in called.stream("ActivateJobs", _request(requestTimeout=-1))] == []


async def test_a_poll_answers_nothing_when_its_time_is_over(called: Called) -> None:
    assert [each async for each in called.stream("ActivateJobs", _request(requestTimeout=50))] == []


@pytest.mark.parametrize("request_timeout", [0, 20_000])
async def test_a_poll_that_waits_answers_as_soon_as_there_is_a_job(called: Called, request_timeout: int) -> None:
    polling = asyncio.create_task(called.lease(requestTimeout=request_timeout, most=10))
    await _until(lambda: bool(called.engine._jobs_changed))
    key = await called.start()
    async with asyncio.timeout(5):
        [job] = await polling
    assert job.processInstanceKey == key


async def test_jobs_are_leased_in_the_order_of_their_creation(called: Called) -> None:
    keys = [await called.start() for _ in range(5)]
    leased = [*await called.lease(most=2), *await called.lease(most=10)]
    assert [each.processInstanceKey for each in leased] == keys


async def test_a_job_has_all_that_its_worker_needs(called: Called) -> None:
    key = await called.start(x=1, y=[True, None, "ä"])
    [job] = await called.lease(worker="me", timeout=5_000)
    leased = called.engine.state.jobs[job.key]
    assert (job.type, job.worker, job.retries, job.bpmnProcessId, job.elementId) == ("a", "me", 3, "p", "a")
    assert (job.processInstanceKey, job.processDefinitionVersion, job.tenantId) == (key, 1, "<default>")
    assert (job.deadline, job.elementInstanceKey) == (leased.deadline, leased.element.key)
    assert json.loads(job.variables) == {"x": 1, "y": [True, None, "ä"]}
    assert json.loads(job.customHeaders) == {}


async def test_a_worker_gets_the_variables_that_it_fetches_and_there_are(called: Called) -> None:
    await called.start(x=1, y=2)
    [job] = await called.lease(fetchVariable=["x", "none"])
    assert json.loads(job.variables) == {"x": 1}


async def test_a_batch_has_no_more_than_a_message_holds(called: Called) -> None:
    for _ in range(5):
        await called.start(large="x" * 1_500_000)
    sizes = [len(await called.lease(most=5)) for _ in range(3)]
    assert sizes == [2, 2, 1]


async def test_a_lease_that_has_ended_is_given_to_the_next() -> None:
    clock = Clock()
    clock.pin(1_790_000_000_000)
    async with calling(clock=clock) as called:
        await called.deploy(_PROCESS)
        await called.start()
        [first] = await called.lease(timeout=1_000)
        assert await called.lease() == []
        clock.add(1_000)
        called.engine.clock_changed()
        [second] = await called.lease()
        assert second.key == first.key
        await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=first.key))
        assert not called.engine.state.jobs


async def test_a_poll_whose_client_has_gone_takes_no_job(called: Called) -> None:
    polling = called.stream("ActivateJobs", _request(requestTimeout=20_000))
    reading = asyncio.create_task(anext(aiter(polling)))
    await _until(lambda: bool(called.engine._jobs_changed))
    reading.cancel()
    polling.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await _no_polls(called)
    await called.start()
    assert len(await called.lease()) == 1


async def _no_polls(called: Called) -> None:
    """Wait until the gateway knows that no poll is open: what comes after the cancellation is answered after it."""
    for _ in range(3):
        assert await called.lives()
        await asyncio.sleep(0.05)


# Streams.


class Stream:
    """An open stream of jobs, read in the background.

    Args:
        called: The engine.
        worker: The worker's name.
    """

    def __init__(self, called: Called, worker: str) -> None:
        request = pb.StreamActivatedJobsRequest(type="a", worker=worker, timeout=_LEASE_MS)
        self.call = called.stream("StreamActivatedJobs", request)
        self.jobs: list[pb.ActivatedJob] = []
        self.ended: grpc.StatusCode | None = None
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for job in self.call:
                self.jobs.append(job)
        except grpc.aio.AioRpcError as error:
            self.ended = error.code()

    async def close(self) -> None:
        self.call.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)


@contextlib.asynccontextmanager
async def streaming(called: Called, *workers: str) -> AsyncIterator[list[Stream]]:
    """Streams that are open at the gateway, until the block ends."""
    streams: list[Stream] = []
    try:
        for number, worker in enumerate(workers, 1):
            streams.append(Stream(called, worker))
            await _until(lambda wanted=number: len(called.gateway._streams) == wanted)  # type: ignore[misc]
        yield streams
    finally:
        for each in streams:
            await each.close()


async def test_jobs_are_pushed_as_they_become_activatable(called: Called) -> None:
    keys = [await called.start()]
    async with streaming(called, "one") as [stream]:
        keys += [await called.start() for _ in range(4)]
        await _until(lambda: len(stream.jobs) == 5)
    assert [each.processInstanceKey for each in stream.jobs] == keys
    assert {each.worker for each in stream.jobs} == {"one"}


async def test_two_streams_take_turns(called: Called) -> None:
    async with streaming(called, "one", "two") as [one, two]:
        for number in range(1, 21):
            await called.start()
            await _until(lambda wanted=number: len(one.jobs) + len(two.jobs) == wanted)  # type: ignore[misc]
    assert {len(one.jobs), len(two.jobs)} == {10}


async def test_each_job_is_pushed_once(called: Called) -> None:
    async with streaming(called, "one", "two", "three") as streams:
        await asyncio.gather(*(called.start() for _ in range(50)))
        await _until(lambda: sum(len(each.jobs) for each in streams) >= 50)
    keys = [job.key for each in streams for job in each.jobs]
    assert len(keys) == len(set(keys)) == 50


async def test_a_job_that_has_failed_is_pushed_again(called: Called) -> None:
    async with streaming(called, "one") as [stream]:
        await called.start()
        await _until(lambda: len(stream.jobs) == 1)
        await called.call("FailJob", pb.FailJobRequest(jobKey=stream.jobs[0].key, retries=2))
        await _until(lambda: len(stream.jobs) == 2)
    assert [each.retries for each in stream.jobs] == [3, 2]


async def test_a_stream_that_was_closed_takes_no_job(called: Called) -> None:
    async with streaming(called, "one"):
        pass
    await _until(lambda: not called.gateway._streams)
    await called.start()
    assert len(await called.lease()) == 1


async def test_a_client_that_does_not_read_is_not_given_more_than_its_window(called: Called) -> None:
    request = pb.StreamActivatedJobsRequest(type="a", worker="deaf", timeout=_LEASE_MS)
    stream = called.stream("StreamActivatedJobs", request)
    await _until(lambda: len(called.gateway._streams) == 1)
    for _ in range(30):
        await called.start(large="x" * 500_000)
    await asyncio.sleep(0.3)
    pushed = [each for each in called.engine.state.jobs.values() if each.state is JobState.ACTIVATED]
    assert len(pushed) < 25
    assert len(await called.lease(most=1)) == 1
    stream.cancel()
    await _until(lambda: not called.gateway._streams)


async def test_a_job_whose_stream_has_ended_in_the_middle_is_given_back(called: Called) -> None:
    request = pb.StreamActivatedJobsRequest(type="a", worker="deaf", timeout=_LEASE_MS)
    stream = called.stream("StreamActivatedJobs", request)
    await _until(lambda: len(called.gateway._streams) == 1)
    for _ in range(30):
        await called.start(large="x" * 500_000)
    await asyncio.sleep(0.3)
    before = sum(each.state is JobState.ACTIVATED for each in called.engine.state.jobs.values())
    stream.cancel()
    await _until(lambda: not called.gateway._streams)
    assert sum(each.state is JobState.ACTIVATED for each in called.engine.state.jobs.values()) == before - 1


async def test_streams_that_are_dropped_end_and_can_be_opened_again(called: Called) -> None:
    async with streaming(called, "one") as [stream]:
        called.gateway.drop_streams()
        await _until(stream.reading.done)
        assert stream.ended is grpc.StatusCode.UNAVAILABLE
    async with streaming(called, "two") as [stream]:
        await called.start()
        await _until(lambda: len(stream.jobs) == 1)


async def test_a_stream_comes_before_a_poll(called: Called) -> None:
    polling = asyncio.create_task(called.lease(requestTimeout=400))
    await _until(lambda: bool(called.engine._jobs_changed))
    async with streaming(called, "one") as [stream]:
        await called.start()
        await _until(lambda: len(stream.jobs) == 1)
        assert await polling == []
