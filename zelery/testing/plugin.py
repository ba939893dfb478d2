"""The pytest plugin `zelery`: an engine for each test.

async def test_an_order_is_paid(engine):
    await engine.deploy(["order.bpmn"])
    …
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from zelery.testing.kit import Engine


F = TypeVar("F", bound=Callable[..., Any])


def _fixture(function: F) -> F:
    """Declare an async fixture: by pytest-asyncio where it is there, else for whatever runs async tests."""
    declare: Any = pytest.fixture
    with contextlib.suppress(ImportError):
        import pytest_asyncio  # noqa: PLC0415 - the user's choice

        declare = pytest_asyncio.fixture
    declared: F = declare(function)
    return declared


@contextlib.asynccontextmanager
async def _opened(**options: Any) -> AsyncIterator[Engine]:
    from zelery.testing.kit import Engine  # noqa: PLC0415 - a test run without it shall not pay for its import

    async with Engine(**options) as engine:
        yield engine


@_fixture
async def zelery_engine() -> AsyncIterator[Callable[..., Awaitable[Engine]]]:
    """Opens engines, with the options of `zelery.testing.Engine`; they are closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Engine:
            return await stack.enter_async_context(_opened(**options))

        yield open_one


@_fixture
async def engine() -> AsyncIterator[Engine]:
    """An engine without models: deploy them in the test."""
    async with _opened() as opened:
        yield opened
