"""Events as records for searches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element
from zelery.engine.history.records import (
    CorrelationRecord,
    DefinitionRecord,
    ElementRecord,
    FormRecord,
    IncidentRecord,
    InstanceRecord,
    JobRecord,
    SubscriptionRecord,
    UserTaskRecord,
    VariableRecord,
)
from zelery.engine.records import Definition

#: Ended instances that are kept by default.
COMPLETED_MAX = 10_000

#: Correlated messages that are kept.
_CORRELATED_MAX = 10_000


class History:
    """What searches know.

    Args:
        definitions: The engine's process definitions by key, whose models never change.
        lag_ms: How much later than the engine it knows of an event.
        completed_max: How many instances that have ended are kept.
    """

    def __init__(
        self, definitions: Mapping[int, Definition], *, lag_ms: int = 0, completed_max: int = COMPLETED_MAX
    ) -> None:
        self._models = definitions
        self.lag_ms = lag_ms
        self._completed_max = completed_max
        self._late: deque[tuple[int, Any]] = deque()
        self._ended: deque[InstanceRecord] = deque()
        self.definitions: dict[int, DefinitionRecord] = {}
        self.forms: dict[int, FormRecord] = {}
        self.instances: dict[int, InstanceRecord] = {}
        self.elements: dict[int, ElementRecord] = {}
        self.incidents: dict[int, IncidentRecord] = {}
        self.jobs: dict[int, JobRecord] = {}
        self.subscriptions: dict[int, SubscriptionRecord] = {}
        self._correlations: deque[CorrelationRecord] = deque(maxlen=_CORRELATED_MAX)
        self.user_tasks: dict[int, UserTaskRecord] = {}
        self._messages: dict[int, tuple[str, str]] = {}

    def on(self, now: int, event: Any) -> None:
        """Take an event: at once, or as late as the lag says."""
        if self.lag_ms:
            self._late.append((now, event))
            self.catch_up(now)  # Also where nobody searches, so that what is late stays little.
        elif (step := _STEPS.get(type(event))) is not None:
            step(self, now, event)

    def catch_up(self, now: int) -> None:
        """Take the events that are old enough by now. Called before each search too, for events need not follow."""
        while self._late and self._late[0][0] + self.lag_ms <= now:
            at, event = self._late.popleft()
            if (step := _STEPS.get(type(event))) is not None:
                step(self, at, event)

    # Reading.

    def path(self, instance_key: int) -> list[str]:
        """The ids of an instance's elements in the order of their activation."""
        return [each.element.id for each in self.instances[instance_key].elements]

    def variables(self) -> Iterator[VariableRecord]:
        """All variables."""
        for element in self.elements.values():
            yield from (element.variables or {}).values()

    def variables_of(self, instance: InstanceRecord) -> Iterator[VariableRecord]:
        """The variables of an instance, of all its scopes."""
        for element in (self.elements[instance.key], *instance.elements):
            yield from (element.variables or {}).values()

    def correlations(self) -> Iterator[CorrelationRecord]:
        """The messages that instances have taken, oldest first; those of instances that are forgotten are too."""
        return (each for each in self._correlations if each.instance.key in self.instances)

    # The events.

    def process_deployed(self, now: int, event: ev.ProcessDeployed) -> None:
        """Know a version."""
        self.definitions[event.key] = DefinitionRecord(self._models[event.key], now)

    def form_deployed(self, _now: int, event: ev.FormDeployed) -> None:
        """Know a form."""
        self.forms[event.key] = FormRecord(*event)

    def resource_deleted(self, _now: int, event: ev.ResourceDeleted) -> None:
        """Know that nothing starts it any more."""
        if event.key in self.definitions:
            self.definitions[event.key].state = "DRAINING"
        self.forms.pop(event.key, None)

    def definition_drained(self, _now: int, event: ev.DefinitionDrained) -> None:
        """Know that nothing runs in it any more."""
        self.definitions[event.key].state = "DELETED"

    def instance_created(self, now: int, event: ev.InstanceCreated) -> None:
        """Know an instance."""
        parent = self.elements.get(event.parent_element_key)
        definition = self._models[event.definition_key]
        instance = InstanceRecord(
            event.key,
            definition,
            parent.instance.key if parent else 0,
            event.parent_element_key,
            parent.instance.root_key if parent else event.key,
            tuple(event.tags),
            event.business_id,
            now,
        )
        self.instances[event.key] = instance
        self.elements[event.key] = ElementRecord(event.key, definition.process.root, instance, 0, now)

    def element_activated(self, now: int, event: ev.ElementActivated) -> None:
        """Know an element instance."""
        scope = self.elements[event.scope_key]
        inner = scope.element.inner
        element: Element = (
            inner
            if inner is not None and inner.id == event.element_id
            else scope.instance.definition.process.elements[event.element_id]
        )
        record = ElementRecord(event.key, element, scope.instance, event.scope_key, now)
        self.elements[event.key] = record
        scope.instance.elements.append(record)

    def element_ended(self, now: int, event: ev.ElementCompleted | ev.ElementTerminated) -> None:
        """Know how an element instance has ended, and an instance with it."""
        element = self.elements[event.key]
        element.end = now
        element.state = "COMPLETED" if type(event) is ev.ElementCompleted else "TERMINATED"
        if element.scope_key:
            return
        instance = element.instance
        instance.end, instance.state = now, element.state
        self._ended.append(instance)
        while len(self._ended) > self._completed_max:
            self._forget(self._ended.popleft())

    def forget(self, instance_key: int) -> None:
        """Forget an instance that has ended, and all that is its."""
        instance = self.instances[instance_key]
        self._ended.remove(instance)
        self._forget(instance)

    def _forget(self, instance: InstanceRecord) -> None:
        """Forget an instance and all that is its."""
        del self.instances[instance.key]
        for key in (instance.key, *(each.key for each in instance.elements)):
            del self.elements[key]
        for key in instance.owned:
            for index in (self.jobs, self.subscriptions, self.incidents, self.user_tasks):
                index.pop(key, None)

    def flow_taken(self, _now: int, event: ev.FlowTaken) -> None:
        """Know that a flow was taken."""
        instance = self.elements[event.scope_key].instance
        if event.flow_id not in instance.flows:
            instance.flows += (event.flow_id,)

    def variables_set(self, _now: int, event: ev.VariablesSet) -> None:
        """Know the values of variables."""
        scope = self.elements[event.scope_key]
        if scope.variables is None:
            scope.variables = {}
        key = event.first_key
        for name, value in event.values.items():
            if (there := scope.variables.get(name)) is not None:
                there.value = value
            else:
                scope.variables[name] = VariableRecord(key, name, value, scope)
                key += 1

    def job_created(self, now: int, event: ev.JobCreated) -> None:
        """Know a job."""
        element = self.elements[event.element_key]
        definition = element.element.job
        headers = event.headers if event.headers is not None else definition.headers if definition else {}
        element.instance.owned.append(event.key)
        self.jobs[event.key] = JobRecord(
            event.key, event.type, element, event.retries, headers, event.kind, event.listener_event, now, now
        )

    def jobs_activated(self, now: int, event: ev.JobsActivated) -> None:
        """Know who has leased jobs."""
        for key in event.keys:
            job = self.jobs[key]
            job.worker, job.deadline, job.updated = event.worker, event.deadline, now

    def job_ended(self, now: int, event: ev.JobCompleted | ev.JobCanceled) -> None:
        """Know how a job has ended."""
        job = self.jobs[event.key]
        job.state = "COMPLETED" if type(event) is ev.JobCompleted else "CANCELED"
        job.ended = job.updated = now

    def job_failed(self, now: int, event: ev.JobFailed) -> None:
        """Know why an attempt failed."""
        job = self.jobs[event.key]
        job.state, job.retries, job.message, job.updated = "FAILED", event.retries, event.message, now
        job.deadline, job.has_failed_with_retries = 0, event.retries > 0

    def job_error_thrown(self, now: int, event: ev.JobErrorThrown) -> None:
        """Know which error was thrown."""
        job = self.jobs[event.key]
        job.state, job.error_code, job.message, job.updated = "ERROR_THROWN", event.code, event.message, now
        job.ended = now if event.caught else 0

    def job_available(self, now: int, event: ev.JobTimedOut | ev.JobYielded | ev.JobRecurred | ev.JobReopened) -> None:
        """Know that a job is activatable again."""
        job = self.jobs[event.key]
        job.state = "TIMED_OUT" if type(event) is ev.JobTimedOut else "CREATED"
        job.deadline, job.updated = 0, now

    def job_retries_updated(self, now: int, event: ev.JobRetriesUpdated) -> None:
        """Know the retries that an operator gave."""
        job = self.jobs[event.key]
        job.state, job.retries, job.updated = "RETRIES_UPDATED", event.retries, now

    def job_deadline_updated(self, now: int, event: ev.JobDeadlineUpdated) -> None:
        """Know that a lease was extended."""
        job = self.jobs[event.key]
        job.deadline, job.updated = event.deadline, now

    def message_subscribed(self, now: int, event: ev.MessageSubscribed) -> None:
        """Know what an element instance waits for."""
        element = self.elements[event.element_key]
        definition = element.instance.definition
        catch = definition.process.elements[event.catch_id]
        element.instance.owned.append(event.key)
        self.subscriptions[event.key] = SubscriptionRecord(
            event.key, event.name, event.correlation_key, catch, definition, element, now
        )

    def start_subscribed(self, now: int, event: ev.StartSubscribed) -> None:
        """Know what a start event waits for."""
        if event.kind == "message":
            definition = self._models[event.definition_key]
            catch = definition.process.elements[event.catch_id]
            self.subscriptions[event.key] = SubscriptionRecord(event.key, event.name, "", catch, definition, None, now)

    def unsubscribed(self, now: int, event: ev.Unsubscribed) -> None:
        """Know that a subscription is closed."""
        subscription = self.subscriptions.get(event.key)
        if subscription is not None:
            if subscription.state == "CREATED":
                subscription.state = "DELETED"
            subscription.updated = now

    def message_published(self, _now: int, event: ev.MessagePublished) -> None:
        """Know a message, until it expires."""
        self._messages[event.key] = (event.name, event.correlation_key)

    def message_correlated(self, now: int, event: ev.MessageCorrelated) -> None:
        """Know who has taken a message."""
        subscription, instance = self.subscriptions.get(event.subscription_key), self.instances.get(event.instance_key)
        if subscription is None or instance is None:
            return
        if subscription.element is not None:
            subscription.state, subscription.updated = "CORRELATED", now
        name, correlation_key = self._messages.get(event.message_key, (subscription.name, ""))
        self._correlations.append(
            CorrelationRecord(event.message_key, name, correlation_key, subscription, instance, now)
        )

    def message_expired(self, _now: int, event: ev.MessageExpired) -> None:
        """Forget a message."""
        self._messages.pop(event.key, None)

    def incident_created(self, now: int, event: ev.IncidentCreated) -> None:
        """Know why an element instance does not go on."""
        element = self.elements[event.element_key]
        self.incidents[event.key] = IncidentRecord(event.key, event.type, event.message, element, event.job_key, now)
        element.incident_key = event.key
        element.instance.owned.append(event.key)
        for instance in self._around(element.instance):
            instance.incidents += 1

    def incident_resolved(self, now: int, event: ev.IncidentResolved) -> None:
        """Know that an incident is resolved."""
        incident = self.incidents[event.key]
        incident.resolved = now
        if incident.element.incident_key == event.key:
            incident.element.incident_key = 0
        for instance in self._around(incident.element.instance):
            instance.incidents -= 1

    def _around(self, instance: InstanceRecord) -> Iterator[InstanceRecord]:
        current: InstanceRecord | None = instance
        while current is not None:
            yield current
            current = self.instances.get(current.parent_key)

    def user_task_created(self, now: int, event: ev.UserTaskCreated) -> None:
        """Know a user task."""
        element = self.elements[event.element_key]
        element.instance.owned.append(event.key)
        self.user_tasks[event.key] = UserTaskRecord(event.key, element, dict(event.attributes), now)

    def user_task_updated(self, _now: int, event: ev.UserTaskUpdated) -> None:
        """Know who has a user task."""
        self.user_tasks[event.key].attributes.update(event.attributes)

    def user_task_ended(self, now: int, event: ev.UserTaskEnded) -> None:
        """Know how a user task has ended."""
        task = self.user_tasks[event.key]
        task.state, task.completed = event.state, now

    def element_migrated(self, _now: int, event: ev.ElementMigrated) -> None:
        """Know that an element instance is one of another version."""
        definition = self._models[event.definition_key]
        record = self.elements[event.key]
        if not record.scope_key:
            record.instance.definition = definition
            record.element = definition.process.root
            return
        record.element = definition.process.elements[event.element_id]


