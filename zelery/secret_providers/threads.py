"""Clients that block, on an event loop: in a few threads of their own, and not for longer than a limit."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self, TypeVar

from zelery.secrets import SecretError

T = TypeVar("T")

#: Questions at a time. Each value is asked for once at a time, whatever the number of jobs that wait for it.
THREADS = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Threads:
    """Of their own, because the loop's threads look up host names: a store that hangs must not keep those from it."""

    pool: ThreadPoolExecutor
    store: str
    """Who is asked and where, as errors begin."""
    limit_s: float

    @classmethod
    @contextmanager
    def open(cls, store: str, limit_s: float) -> Iterator[Self]:
        """Threads for one store."""
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="secrets")
        try:
            yield cls(pool=pool, store=store, limit_s=limit_s)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    async def call(self, function: Callable[[], T]) -> T:
        """What the function gives. Raises what it raises, and SecretError when that takes too long."""
        try:
            async with asyncio.timeout(self.limit_s):
                return await asyncio.get_running_loop().run_in_executor(self.pool, function)
        except TimeoutError:
            raise SecretError(
                f"{self.store} gave no answer within {self.limit_s:g} s; see that it is up and can be reached from "
                "here, or raise ZELERY_SECRET_TIMEOUT_S"
            ) from None
