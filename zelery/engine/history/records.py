"""What searches find: a record for each thing, small, for there may be 100,000 of each.

Times are milliseconds since 1970; 0 means not yet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from zelery.engine.bpmn.model import Element
from zelery.engine.records import Definition


@dataclasses.dataclass(slots=True, eq=False)
class DefinitionRecord:
    """A version of a process."""

    definition: Definition
    deployed: int
    state: str = "ACTIVE"
    """ACTIVE, DRAINING or DELETED."""


@dataclasses.dataclass(slots=True, eq=False)
class FormRecord:
    """A version of a form."""

    key: int
    form_id: str
    version: int
    resource: str
    tenant_id: str
    content: str
    version_tag: str
    deployment_key: int


@dataclasses.dataclass(slots=True, eq=False)
class InstanceRecord:
    """A process instance."""

    key: int
    definition: Definition
    parent_key: int
    parent_element_key: int
    root_key: int
    tags: Sequence[str]
    business_id: str
    start: int
    end: int = 0
    state: str = "ACTIVE"
    """ACTIVE, COMPLETED or TERMINATED."""
    elements: list[ElementRecord] = dataclasses.field(default_factory=list)
    """In the order of their activation, without the process itself."""
    flows: tuple[str, ...] = ()
    """Sequence flows, each once, in the order in which they were taken."""
    incidents: int = 0
    """How many are active, those of called processes too."""
    owned: list[int] = dataclasses.field(default_factory=list)
    """The keys of records of other kinds that are forgotten with it: jobs, subscriptions, incidents, user tasks."""


@dataclasses.dataclass(slots=True, eq=False)
class ElementRecord:
    """An element instance; of a process too."""

    key: int
    element: Element
    instance: InstanceRecord
    scope_key: int
    start: int
    end: int = 0
    state: str = "ACTIVE"
    """ACTIVE, COMPLETED or TERMINATED."""
    incident_key: int = 0
    """Of its active incident."""
    variables: dict[str, VariableRecord] | None = None
    """Its own, by name."""


@dataclasses.dataclass(slots=True, eq=False)
class VariableRecord:
    """A variable of a scope."""

    key: int
    name: str
    value: Any
    scope: ElementRecord


@dataclasses.dataclass(slots=True, eq=False)
class IncidentRecord:
    """An incident."""

    key: int
    type: str
    message: str
    element: ElementRecord
    job_key: int
    created: int
    resolved: int = 0

    @property
    def state(self) -> str:
        """ACTIVE or RESOLVED."""
        return "RESOLVED" if self.resolved else "ACTIVE"


@dataclasses.dataclass(slots=True, eq=False)
class JobRecord:
    """A job."""

    key: int
    type: str
    element: ElementRecord
    retries: int
    headers: Mapping[str, str]
    kind: str
    listener_event: str
    created: int
    updated: int
    state: str = "CREATED"
    """CREATED, COMPLETED, FAILED, RETRIES_UPDATED, TIMED_OUT, CANCELED, ERROR_THROWN, MIGRATED."""
    worker: str = ""
    deadline: int = 0
    ended: int = 0
    message: str = ""
    error_code: str = ""
    has_failed_with_retries: bool = False


@dataclasses.dataclass(slots=True, eq=False)
class SubscriptionRecord:
    """A message subscription, of an element instance or of a start event."""

    key: int
    name: str
    correlation_key: str
    catch: Element
    definition: Definition
    element: ElementRecord | None
    """None: a start event's."""
    updated: int
    state: str = "CREATED"
    """CREATED, CORRELATED, DELETED."""


@dataclasses.dataclass(slots=True, eq=False)
class CorrelationRecord:
    """A message that was taken."""

    message_key: int
    name: str
    correlation_key: str
    subscription: SubscriptionRecord
    instance: InstanceRecord
    at: int


@dataclasses.dataclass(slots=True, eq=False)
class UserTaskRecord:
    """A user task that the engine keeps."""

    key: int
    element: ElementRecord
    attributes: dict[str, Any]
    created: int
    completed: int = 0
    state: str = "CREATED"
    """CREATED, COMPLETED, CANCELED."""
