"""What happens to jobs: when they are activatable, leased, answered."""

from __future__ import annotations

import heapq

from zelery.engine import events as ev
from zelery.engine.records import Job, JobState
from zelery.engine.state import State


def job_created(state: State, event: ev.JobCreated) -> None:
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


def jobs_activated(state: State, event: ev.JobsActivated) -> None:
    for key in event.keys:
        job = state.jobs[key]
        _make_unavailable(state, job)
        job.state, job.worker, job.deadline = JobState.ACTIVATED, event.worker, event.deadline
        heapq.heappush(state.due, (event.deadline, key, "lease"))


def job_reopened(state: State, event: ev.JobTimedOut | ev.JobYielded | ev.JobRecurred | ev.JobReopened) -> None:
    _make_activatable(state, state.jobs[event.key])


def job_ended(state: State, event: ev.JobCompleted | ev.JobCanceled) -> None:
    job = state.jobs.pop(event.key)
    _make_unavailable(state, job)
    job.element.job_key = 0


def job_failed(state: State, event: ev.JobFailed) -> None:
    job = state.jobs[event.key]
    _make_unavailable(state, job)
    job.retries, job.state, job.deadline = event.retries, JobState.FAILED, 0
    if event.retries > 0 and event.recur_at:
        job.recur_at = event.recur_at
        heapq.heappush(state.due, (event.recur_at, event.key, "backoff"))
    elif event.retries > 0:
        _make_activatable(state, job)


def job_error_thrown(state: State, event: ev.JobErrorThrown) -> None:
    job = state.jobs[event.key]
    _make_unavailable(state, job)
    job.state = JobState.ERROR_THROWN
    if event.caught:
        del state.jobs[event.key]
        job.element.job_key = 0


def job_retries_updated(state: State, event: ev.JobRetriesUpdated) -> None:
    state.jobs[event.key].retries = event.retries


def job_deadline_updated(state: State, event: ev.JobDeadlineUpdated) -> None:
    state.jobs[event.key].deadline = event.deadline
    heapq.heappush(state.due, (event.deadline, event.key, "lease"))
