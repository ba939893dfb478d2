"""What holds in an engine between any two commands, in words where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tests.zelery.engine.properties.dump import due
from zelery.engine.bpmn.model import Kind
from zelery.engine.records import ElementInstance, Job, JobState, MessageSubscription, SignalSubscription
from zelery.engine.state import FIRST_KEY, State, held_by, waits_for

#: Elements that go on with what is within them.
_SCOPES = frozenset(
    {Kind.PROCESS, Kind.SUB_PROCESS, Kind.EVENT_SUB_PROCESS, Kind.AD_HOC_INNER, Kind.MULTI_INSTANCE_BODY}
)

#: Elements that wait for an event of their own.
_CATCHING = frozenset({Kind.CATCH_EVENT, Kind.RECEIVE_TASK, Kind.EVENT_BASED_GATEWAY})


def broken(state: State) -> list[str]:
    """All that does not hold."""
    return list(
        chain(
            _left_behind(state), _indexes(state), _stuck(state), _jobs(state), _held(state), _keys(state), _due(state)
        )
    )


def _left_behind(state: State) -> Iterator[str]:
    """What belongs to element instances that have ended, or is not known to those that have not."""
    for job in state.jobs.values():
        if not _is_there(state, job.element) or job.element.job_key != job.key:
            yield f"job {job.key} of {job.element}"
    for task in state.user_tasks.values():
        if not _is_there(state, task.element) or task.element.user_task_key != task.key:
            yield f"user task {task.key} of {task.element}"
    for incident in state.incidents.values():
        if not _is_there(state, incident.element) or incident.key not in (incident.element.incidents or ()):
            yield f"incident {incident.key} ({incident.type}) of {incident.element}"
        if incident.job_key and incident.job_key not in state.jobs:
            yield f"incident {incident.key} of the job {incident.job_key}, which has ended"
    for element in state.elements.values():
        yield from _element(state, element)
    yield from _waiting(state)


def _is_there(state: State, element: ElementInstance) -> bool:
    return state.elements.get(element.key) is element


def _waiting(state: State) -> Iterator[str]:
    """Timers and subscriptions that no element instance waits for."""
    for waiting in chain(state.timers.values(), state.subscriptions.values()):
        element: ElementInstance | None = getattr(waiting, "element", None)
        if element is not None and not (_is_there(state, element) and waiting.key in (element.catches or ())):
            yield f"{type(waiting).__name__} {waiting.key} of {element}"


def _element(state: State, element: ElementInstance) -> Iterator[str]:
    if element.pending:
        yield f"{element} has {element.pending} steps pending"
    if element.instance.key not in state.instances:
        yield f"{element} of an instance that has ended"
    if element.scope is not None and (element.scope.children or {}).get(element.key) is not element:
        yield f"{element} is not known to its scope"
    if any(count < 1 for count in (element.tokens or {}).values()):
        yield f"{element} has tokens {element.tokens}"
    known = {**state.timers, **state.subscriptions}
    if lost := (element.catches or {}).keys() - known.keys():
        yield f"{element} waits for {lost}, which is not there"
    if (element.incidents or set()) - state.incidents.keys():
        yield f"{element} has incidents that are not there"


def _indexes(state: State) -> Iterator[str]:
    """Queues and indexes that differ from what they are of."""
    queued = {key: job for queue in state.activatable.values() for key, job in queue.items()}
    if queued.keys() != {each.key for each in state.jobs.values() if each.state is JobState.ACTIVATABLE}:
        yield f"queued jobs {queued}"
    messages = {each.key for each in state.subscriptions.values() if isinstance(each, MessageSubscription)}
    signals = {each.key for each in state.subscriptions.values() if isinstance(each, SignalSubscription)}
    if messages != {key for waiting in state.waiting.values() for key in waiting}:
        yield f"message subscriptions {messages}, but {state.waiting}"
    if any(waits_for(each) != name for name, waiting in state.waiting.items() for each in waiting.values()):
        yield f"message subscriptions under another name: {state.waiting}"
    if signals != {key for waiting in state.signals.values() for key in waiting}:
        yield f"signal subscriptions {signals}, but {state.signals}"
    if state.messages.keys() != {key for waiting in state.buffered.values() for key in waiting}:
        yield f"messages {state.messages}, but {state.buffered}"
    if not set(state.message_ids.values()) <= state.messages.keys():
        yield f"ids of messages that are not there: {state.message_ids}"
    every = (state.activatable, state.waiting, state.signals, state.buffered)
    if any(not each for index in every for each in index.values()):
        yield "an index keeps names of nothing"


def _stuck(state: State) -> Iterator[str]:
    """Active element instances with nothing to wait for."""
    for element in state.elements.values():
        kind, model = element.element.kind, element.element
        if element.incidents:
            continue
        if kind in _SCOPES:
            waits = bool(element.children or element.tokens)
        elif kind is Kind.CALL_ACTIVITY:
            waits = element.called in state.instances
        elif kind is Kind.AD_HOC_SUB_PROCESS:
            waits = bool(element.children or element.job_key or model.ad_hoc)
        elif kind in _CATCHING:
            waits = any(each.catch.kind in _CATCHING for each in (element.catches or {}).values())
        else:
            waits = bool(element.job_key or element.user_task_key)
        if not waits:
            yield f"{element} of {element.instance.definition.process_id} is stuck"


def _jobs(state: State) -> Iterator[str]:
    for job in state.jobs.values():
        if not _goes_on(job) and not any(
            state.incidents[key].job_key == job.key for key in job.element.incidents or ()
        ):
            yield f"job {job.key} is {job.state.name} with {job.retries} retries, and has no incident"


def _goes_on(job: Job) -> bool:
    """Whether a job does not wait for an operator."""
    if job.state is JobState.FAILED:
        return job.retries > 0 and 0 < job.recur_at < 1 << 60
    return job.state is not JobState.ERROR_THROWN


def _held(state: State) -> Iterator[str]:
    """Correlation keys that are held by nobody who is active, and instances that are counted wrongly."""
    for name, key in state.held.items():
        if key not in state.instances or held_by(state.instances[key]) != name:
            yield f"{name} is held by {key}, which has ended or is not of it"
    for definition in state.definitions.values():
        running = sum(each.definition is definition for each in state.instances.values())
        if running != definition.running:
            yield f"{definition.process_id} has {running} instances, but counts {definition.running}"


def _keys(state: State) -> Iterator[str]:
    known = chain(
        state.elements, state.jobs, state.timers, state.subscriptions, state.incidents, state.messages, state.user_tasks
    )
    keys = sorted(known)
    if keys and not FIRST_KEY <= keys[0] <= keys[-1] < state.next_key:
        yield f"keys from {keys[0]} to {keys[-1]}, but the next is {state.next_key}"
    if len(set(keys)) != len(keys):
        yield "a key has been given twice"


def _due(state: State) -> Iterator[str]:
    if lost := set(due(state)) - set(state.due):
        yield f"{sorted(lost)} will never be due"
