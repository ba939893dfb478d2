"""What the engine can be asked to do. A command is executed whole, or refused (`Rejected`) and nothing has changed.

Each has its function in the table of `processor.py`; the answer's type stands in the command's docstring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zelery.engine.events import Variables

DEFAULT_TENANT = "<default>"

#: No variables.
NOTHING: Mapping[str, Any] = {}


class Deploy(NamedTuple):
    """Deploy resources by file name, all or nothing. Answer: `Deployment`."""

    resources: Mapping[str, bytes]
    tenant_id: str = DEFAULT_TENANT


class DeleteResource(NamedTuple):
    """Delete a process definition or a form by its key. Answer: None."""

    key: int


class StartInstruction(NamedTuple):
    """Start before this element instead of at the none start event."""

    element_id: str


class CreateInstance(NamedTuple):
    """Start a process by its none start event. Answer: `Created`."""

    process_id: str = ""
    definition_key: int = 0
    version: int = -1
    variables: Variables = NOTHING
    tenant_id: str = DEFAULT_TENANT
    start_instructions: Sequence[StartInstruction] = ()
    tags: Sequence[str] = ()
    business_id: str = ""


class CancelInstance(NamedTuple):
    """Terminate a process instance that no call activity started. Answer: None."""

    key: int


class ActivateElement(NamedTuple):
    """Of a modification: a new instance of an element, with variables by the id of the scope they are set in."""

    element_id: str
    variables: Mapping[str, Variables] = NOTHING
    """By the id of a scope; "" is the process."""
    ancestor_key: int = 0


class ModifyInstance(NamedTuple):
    """Activate and terminate elements of an instance. Answer: None."""

    key: int
    activate: Sequence[ActivateElement] = ()
    terminate: Sequence[int] = ()
    """Element instance keys."""


class MigrateInstance(NamedTuple):
    """Continue an instance as one of another definition. Answer: None."""

    key: int
    definition_key: int
    mapping: Mapping[str, str]
    """Target element id by source element id."""


class SetVariables(NamedTuple):
    """Set variables in the scope of an element instance. Answer: the key of the change."""

    element_key: int
    variables: Variables
    local: bool = False


class ActivateJobs(NamedTuple):
    """Lease jobs that are activatable, oldest first. Answer: `[ActivatedJob]`, maybe none: waiting is the caller's."""

    type: str
    worker: str
    timeout_ms: int
    most: int
    fetch: Sequence[str] = ()
    tenant_ids: Sequence[str] = (DEFAULT_TENANT,)
    bytes_max: int = 4 * 2**20


class JobResult(NamedTuple):
    """What a job's completion decides beside variables (8.8: user task listeners, ad-hoc sub-processes)."""

    activate_elements: Sequence[tuple[str, Variables]] = ()
    completion_condition_fulfilled: bool = False
    cancel_remaining: bool = False
    denied: bool = False
    denied_reason: str = ""
    corrections: Mapping[str, Any] = NOTHING


class CompleteJob(NamedTuple):
    """A worker has done a job. Answer: None."""

    key: int
    variables: Variables = NOTHING
    result: JobResult | None = None


class FailJob(NamedTuple):
    """An attempt failed. Answer: None."""

    key: int
    retries: int
    message: str = ""
    backoff_ms: int = 0
    variables: Variables = NOTHING


class ThrowError(NamedTuple):
    """A worker throws a BPMN error. Answer: None."""

    key: int
    code: str
    message: str = ""
    variables: Variables = NOTHING


class UpdateJob(NamedTuple):
    """Change retries, or the lease to so many milliseconds from now. None: as it is. Answer: None."""

    key: int
    retries: int | None = None
    timeout_ms: int | None = None


class YieldJob(NamedTuple):
    """Give back a job that was pushed and did not reach its worker. Answer: None."""

    key: int


class PublishMessage(NamedTuple):
    """Publish a message. Answer: `Published`."""

    name: str
    correlation_key: str = ""
    ttl_ms: int = 0
    message_id: str = ""
    variables: Variables = NOTHING
    tenant_id: str = DEFAULT_TENANT


class CorrelateMessage(NamedTuple):
    """Correlate a message with somebody who waits now, or refuse it. Answer: `Correlated`."""

    name: str
    correlation_key: str = ""
    variables: Variables = NOTHING
    tenant_id: str = DEFAULT_TENANT


class BroadcastSignal(NamedTuple):
    """Broadcast a signal. Answer: the signal's key."""

    name: str
    variables: Variables = NOTHING
    tenant_id: str = DEFAULT_TENANT


class ResolveIncident(NamedTuple):
    """Let the element instance go on from where it stood. Answer: None."""

    key: int


class UpdateUserTask(NamedTuple):
    """Assign, unassign or change a user task. Answer: None."""

    key: int
    attributes: Variables
    action: str = "update"
    allow_override: bool = True


class CompleteUserTask(NamedTuple):
    """Complete a user task. Answer: None."""

    key: int
    variables: Variables = NOTHING
    action: str = "complete"


class ActivateAdHoc(NamedTuple):
    """Activate elements of an ad-hoc sub-process instance. Answer: None."""

    element_key: int
    elements: Sequence[tuple[str, Variables]]
    cancel_remaining: bool = False


class SetClusterVariable(NamedTuple):
    """Create or update a cluster variable (8.9; in expressions `camunda.vars.cluster.NAME`). Answer: None."""

    name: str
    value: Any
    tenant_id: str = ""
    create: bool = False


class DeleteClusterVariable(NamedTuple):
    """Delete a cluster variable. Answer: None."""

    name: str
    tenant_id: str = ""


class Tick(NamedTuple):
    """Let pass what is due by now: timers, leases, backoffs, messages. Answer: when something is due next, or None."""


class DeployedProcess(NamedTuple):
    """A process definition as it was taken."""

    key: int
    process_id: str
    version: int
    resource: str
    tenant_id: str
    version_tag: str


class DeployedForm(NamedTuple):
    """A form as it was taken."""

    key: int
    form_id: str
    version: int
    resource: str
    tenant_id: str
    version_tag: str


class Deployment(NamedTuple):
    """The answer to Deploy: what was new and what was there already, in the order of the files."""

    key: int
    tenant_id: str
    processes: Sequence[DeployedProcess]
    forms: Sequence[DeployedForm]


class Created(NamedTuple):
    """The answer to CreateInstance."""

    key: int
    definition_key: int
    process_id: str
    version: int
    tenant_id: str
    tags: Sequence[str]
    business_id: str = ""


class Published(NamedTuple):
    """The answer to PublishMessage."""

    key: int
    tenant_id: str


class Correlated(NamedTuple):
    """The answer to CorrelateMessage."""

    key: int
    tenant_id: str
    instance_key: int


class ActivatedJob(NamedTuple):
    """A leased job, with what its worker sees."""

    key: int
    type: str
    process_id: str
    process_version: int
    definition_key: int
    instance_key: int
    element_id: str
    element_key: int
    headers: Mapping[str, str]
    worker: str
    retries: int
    deadline: int
    variables: Variables
    variables_json: str
    """The same, as JSON text."""
    tenant_id: str
    kind: str
    listener_event: str
    tags: Sequence[str]
    root_instance_key: int = 0
