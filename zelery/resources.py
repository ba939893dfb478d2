"""What the jobs of one worker process share: opened at first use, closed when the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from zelery.settings import Settings

T = TypeVar("T")


class Resources:
    """One instance of each resource, by the function that opens it.

    Those who ask while it is being opened wait for the same opening; when it fails, all of them get the error, and the
    next to ask tries again. They are closed in the reverse of the order in which they were opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[Callable[..., Any], asyncio.Task[Any]] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        openings = [task for task in self._opened.values() if not task.done()]
        for task in openings:
            task.cancel()
        await asyncio.gather(*openings, return_exceptions=True)
        self._opened.clear()
        await self._closing.aclose()

    async def use(self, resource: Callable[[Settings], AbstractAsyncContextManager[T]]) -> T:
        """The instance of a resource. Raises whatever its opening raises."""
        opening = self._opened.get(resource)
        if opening is None:
            opening = self._opened[resource] = asyncio.create_task(self._open(resource))
        if opening.done():
            result: T = opening.result()
            return result
        # A job that is cancelled while it waits leaves the opening to the others who wait for it.
        return await asyncio.shield(opening)

    async def _open(self, resource: Callable[[Settings], AbstractAsyncContextManager[T]]) -> T:
        try:
            return await self._closing.enter_async_context(resource(self._settings))
        except BaseException:
            del self._opened[resource]
            raise
