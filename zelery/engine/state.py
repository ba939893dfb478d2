"""The state of the engine: what is deployed, what runs, what waits. Events change it, and nothing else does.

`State.apply(event)` must never fail and never decide: whoever emitted the event has decided. Queues keep the order in
which things became available; heaps of times (`due`) may hold entries that count no more: they are checked when read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from zelery.engine.bpmn.model import Element, Kind, Process
from zelery.engine.records import (
    NO_VARIABLES,
    Definition,
    DefinitionState,
    ElementInstance,
    Form,
    Incident,
    Job,
    Message,
    MessageSubscription,
    ProcessInstance,
    SignalSubscription,
    StartSubscription,
    Timer,
    UserTask,
)

#: Keys of the first partition, as Zeebe's: the partition's number, then a counter.
FIRST_KEY = 1 << 51

#: Gateways that wait for tokens on all their incoming flows.
JOINING = frozenset({Kind.PARALLEL_GATEWAY, Kind.INCLUSIVE_GATEWAY})

Compile: TypeAlias = Callable[[str, str, str], Process]
"""The executable process of a file: XML, file name, process id."""


class State:
    """All that the engine knows.

    Args:
        compile_process: Compiles a deployed process again when its event is applied.
    """

    def __init__(self, compile_process: Compile) -> None:
        self.compile_process = compile_process
        self.definitions: dict[int, Definition] = {}
        self.versions: dict[tuple[str, str], list[Definition]] = {}
        """By tenant and process id: all that were deployed, oldest first."""
        self.forms: dict[int, Form] = {}
        self.form_versions: dict[tuple[str, str], list[Form]] = {}
        self.elements: dict[int, ElementInstance] = {}
        """Active element instances, of processes too."""
        self.instances: dict[int, ProcessInstance] = {}
        self.jobs: dict[int, Job] = {}
        self.activatable: dict[tuple[str, str], dict[int, Job]] = {}
        """By type and tenant, the first that became activatable first."""
        self.messages: dict[int, Message] = {}
        self.buffered: dict[tuple[str, str, str], dict[int, Message]] = {}
        """By tenant, name and correlation key."""
        self.message_ids: dict[tuple[str, str, str, str], int] = {}
        self.subscriptions: dict[int, MessageSubscription | SignalSubscription | StartSubscription] = {}
        self.waiting: dict[tuple[str, str, str], dict[int, MessageSubscription]] = {}
        """Message subscriptions by tenant, name and correlation key."""
        self.starts: dict[tuple[str, str, str], dict[int, StartSubscription]] = {}
        """Start subscriptions by tenant, kind and name."""
        self.signals: dict[tuple[str, str], dict[int, SignalSubscription]] = {}
        self.held: dict[tuple[str, str, str], int] = {}
        """The instance that a message started, by tenant, process id and correlation key."""
        self.timers: dict[int, Timer] = {}
        self.incidents: dict[int, Incident] = {}
        self.user_tasks: dict[int, UserTask] = {}
        self.cluster_variables: dict[tuple[str, str], Any] = {}
        self.due: list[tuple[int, int, str]] = []
        """A heap of time, key and what is due: `timer`, `lease`, `backoff`, `message`."""
        self.next_key = FIRST_KEY
        self.ended_variables: Mapping[str, Any] = NO_VARIABLES
        """Of the process instance that has ended last: for those who wait for its end."""

    def flow(self, scope: ElementInstance, flow_id: str) -> Any:
        """A sequence flow of a scope by its id."""
        return scope.instance.definition.process.flows[flow_id]

    def latest(self, tenant_id: str, process_id: str) -> Definition | None:
        """The newest version that can be started."""
        return next(self._startable(tenant_id, process_id), None)

    def _startable(self, tenant_id: str, process_id: str) -> Iterator[Definition]:
        for definition in reversed(self.versions.get((tenant_id, process_id), ())):
            if definition.state is DefinitionState.ACTIVE:
                yield definition


def element_of(scope: ElementInstance, element_id: str) -> Element:
    """The element that is activated in a scope: in a multi-instance body and an ad-hoc sub-process the inner one."""
    inner = scope.element.inner
    if inner is not None and inner.id == element_id:
        return inner
    return scope.instance.definition.process.elements[element_id]


def waits_for(subscription: MessageSubscription) -> tuple[str, str, str]:
    """The tenant, name and correlation key of the messages that a subscription takes."""
    tenant_id = subscription.element.instance.definition.tenant_id
    return tenant_id, subscription.name, subscription.correlation_key


def buffered_for(message: Message) -> tuple[str, str, str]:
    """The tenant, name and correlation key that a message is buffered under."""
    return message.tenant_id, message.name, message.correlation_key


def held_by(instance: ProcessInstance) -> tuple[str, str, str]:
    """What an instance that a message started holds until it ends."""
    definition = instance.definition
    return definition.tenant_id, definition.process_id, instance.correlation_key
