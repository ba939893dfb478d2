"""The executable model of a process: elements and flows, compiled once per deployed version, immutable afterwards.

An element refers to its neighbours directly, so elements compare by identity. A multi-instance activity is two
elements with one id: its body, which has the flows and the boundary events, and the inner activity within it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import TypeAlias

from zelery import feel


class Kind(enum.StrEnum):
    """An element's type, by the name that Camunda's REST API has for it."""

    PROCESS = "PROCESS"
    SUB_PROCESS = "SUB_PROCESS"
    EVENT_SUB_PROCESS = "EVENT_SUB_PROCESS"
    AD_HOC_SUB_PROCESS = "AD_HOC_SUB_PROCESS"
    AD_HOC_INNER = "AD_HOC_SUB_PROCESS_INNER_INSTANCE"
    MULTI_INSTANCE_BODY = "MULTI_INSTANCE_BODY"
    CALL_ACTIVITY = "CALL_ACTIVITY"
    START_EVENT = "START_EVENT"
    CATCH_EVENT = "INTERMEDIATE_CATCH_EVENT"
    THROW_EVENT = "INTERMEDIATE_THROW_EVENT"
    BOUNDARY_EVENT = "BOUNDARY_EVENT"
    END_EVENT = "END_EVENT"
    SERVICE_TASK = "SERVICE_TASK"
    SEND_TASK = "SEND_TASK"
    BUSINESS_RULE_TASK = "BUSINESS_RULE_TASK"
    SCRIPT_TASK = "SCRIPT_TASK"
    USER_TASK = "USER_TASK"
    RECEIVE_TASK = "RECEIVE_TASK"
    MANUAL_TASK = "MANUAL_TASK"
    TASK = "TASK"
    EXCLUSIVE_GATEWAY = "EXCLUSIVE_GATEWAY"
    INCLUSIVE_GATEWAY = "INCLUSIVE_GATEWAY"
    PARALLEL_GATEWAY = "PARALLEL_GATEWAY"
    EVENT_BASED_GATEWAY = "EVENT_BASED_GATEWAY"


#: Elements that hold others.
SCOPES = frozenset(
    {
        Kind.PROCESS,
        Kind.SUB_PROCESS,
        Kind.EVENT_SUB_PROCESS,
        Kind.AD_HOC_SUB_PROCESS,
        Kind.AD_HOC_INNER,
        Kind.MULTI_INSTANCE_BODY,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Expression:
    """A value of the model: a FEEL expression where the text begins with `=`, else the text itself."""

    text: str
    """As the model has it."""
    feel: feel.Expression | None = None
    """None: the text is the value."""


@dataclasses.dataclass(frozen=True, slots=True)
class VariableMapping:
    """An input or output mapping (`zeebe:input`, `zeebe:output`)."""

    source: Expression
    target: tuple[str, ...]
    """A variable's name, then the path in it: `a.b` is `("a", "b")`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """The job of an element (`zeebe:taskDefinition`)."""

    type: Expression
    retries: Expression
    headers: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """A message that is waited for. A start event of a process has no correlation key."""

    name: Expression
    correlation_key: Expression | None = None


class TimerKind(enum.Enum):
    """How a timer's expression is read."""

    DATE = "timeDate"
    DURATION = "timeDuration"
    CYCLE = "timeCycle"


@dataclasses.dataclass(frozen=True, slots=True)
class TimerEvent:
    """A timer: ISO 8601 text, a FEEL temporal value, or (cycles) a cron expression."""

    kind: TimerKind
    expression: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class SignalEvent:
    """A signal, waited for or broadcast."""

    name: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An error, caught or thrown. Caught without a code: any."""

    code: Expression | None


@dataclasses.dataclass(frozen=True, slots=True)
class EscalationEvent:
    """An escalation, caught or thrown. Caught without a code: any."""

    code: Expression | None


@dataclasses.dataclass(frozen=True, slots=True)
class LinkEvent:
    """A link, by name: thrown, it goes on at the catch event of that name in the same scope."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class TerminateEvent:
    """An end event that terminates its scope."""


