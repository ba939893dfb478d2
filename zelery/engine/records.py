"""What the state is made of: definitions, instances, jobs, messages, subscriptions, timers, incidents.

Mutable and small, for there may be 100,000 of each; changed by `state.py` alone.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

from zelery.engine.bpmn.model import Element, Process

#: Shared by all who have none: never written to.
NO_VARIABLES: Mapping[str, Any] = {}


class DefinitionState(enum.StrEnum):
    """Whether a process definition can be started."""

    ACTIVE = "ACTIVE"
    DRAINING = "DRAINING"
    """Deleted, with instances that go on."""
    DELETED = "DELETED"


@dataclasses.dataclass(slots=True, eq=False, kw_only=True)
class Definition:
    """A version of a process."""

    key: int
    version: int
    resource: str
    tenant_id: str
    xml: str
    deployment_key: int
    process: Process
    state: DefinitionState = DefinitionState.ACTIVE
    running: int = 0
    """How many of its instances are active."""

    @property
    def process_id(self) -> str:
        """The BPMN process id."""
        return self.process.id


@dataclasses.dataclass(slots=True, eq=False, kw_only=True)
class Form:
    """A version of a form."""

    key: int
    form_id: str
    version: int
    resource: str
    tenant_id: str
    content: str
    version_tag: str
    deployment_key: int
    deleted: bool = False


@dataclasses.dataclass(slots=True, eq=False)
class ProcessInstance:
    """A process instance."""

    key: int
    definition: Definition
    parent: ElementInstance | None
    """The call activity that started it."""
    correlation_key: str
    """Of the message that started it: no other of this key starts the process meanwhile, whatever its name."""
    tags: Sequence[str]
    business_id: str
    root_key: int
    """The outermost instance's key."""
    depth: int
    start_id: str
    """The start event that is still to be activated; empty: none is."""
    payload: Mapping[str, Any]
    """What that start event brings."""


@dataclasses.dataclass(slots=True, eq=False)
class Loop:
    """How far a multi-instance body, or an ad-hoc sub-process, has come."""

    items: Sequence[Any]
    started: int = 0
    completed: int = 0
    terminated: int = 0
    fulfilled: bool = False
    """Whether its completion condition held: nothing more is activated."""


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class ElementInstance:
    """An element that a token is in. Its scope holds it until it has ended."""

    key: int
    element: Element
    scope: ElementInstance | None
    instance: ProcessInstance
    variables: Mapping[str, Any] = dataclasses.field(default_factory=lambda: NO_VARIABLES)
    """Its own, by name."""
    children: dict[int, ElementInstance] | None = None
    """By key, in the order of their activation."""
    tokens: dict[str, int] | None = None
    """In a scope: how many tokens wait on a flow before a joining gateway."""
    job_key: int = 0
    user_task_key: int = 0
    catches: dict[int, Any] | None = None
    """What it waits for, by key: `MessageSubscription`, `SignalSubscription`, `Timer`."""
    loop: Loop | None = None
    incidents: set[int] | None = None
    called: int = 0
    """Of a call activity: the key of the instance that it has started."""
    interrupted_by: str = ""
    """Of a scope: the only element that still goes on in it."""
    pending: int = 0
    """Of a scope: steps of this command that will still activate something in it. Zero between commands."""

    def __repr__(self) -> str:
        return f"<{self.element!r} {self.key}>"


class JobState(enum.IntEnum):
    """Where a job stands. One that has ended is in the state no more."""

    ACTIVATABLE = 0
    ACTIVATED = 1
    FAILED = 2
    """It waits for its backoff, or (without retries) for an operator."""
    ERROR_THROWN = 3
    """Its error was caught by nothing."""


@dataclasses.dataclass(slots=True, eq=False)
class Job:
    """A job."""

    key: int
    type: str
    element: ElementInstance
    retries: int
    headers: Mapping[str, str]
    kind: str
    listener_event: str
    state: JobState = JobState.ACTIVATABLE
    worker: str = ""
    deadline: int = 0
    recur_at: int = 0

    @property
    def tenant_id(self) -> str:
        """The tenant of its process."""
        return self.element.instance.definition.tenant_id


@dataclasses.dataclass(slots=True, eq=False)
class MessageSubscription:
    """An element instance that waits for a message."""

    key: int
    element: ElementInstance
    catch: Element
    name: str
    correlation_key: str


@dataclasses.dataclass(slots=True, eq=False)
class SignalSubscription:
    """An element instance that waits for a signal."""

    key: int
    element: ElementInstance
    catch: Element
    name: str


@dataclasses.dataclass(slots=True, eq=False)
class StartSubscription:
    """A start event of a process definition that waits for a message or a signal."""

    key: int
    definition: Definition
    catch: Element
    kind: str
    name: str


@dataclasses.dataclass(slots=True, eq=False)
class Timer:
    """A timer, of an element instance or of a start event."""

    key: int
    element: ElementInstance | None
    definition: Definition
    catch: Element
    due: int
    repetitions: int


@dataclasses.dataclass(slots=True, eq=False)
class Message:
    """A published message, as long as it is buffered."""

    key: int
    name: str
    correlation_key: str
    message_id: str
    deadline: int
    variables: Mapping[str, Any]
    tenant_id: str
    taken_by: set[str]
    """The process ids that have taken it."""


@dataclasses.dataclass(slots=True, eq=False)
class Incident:
    """Why an element instance does not go on."""

    key: int
    type: str
    message: str
    element: ElementInstance
    job_key: int
    stage: str


@dataclasses.dataclass(slots=True, eq=False)
class UserTask:
    """A user task that the engine keeps."""

    key: int
    element: ElementInstance
    attributes: dict[str, Any]
