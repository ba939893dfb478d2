"""The engine in this process as the gateway that inbound connectors tell of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from zelery.camunda.gateway import Deployed, Ended, Lease, Message
from zelery.engine import commands as cmd
from zelery.engine.engine import Engine
from zelery.engine.errors import Code, Rejected
from zelery.errors import DuplicateError, GatewayError, NotFoundError, PushbackError
from zelery.model import DEFAULT_TENANT, Completed, Failed, Ignored, Job, Outcome, Thrown

_KINDS: Mapping[Code, type[GatewayError]] = {
    Code.NOT_FOUND: NotFoundError,
    Code.ALREADY_EXISTS: DuplicateError,
    Code.EXCEEDED: PushbackError,
    Code.TIMEOUT: PushbackError,
    Code.UNAVAILABLE: PushbackError,
}
_STATUS = {Code.INVALID_STATE: "FAILED_PRECONDITION"}


class EngineGateway:
    """`Gateway` on an engine, without gRPC. Errors are those that a cluster would cause."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _execute(self, command: Any) -> Any:
        try:
            return self._engine.execute(command)
        except Rejected as rejected:
            raise _translated(rejected) from rejected

    async def activate(self, lease: Lease, *, most: int, wait_s: float) -> Sequence[Job]:
        """Lease jobs; with none at hand, wait for the first."""
        command = cmd.ActivateJobs(
            lease.type, lease.worker, lease.lease_ms, most, lease.variables, lease.tenant_ids or (DEFAULT_TENANT,)
        )
        return [job_of(each) for each in await self._engine.activate_jobs(command, int(wait_s * 1000))]

    async def stream(self, lease: Lease) -> AsyncIterator[Job]:
        """Jobs as they become activatable."""
        command = cmd.ActivateJobs(lease.type, lease.worker, lease.lease_ms, 1, lease.variables)
        async for each in self._engine.stream_jobs(command):
            yield job_of(each)

    async def report(self, job: Job, outcome: Outcome) -> None:
        """The one command that ends an activation."""
        self._execute(command_of(job, outcome))

    async def extend(self, job: Job, lease_ms: int) -> None:
        """Hold the job for `lease_ms` milliseconds from now."""
        self._execute(cmd.UpdateJob(job.key, timeout_ms=lease_ms))

    async def deploy(self, resources: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Deployed]:
        """Deploy resources by file name; returns the process definitions among them."""
        made: cmd.Deployment = self._execute(cmd.Deploy(resources, tenant_id))
        return [
            Deployed(process_id=each.process_id, version=each.version, key=each.key, resource=each.resource)
            for each in made.processes
        ]

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = DEFAULT_TENANT
    ) -> int:
        """Start an instance; returns its key."""
        created: cmd.Created = self._execute(cmd.CreateInstance(process_id, 0, version, variables, tenant_id))
        return created.key

    async def publish(self, message: Message) -> int:
        """Publish a message; returns its key."""
        published: cmd.Published = self._execute(
            cmd.PublishMessage(
                message.name,
                message.correlation_key,
                message.ttl_ms,
                message.message_id,
                message.variables,
                message.tenant_id,
            )
        )
        return published.key

    async def start_and_wait(
        self,
        process_id: str,
        variables: Mapping[str, Any],
        *,
        wait_s: float,
        fetch: Sequence[str] = (),
        version: int = -1,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Ended:
        """Start an instance and wait for its end."""
        command = cmd.CreateInstance(process_id, 0, version, variables, tenant_id)
        try:
            created, seen = await self._engine.create_and_wait(command, int(wait_s * 1000), fetch)
        except Rejected as rejected:
            raise _translated(rejected) from rejected
        return Ended(key=created.key, variables=seen)

    async def topology(self) -> str:
        """A version."""
        return "in process"

    async def brokers(self) -> tuple[int, bool]:
        """One, and it is healthy."""
        return 1, True


def job_of(job: cmd.ActivatedJob) -> Job:
    """A leased job, as connectors are given it."""
    return Job(
        key=job.key,
        type=job.type,
        variables=job.variables_json,
        headers=dict(job.headers),
        retries=job.retries,
        deadline_ms=job.deadline,
        process_id=job.process_id,
        process_version=job.process_version,
        process_definition_key=job.definition_key,
        process_instance_key=job.instance_key,
        element_id=job.element_id,
        element_instance_key=job.element_key,
        tenant_id=job.tenant_id,
    )


def command_of(job: Job, outcome: Outcome) -> Any:
    """The command that tells the engine of a job's outcome."""
    match outcome:
        case Completed(variables=variables) | Ignored(variables=variables):
            return cmd.CompleteJob(job.key, variables)
        case Failed(retries=retries, message=message, backoff_ms=backoff_ms, variables=variables):
            return cmd.FailJob(job.key, retries, message, backoff_ms or 0, variables)
        case Thrown(code=code, message=message, variables=variables):
            return cmd.ThrowError(job.key, code, message, variables)


def _translated(rejected: Rejected) -> GatewayError:
    status = _STATUS.get(rejected.code, str(rejected.code))
    kind = _KINDS.get(rejected.code, GatewayError)
    return kind(f"{status}: {rejected.reason}", status=status, details=rejected.reason)