EventDefinition: TypeAlias = (
    MessageEvent | TimerEvent | SignalEvent | ErrorEvent | EscalationEvent | LinkEvent | TerminateEvent
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstance:
    """The loop characteristics of a multi-instance activity; on its body."""

    sequential: bool
    input_collection: Expression
    input_element: str | None = None
    output_collection: str | None = None
    output_element: Expression | None = None
    completion_condition: Expression | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AdHoc:
    """What activates the elements of an ad-hoc sub-process. With a job definition on its element: the job's result."""

    active_elements: Expression | None = None
    completion_condition: Expression | None = None
    cancel_remaining: bool = True
    output_collection: str | None = None
    output_element: Expression | None = None


class Binding(enum.StrEnum):
    """Which version a reference to another resource means."""

    LATEST = "latest"
    DEPLOYMENT = "deployment"
    VERSION_TAG = "versionTag"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CalledElement:
    """The process that a call activity starts (`zeebe:calledElement`)."""

    process_id: Expression
    binding: Binding = Binding.LATEST
    version_tag: str | None = None
    propagate_all_parent_variables: bool = True
    propagate_all_child_variables: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script task's FEEL expression (`zeebe:script`)."""

    expression: Expression
    result_variable: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UserTask:
    """A user task that the engine itself keeps (`zeebe:userTask`), completed over REST."""

    assignee: Expression | None = None
    candidate_groups: Expression | None = None
    candidate_users: Expression | None = None
    due_date: Expression | None = None
    follow_up_date: Expression | None = None
    priority: Expression | None = None
    form_id: str | None = None
    external_form_reference: Expression | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Flow:
    """A sequence flow."""

    id: str
    source: Element
    target: Element
    condition: Expression | None = None


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Element:
    """An element of a process, or the process itself. Written by the reader, and by nobody after it."""

    id: str
    kind: Kind
    scope: Element | None = None
    """The element that holds it; None for a process."""
    name: str | None = None
    line: int | None = None
    """Where it stands in the file."""
    documentation: str | None = None
    incoming: list[Flow] = dataclasses.field(default_factory=list)
    outgoing: list[Flow] = dataclasses.field(default_factory=list)
    default: Flow | None = None
    """A gateway's default flow."""
    inputs: tuple[VariableMapping, ...] = ()
    outputs: tuple[VariableMapping, ...] = ()
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """`zeebe:properties`."""
    job: JobDefinition | None = None
    event: EventDefinition | None = None
    """What an event or a receive task waits for or throws; None: nothing."""
    interrupting: bool = True
    """Of a boundary event, or the start event of an event sub-process."""
    attached_to: Element | None = None
    """The activity (or multi-instance body) of a boundary event."""
    boundary_events: list[Element] = dataclasses.field(default_factory=list)
    children: list[Element] = dataclasses.field(default_factory=list)
    """The elements directly within a scope, in the file's order; of a body, the inner activity alone."""
    loop: MultiInstance | None = None
    ad_hoc: AdHoc | None = None
    called: CalledElement | None = None
    script: Script | None = None
    user_task: UserTask | None = None
    # Derived by the reader, for those who run it:
    start: Element | None = None
    """A scope's none start event, and of an event sub-process its start event, whatever it is."""
    starts: list[Element] = dataclasses.field(default_factory=list)
    """A process's start events with a message, timer or signal."""
    event_sub_processes: list[Element] = dataclasses.field(default_factory=list)
    """Of a scope."""
    inner: Element | None = None
    """A multi-instance body's activity; an ad-hoc sub-process's inner instance."""
    link_target: Element | None = None
    """The catch event of a link that is thrown."""

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id}>"


@dataclasses.dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Process:
    """An executable process of a file."""

    id: str
    name: str | None
    version_tag: str | None
    root: Element
    elements: Mapping[str, Element]
    """By id, at any depth; for a multi-instance activity its body."""
    flows: Mapping[str, Flow]
    """By id, at any depth."""
    start_form: str | None = None
    """The form of its none start event, by `zeebe:formDefinition`."""
