"""What can happen in the engine: an event is a fact that was decided, and the only thing that changes the state.

The journal holds these, in their order, a line a command; a restart applies them again. Each is a tuple of JSON
values, so that it is written as a list that begins with its class's name. Times are milliseconds since 1970; a key of
0 means none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Variables: TypeAlias = Mapping[str, Any]


class ProcessDeployed(NamedTuple):
    """A new version of a process definition. It is compiled from the file again when the journal is replayed."""

    key: int
    process_id: str
    version: int
    resource: str
    tenant_id: str
    xml: str
    deployment_key: int


class FormDeployed(NamedTuple):
    """A new version of a form."""

    key: int
    form_id: str
    version: int
    resource: str
    tenant_id: str
    content: str
    version_tag: str
    deployment_key: int


class ResourceDeleted(NamedTuple):
    """A process definition or a form that nothing starts any more; a definition's instances go on (DRAINING)."""

    key: int


class DefinitionDrained(NamedTuple):
    """The last instance of a deleted process definition has ended."""

    key: int


class InstanceCreated(NamedTuple):
    """A process instance, and the element instance of its process, which has the same key."""

    key: int
    definition_key: int
    parent_element_key: int
    """The call activity's element instance."""
    correlation_key: str
    """What the message that started it correlates by: no second one is started by it meanwhile."""
    tags: Sequence[str]
    business_id: str = ""
    start_id: str = ""
    """The start event; empty: start instructions say what is activated."""
    payload: Variables | None = None
    """What the start event has brought."""


class ElementActivated(NamedTuple):
    """An element instance within a scope. Its input mappings and behavior follow."""

    key: int
    element_id: str
    scope_key: int
    instance_key: int


class ElementCompleted(NamedTuple):
    """An element instance has ended as the model says. Of a process: the instance has."""

    key: int


class ElementTerminated(NamedTuple):
    """An element instance was ended by something else: a cancellation, an interruption."""

    key: int


class FlowTaken(NamedTuple):
    """A token has left along a sequence flow; before a gateway that joins, it waits."""

    scope_key: int
    flow_id: str


class ScopeInterrupted(NamedTuple):
    """Nothing but that element goes on in a scope: an event sub-process or a terminate end event has interrupted it."""

    scope_key: int
    element_id: str


class VariablesSet(NamedTuple):
    """Variables of a scope. Those that it did not have take the keys from `first_key` on, in their order."""

    scope_key: int
    first_key: int
    values: Variables


class LoopStarted(NamedTuple):
    """The input collection of a multi-instance body, or the active elements of an ad-hoc sub-process."""

    key: int
    items: Sequence[Any]


class CompletionConditionFulfilled(NamedTuple):
    """A multi-instance body or an ad-hoc sub-process activates nothing more."""

    key: int


class JobCreated(NamedTuple):
    """A job that a worker may activate."""

    key: int
    type: str
    element_key: int
    retries: int
    headers: Mapping[str, str] | None
    """None: those of the model."""
    kind: str = "BPMN_ELEMENT"
    listener_event: str = "UNSPECIFIED"


class JobsActivated(NamedTuple):
    """Jobs that a worker has leased until the deadline."""

    keys: Sequence[int]
    worker: str
    deadline: int


class JobTimedOut(NamedTuple):
    """A lease ended without an answer: the job is activatable again."""

    key: int


class JobYielded(NamedTuple):
    """A pushed job that did not reach its worker is activatable again."""

    key: int


class JobCompleted(NamedTuple):
    """A worker has done the job."""

    key: int


class JobFailed(NamedTuple):
    """An attempt failed. Without retries left the job waits for `JobRetriesUpdated` and its incident's resolution."""

    key: int
    retries: int
    message: str
    recur_at: int
    """When it is activatable again; 0: at once."""


class JobRecurred(NamedTuple):
    """The backoff of a failed job is over."""

    key: int


class JobErrorThrown(NamedTuple):
    """A worker has thrown a BPMN error; it was caught, or there is an incident."""

    key: int
    code: str
    message: str
    caught: bool
    variables: Variables


