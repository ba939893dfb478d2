"""The values that travel: a job as Zeebe leased it, and the closed set of what may become of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Self

import pydantic_core

#: The tenant of a cluster without multi-tenancy, as Zeebe spells it.
DEFAULT_TENANT = "<default>"

#: Raised when the shape of `Job.to_message` changes in a way that an older worker cannot read.
MESSAGE_VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One activation of a service task's job: leased to us until `deadline_ms`, then offered to others."""

    key: int
    """Zeebe's key; the same through every activation of the job."""
    type: str
    """The job type, by which a connector is found: `io.camunda:http-json:1`."""
    variables: str = dataclasses.field(default="{}", repr=False)
    """JSON text, exactly as Zeebe sent it: secrets are replaced in the text (`spec/outbound.md` §3)."""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    """Task headers (zeebe:taskHeaders) of the element."""
    retries: int = 3
    """Attempts left before this one is counted."""
    deadline_ms: int = 0
    """When the lease ends, milliseconds since 1970."""
    process_id: str = ""
    """BPMN process id."""
    process_version: int = 0
    """Version of the process definition."""
    process_definition_key: int = 0
    """Key of the process definition."""
    process_instance_key: int = 0
    """Key of the instance that waits."""
    element_id: str = ""
    """BPMN id of the element."""
    element_instance_key: int = 0
    """Key of the element instance that waits."""
    tenant_id: str = DEFAULT_TENANT
    """Tenant of the instance."""

    @property
    def activation(self) -> str:
        """One name for this activation, not for the job: a job that is leased again is another activation."""
        return f"{self.key}-{self.deadline_ms}"

    def describe(self) -> str:
        """What people see of a job (Flower, logs): where it comes from, and never a variable."""
        return f"{self.type} | {self.process_id} | {self.element_id} | {self.process_instance_key} | {self.tenant_id}"

    def to_message(self) -> dict[str, Any]:
        """The job as a Celery argument: plain JSON with a version."""
        return {"v": MESSAGE_VERSION, **{name: getattr(self, name) for name in _FIELDS}}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        """The job of a Celery argument.

        Raises ValueError when a newer or foreign version wrote it.
        """
        if message.get("v") != MESSAGE_VERSION:
            raise ValueError(
                f"a job message of version {message.get('v')!r}; this worker reads version {MESSAGE_VERSION}"
            )
        if missing := [name for name in _FIELDS if name not in message]:
            raise ValueError(f"a job message without {', '.join(missing)}")
        return cls(**{name: message[name] for name in _FIELDS})


_FIELDS = tuple(field.name for field in dataclasses.fields(Job))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """The connector did its work: the job completes."""

    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Written to the process instance."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """This attempt failed: the job waits for its next attempt, or raises an incident when `retries` is 0."""

    retries: int
    """Attempts left, never negative."""
    message: str
    """What a person reads in Operate, at most 6,000 UTF-16 units."""
    backoff_ms: int | None = None
    """Pause before the next attempt, milliseconds; None is "not said", which Zeebe takes as none."""
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Written to the element's local scope."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Thrown:
    """The model's own case: a BPMN error, caught by a boundary event or an event sub-process."""

    code: str
    """The error code that the model catches."""
    message: str
    """What a person reads when nothing catches it."""
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Written where the error is caught."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """The model chose to go on despite the error (`ignoreError`): the job completes with exactly these variables."""

    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Written to the process instance."""


Outcome = Completed | Failed | Thrown | Ignored
"""What one attempt came to: exactly one command to Zeebe."""


def to_json(value: Any) -> str:
    """Compact JSON text of variables, non-ASCII kept: what goes to Zeebe.

    What is no number becomes text ("NaN"), and half of a surrogate pair becomes `?`, as the Java runtime sends them.
    """
    try:
        return pydantic_core.to_json(value, inf_nan_mode="strings").decode()
    except ValueError:  # Deeper than pydantic goes, or half of a surrogate pair, which UTF-8 cannot carry.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace").decode()
