"""What runs inbound connectors has in common: the store it follows, and the context that each connector is given."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from inbound.activity import Activity
from inbound.correlate import Command, Defaults, decide, matches
from inbound.executables import Executable, Executables
from inbound.send import send
from zelery.camunda.definitions.port import ElementInstance
from zelery.catalogue import served_inbound
from zelery.connected import Connected
from zelery.correlation import (
    AlreadyCorrelated,
    ConditionNotMet,
    EngineRefused,
    Failed,
    Handling,
    InvalidInput,
    MessagePublished,
    ProcessInstanceCreated,
    Result,
)
from zelery.metrics import Metrics
from zelery.redis import AWAY
from zelery.sdk.connector import Resource
from zelery.sdk.inbound import InboundConnector, Kind, Severity
from zelery.secrets import Mask
from zelery.settings import Settings

T = TypeVar("T")

#: Commands in flight from one process. A small broker pushes back from about fifty on.
COMMANDS_MAX = 48

#: Pauses of a subscription while the cluster is away, seconds: doubled, with jitter.
PAUSE_S, PAUSE_MAX_S = 0.1, 5.0

#: How the Java runtime calls what could not be activated.
NOT_ACTIVATED = "Activation failure"

_TRIGGERS = "camunda_connector_inbound_triggers"
_NOT_OURS = Failed(message="The connector is not this process's to run any more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Host:
    """What one process that runs inbound connectors has."""

    connected: Connected
    store: Executables
    activity: Activity
    metrics: Metrics
    connectors: Mapping[str, InboundConnector]
    """Those that are served here, by type."""
    defaults: Defaults
    commands: asyncio.Semaphore
    """Bounds the commands in flight."""

    @classmethod
    @asynccontextmanager
    async def open(cls, connected: Connected) -> AsyncIterator[Self]:
        """A host on what a process has open; what it collected is written when it closes. Raises SettingError."""
        settings = connected.settings
        activity = Activity(connected.redis, keep=settings.activity_entries)
        metrics = Metrics(connected.redis)
        async with activity.writing(), metrics.writing():
            yield cls(
                connected=connected,
                store=Executables(connected.redis, keeps=True),
                activity=activity,
                metrics=metrics,
                connectors=connectors(settings),
                defaults=Defaults(
                    ttl_ms=int(settings.message_ttl.total_seconds() * 1000),
                    start_once_ms=int(settings.start_once.total_seconds() * 1000),
                ),
                commands=asyncio.Semaphore(COMMANDS_MAX),
            )


def connectors(settings: Settings) -> dict[str, InboundConnector]:
    """The inbound connectors that are served under these settings, by type. Raises SettingError."""
    if not settings.inbound_enabled:
        return {}
    found = served_inbound(settings)
    return {type_: each for type_, each in found.items() if settings.webhook_enabled or each.kind is not Kind.WEBHOOK}


@dataclasses.dataclass(kw_only=True)
class RunContext:
    """What one executable's connector may ask for, and tell."""

    host: Host
    executable: Executable
    """As it was when the connector was started; `correlate` goes by the newest."""
    mask: Mask
    """Hides the secrets that the connector was given."""
    instance: ElementInstance | None = None
    element_id: str | None = None
    """The one element whose instance waits; the others do not get its events."""
    waits: bool = False
    """Whether `correlate` waits while the cluster is away."""
    ours: Callable[[], bool] = lambda: True
    """Whether the executable is still this process's to run: who has lost it tells Zeebe nothing."""
    worked: bool = False
    """Whether it has said that it works."""

    @property
    def executable_id(self) -> str:
        """What `/inbound` shows."""
        return self.executable.id

    @property
    def deduplication_id(self) -> str:
        """What its elements have in common."""
        return self.executable.deduplication_id

    @property
    def tenant_id(self) -> str:
        """The tenant of its processes."""
        return self.executable.tenant_id

    async def correlate(self, event: Any, *, message_id: str | None = None) -> Result:
        """Start an instance or publish a message for an event; see `zelery.sdk.inbound`."""
        self._count("triggered")
        pause = PAUSE_S
        while True:
            result = await self._correlate(event, message_id)
            if result.handling is not Handling.WAIT or not self.waits:
                break
            if pause == PAUSE_S and isinstance(result, EngineRefused):
                told = f"Zeebe does not take it now, and it waits: {result.status}: {result.message}"
                self.log("WARNING", "Correlation", told)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, PAUSE_MAX_S)
        self._tell(result)
        return result

    async def _correlate(self, event: Any, message_id: str | None) -> Result:
        newest = self._newest()
        if newest is None or not self.ours():
            return _NOT_OURS
        if message_id is None and self.instance is not None:
            message_id = f"{self.instance.element_id}{self.instance.key}"
        decided = decide(newest, event, message_id=message_id, defaults=self.host.defaults)
        if not isinstance(decided, Command):
            return decided
        async with self.host.commands:
            if not self.ours():  # Who was stopped while waiting for its turn may have lost it.
                return _NOT_OURS
            return await send(decided, self.host.connected.gateway, self.host.connected.redis)

    def _newest(self) -> Executable | None:
        """The executable as it is now; for an instance that waits, with the element that it waits at alone."""
        newest = self.host.store.live.get(self.executable.id)
        if newest is None and self.executable.kind == Kind.WEBHOOK:
            return self.executable  # The request came before a new version took the path.
        if newest is None or self.element_id is None:
            return newest
        elements = tuple(each for each in newest.elements if each.element_id == self.element_id)
        return dataclasses.replace(newest, elements=elements) if elements else None

    async def matches(self, event: Any) -> bool:
        """Whether an activation condition holds for an event."""
        newest = self._newest()
        return newest is not None and matches(newest, event)

    async def use(self, resource: Resource[T]) -> T:
        """The process's one instance of a resource."""
        return await self.host.connected.runtime.resources.use(resource)

    def up(self, **details: Any) -> None:
        """It works."""
        self.worked = True
        self.host.activity.health(self.executable.id, "UP", details=self.mask.within(details))

    def down(self, reason: BaseException | str, **details: Any) -> None:
        """It does not work, and why."""
        code = type(reason).__name__ if isinstance(reason, BaseException) else "Connector"
        if not self.worked:
            code = NOT_ACTIVATED
        said = self.mask(str(reason) or code)
        self.host.activity.health(self.executable.id, "DOWN", (code, said), self.mask.within(details))

    def log(self, severity: Severity, tag: str, message: str) -> None:
        """An entry of the activity log."""
        self.host.activity.log(self.executable.id, severity, tag, self.mask(message))

    def _count(self, action: str) -> None:
        self.host.metrics.count(_TRIGGERS, action, self.executable.type)

    def _tell(self, result: Result) -> None:
        """The activity log has an entry for each event, in the Java runtime's words (`spec/inbound.md` §2.6)."""
        match result:
            case ProcessInstanceCreated(variables=None):
                told: tuple[Severity, str, str] = ("INFO", "correlated", "Process instance created")
            case ProcessInstanceCreated():
                told = ("INFO", "correlated", "Process instance created with result")
            case MessagePublished():
                told = ("INFO", "correlated", "Message published")
            case AlreadyCorrelated():
                told = ("INFO", "correlated", "Message already correlated")
            case ConditionNotMet():
                told = ("WARNING", "activation-condition-failed", result.message)
            case InvalidInput(message=message):
                told = ("ERROR", "correlation-failed", f"Invalid input: {message}")
            case EngineRefused(status=status, message=message):
                told = ("ERROR", "correlation-failed", f"Zeebe client status error: {status}: {message}")
            case Failed(message=message):
                told = ("ERROR", "correlation-failed", f"Other error: {message}")
        severity, action, message = told
        self._count(action)
        self.log(severity, "Correlation", message)


async def follow(
    host: Host, every_s: float, changed: Callable[[Mapping[str, Executable | None]], Awaitable[None]]
) -> None:
    """Tell `changed` what is new in the store, again and again; while Redis is away, nothing changes."""
    while True:
        with contextlib.suppress(*AWAY):
            found = await host.store.follow()
            if found:
                await changed(found)
        await asyncio.sleep(every_s)


async def attempt(run: Awaitable[T]) -> T | Exception:
    """What a connector's run returned, or raised: a connector is others' code, and none may take down another."""
    try:
        return await run
    except Exception as error:  # noqa: BLE001 - around a connector's run
        return error
