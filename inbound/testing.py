"""Inbound connectors in one process, for `zelery.testing`: no store, no Redis, no web server.

What is deployed is read at each call; an event takes the way that it takes in the roles: bound properties, activation
condition, message id, correlation key, result, one command.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from inbound.activate import Bound, resolve
from inbound.correlate import Command, Defaults, Publish, decide, matches
from inbound.definitions import Version, model_of
from inbound.executables import Executable, State
from inbound.host import attempt
from inbound.plan import wanted
from inbound.webhooks import refused
from zelery.camunda.definitions.port import Definition
from zelery.camunda.gateway import Gateway
from zelery.correlation import (
    AlreadyCorrelated,
    EngineRefused,
    MessagePublished,
    ProcessInstanceCreated,
    Result,
)
from zelery.errors import DuplicateError, GatewayError
from zelery.runtime import Runtime
from zelery.sdk.connector import Resource
from zelery.sdk.inbound import InboundConnector, Kind
from zelery.sdk.webhooks import Request, Response
from zelery.secrets import Mask

T = TypeVar("T")

#: How long an instance may take whose result a webhook's caller waits for, seconds.
RESULT_S = 20.0


class Deployed(Protocol):
    """A deployed version, with its file."""

    @property
    def key(self) -> int:
        """Its key."""

    @property
    def process_id(self) -> str:
        """The BPMN process id."""

    @property
    def version(self) -> int:
        """Its number."""

    @property
    def tenant_id(self) -> str:
        """Its tenant."""

    @property
    def xml(self) -> bytes:
        """The model."""


class InProcess:
    """The inbound connectors of deployed models.

    Args:
        deployed: The versions that are served.
        connectors: By the type that models name.
        gateway: What is told of events.
        runtime: Secrets and resources.
    """

    def __init__(
        self,
        deployed: Sequence[Deployed],
        connectors: Mapping[str, InboundConnector],
        gateway: Gateway,
        runtime: Runtime,
    ) -> None:
        self._connectors = connectors
        self._gateway = gateway
        self._runtime = runtime
        self._defaults = Defaults(ttl_ms=int(runtime.settings.message_ttl.total_seconds() * 1000))
        self._executables = _executables(deployed)

    async def webhook(self, path: str, request: Request) -> Response:
        """The response of the webhook at a path. Raises LookupError where there is none."""
        found, bound, properties = await self._at(path)
        context = Context(self, found, bound.mask)
        outcome = await attempt(self._connectors[found.type](properties, request, context))
        return outcome if isinstance(outcome, Response) else refused(found, outcome, context)

    async def _at(self, path: str) -> tuple[Executable, Bound, Any]:
        """The webhook that answers at a path, with its properties bound."""
        there: list[str] = []
        for each in self._executables:
            connector = self._connectors.get(each.type)
            if connector is None or connector.kind is not Kind.WEBHOOK or connector.path is None:
                continue
            bound = await resolve(each, self._runtime.secrets)
            properties = bound.to(connector.input)
            if connector.path(properties) == path:
                return each, bound, properties
            there.append(connector.path(properties))
        raise LookupError(
            f"no webhook of a deployed model answers at {path!r}; there are: {', '.join(there) or 'none'}"
        )

    async def event(self, element_id: str, event: Any) -> Result:
        """What an event comes to at an inbound element. Raises LookupError where there is none."""
        for each in self._executables:
            if any(element.element_id == element_id for element in each.elements):
                return await self.correlate(each, event, None)
        there = ", ".join(element.element_id for each in self._executables for element in each.elements) or "none"
        raise LookupError(f"no deployed model has an inbound connector at {element_id!r}; there are: {there}")

    async def correlate(self, executable: Executable, event: Any, message_id: str | None) -> Result:
        """Tell the engine of an event, as the model says."""
        decided = decide(executable, event, message_id=message_id, defaults=self._defaults)
        return await self._send(decided) if isinstance(decided, Command) else decided

    async def _send(self, command: Command) -> Result:
        try:
            if isinstance(command, Publish):
                key = await self._gateway.publish(command.message)
                return MessagePublished(message_key=key, tenant_id=command.message.tenant_id)
            if command.wait:
                ended = await self._gateway.start_and_wait(
                    command.process_id, command.variables, wait_s=RESULT_S, version=command.version
                )
                return ProcessInstanceCreated(
                    process_instance_key=ended.key, tenant_id=command.tenant_id, variables=ended.variables
                )
            key = await self._gateway.start(command.process_id, command.variables, version=command.version)
            return ProcessInstanceCreated(process_instance_key=key, tenant_id=command.tenant_id)
        except DuplicateError:
            return AlreadyCorrelated()
        except GatewayError as error:
            return EngineRefused(status=error.status, message=error.details, later=False)

    @property
    def runtime(self) -> Runtime:
        """Secrets and resources."""
        return self._runtime


@dataclasses.dataclass
class Context:
    """What a connector may ask for while it handles one event."""

    of: InProcess
    executable: Executable
    mask: Mask
    instance: None = None

    @property
    def executable_id(self) -> str:
        """Its name."""
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
        """Start an instance or publish a message for an event."""
        return await self.of.correlate(self.executable, event, message_id)

    async def matches(self, event: Any) -> bool:
        """Whether an activation condition holds for an event."""
        return matches(self.executable, event)

    async def use(self, resource: Resource[T]) -> T:
        """The process's one instance of a resource."""
        return await self.of.runtime.resources.use(resource)

    def up(self, **details: Any) -> None:
        """Its health is not kept here."""

    def down(self, reason: BaseException | str, **details: Any) -> None:
        """Its health is not kept here."""

    def log(self, severity: str, tag: str, message: str) -> None:
        """Its activity is not kept here."""


def _executables(deployed: Sequence[Deployed]) -> list[Executable]:
    """The executables that deployed models ask for."""
    newest = {each.process_id: each.key for each in deployed}
    versions, models = [], {}
    for each in deployed:
        definition = Definition(
            key=each.key, process_id=each.process_id, version=each.version, tenant_id=each.tenant_id
        )
        versions.append(Version(definition=definition, latest=newest[each.process_id] == each.key))
        models[each.key] = model_of(definition, each.xml)
    found, _ = wanted(versions, models)
    now_ms = int(time.time() * 1000)
    return [
        Executable(
            id=each.id,
            deduplication_id=each.deduplication_id,
            type=each.type,
            tenant_id=each.elements[0].tenant_id,
            elements=each.elements,
            state=State.ACTIVE,
            activated_ms=now_ms,
        )
        for each in found
        if each.contradiction is None
    ]