_STEPS: dict[type[Any], Callable[[History, int, Any], None]] = {
    ev.ProcessDeployed: History.process_deployed,
    ev.FormDeployed: History.form_deployed,
    ev.ResourceDeleted: History.resource_deleted,
    ev.DefinitionDrained: History.definition_drained,
    ev.InstanceCreated: History.instance_created,
    ev.ElementActivated: History.element_activated,
    ev.ElementCompleted: History.element_ended,
    ev.ElementTerminated: History.element_ended,
    ev.FlowTaken: History.flow_taken,
    ev.VariablesSet: History.variables_set,
    ev.JobCreated: History.job_created,
    ev.JobsActivated: History.jobs_activated,
    ev.JobTimedOut: History.job_available,
    ev.JobYielded: History.job_available,
    ev.JobCompleted: History.job_ended,
    ev.JobFailed: History.job_failed,
    ev.JobRecurred: History.job_available,
    ev.JobErrorThrown: History.job_error_thrown,
    ev.JobCanceled: History.job_ended,
    ev.JobRetriesUpdated: History.job_retries_updated,
    ev.JobDeadlineUpdated: History.job_deadline_updated,
    ev.JobReopened: History.job_available,
    ev.MessageSubscribed: History.message_subscribed,
    ev.StartSubscribed: History.start_subscribed,
    ev.Unsubscribed: History.unsubscribed,
    ev.MessagePublished: History.message_published,
    ev.MessageCorrelated: History.message_correlated,
    ev.MessageExpired: History.message_expired,
    ev.IncidentCreated: History.incident_created,
    ev.IncidentResolved: History.incident_resolved,
    ev.UserTaskCreated: History.user_task_created,
    ev.UserTaskUpdated: History.user_task_updated,
    ev.UserTaskEnded: History.user_task_ended,
    ev.ElementMigrated: History.element_migrated,
}
