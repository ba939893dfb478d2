"""The one store of what lives: an executable each, in Redis, followed by all who run them.

An executable is an inbound connector that is alive: one or more elements of deployed processes with the same properties
(`spec/inbound.md` §2.2). The reconciler alone writes here; webhooks, subscriptions, the clock and the management API
read. Nothing in it is a secret: properties stand as the model has them, a webhook's path as a digest.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter
from redis.asyncio import Redis

from zelery.followed import Followed
from zelery.lease import Held
from zelery.logs import logger
from zelery.properties import NOT_COMPARED, CorrelationRules
from zelery.redis import EXECUTABLES

log = logger(__name__)


class Point(enum.StrEnum):
    """How an element takes an event."""

    START = "start"
    """It starts an instance of its version."""
    MESSAGE_START = "message-start"
    """A message starts an instance."""
    MESSAGE = "message"
    """A message that an instance waits for: catch and boundary events, receive tasks."""


class State(enum.StrEnum):
    """How far an executable has come."""

    ACTIVE = "active"
    """It lives."""
    QUEUED = "queued"
    """Its webhook path is another's; it takes over when that one goes."""
    FAILED = "failed"
    """It could not be activated, and is tried again."""
    INVALID = "invalid"
    """Its elements contradict one another."""
    UNREGISTERED = "unregistered"
    """No connector is installed for its type."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Element:
    """An element of a deployed process that holds an inbound connector."""

    process_id: str
    version: int
    definition_key: int
    tenant_id: str
    element_id: str
    name: str | None
    bpmn_type: str
    """Local name in BPMN: `startEvent`."""
    point: Point
    message_name: str | None
    """What its message is called, taken literally."""
    attached_to: str | None
    """For a boundary event, the activity it stands on."""
    template: Mapping[str, str | None] | None
    """`id`, `version` and `icon` of its element template."""
    properties: Mapping[str, str]
    """As the model has them, secrets unresolved."""

    @functools.cached_property
    def rules(self) -> CorrelationRules:
        """What its properties say of correlation."""
        return CorrelationRules.of(self.properties)

    @property
    def waits_at(self) -> str:
        """The element whose tokens wait for it."""
        return self.attached_to or self.element_id


@dataclasses.dataclass(frozen=True, kw_only=True)
class Executable:
    """A connector that is to live, and how far it has come."""

    id: str
    """Hexadecimal; the same as long as its deduplication id is."""
    deduplication_id: str
    type: str
    tenant_id: str
    elements: tuple[Element, ...]
    """At least one; the first one's properties activate it."""
    state: State
    reason: str | None = None
    """Why it is not active, for people; secrets masked."""
    warning: str | None = None
    """What had better be changed though it works, for people; secrets masked."""
    kind: str | None = None
    """`webhook`, `subscription` or `polling`; None where no connector is installed."""
    activated_ms: int | None = None
    """When it was activated, milliseconds since 1970."""
    claim: str | None = None
    """Digest of the webhook path that it wants."""
    claimed_ms: int = 0
    """Since when it wants it: the first one has it."""
    every_ms: int | None = None
    """A poller's interval."""
    lookup_ms: int | None = None
    """How often a poller searches for waiting instances."""
    holders: int = 1
    """How many processes hold a subscription."""
    attempts: int = 0
    """Activations that failed in a row."""
    retry_ms: int = 0
    """When a failed one is tried again, milliseconds since 1970."""

    @property
    def properties(self) -> Mapping[str, str]:
        """What it is activated with, as the model has it."""
        return self.elements[0].properties

    @property
    def configuration(self) -> Mapping[str, str]:
        """The part of it that a connector is activated with: what else changes is no reason to activate it again."""
        return {name: value for name, value in self.properties.items() if name not in NOT_COMPARED}

    @property
    def process_id(self) -> str:
        """The process that its first element is of; all are of the same."""
        return self.elements[0].process_id

    def describe(self) -> str:
        """What people see: `io.camunda:webhook:1 | order | start | <default>`."""
        elements = ", ".join(dict.fromkeys(each.element_id for each in self.elements))
        return f"{self.type} | {self.process_id} | {elements} | {self.tenant_id}"

    @property
    def definition_keys(self) -> frozenset[int]:
        """The versions that its elements are of."""
        return frozenset(each.definition_key for each in self.elements)


_CODEC: TypeAdapter[Executable] = TypeAdapter(Executable)


def to_text(executable: Executable) -> str:
    """How it is stored: JSON."""
    return _CODEC.dump_json(executable, exclude_defaults=True).decode()


def from_text(text: str) -> Executable:
    """What was stored. Raises ValueError for what another version wrote."""
    return _CODEC.validate_json(text)


def claim_of(path: str) -> str:
    """The digest of a webhook's path: it may hold a secret, and a store is no place for one."""
    return hashlib.sha256(f"zelery webhook {path}".encode()).hexdigest()


class Executables:
    """The store, as one process follows it."""

    def __init__(self, redis: Redis, *, keeps: bool = False) -> None:
        """`keeps`: a Redis that was emptied takes nothing away; the reconciler fills it again within two ticks."""
        self._followed = Followed(redis, EXECUTABLES)
        self._keeps = keeps
        self._generation = 0
        self.live: dict[str, Executable] = {}
        """All of them by id, as of the last `follow`."""

    async def follow(self) -> Mapping[str, Executable | None]:
        """Read what changed, and return it by id: the new value, or None for what is gone."""
        changes = await self._followed.since(self._generation)
        if self._keeps and changes.generation == 0:
            return {}
        changed = {id_: _read(id_, text) for id_, text in changes.values.items()}
        gone = self.live.keys() - changes.values.keys() if changes.whole else changes.removed
        changed.update(dict.fromkeys(gone))
        for id_, executable in changed.items():
            if executable is None:
                self.live.pop(id_, None)
            else:
                self.live[id_] = executable
        self._generation = changes.generation
        return changed

    async def apply(self, put: Iterable[Executable], remove: Iterable[str], *, held: Held) -> None:
        """Write a plan, at once and only under the reconciler's lease. Raises LostLeaseError."""
        await self._followed.apply({each.id: to_text(each) for each in put}, remove, held=held)


def _read(id_: str, text: str) -> Executable | None:
    """One that cannot be read is not there: the reconciler writes it anew, and the others live on."""
    try:
        return from_text(text)
    except ValueError:  # Its words would show the properties.
        log.warning("an executable is stored in a form that this version does not know", id=id_)
        return None
