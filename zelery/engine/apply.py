"""Events change the state: one function for each, and nothing else does.

A function here never fails and never decides: whoever emitted the event has decided.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from zelery.engine import events as ev
from zelery.engine.records import (
    NO_VARIABLES,
    Definition,
    DefinitionState,
    ElementInstance,
    Form,
    Incident,
    Job,
    JobState,
    Loop,
    Message,
    MessageSubscription,
    ProcessInstance,
    SignalSubscription,
    StartSubscription,
    Timer,
    UserTask,
)
from zelery.engine.state import JOINING, State, buffered_for, element_of, held_by, waits_for


def apply(state: State, event: Any) -> None:
    """Change the state as the event says."""
    APPLY[type(event)](state, event)


def _process_deployed(state: State, event: ev.ProcessDeployed) -> None:
    definition = Definition(
        key=event.key,
        version=event.version,
        resource=event.resource,
        tenant_id=event.tenant_id,
        xml=event.xml,
        deployment_key=event.deployment_key,
        process=state.compile_process(event.xml, event.resource, event.process_id),
    )
    state.definitions[event.key] = definition
    state.versions.setdefault((event.tenant_id, event.process_id), []).append(definition)


def _form_deployed(state: State, event: ev.FormDeployed) -> None:
    form = Form(**event._asdict())
    state.forms[event.key] = form
    state.form_versions.setdefault((event.tenant_id, event.form_id), []).append(form)


def _resource_deleted(state: State, event: ev.ResourceDeleted) -> None:
    if (form := state.forms.get(event.key)) is not None:
        form.deleted = True
        return
    state.definitions[event.key].state = DefinitionState.DRAINING


def _definition_drained(state: State, event: ev.DefinitionDrained) -> None:
    state.definitions[event.key].state = DefinitionState.DELETED


def _instance_created(state: State, event: ev.InstanceCreated) -> None:
    definition = state.definitions[event.definition_key]
    parent = state.elements[event.parent_element_key] if event.parent_element_key else None
    instance = ProcessInstance(
        event.key,
        definition,
        parent,
        event.correlation_key,
        tuple(event.tags),
        event.business_id,
        parent.instance.root_key if parent else event.key,
        parent.instance.depth + 1 if parent else 1,
        event.start_id,
        event.payload or NO_VARIABLES,
    )
    state.instances[event.key] = instance
    state.elements[event.key] = ElementInstance(event.key, definition.process.root, None, instance)
    definition.running += 1
    if parent:
        parent.called = event.key
    if event.correlation_key:
        state.held[held_by(instance)] = event.key


def _element_activated(state: State, event: ev.ElementActivated) -> None:
    scope = state.elements[event.scope_key]
    element = element_of(scope, event.element_id)
    activated = ElementInstance(event.key, element, scope, scope.instance)
    state.elements[event.key] = activated
    if scope.children is None:
        scope.children = {}
    scope.children[event.key] = activated
    if scope.loop is not None:
        scope.loop.started += 1
    if scope.scope is None and element.id == scope.instance.start_id:
        scope.instance.start_id, scope.instance.payload = "", NO_VARIABLES
    if element.kind in JOINING and scope.tokens:
        for flow in element.incoming:
            if waiting := scope.tokens.get(flow.id):
                scope.tokens[flow.id] = waiting - 1
                if waiting == 1:
                    del scope.tokens[flow.id]


def _element_ended(state: State, event: ev.ElementCompleted | ev.ElementTerminated) -> None:
    ended = state.elements.pop(event.key)
    scope = ended.scope
    if scope is not None:
        assert scope.children is not None  # noqa: S101 - for the type checker: it was activated there
        del scope.children[event.key]
        if scope.loop is not None:
            scope.loop.completed += type(event) is ev.ElementCompleted
            scope.loop.terminated += type(event) is ev.ElementTerminated
        return
    state.ended_variables = ended.variables
    instance = state.instances.pop(event.key)
    instance.definition.running -= 1
    _release(state, instance)
    if instance.parent is not None:
        instance.parent.called = 0


def _release(state: State, instance: ProcessInstance) -> None:
    """Let the next instance start with the correlation key that this one holds, if it does."""
    if instance.correlation_key and state.held.get(held_by(instance)) == instance.key:
        del state.held[held_by(instance)]


def _flow_taken(state: State, event: ev.FlowTaken) -> None:
    scope = state.elements[event.scope_key]
    flow = state.flow(scope, event.flow_id)
    if flow.target.kind in JOINING and len(flow.target.incoming) > 1:
        if scope.tokens is None:
            scope.tokens = {}
        scope.tokens[event.flow_id] = scope.tokens.get(event.flow_id, 0) + 1


def _scope_interrupted(state: State, event: ev.ScopeInterrupted) -> None:
    scope = state.elements[event.scope_key]
    scope.interrupted_by = event.element_id
    scope.tokens = None


def _variables_set(state: State, event: ev.VariablesSet) -> None:
    scope = state.elements[event.scope_key]
    scope.variables = {**scope.variables, **event.values}


def _loop_started(state: State, event: ev.LoopStarted) -> None:
    state.elements[event.key].loop = Loop(event.items)


def _completion_condition_fulfilled(state: State, event: ev.CompletionConditionFulfilled) -> None:
    loop = state.elements[event.key].loop
    if loop is not None:
        loop.fulfilled = True


def _job_created(state: State, event: ev.JobCreated) -> None:
    element = state.elements[event.element_key]
    definition = element.element.job
    headers = event.headers if event.headers is not None else definition.headers if definition else {}
    job = Job(event.key, event.type, element, event.retries, headers, event.kind, event.listener_event)
    state.jobs[event.key] = job
    element.job_key = event.key
    _make_activatable(state, job)


def _make_activatable(state: State, job: Job) -> None:
    job.state = JobState.ACTIVATABLE
    job.recur_at = job.deadline = 0
    state.activatable.setdefault((job.type, job.tenant_id), {})[job.key] = job


def _make_unavailable(state: State, job: Job) -> None:
    if job.state is JobState.ACTIVATABLE:
        queue = state.activatable[job.type, job.tenant_id]
        del queue[job.key]
        if not queue:
            del state.activatable[job.type, job.tenant_id]


def _jobs_activated(state: State, event: ev.JobsActivated) -> None:
    for key in event.keys:
        job = state.jobs[key]
        _make_unavailable(state, job)
        job.state, job.worker, job.deadline = JobState.ACTIVATED, event.worker, event.deadline
        heapq.heappush(state.due, (event.deadline, key, "lease"))


def _job_reopened(state: State, event: ev.JobTimedOut | ev.JobYielded | ev.JobRecurred | ev.JobReopened) -> None:
    _make_activatable(state, state.jobs[event.key])


def _job_ended(state: State, event: ev.JobCompleted | ev.JobCanceled) -> None:
    job = state.jobs.pop(event.key)
    _make_unavailable(state, job)
    job.element.job_key = 0


def _job_failed(state: State, event: ev.JobFailed) -> None:
    job = state.jobs[event.key]
    _make_unavailable(state, job)
    job.retries, job.state, job.deadline = event.retries, JobState.FAILED, 0
    if event.retries > 0 and event.recur_at:
        job.recur_at = event.recur_at
        heapq.heappush(state.due, (event.recur_at, event.key, "backoff"))
    elif event.retries > 0:
        _make_activatable(state, job)


def _job_error_thrown(state: State, event: ev.JobErrorThrown) -> None:
    job = state.jobs[event.key]
    _make_unavailable(state, job)
    job.state = JobState.ERROR_THROWN
    if event.caught:
        del state.jobs[event.key]
        job.element.job_key = 0


def _job_retries_updated(state: State, event: ev.JobRetriesUpdated) -> None:
    state.jobs[event.key].retries = event.retries


def _job_deadline_updated(state: State, event: ev.JobDeadlineUpdated) -> None:
    state.jobs[event.key].deadline = event.deadline
    heapq.heappush(state.due, (event.deadline, event.key, "lease"))


def _message_subscribed(state: State, event: ev.MessageSubscribed) -> None:
    element = state.elements[event.element_key]
    catch = element.instance.definition.process.elements[event.catch_id]
    opened = MessageSubscription(event.key, element, catch, event.name, event.correlation_key)
    state.subscriptions[event.key] = opened
    _catches(element)[event.key] = opened
    state.waiting.setdefault(waits_for(opened), {})[event.key] = opened


def _catches(element: ElementInstance) -> dict[int, Any]:
    if element.catches is None:
        element.catches = {}
    return element.catches


def _start_subscribed(state: State, event: ev.StartSubscribed) -> None:
    definition = state.definitions[event.definition_key]
    catch = definition.process.elements[event.catch_id]
    opened = StartSubscription(event.key, definition, catch, event.kind, event.name)
    state.subscriptions[event.key] = opened
    state.starts.setdefault((definition.tenant_id, event.kind, event.name), {})[event.key] = opened


def _signal_subscribed(state: State, event: ev.SignalSubscribed) -> None:
    element = state.elements[event.element_key]
    catch = element.instance.definition.process.elements[event.catch_id]
    opened = SignalSubscription(event.key, element, catch, event.name)
    state.subscriptions[event.key] = opened
    _catches(element)[event.key] = opened
    tenant_id = element.instance.definition.tenant_id
    state.signals.setdefault((tenant_id, event.name), {})[event.key] = opened


def _unsubscribed(state: State, event: ev.Unsubscribed) -> None:
    closed = state.subscriptions.pop(event.key)
    match closed:
        case MessageSubscription():
            _remove(state.waiting, waits_for(closed), event.key)
        case SignalSubscription():
            _remove(state.signals, (closed.element.instance.definition.tenant_id, closed.name), event.key)
        case StartSubscription():
            _remove(state.starts, (closed.definition.tenant_id, closed.kind, closed.name), event.key)
    if not isinstance(closed, StartSubscription) and closed.element.catches is not None:
        closed.element.catches.pop(event.key, None)


def _message_published(state: State, event: ev.MessagePublished) -> None:
    message = Message(
        event.key,
        event.name,
        event.correlation_key,
        event.message_id,
        event.deadline,
        event.variables,
        event.tenant_id,
        set(),
    )
    state.messages[event.key] = message
    if not event.buffered:
        return
    state.buffered.setdefault(buffered_for(message), {})[event.key] = message
    if event.message_id:
        state.message_ids[(*buffered_for(message), event.message_id)] = event.key
    heapq.heappush(state.due, (event.deadline, event.key, "message"))


def _message_correlated(state: State, event: ev.MessageCorrelated) -> None:
    message = state.messages.get(event.message_key)
    taken = state.subscriptions.get(event.subscription_key)
    if message is not None and taken is not None:
        definition = taken.definition if isinstance(taken, StartSubscription) else taken.element.instance.definition
        message.taken_by.add(definition.process_id)


def _message_expired(state: State, event: ev.MessageExpired) -> None:
    message = state.messages.pop(event.key)
    if event.key in state.buffered.get(buffered_for(message), ()):
        _remove(state.buffered, buffered_for(message), event.key)
    if message.message_id:
        state.message_ids.pop((*buffered_for(message), message.message_id), None)


def _nothing(state: State, event: Any) -> None:
    """For an event that is only told."""


def _timer_created(state: State, event: ev.TimerCreated) -> None:
    element = state.elements[event.element_key] if event.element_key else None
    definition = element.instance.definition if element else state.definitions[event.definition_key]
    catch = definition.process.elements[event.catch_id]
    timer = Timer(event.key, element, definition, catch, event.due, event.repetitions)
    state.timers[event.key] = timer
    if element is not None:
        _catches(element)[event.key] = timer
    heapq.heappush(state.due, (event.due, event.key, "timer"))


def _timer_ended(state: State, event: ev.TimerTriggered | ev.TimerCanceled) -> None:
    timer = state.timers.pop(event.key)
    if timer.element is not None and timer.element.catches is not None:
        timer.element.catches.pop(event.key, None)


def _incident_created(state: State, event: ev.IncidentCreated) -> None:
    element = state.elements[event.element_key]
    state.incidents[event.key] = Incident(event.key, event.type, event.message, element, event.job_key, event.stage)
    if element.incidents is None:
        element.incidents = set()
    element.incidents.add(event.key)


def _incident_resolved(state: State, event: ev.IncidentResolved) -> None:
    incident = state.incidents.pop(event.key)
    if incident.element.incidents is not None:
        incident.element.incidents.discard(event.key)


def _user_task_created(state: State, event: ev.UserTaskCreated) -> None:
    element = state.elements[event.element_key]
    state.user_tasks[event.key] = UserTask(event.key, element, dict(event.attributes))
    element.user_task_key = event.key


def _user_task_updated(state: State, event: ev.UserTaskUpdated) -> None:
    state.user_tasks[event.key].attributes.update(event.attributes)


def _user_task_ended(state: State, event: ev.UserTaskEnded) -> None:
    state.user_tasks.pop(event.key).element.user_task_key = 0


def _element_migrated(state: State, event: ev.ElementMigrated) -> None:
    migrated = state.elements[event.key]
    definition = state.definitions[event.definition_key]
    if migrated.scope is None:
        instance = migrated.instance
        instance.definition.running -= 1
        _release(state, instance)
        instance.definition = definition
        if instance.correlation_key:
            state.held.setdefault(held_by(instance), instance.key)
        definition.running += 1
        migrated.element = definition.process.root
    else:
        migrated.element = element_of(migrated.scope, event.element_id)


def _catch_migrated(state: State, event: ev.CatchMigrated) -> None:
    waiting = state.timers.get(event.key) or state.subscriptions[event.key]
    assert not isinstance(waiting, StartSubscription)  # noqa: S101 - for the type checker: an instance's
    definition = waiting.element.instance.definition if waiting.element is not None else waiting.definition
    waiting.catch = definition.process.elements[event.catch_id]
    if isinstance(waiting, Timer):
        waiting.definition = definition


def _cluster_variable_set(state: State, event: ev.ClusterVariableSet) -> None:
    state.cluster_variables[event.tenant_id, event.name] = event.value


def _cluster_variable_deleted(state: State, event: ev.ClusterVariableDeleted) -> None:
    state.cluster_variables.pop((event.tenant_id, event.name), None)


def _remove(index: dict[Any, dict[int, Any]], name: Any, key: int) -> None:
    """Take a key out of an index, and its list with the last one."""
    del index[name][key]
    if not index[name]:
        del index[name]


APPLY: dict[type[Any], Callable[[State, Any], None]] = {
    ev.ProcessDeployed: _process_deployed,
    ev.FormDeployed: _form_deployed,
    ev.ResourceDeleted: _resource_deleted,
    ev.DefinitionDrained: _definition_drained,
    ev.InstanceCreated: _instance_created,
    ev.ElementActivated: _element_activated,
    ev.ElementCompleted: _element_ended,
    ev.ElementTerminated: _element_ended,
    ev.FlowTaken: _flow_taken,
    ev.ScopeInterrupted: _scope_interrupted,
    ev.VariablesSet: _variables_set,
    ev.LoopStarted: _loop_started,
    ev.CompletionConditionFulfilled: _completion_condition_fulfilled,
    ev.JobCreated: _job_created,
    ev.JobsActivated: _jobs_activated,
    ev.JobTimedOut: _job_reopened,
    ev.JobYielded: _job_reopened,
    ev.JobCompleted: _job_ended,
    ev.JobFailed: _job_failed,
    ev.JobRecurred: _job_reopened,
    ev.JobErrorThrown: _job_error_thrown,
    ev.JobCanceled: _job_ended,
    ev.JobRetriesUpdated: _job_retries_updated,
    ev.JobDeadlineUpdated: _job_deadline_updated,
    ev.JobReopened: _job_reopened,
    ev.MessageSubscribed: _message_subscribed,
    ev.StartSubscribed: _start_subscribed,
    ev.Unsubscribed: _unsubscribed,
    ev.MessagePublished: _message_published,
    ev.MessageCorrelated: _message_correlated,
    ev.MessageExpired: _message_expired,
    ev.SignalSubscribed: _signal_subscribed,
    ev.SignalBroadcast: _nothing,
    ev.TimerCreated: _timer_created,
    ev.TimerTriggered: _timer_ended,
    ev.TimerCanceled: _timer_ended,
    ev.IncidentCreated: _incident_created,
    ev.IncidentResolved: _incident_resolved,
    ev.UserTaskCreated: _user_task_created,
    ev.UserTaskUpdated: _user_task_updated,
    ev.UserTaskEnded: _user_task_ended,
    ev.ElementMigrated: _element_migrated,
    ev.CatchMigrated: _catch_migrated,
    ev.ClusterVariableSet: _cluster_variable_set,
    ev.ClusterVariableDeleted: _cluster_variable_deleted,
}
