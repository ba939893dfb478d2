"""A host of a subscription that keeps what it is told, and answers from a script."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from zelery.correlation import MessagePublished, Result
from zelery.resources import Resources
from zelery.sdk import Settings

PUBLISHED = MessagePublished(message_key=1, tenant_id="<default>")


@dataclasses.dataclass
class Recording:
    """What was correlated, and what people would see."""

    resources: Resources = dataclasses.field(default_factory=lambda: Resources(Settings.read({})))
    script: Callable[[str, int], Result] = lambda _id, _attempt: PUBLISHED
    """What an event comes to, by its message's id and the number of the attempt."""
    takes_s: float = 0.0
    deduplication_id: str = "default-orders-1"
    executable_id: str = "e1"
    tenant_id: str = "<default>"
    instance: None = None
    events: list[tuple[str, Any]] = dataclasses.field(default_factory=list)
    """Each attempt."""
    accepted: list[str] = dataclasses.field(default_factory=list)
    """Ids of what Zeebe took, in order."""
    health: list[str] = dataclasses.field(default_factory=list)
    """`up`, or why it is down; each once in a row."""
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    logged: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def correlate(self, event: Any, *, message_id: str | None = None) -> Result:
        name = str(message_id)
        self.events.append((name, event))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.at_once -= 1
        result = self.script(name, sum(each == name for each, _ in self.events))
        if result.handling == "accept":
            self.accepted.append(name)
        return result

    async def matches(self, event: Any) -> bool:
        return True

    async def use(self, resource: Any) -> Any:
        return await self.resources.use(resource)

    def up(self, **details: Any) -> None:
        self._show("up", details)

    def down(self, reason: BaseException | str, **details: Any) -> None:
        self._show(str(reason), details)

    def log(self, severity: str, tag: str, message: str) -> None:
        self.logged.append((severity, tag, message))

    def _show(self, state: str, details: dict[str, Any]) -> None:
        self.details = details
        if self.health[-1:] != [state]:
            self.health.append(state)

    def messages(self, severities: Iterable[str] = ("WARNING", "ERROR")) -> list[str]:
        """What stands in the activity log, less what goes well."""
        return [message for severity, _, message in self.logged if severity in severities]
