"""Jobs: created by elements, leased and answered by workers (docs: "Job workers"; spec/engine.md §4)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from zelery.engine import catches, incidents, lifecycle, throwing, variables
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.bpmn.model import ErrorEvent, JobDefinition
from zelery.engine.errors import Code, Failure, Rejected
from zelery.engine.records import ElementInstance, Job, JobState

if TYPE_CHECKING:
    from zelery.engine.transaction import Transaction

#: A time that does not come: the job waits for an operator.
NEVER = 1 << 62

#: States in which a worker may still answer: one who is late may, while no other has.
_ANSWERABLE = (JobState.ACTIVATABLE, JobState.ACTIVATED)


def create(
    tx: Transaction,
    instance: ElementInstance,
    definition: JobDefinition,
    headers: Mapping[str, str] | None = None,
    kind: str = "BPMN_ELEMENT",
) -> None:
    """Create the job of an element. Raises Failure where its type or retries have no usable value."""
    job_type = tx.expressions.text(definition.type, instance)
    retries = tx.expressions.number(definition.retries, instance)
    tx.emit(ev.JobCreated(tx.key(), job_type, instance.key, retries, headers, kind))


def cancel(tx: Transaction, instance: ElementInstance) -> None:
    """Cancel the job of an element instance that ends."""
    if instance.job_key:
        tx.emit(ev.JobCanceled(instance.job_key))
    if instance.user_task_key:
        tx.emit(ev.UserTaskEnded(instance.user_task_key, "CANCELED"))


def activate(tx: Transaction, command: cmd.ActivateJobs) -> Sequence[cmd.ActivatedJob]:
    """Lease jobs, the first that became activatable first, as many as fit the answer."""
    deadline = tx.now + command.timeout_ms
    leased: list[cmd.ActivatedJob] = []
    room = command.bytes_max
    for tenant_id in command.tenant_ids:
        waiting = tx.state.activatable.get((command.type, tenant_id), {})
        for job in list(itertools.islice(waiting.values(), command.most - len(leased))):
            found = activated(job, command.worker, deadline, command.fetch)
            size = len(found.variables_json)
            if size > command.bytes_max:
                _too_large(tx, job, size)
                continue
            if size > room:
                break
            room -= size
            leased.append(found)
    if leased:
        tx.emit(ev.JobsActivated([each.key for each in leased], command.worker, deadline))
    return leased


def _too_large(tx: Transaction, job: Job, size: int) -> None:
    tx.emit(ev.JobFailed(job.key, job.retries, "", NEVER))
    failure = Failure(
        "MESSAGE_SIZE_EXCEEDED",
        f"The job with key '{job.key}' can not be activated, because with {size} bytes of variables it is larger than "
        "a message may be (4 MB by default). Fetch fewer variables, or make them smaller, then resolve this incident.",
    )
    incidents.create(tx, job.element, failure, incidents.JOB, job.key)


def activated(job: Job, worker: str, deadline: int, fetch: Sequence[str]) -> cmd.ActivatedJob:
    """A job as its worker sees it."""
    element = job.element
    instance = element.instance
    definition = instance.definition
    seen = variables.visible(element)
    if fetch:
        seen = {name: seen[name] for name in fetch if name in seen}
    return cmd.ActivatedJob(
        job.key,
        job.type,
        definition.process_id,
        definition.version,
        definition.key,
        instance.key,
        element.element.id,
        element.key,
        job.headers,
        worker,
        job.retries,
        deadline,
        seen,
        variables.to_json(seen),
        definition.tenant_id,
        job.kind,
        job.listener_event,
        instance.tags,
        instance.root_key,
    )


def _answerable(tx: Transaction, key: int, verb: str) -> Job:
    """A job that may be answered. Raises Rejected."""
    job = tx.state.jobs.get(key)
    if job is None:
        raise Rejected(Code.NOT_FOUND, f"Expected to {verb} job with key '{key}', but no such job was found")
    if job.state not in _ANSWERABLE:
        raise Rejected(
            Code.INVALID_STATE, f"Expected to {verb} job with key '{key}', but it is in state '{job.state.name}'"
        )
    return job


def complete(tx: Transaction, command: cmd.CompleteJob) -> None:
    """Complete a job, and with it the element."""
    job = _answerable(tx, command.key, "complete")
    instance = job.element
    behavior = lifecycle.behavior(instance)
    behavior.check_result(instance, command.result)
    tx.emit(ev.JobCompleted(job.key))
    behavior.job_done(tx, instance, command.variables, command.result)


def fail(tx: Transaction, command: cmd.FailJob) -> None:
    """Fail an attempt. Without retries left there is an incident."""
    job = _answerable(tx, command.key, "fail")
    recur_at = tx.now + command.backoff_ms if command.retries > 0 and command.backoff_ms > 0 else 0
    tx.emit(ev.JobFailed(job.key, command.retries, command.message, recur_at))
    if command.variables:
        variables.set_local(tx, job.element, command.variables)
    if command.retries <= 0:
        failure = Failure("JOB_NO_RETRIES", command.message or "No more retries left.")
        incidents.create(tx, job.element, failure, incidents.JOB, job.key)


def throw_error(tx: Transaction, command: cmd.ThrowError) -> None:
    """Throw a BPMN error from a job. Where nothing catches it there is an incident."""
    job = _answerable(tx, command.key, "throw an error for")
    element = job.element
    try:
        found = throwing.catcher(tx, element, command.code, ErrorEvent)
        failure = None if found else throwing.unhandled(tx, element, command.code, command.message)
    except Failure as error:
        found, failure = None, error
    tx.emit(ev.JobErrorThrown(job.key, command.code, command.message, found is not None, command.variables))
    if found is not None:
        catches.trigger(tx, *found, command.variables)
    elif failure is not None:
        incidents.create(tx, element, failure, incidents.JOB, job.key)


def update(tx: Transaction, command: cmd.UpdateJob) -> None:
    """Change a job's retries, or its lease."""
    job = tx.state.jobs.get(command.key)
    if job is None:
        raise Rejected(Code.NOT_FOUND, f"Expected to update job with key '{command.key}', but no such job was found")
    if command.retries is not None and command.retries < 1:
        raise Rejected(
            Code.INVALID_ARGUMENT,
            f"Expected to update retries for job with key '{command.key}' with a positive amount of retries, but the "
            f"amount given was '{command.retries}'",
        )
    if command.timeout_ms is not None and job.state is not JobState.ACTIVATED:
        raise Rejected(
            Code.INVALID_STATE,
            f"Expected to update the timeout of job with key '{command.key}', but it is not active: its state is "
            f"'{job.state.name}'",
        )
    if command.retries is not None:
        tx.emit(ev.JobRetriesUpdated(job.key, command.retries))
    if command.timeout_ms is not None:
        tx.emit(ev.JobDeadlineUpdated(job.key, tx.now + command.timeout_ms))


def give_back(tx: Transaction, command: cmd.YieldJob) -> None:
    """Make a pushed job activatable again; one that was answered meanwhile is left alone."""
    job = tx.state.jobs.get(command.key)
    if job is not None and job.state is JobState.ACTIVATED:
        tx.emit(ev.JobYielded(job.key))


def lease_ended(tx: Transaction, key: int, due: int) -> None:
    """Make a job activatable again whose lease has ended, if it was not extended."""
    job = tx.state.jobs.get(key)
    if job is not None and job.state is JobState.ACTIVATED and job.deadline == due:
        tx.emit(ev.JobTimedOut(key))


def backoff_ended(tx: Transaction, key: int, due: int) -> None:
    """Make a failed job activatable again when its backoff is over."""
    job = tx.state.jobs.get(key)
    if job is not None and job.state is JobState.FAILED and job.recur_at == due:
        tx.emit(ev.JobRecurred(key))
