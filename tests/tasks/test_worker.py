"""From a message to the one command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any

import pytest

from tasks.leases import Leases
from tasks.report import Reporter
from tasks.worker import INVOCATIONS, JobFailedError, Worker
from tests.fakes import FakeGateway
from zelery.catalogue import Served
from zelery.metrics import Metrics
from zelery.model import Completed, Failed, Job, Thrown, to_json
from zelery.runtime import Runtime
from zelery.sdk import BpmnError, Input, outbound
from zelery.settings import Settings


class Asked(Input):
    said: str = "yes"
    code: str | None = None
    fails: str | None = None


RUNS: list[str] = []


@outbound(type="tests:ask:1", name="Ask")
async def ask(asked: Asked) -> dict[str, str]:
    RUNS.append(asked.said)
    if asked.code is not None:
        raise BpmnError(asked.code, "thrown")
    if asked.fails is not None:
        raise LookupError(asked.fails)
    return {"said": asked.said}


SERVED = Served(type="tests:ask:1", connector=ask, timeout=timedelta(seconds=5))


class Uncounted:
    async def heartbeat(self, activations: Iterable[str], ttl_ms: int) -> None: ...

    async def ended(self, activations: Iterable[str]) -> None: ...


class Counted(Metrics):
    """What was counted, in its order."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, ...]] = []

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        self.counted.append((name, *labels))


@pytest.fixture
async def gateway() -> FakeGateway:
    RUNS.clear()
    return FakeGateway()


@pytest.fixture
async def worker(gateway: FakeGateway) -> AsyncIterator[Worker]:
    leases = Leases(gateway=gateway, capacity=Uncounted(), lease_s=30)  # type: ignore[arg-type]  # the same two methods
    async with Runtime.open(Settings(), {}) as runtime:
        yield Worker(runtime=runtime, leases=leases, reporter=Reporter(gateway), metrics=Counted())


async def leased(gateway: FakeGateway, *, left_s: float = 30, **variables: Any) -> Job:
    job = await gateway.put(
        type="tests:ask:1",
        variables=to_json(variables),
        headers={"resultVariable": "r"},
        deadline_ms=int((time.time() + left_s) * 1000),
    )
    gateway.waiting.remove(job)
    gateway.leased[job.key] = job
    return job


async def test_a_job_that_went_well_is_completed_with_its_result(gateway: FakeGateway, worker: Worker) -> None:
    job = await leased(gateway, said="hello")
    assert await worker.work(SERVED, job) == "completed"
    assert gateway.told == [(job.key, Completed(variables={"r": {"said": "hello"}}))]


async def test_a_thrown_error_is_the_models_case_and_no_failure(gateway: FakeGateway, worker: Worker) -> None:
    job = await leased(gateway, code="E1")
    assert await worker.work(SERVED, job) == "BPMN error thrown"
    ((_, told),) = gateway.told
    assert isinstance(told, Thrown)
    assert told.code == "E1"


async def test_a_failed_attempt_is_told_and_what_flower_sees_has_no_word_of_it(
    gateway: FakeGateway, worker: Worker
) -> None:
    job = await leased(gateway, fails="card 4111")
    with pytest.raises(JobFailedError) as raised:
        await worker.work(SERVED, job)
    ((_, told),) = gateway.told
    assert isinstance(told, Failed)
    assert (told.message, told.retries) == ("LookupError: card 4111", 2)
    assert str(raised.value) == "attempt failed, 2 left"


async def test_a_job_whose_lease_ended_in_the_queue_is_not_run(gateway: FakeGateway, worker: Worker) -> None:
    job = await leased(gateway, left_s=-1)
    gateway.busy = 1
    assert await worker.work(SERVED, job) == "lease ended"
    assert RUNS == []


async def test_a_job_that_is_gone_before_it_starts_is_not_run(gateway: FakeGateway, worker: Worker) -> None:
    job = await leased(gateway, left_s=1)
    del gateway.leased[job.key]
    assert await worker.work(SERVED, job) == "lease ended"
    assert RUNS == []


async def test_a_lease_that_is_short_is_extended_before_the_run(gateway: FakeGateway, worker: Worker) -> None:
    job = await leased(gateway, left_s=2)
    assert await worker.work(SERVED, job) == "completed"
    assert gateway.extended == [(job.key, 30_000)]


async def test_jobs_do_not_wait_for_one_another(gateway: FakeGateway, worker: Worker) -> None:
    jobs = [await leased(gateway, said=str(n)) for n in range(50)]
    assert set(await asyncio.gather(*(worker.work(SERVED, job) for job in jobs))) == {"completed"}
    assert {key for key, _ in gateway.told} == {job.key for job in jobs}


async def test_each_job_is_counted_once_as_activated_and_once_as_what_became_of_it(
    gateway: FakeGateway, worker: Worker
) -> None:
    await worker.work(SERVED, await leased(gateway, said="a"))
    await worker.work(SERVED, await leased(gateway, code="E"))
    with pytest.raises(JobFailedError):
        await worker.work(SERVED, await leased(gateway, fails="no"))
    assert isinstance(worker.metrics, Counted)
    actions = [counted[1] for counted in worker.metrics.counted if counted[0] == INVOCATIONS]
    assert actions == ["activated", "completed", "activated", "bpmn-error", "activated", "failed"]
