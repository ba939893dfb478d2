"""Beats as processes: started as their users start them, killed as machines kill them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis.asyncio import Redis

from beat_schedule.leader import NAME
from beat_schedule.scheduler import whole
from tests.roles import role
from zelery.fencing import HEADER
from zelery.followed import Followed
from zelery.local import ports
from zelery.local import redis as local_redis
from zelery.redis import ENTRIES, connect
from zelery.schedule import Entry
from zelery.settings import Settings

pytestmark = pytest.mark.integration

LEASE = f"zelery:lease:{NAME}"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def put(client: Redis, *names: str) -> None:
    entries = [Entry(name=name, task="t", interval_ms=200, queue="tests") for name in names]
    await Followed(client, ENTRIES).apply({entry.name: entry.to_json() for entry in entries})


async def until(enough: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(90):
            while not await enough():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


async def fences(client: Redis) -> list[str]:
    """The fence of each message, oldest first."""
    texts = await client.lrange("tests", 0, -1)
    return [json.loads(text)["headers"][HEADER] for text in reversed(texts)]


async def test_a_leader_that_is_killed_is_replaced_and_nothing_is_sent_twice(
    redis_url: str, client: Redis, tmp_path: pathlib.Path
) -> None:
    environment = {"ZELERY_REDIS_URL": redis_url}
    await put(client, *(f"e{n}" for n in range(20)))
    with role("beat", environment, tmp_path) as one:
        await until(lambda: client.llen("tests"), "one sends")
        with role("beat", environment, tmp_path) as two:
            await until(lambda: asyncio.sleep(0, "Starting" in two.said), "two starts")
            one.kill()
            before = await client.llen("tests")
            await until(lambda: client.exists(LEASE), "it held the lease")
            await until(lambda: _more(client, before + 20), "two sends")
            assert two.stop() == 0
    found = await fences(client)
    due = [fence.split("|", 1)[1] for fence in found]
    assert len(set(due)) == len(due)
    assert len({fence.split("|")[0] for fence in found}) == 2
    assert await client.exists(LEASE) == 0  # given back at the end, so that another need not wait


async def _more(client: Redis, than: int) -> bool:
    return int(await client.llen("tests")) > than


async def test_celerys_own_command_runs_it(redis_url: str, client: Redis, tmp_path: pathlib.Path) -> None:
    await put(client, "a")
    command = [sys.executable, "-m", "celery", "-A", "tasks.celery", "beat"]
    command += ["-S", "beat_schedule.scheduler:Scheduler", "-l", "INFO"]
    log = tmp_path / "beat.log"
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, "ZELERY_REDIS_URL": redis_url}, stdout=out, stderr=out
        )
    try:
        await until(lambda: client.llen("tests"), "a message")
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 60) == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert await client.exists(LEASE) == 0
    assert "Traceback" not in log.read_text()


async def test_a_redis_that_dies_and_comes_back_empty_costs_no_process(tmp_path: pathlib.Path) -> None:
    (port,) = ports.free(1)
    url = f"redis://127.0.0.1:{port}/0"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.ExitStack())
        first.enter_context(local_redis.running(port))
        beat = stack.enter_context(role("beat", {"ZELERY_REDIS_URL": url}, tmp_path))
        async with connect(Settings(redis_url=url)) as client:
            await put(client, "a")
            await until(lambda: client.llen("tests"), "it sends")
            first.close()
            await until(lambda: asyncio.sleep(0, "server unreachable" in beat.said), "it says so")
            stack.enter_context(local_redis.running(port))
            # What always ticks is there at once, entries come back with the reconciler.
            await until(lambda: client.llen("zelery.control"), "what always ticks")
            await put(client, "a")
            await until(lambda: client.llen("tests"), "it sends")
        assert beat.exit_code is None
        assert beat.stop() == 0
        assert "Traceback" not in beat.said


class TestASignalInTheMiddleOfATurn:
    """Its handler raises, as Python's own for SIGINT does, and Celery's for both."""

    @pytest.fixture(autouse=True)
    def handler(self) -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        yield
        signal.signal(signal.SIGTERM, before)

    def test_ends_it_where_it_waits_and_the_loop_can_be_used_for_the_end(self) -> None:
        ended: list[str] = []

        async def part() -> None:
            signal.raise_signal(signal.SIGTERM)
            ended.append("step")
            await asyncio.sleep(60)

        async def turn() -> None:
            try:
                # As redis-py does it on Python 3.11: the part is a task, and its exception the turn's.
                await asyncio.create_task(part())
            finally:
                ended.append("turn")

        async def leave() -> str:
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
            return "left"

        with asyncio.Runner() as runner:
            with pytest.raises(KeyboardInterrupt):
                whole(runner, turn())
            assert runner.run(leave()) == "left"
        assert ended == ["step", "turn"]
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler

    def test_that_ends_by_itself_meanwhile_is_raised_all_the_same(self) -> None:
        async def turn() -> None:
            signal.raise_signal(signal.SIGTERM)

        with asyncio.Runner() as runner, pytest.raises(KeyboardInterrupt):
            whole(runner, turn())

    def test_is_not_its_matter_in_a_thread(self) -> None:
        async def turn() -> str:
            return "done"

        with asyncio.Runner() as runner, ThreadPoolExecutor(1) as threads:
            assert threads.submit(whole, runner, turn()).result() == "done"

    def test_without_one_the_turns_error_is_raised(self) -> None:
        async def turn() -> None:
            raise LookupError("a fault")

        with asyncio.Runner() as runner, pytest.raises(LookupError, match="a fault"):
            whole(runner, turn())
