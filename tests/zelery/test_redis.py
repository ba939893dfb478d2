from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from redis.asyncio import Redis

from zelery.redis import connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration


async def test_a_task_that_is_cancelled_while_it_uses_redis_ends(redis_url: str) -> None:
    """Whichever of its steps the cancellation meets."""
    async with connect(Settings(redis_url=redis_url)) as redis:
        for steps in range(30):
            task = asyncio.create_task(_for_ever(redis))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task], timeout=0.5)
            assert task.cancelled(), f"not after {steps} steps"


async def test_what_was_cancelled_leaves_no_answer_to_another(redis_url: str) -> None:
    async with connect(Settings(redis_url=redis_url)) as redis:
        for steps in range(30):
            task = asyncio.create_task(_echo(redis, "another's"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert await _echo(redis, "mine") == "mine"


async def _echo(redis: Redis, text: str) -> Any:
    return await redis.echo(text)


async def _for_ever(redis: Redis) -> None:
    while True:
        await _echo(redis, "a")
        await asyncio.sleep(0.01)
