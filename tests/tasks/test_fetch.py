"""What is leased, and that it is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tasks import fetch as module
from tasks.fetch import Fetcher
from tests.fakes import FakeGateway
from zelery.camunda.gateway import Lease
from zelery.catalogue import Served
from zelery.errors import PushbackError
from zelery.model import Job
from zelery.sdk import Input, outbound
from zelery.settings import Settings


class Said(Input):
    said: str = ""


@outbound(type="tests:echo:1", name="Test Echo")
async def echo(given: Said) -> str:
    return given.said


SERVED = Served(type="tests:echo:1", connector=echo, timeout=timedelta(seconds=1))


class Sent:
    """A dispatcher that only remembers."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def dispatch(self, jobs: Sequence[Job]) -> None:
        self.jobs.extend(jobs)


class Purse:
    """Credit without Redis: a number."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.recorded: list[str] = []

    async def take(self, most: int) -> int:
        while self.free < 1:
            await asyncio.sleep(0)
        taken = min(most, self.free)
        self.free -= taken
        return taken

    def settle(self, taken: int) -> None:
        self.free += taken

    async def record(self, activations: Iterable[str], ttl_ms: int) -> None:
        self.recorded += activations
        self.free -= len(self.recorded)


@asynccontextmanager
async def fetching(gateway: FakeGateway, purse: Purse, sent: Sent, *, stream: bool) -> AsyncIterator[None]:
    async with going_on(fetcher(gateway, purse, sent, stream=stream).serve(SERVED)):
        yield


def fetcher(gateway: FakeGateway, purse: Purse, sent: Sent, *, stream: bool) -> Fetcher:
    return Fetcher(
        gateway=gateway,
        dispatcher=sent,  # type: ignore[arg-type]  # the same method
        credit=purse,  # type: ignore[arg-type]  # the same methods
        settings=Settings(fetch_stream=stream, fetch_poll_s=0.1),
    )


@asynccontextmanager
async def going_on(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    serving = asyncio.create_task(work)
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def until_sent(sent: Sent, count: int) -> None:
    async with asyncio.timeout(10):
        while len(sent.jobs) < count:
            await asyncio.sleep(0.001)


@pytest.fixture
async def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.mark.parametrize("stream", [False, True], ids=["poll", "poll and push"])
async def test_every_job_is_handed_over_once_with_only_the_connectors_variables(
    gateway: FakeGateway, *, stream: bool
) -> None:
    sent, purse = Sent(), Purse(10_000)
    async with fetching(gateway, purse, sent, stream=stream):
        for number in range(50):
            await gateway.put(variables=f'{{"said":"{number}","other":1}}')
        await until_sent(sent, 50)
    assert sorted(job.key for job in sent.jobs) == sorted(gateway.leased)
    assert {job.variables for job in sent.jobs} == {f'{{"said":"{n}"}}' for n in range(50)}
    assert sorted(purse.recorded) == sorted(job.activation for job in sent.jobs)


async def test_without_credit_nothing_is_leased(gateway: FakeGateway) -> None:
    sent, purse = Sent(), Purse(0)
    await gateway.put()
    async with fetching(gateway, purse, sent, stream=False):
        for _ in range(100):
            await asyncio.sleep(0)
        assert gateway.leased == {}
        purse.free = 1
        await until_sent(sent, 1)


async def test_pushed_jobs_whose_leases_have_ended_use_up_no_credit(gateway: FakeGateway) -> None:
    sent, purse = Sent(), Purse(1)
    stale = [await gateway.put(deadline_ms=1) for _ in range(40)]
    fresh = await gateway.put()
    lease = Lease(type=SERVED.type, worker="w", lease_ms=30_000)
    async with going_on(fetcher(gateway, purse, sent, stream=True).stream(lease)):
        await until_sent(sent, 1)
    assert [job.key for job in sent.jobs] == [fresh.key]
    assert not {job.activation for job in stale} & set(purse.recorded)


async def test_an_idle_type_asks_for_one_job_and_a_busy_one_for_more(gateway: FakeGateway) -> None:
    sent = Sent()
    for _ in range(40):
        await gateway.put()
    async with fetching(gateway, Purse(10_000), sent, stream=False):
        await until_sent(sent, 40)
    assert gateway.asked[:3] == [1, 4, 16]


async def test_an_error_of_the_gateway_costs_a_pause_and_no_job(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.001)
    healthy, failures = gateway.activate, iter([PushbackError("away"), PushbackError("away")])

    async def activate(*args: object, **kwargs: object) -> Sequence[Job]:
        for failure in failures:
            raise failure
        return await healthy(*args, **kwargs)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(gateway, "activate", activate)
    sent = Sent()
    await gateway.put()
    async with fetching(gateway, Purse(10), sent, stream=False):
        await until_sent(sent, 1)
