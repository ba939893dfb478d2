from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from zelery.resources import Resources
from zelery.settings import Settings

Opening = Callable[[Settings], AbstractAsyncContextManager[object]]

SETTINGS = Settings.read({})


def recorded(name: str, log: list[str], *, gate: asyncio.Event | None = None, fail_first: bool = False) -> Opening:
    fails = [fail_first]

    @asynccontextmanager
    async def opening(settings: Settings) -> AsyncIterator[object]:
        log.append(f"open {name}")
        if gate is not None:
            await gate.wait()
        if fails.pop() if fails else False:
            raise OSError(f"{name} is away")
        yield object()
        log.append(f"close {name}")

    return opening


async def test_all_users_get_the_one_instance() -> None:
    log: list[str] = []
    resource = recorded("a", log)
    async with Resources(SETTINGS) as resources:
        first, second = await resources.use(resource), await resources.use(resource)
    assert first is second
    assert log == ["open a", "close a"]


async def test_those_who_ask_while_it_opens_wait_for_the_same_opening() -> None:
    log: list[str] = []
    gate = asyncio.Event()
    resource = recorded("a", log, gate=gate)
    async with Resources(SETTINGS) as resources:
        users = [asyncio.create_task(resources.use(resource)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        found = await asyncio.gather(*users)
    assert len(set(map(id, found))) == 1
    assert log.count("open a") == 1


async def test_a_user_who_is_cancelled_leaves_the_opening_to_the_others() -> None:
    log: list[str] = []
    gate = asyncio.Event()
    resource = recorded("a", log, gate=gate)
    async with Resources(SETTINGS) as resources:
        leaving, staying = (asyncio.create_task(resources.use(resource)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        gate.set()
        assert await staying is not None
    assert log == ["open a", "close a"]


async def test_they_close_in_the_reverse_of_the_order_in_which_they_opened() -> None:
    log: list[str] = []
    async with Resources(SETTINGS) as resources:
        for name in "abc":
            await resources.use(recorded(name, log))
    assert log == ["open a", "open b", "open c", "close c", "close b", "close a"]


async def test_after_a_failed_opening_the_next_user_tries_again() -> None:
    log: list[str] = []
    resource = recorded("a", log, fail_first=True)
    async with Resources(SETTINGS) as resources:
        with pytest.raises(OSError, match="a is away"):
            await resources.use(resource)
        assert await resources.use(resource) is not None


async def test_an_opening_that_hangs_does_not_keep_the_process() -> None:
    log: list[str] = []
    resource = recorded("a", log, gate=asyncio.Event())
    async with Resources(SETTINGS) as resources:
        user = asyncio.create_task(resources.use(resource))
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await user
