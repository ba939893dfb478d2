from __future__ import annotations

import asyncio
import threading

import pytest

from zelery.secret_providers.threads import THREADS, Threads
from zelery.secrets import SecretError


async def test_a_function_that_blocks_runs_beside_the_event_loop() -> None:
    with Threads.open("Store at h", 10) as threads:
        name = await threads.call(lambda: threading.current_thread().name)
    assert name.startswith("secrets")


async def test_what_it_raises_is_raised() -> None:
    def broken() -> None:
        raise LookupError("no")

    with Threads.open("Store at h", 10) as threads, pytest.raises(LookupError, match="no"):
        await threads.call(broken)


async def test_a_store_that_hangs_is_told_by_name_with_the_limit_and_holds_no_one_elses_threads() -> None:
    release = threading.Event()
    with Threads.open("Store at h", 0.001) as threads:
        hanging = [asyncio.create_task(threads.call(release.wait)) for _ in range(THREADS + 1)]
        errors = await asyncio.gather(*hanging, return_exceptions=True)
        assert await asyncio.to_thread(lambda: "free") == "free"
        release.set()
    assert {type(error) for error in errors} == {SecretError}
    assert str(errors[-1]) == (
        "Store at h gave no answer within 0.001 s; see that it is up and can be reached from here, "
        "or raise ZELERY_SECRET_TIMEOUT_S"
    )


async def test_closing_does_not_wait_for_one_that_hangs() -> None:
    release, started = threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        release.wait(10)

    with Threads.open("Store at h", 10) as threads:
        hanging = asyncio.create_task(threads.call(hang))
        await asyncio.to_thread(started.wait, 10)
    assert not hanging.done()
    release.set()
    await hanging
