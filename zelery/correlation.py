"""What an event came to: a closed set, and for each what its source must do with the event (`spec/inbound.md` §3.4)."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any


class Handling(enum.StrEnum):
    """What a source does with the event."""

    ACCEPT = "accept"
    """Acknowledge it: Zeebe has it."""
    IGNORE = "ignore"
    """Acknowledge it: nobody wanted it, and the model says that this is right."""
    REJECT = "reject"
    """It can never be correlated: give it back without another try (dead-letter it where there is a place for that)."""
    RETRY = "retry"
    """It could not be correlated now: try again after a growing pause, a bounded number of times, then reject it."""
    WAIT = "wait"
    """The cluster is away or busy: try again until it is back. Subscriptions never see it: their host waits."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ProcessInstanceCreated:
    """An instance was started."""

    process_instance_key: int
    tenant_id: str
    variables: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    """The instance's variables at its end, where the model asked to wait for it (`synchronousResponse`)."""

    handling = Handling.ACCEPT

    def visible(self) -> dict[str, Any]:
        """What expressions see as `correlation`."""
        seen: dict[str, Any] = {"processInstanceKey": self.process_instance_key, "tenantId": self.tenant_id}
        return seen if self.variables is None else {**seen, "variables": self.variables}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MessagePublished:
    """A message was published: Zeebe correlates it, now or within its time to live."""

    message_key: int
    tenant_id: str

    handling = Handling.ACCEPT

    def visible(self) -> dict[str, Any]:
        """What expressions see as `correlation`."""
        return {"messageKey": self.message_key, "tenantId": self.tenant_id}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AlreadyCorrelated:
    """The same event was taken before: that is a success."""

    handling = Handling.ACCEPT

    def visible(self) -> None:
        """Expressions see nothing as `correlation`."""
        return


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConditionNotMet:
    """No element's activation condition holds for the event."""

    consume: bool
    """Whether the model says to drop such events (`consumeUnmatchedEvents`)."""

    message = "Activation condition not met"

    @property
    def handling(self) -> Handling:
        """Dropped, or given back without another try."""
        return Handling.IGNORE if self.consume else Handling.REJECT

    def visible(self) -> None:
        """Expressions see nothing as `correlation`."""
        return


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class InvalidInput:
    """The event is not what the model's expressions need: it never will be."""

    message: str
    cause: str | None = None
    """What an expression said."""

    handling = Handling.REJECT


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EngineRefused:
    """Zeebe did not take the command."""

    status: str
    """The gRPC status by name."""
    message: str
    """Zeebe's own words."""
    later: bool
    """Whether the cluster is away or busy, so that the same command may succeed later."""

    @property
    def handling(self) -> Handling:
        """Waited for when the cluster is at fault."""
        return Handling.WAIT if self.later else Handling.RETRY


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """Something else: a result expression that fails, for one. Another try may not, with other data or a new model."""

    message: str

    handling = Handling.RETRY


Success = ProcessInstanceCreated | MessagePublished | AlreadyCorrelated
Failure = ConditionNotMet | InvalidInput | EngineRefused | Failed
Result = Success | Failure
"""What correlating an event came to."""
