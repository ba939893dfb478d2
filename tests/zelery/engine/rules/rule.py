"""A rule: a model, what is done with it, and what Camunda's documentation says comes of it. All of it data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tests.zelery.engine.rules.builder import Process
from zelery.engine.commands import JobResult

Variables: TypeAlias = Mapping[str, Any]

#: No variables.
NONE: Variables = {}


@dataclasses.dataclass(frozen=True)
class Deploy:
    """Deploy processes, each in a file `ID.bpmn` unless `together`, and other files by name."""

    processes: Sequence[Process] = ()
    resources: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    together: str = ""
    """One file for all, by this name."""
    pools: bool = False


@dataclasses.dataclass(frozen=True)
class Delete:
    """Delete a version of a process."""

    process: str
    version: int


@dataclasses.dataclass(frozen=True)
class Start:
    """Start an instance; of the first process of the rule unless one is named."""

    variables: Variables = dataclasses.field(default_factory=dict)
    process: str = ""
    version: int = -1
    at: Sequence[str] = ()
    """Elements to start before."""
    tags: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Lease:
    """Activate the jobs of a type."""

    type: str
    timeout: str = "PT1M"
    most: int = 100


@dataclasses.dataclass(frozen=True)
class Complete:
    """Complete a job of an element."""

    element: str
    variables: Variables = dataclasses.field(default_factory=dict)
    nth: int = 0
    """Which of its open jobs, the oldest first."""
    result: JobResult | None = None


@dataclasses.dataclass(frozen=True)
class Fail:
    """Fail a job of an element."""

    element: str
    retries: int = 0
    message: str = ""
    backoff: str = "PT0S"
    variables: Variables = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Throw:
    """Throw an error from a job of an element."""

    element: str
    code: str
    message: str = ""
    variables: Variables = dataclasses.field(default_factory=dict)
    nth: int = 0


@dataclasses.dataclass(frozen=True)
class Update:
    """Change the retries of an element's job, or its lease from now."""

    element: str
    retries: int | None = None
    timeout: str = ""


@dataclasses.dataclass(frozen=True)
class CompleteUserTask:
    """Complete a user task that the engine keeps."""

    element: str
    variables: Variables = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Publish:
    """Publish a message."""

    name: str
    key: str = ""
    variables: Variables = dataclasses.field(default_factory=dict)
    ttl: str = "PT0S"
    message_id: str = ""


@dataclasses.dataclass(frozen=True)
class Correlate:
    """Correlate a message with somebody who waits now."""

    name: str
    key: str = ""
    variables: Variables = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Broadcast:
    """Broadcast a signal."""

    name: str
    variables: Variables = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Advance:
    """Let time pass, and what is due happen. At the start it is `runner.NOW`."""

    duration: str


@dataclasses.dataclass(frozen=True)
class Resolve:
    """Resolve the incident of an element."""

    element: str


@dataclasses.dataclass(frozen=True)
class Cancel:
    """Cancel an instance, by the order of their creation."""

    instance: int = 0


@dataclasses.dataclass(frozen=True)
class SetVariables:
    """Set variables in the scope of an active element; of the instance where none is named."""

    variables: Variables
    element: str = ""
    local: bool = False


@dataclasses.dataclass(frozen=True)
class ActivateAdHoc:
    """Activate elements of an ad-hoc sub-process."""

    element: str
    elements: Sequence[str]
    cancel_remaining: bool = False


@dataclasses.dataclass(frozen=True)
class Modify:
    """Activate elements, then terminate active ones."""

    activate: Sequence[str] = ()
    terminate: Sequence[str] = ()
    variables: Mapping[str, Variables] = dataclasses.field(default_factory=dict)
    """By the id of a scope, for all that is activated; "" is the process."""
    instance: int = 0


@dataclasses.dataclass(frozen=True)
class Migrate:
    """Continue the instance as one of another version."""

    process: str
    version: int
    mapping: Mapping[str, str]


Action: TypeAlias = (
    Deploy
    | Delete
    | Start
    | Lease
    | Complete
    | Fail
    | Throw
    | Update
    | CompleteUserTask
    | Publish
    | Correlate
    | Broadcast
    | Advance
    | Resolve
    | Cancel
    | SetVariables
    | ActivateAdHoc
    | Modify
    | Migrate
)


@dataclasses.dataclass(frozen=True)
class Refused:
    """A step that is refused with a code, in a text that has these words."""

    step: Action
    code: str
    words: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Incident:
    """An open incident, with words that its message has."""

    type: str
    element: str
    words: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Expect:
    """What is so now; of the instance unless it says otherwise. What is None is not looked at.

    Lists of ids are compared without regard to order, but `path`. An instance that has ended never leaves a job, a
    timer, a subscription, an incident: that is looked at without being said.
    """

    path: Sequence[str | tuple[str, ...]] | None = None
    """Elements in the order of their activation; a tuple: in any order. Of a multi-instance activity its body, too."""
    state: str | None = None
    """`ACTIVE`, `COMPLETED` or `TERMINATED`."""
    variables: Variables | None = None
    """Of the instance's own scope, all of them."""
    local: Mapping[str, Variables] | None = None
    """Of elements, by id: all that is local to the newest instance of each."""
    incidents: Sequence[Incident] = ()
    jobs: Sequence[str] | None = None
    """Elements with an open job, whatever its state."""
    activatable: Sequence[str] | None = None
    """Elements with a job that a worker would get now, of all instances."""
    job: Mapping[str, Variables] | None = None
    """By element: `type`, `retries`, `headers`, `variables`, `kind`, `state`, `tags` of its oldest open job."""
    user_tasks: Sequence[str] | None = None
    user_task: Mapping[str, Variables] | None = None
    """By element: attributes of its user task."""
    active: Sequence[str] | None = None
    """Active elements."""
    completed: Sequence[str] | None = None
    """Elements that have completed, each once."""
    terminated: Sequence[str] | None = None
    """Elements that were terminated, each once."""
    timers: Sequence[str] | None = None
    """Events with an open timer."""
    messages: Sequence[str] | None = None
    """Events with an open message subscription."""
    signals: Sequence[str] | None = None
    """Events with an open signal subscription."""
    starts: Sequence[str] | None = None
    """What waits to start a process, of all: `process:version:event`."""
    buffered: Sequence[str] | None = None
    """Names of buffered messages."""
    definitions: Mapping[str, str] | None = None
    """The state of all definitions, by `process:version`."""
    instances: Sequence[str] | None = None
    """All instances that were created, in order: `process:version`."""
    of: int = 0
    """Which instance, in the order of their creation."""


Step: TypeAlias = Action | Refused | Expect


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a page of Camunda's documentation says, and a model that shows it."""

    id: str
    page: str
    """Its path below https://docs.camunda.io/docs/; or an issue of camunda/camunda, as `camunda/camunda#1709`."""
    says: str
    """In our own words."""
    model: Sequence[Process]
    """Deployed first, each in a file of its own."""
    steps: Sequence[Step]
    expect: Expect = dataclasses.field(default_factory=Expect)