class JobCanceled(NamedTuple):
    """The element instance of the job is gone."""

    key: int


class JobRetriesUpdated(NamedTuple):
    """Retries that an operator gave."""

    key: int
    retries: int


class JobDeadlineUpdated(NamedTuple):
    """A lease was extended."""

    key: int
    deadline: int


class JobReopened(NamedTuple):
    """A job whose incident was resolved is activatable again."""

    key: int


class MessageSubscribed(NamedTuple):
    """An element instance waits for a message."""

    key: int
    element_key: int
    catch_id: str
    name: str
    correlation_key: str


class StartSubscribed(NamedTuple):
    """A process definition's start event waits for a message or a signal."""

    key: int
    definition_key: int
    catch_id: str
    kind: str
    """`message` or `signal`."""
    name: str


class Unsubscribed(NamedTuple):
    """A subscription to a message or a signal, of an element instance or a start event, is closed."""

    key: int


class MessagePublished(NamedTuple):
    """A message, buffered until its deadline."""

    key: int
    name: str
    correlation_key: str
    message_id: str
    deadline: int
    variables: Variables
    tenant_id: str
    buffered: bool = True
    """False: it is correlated now or never."""


class MessageCorrelated(NamedTuple):
    """A subscription has taken a message. No other of the same process id takes it."""

    message_key: int
    subscription_key: int
    instance_key: int


class MessageExpired(NamedTuple):
    """A message is no longer buffered."""

    key: int


class SignalSubscribed(NamedTuple):
    """An element instance waits for a signal."""

    key: int
    element_key: int
    catch_id: str
    name: str


class SignalBroadcast(NamedTuple):
    """A signal, for all that wait for it at this moment."""

    key: int
    name: str
    variables: Variables
    tenant_id: str


class TimerCreated(NamedTuple):
    """A timer of an element instance, or of a process definition's start event."""

    key: int
    element_key: int
    """0: of a start event."""
    definition_key: int
    catch_id: str
    due: int
    repetitions: int
    """How often it still fires, this time included; -1: without end."""


class TimerTriggered(NamedTuple):
    """A timer has fired."""

    key: int


class TimerCanceled(NamedTuple):
    """A timer fires no more."""

    key: int


class IncidentCreated(NamedTuple):
    """An element instance cannot go on until it is resolved."""

    key: int
    type: str
    message: str
    element_key: int
    job_key: int
    stage: str
    """Where the element instance stands: see `incidents.py`."""


class IncidentResolved(NamedTuple):
    """An incident was resolved, or what it belonged to is gone."""

    key: int


class UserTaskCreated(NamedTuple):
    """A user task that the engine keeps."""

    key: int
    element_key: int
    attributes: Variables
    """assignee, candidateGroups, candidateUsers, dueDate, followUpDate, priority, formKey, externalFormReference."""


class UserTaskUpdated(NamedTuple):
    """Attributes of a user task that have changed."""

    key: int
    attributes: Variables
    action: str


class UserTaskEnded(NamedTuple):
    """A user task is completed or canceled."""

    key: int
    state: str
    """`COMPLETED` or `CANCELED`."""
    action: str = ""


class ElementMigrated(NamedTuple):
    """An element instance goes on as an element of another version; of a process: with its instance."""

    key: int
    definition_key: int
    element_id: str


class CatchMigrated(NamedTuple):
    """A subscription or a timer goes on as that of an event of another version."""

    key: int
    catch_id: str


class ClusterVariableSet(NamedTuple):
    """A variable of the cluster, or of a tenant where it is named."""

    tenant_id: str
    name: str
    value: Any


class ClusterVariableDeleted(NamedTuple):
    """The opposite."""

    tenant_id: str
    name: str


Event: TypeAlias = NamedTuple

#: Every kind of event by the name that the journal has for it.
EVENTS: dict[str, type[Any]] = {
    name: each
    for name, each in list(globals().items())
    if isinstance(each, type) and issubclass(each, tuple) and each.__module__ == __name__
}
