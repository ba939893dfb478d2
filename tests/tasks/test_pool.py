"""The pool under a real Celery worker and a real broker."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from celery import Task
from celery.contrib.testing.worker import start_worker

from tasks.celery import QUEUE, App, create
from tasks.pool import Handover
from zelery.settings import Settings


class Seen:
    """What the tasks of one test did."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self.done: list[int] = []
        self.threads: set[str] = set()
        self.life: list[str] = []

    async def nap(self, number: int, pause_s: float) -> str:
        self.threads.add(threading.current_thread().name)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(pause_s)
        self.at_once -= 1
        self.done.append(number)
        return "woken"


class Nap(Task[..., str]):
    name = "tests.nap"
    seen: Seen

    async def run(self, number: int, pause_s: float) -> str:  # type: ignore[override]  # the pool awaits it
        if number < 0:
            raise LookupError("no such nap")
        return await self.seen.nap(number, pause_s)


@contextmanager
def working(redis_url: str, seen: Seen, *, at_once: int) -> Iterator[App]:
    """A worker in this process, with a task that naps."""
    app = create(Settings(redis_url=redis_url, worker_concurrency=at_once))
    task = Nap()
    task.seen = seen
    app.register_task(task)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        seen.life.append("opened")
        yield
        seen.life.append("closed")

    app.finalize()
    app.lifespan = lifespan  # type: ignore[method-assign]  # opens what the test looks at
    with start_worker(
        app, pool="tasks.pool:TaskPool", concurrency=at_once, perform_ping_check=False, queues=[QUEUE], loglevel="ERROR"
    ):
        yield app


def test_a_thread_that_was_woken_is_not_woken_again_until_it_has_come() -> None:
    wakes: list[Callable[[], object]] = []
    did: list[int] = []
    handover = Handover(wakes.append)
    for number in range(3):
        handover.put(functools.partial(did.append, number))
    assert (len(wakes), did) == (1, [])
    wakes.pop()()
    assert did == [0, 1, 2]
    handover.put(functools.partial(did.append, 3))
    assert len(wakes) == 1


def test_calls_after_one_that_raises_are_made_at_the_next_wake() -> None:
    did: list[int] = []
    handover = Handover(lambda deliver: None)
    handover.put(functools.partial(int, "no number"))
    handover.put(functools.partial(did.append, 1))
    with pytest.raises(ValueError, match="no number"):
        handover.deliver()
    handover.put(functools.partial(did.append, 2))
    handover.deliver()
    assert did == [1, 2]


def until(met: Callable[[], Any], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not met():
        assert time.monotonic() < end, "not met in time"
        time.sleep(0.02)


def send(app: App, number: int, pause_s: float = 0.05) -> None:
    app.send_task("tests.nap", args=[number, pause_s], queue=QUEUE)


@pytest.mark.integration
def test_coroutines_run_at_once_up_to_the_limit_and_all_end(redis_url: str) -> None:
    seen = Seen()
    with working(redis_url, seen, at_once=5) as app:
        for number in range(30):
            send(app, number)
        until(lambda: len(seen.done) == 30)
    assert sorted(seen.done) == list(range(30))
    assert seen.most == 5
    assert seen.threads == {"connectors"}


@pytest.mark.integration
def test_what_a_process_shares_is_open_before_the_first_task(redis_url: str) -> None:
    seen = Seen()
    with working(redis_url, seen, at_once=2) as app:
        send(app, 1)
        until(lambda: seen.done == [1])
    assert seen.life[0] == "opened"


@pytest.mark.integration
def test_a_task_that_raises_leaves_the_pool_working(redis_url: str) -> None:
    seen = Seen()
    with working(redis_url, seen, at_once=1) as app:
        send(app, -1)
        send(app, 2)
        until(lambda: seen.done == [2])
