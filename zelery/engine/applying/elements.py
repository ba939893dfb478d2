"""What happens to process instances and elements: their life, variables, incidents, user tasks."""

from __future__ import annotations

from zelery.engine import events as ev
from zelery.engine.records import NO_VARIABLES, ElementInstance, Incident, Loop, ProcessInstance, UserTask
from zelery.engine.state import JOINING, State, element_of, held_by


def instance_created(state: State, event: ev.InstanceCreated) -> None:
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


def element_activated(state: State, event: ev.ElementActivated) -> None:
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


def element_ended(state: State, event: ev.ElementCompleted | ev.ElementTerminated) -> None:
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
    release(state, instance)
    if instance.parent is not None:
        instance.parent.called = 0


def release(state: State, instance: ProcessInstance) -> None:
    """Let the next instance start with the correlation key that this one holds, if it does."""
    if instance.correlation_key and state.held.get(held_by(instance)) == instance.key:
        del state.held[held_by(instance)]


def flow_taken(state: State, event: ev.FlowTaken) -> None:
    scope = state.elements[event.scope_key]
    flow = state.flow(scope, event.flow_id)
    if flow.target.kind in JOINING and len(flow.target.incoming) > 1:
        if scope.tokens is None:
            scope.tokens = {}
        scope.tokens[event.flow_id] = scope.tokens.get(event.flow_id, 0) + 1


def scope_interrupted(state: State, event: ev.ScopeInterrupted) -> None:
    scope = state.elements[event.scope_key]
    scope.interrupted_by = event.element_id
    scope.tokens = None


def variables_set(state: State, event: ev.VariablesSet) -> None:
    scope = state.elements[event.scope_key]
    scope.variables = {**scope.variables, **event.values}


def loop_started(state: State, event: ev.LoopStarted) -> None:
    state.elements[event.key].loop = Loop(event.items)


def completion_condition_fulfilled(state: State, event: ev.CompletionConditionFulfilled) -> None:
    loop = state.elements[event.key].loop
    if loop is not None:
        loop.fulfilled = True


def incident_created(state: State, event: ev.IncidentCreated) -> None:
    element = state.elements[event.element_key]
    state.incidents[event.key] = Incident(event.key, event.type, event.message, element, event.job_key, event.stage)
    if element.incidents is None:
        element.incidents = set()
    element.incidents.add(event.key)


def incident_resolved(state: State, event: ev.IncidentResolved) -> None:
    incident = state.incidents.pop(event.key)
    if incident.element.incidents is not None:
        incident.element.incidents.discard(event.key)


def user_task_created(state: State, event: ev.UserTaskCreated) -> None:
    element = state.elements[event.element_key]
    state.user_tasks[event.key] = UserTask(event.key, element, dict(event.attributes))
    element.user_task_key = event.key


def user_task_updated(state: State, event: ev.UserTaskUpdated) -> None:
    state.user_tasks[event.key].attributes.update(event.attributes)


def user_task_ended(state: State, event: ev.UserTaskEnded) -> None:
    state.user_tasks.pop(event.key).element.user_task_key = 0


def element_migrated(state: State, event: ev.ElementMigrated) -> None:
    migrated = state.elements[event.key]
    definition = state.definitions[event.definition_key]
    if migrated.scope is None:
        instance = migrated.instance
        instance.definition.running -= 1
        release(state, instance)
        instance.definition = definition
        if instance.correlation_key:
            state.held.setdefault(held_by(instance), instance.key)
        definition.running += 1
        migrated.element = definition.process.root
    else:
        migrated.element = element_of(migrated.scope, event.element_id)


def cluster_variable_set(state: State, event: ev.ClusterVariableSet) -> None:
    state.cluster_variables[event.tenant_id, event.name] = event.value


def cluster_variable_deleted(state: State, event: ev.ClusterVariableDeleted) -> None:
    state.cluster_variables.pop((event.tenant_id, event.name), None)
