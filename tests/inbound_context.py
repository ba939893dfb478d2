"""What runs an inbound connector, in memory: it remembers what it was told, and answers as a test wants."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from zelery.camunda.definitions.port import ElementInstance
from zelery.correlation import MessagePublished, Result
from zelery.resources import Resources
from zelery.sdk import Resource, Settings
from zelery.sdk.inbound import Severity

T = TypeVar("T")

PUBLISHED = MessagePublished(message_key=1, tenant_id="<default>")


async def published(event: Any, message_id: str | None) -> Result:
    """Every event is published."""
    return PUBLISHED


@dataclasses.dataclass
class FakeInboundContext:
    """An `InboundContext`. Use it as a context manager where the connector uses resources."""

    correlates: Callable[[Any, str | None], Awaitable[Result]] = published
    """What an event comes to, by the event and its message id."""
    settings: Settings = dataclasses.field(default_factory=lambda: Settings.read({}))
    executable_id: str = "e1"
    deduplication_id: str = "<default>-process-1"
    tenant_id: str = "<default>"
    instance: ElementInstance | None = None
    correlated: list[tuple[Any, str | None]] = dataclasses.field(default_factory=list)
    """Events and message ids, as they came."""
    health: list[str] = dataclasses.field(default_factory=list)
    """`up`, or why it is down."""
    entries: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    """The activity log: severity, tag, message."""

    def __post_init__(self) -> None:
        self._resources = Resources(self.settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._resources.__aexit__(kind, error, trace)

    async def correlate(self, event: Any, *, message_id: str | None = None) -> Result:
        self.correlated.append((event, message_id))
        return await self.correlates(event, message_id)

    async def matches(self, event: Any) -> bool:
        return True

    async def use(self, resource: Resource[T]) -> T:
        return await self._resources.use(resource)

    def up(self, **details: Any) -> None:
        self.health.append("up")

    def down(self, reason: BaseException | str, **details: Any) -> None:
        self.health.append(str(reason))

    def log(self, severity: Severity, tag: str, message: str) -> None:
        self.entries.append((severity, tag, message))

    async def until(self, holds: Callable[[], bool], limit_s: float = 30) -> None:
        """Wait for something that the connector does."""
        async with asyncio.timeout(limit_s):
            while not holds():
                await asyncio.sleep(0.01)
