"""The Zeebe gateway as a port: leases, commands, deployments; errors of gRPC become ours here and nowhere else."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message as Command

from zelery.camunda.credentials import Authorization, authorization, channel_credentials, interceptors
from zelery.camunda.proto import gateway_pb2 as pb
from zelery.camunda.proto.methods import GatewayStub
from zelery.errors import DuplicateError, GatewayError, NotFoundError, PushbackError
from zelery.model import DEFAULT_TENANT, Completed, Failed, Ignored, Job, Outcome, Thrown, to_json
from zelery.settings import Settings

#: A job's variables may reach the cluster's message size, 4 MB by default and set higher by some.
MESSAGE_BYTES_MAX = 64 * 1024 * 1024

#: How long one command may take. Zeebe answers in milliseconds or pushes back.
COMMAND_TIMEOUT_S = 10.0

#: The same command may succeed later: the gateway is busy, restarting, or was not reached (`spec/outbound.md` §1.4).
_LATER = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    # The command is not at fault: who we are was not taken, and the next token may be.
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNAVAILABLE,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lease:
    """What to lease: the jobs of one type, and on what terms."""

    type: str
    """The job type."""
    worker: str
    """The name that Zeebe and Operate show for who holds the job."""
    lease_ms: int
    """How long each job is ours, milliseconds."""
    variables: tuple[str, ...] = ()
    """Names of the variables to fetch; none means all."""
    tenant_ids: tuple[str, ...] = ()
    """Tenants whose jobs are wanted; none means the default tenant."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployed:
    """A process definition as Zeebe took it."""

    process_id: str
    version: int
    key: int
    resource: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A process instance that has come to its end."""

    key: int
    variables: Mapping[str, Any] = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message to be correlated: by a waiting instance, or by starting one."""

    name: str
    """The name of the message in the model."""
    correlation_key: str = ""
    """What an instance waits for; empty starts an instance without asking whether there is one."""
    message_id: str = ""
    """Zeebe takes one message with an id, name and key while it is buffered; empty means no such check."""
    ttl_ms: int = 0
    """How long it is buffered for an instance that comes to wait, milliseconds."""
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Written to the process instance."""
    tenant_id: str = DEFAULT_TENANT
    """Tenant of the message."""


class Gateway(Protocol):
    """What Zelery needs of Zeebe. Every method raises GatewayError or its kinds, and nothing of gRPC."""

    async def activate(self, lease: Lease, *, most: int, wait_s: float) -> Sequence[Job]:
        """Lease up to `most` jobs; with none at hand, wait up to `wait_s` seconds for the first (0: do not wait)."""

    def stream(self, lease: Lease) -> AsyncIterator[Job]:
        """Jobs as they are created, until the cluster ends the stream. Not reading holds the cluster back."""

    async def report(self, job: Job, outcome: Outcome) -> None:
        """The one command that ends an activation."""

    async def extend(self, job: Job, lease_ms: int) -> None:
        """Hold the job for `lease_ms` milliseconds from now."""

    async def deploy(self, resources: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Deployed]:
        """Deploy resources by file name; returns the process definitions among them."""

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = DEFAULT_TENANT
    ) -> int:
        """Start an instance (of the latest version by default); returns its key."""

    async def publish(self, message: Message) -> int:
        """Publish a message; returns its key. Raises DuplicateError when its id is there already."""

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
        """Start an instance (of the latest version by default) and wait for its end; of its variables `fetch`, or all.

        Raises PushbackError when it has not ended after `wait_s` seconds; it goes on.
        """

    async def topology(self) -> str:
        """The gateway's version, when the cluster can take commands."""

    async def brokers(self) -> tuple[int, bool]:
        """How many brokers there are, and whether any partition is healthy."""


class ZeebeGateway:
    """`Gateway` over gRPC. Belongs to the event loop that opened it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # The stubs' types are those of gRPC's blocking kind.
        self._stub: Any = GatewayStub(channel)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[ZeebeGateway]:
        """A gateway for the cluster of the settings; nothing is sent until the first call."""
        async with authorization(settings) as who:
            channel = _channel(settings, who)
            try:
                yield cls(channel)
            finally:
                await channel.close()

    async def activate(self, lease: Lease, *, most: int, wait_s: float) -> Sequence[Job]:
        # A tenant is always named, and the default one too: a cluster with tenants asks for it, one without allows it.
        request = pb.ActivateJobsRequest(
            type=lease.type,
            worker=lease.worker,
            timeout=lease.lease_ms,
            maxJobsToActivate=most,
            fetchVariable=lease.variables,
            # Zeebe reads 0 as "the default wait" and a negative time as "answer at once".
            requestTimeout=int(wait_s * 1000) or -1,
            tenantIds=lease.tenant_ids or (DEFAULT_TENANT,),
        )
        jobs: list[Job] = []
        try:
            # The client's own limit is a safety net: a gateway that never answers would hold the poll for ever.
            async for response in self._stub.ActivateJobs(request, timeout=wait_s + COMMAND_TIMEOUT_S):
                # Just leased, so the lease ends on our clock, whatever the broker's says.
                until_ms = int(time.time() * 1000) + lease.lease_ms
                jobs.extend(_job(each, until_ms) for each in response.jobs)
        except grpc.aio.AioRpcError as error:
            if not jobs:  # What was leased before the stream broke is ours all the same.
                raise _translated(error, f"activating jobs of type {lease.type}") from error
        return jobs

    async def stream(self, lease: Lease) -> AsyncIterator[Job]:
        request = pb.StreamActivatedJobsRequest(
            type=lease.type,
            worker=lease.worker,
            timeout=lease.lease_ms,
            fetchVariable=lease.variables,
            tenantIds=lease.tenant_ids or (DEFAULT_TENANT,),
        )
        call = self._stub.StreamActivatedJobs(request)
        try:
            async for each in call:
                # Pushed a while ago, perhaps: the broker's clock counts, but no further than ours.
                yield _job(each, min(each.deadline, int(time.time() * 1000) + lease.lease_ms))
        except grpc.aio.AioRpcError as error:
            raise _translated(error, f"streaming jobs of type {lease.type}") from error
        finally:
            call.cancel()

    async def report(self, job: Job, outcome: Outcome) -> None:
        match outcome:
            case Completed(variables=variables) | Ignored(variables=variables):
                await self._command(
                    self._stub.CompleteJob,
                    pb.CompleteJobRequest(jobKey=job.key, variables=to_json(variables)),
                    f"completing job {job.key}",
                )
            case Failed(retries=retries, message=message, backoff_ms=backoff_ms, variables=variables):
                await self._command(
                    self._stub.FailJob,
                    pb.FailJobRequest(
                        jobKey=job.key,
                        retries=retries,
                        errorMessage=message,
                        retryBackOff=backoff_ms or 0,
                        variables=to_json(variables),
                    ),
                    f"failing job {job.key}",
                )
            case Thrown(code=code, message=message, variables=variables):
                await self._command(
                    self._stub.ThrowError,
                    pb.ThrowErrorRequest(
                        jobKey=job.key, errorCode=code, errorMessage=message, variables=to_json(variables)
                    ),
                    f"throwing error {code!r} for job {job.key}",
                )

    async def extend(self, job: Job, lease_ms: int) -> None:
        await self._command(
            self._stub.UpdateJobTimeout,
            pb.UpdateJobTimeoutRequest(jobKey=job.key, timeout=lease_ms),
            f"extending the lease of job {job.key}",
        )

    async def deploy(self, resources: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Deployed]:
        request = pb.DeployResourceRequest(
            resources=[pb.Resource(name=name, content=content) for name, content in resources.items()],
            tenantId=tenant_id,
        )
        answer = await self._command(self._stub.DeployResource, request, f"deploying {', '.join(resources)}")
        return [
            Deployed(
                process_id=each.process.bpmnProcessId,
                version=each.process.version,
                key=each.process.processDefinitionKey,
                resource=each.process.resourceName,
            )
            for each in answer.deployments
            if each.HasField("process")
        ]

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = DEFAULT_TENANT
    ) -> int:
        request = pb.CreateProcessInstanceRequest(
            bpmnProcessId=process_id, version=version, variables=to_json(variables), tenantId=tenant_id
        )
        answer = await self._command(self._stub.CreateProcessInstance, request, f"starting an instance of {process_id}")
        return int(answer.processInstanceKey)

    async def publish(self, message: Message) -> int:
        request = pb.PublishMessageRequest(
            name=message.name,
            correlationKey=message.correlation_key,
            messageId=message.message_id,
            timeToLive=message.ttl_ms,
            variables=to_json(message.variables),
            tenantId=message.tenant_id,
        )
        answer = await self._command(self._stub.PublishMessage, request, f"publishing message {message.name}")
        return int(answer.key)

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
        request = pb.CreateProcessInstanceWithResultRequest(
            request=pb.CreateProcessInstanceRequest(
                bpmnProcessId=process_id, version=version, variables=to_json(variables), tenantId=tenant_id
            ),
            requestTimeout=int(wait_s * 1000),
            fetchVariables=fetch,
        )
        answer = await self._command(
            self._stub.CreateProcessInstanceWithResult,
            request,
            f"waiting for an instance of {process_id}",
            timeout_s=wait_s + COMMAND_TIMEOUT_S,
        )
        return Ended(key=int(answer.processInstanceKey), variables=json.loads(answer.variables))

    async def topology(self) -> str:
        answer = await self._topology()
        if not _any_healthy(answer):
            raise PushbackError("no partition of the cluster is healthy yet")
        return str(answer.gatewayVersion)

    async def brokers(self) -> tuple[int, bool]:
        answer = await self._topology()
        return len(answer.brokers), _any_healthy(answer)

    async def _topology(self) -> Any:
        return await self._command(self._stub.Topology, pb.TopologyRequest(), "asking for the topology")

    async def _command(self, call: Any, request: Command, doing: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Any:
        try:
            return await call(request, timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            raise _translated(error, doing) from error


def _any_healthy(topology: Any) -> bool:
    return any(part.health == pb.Partition.HEALTHY for broker in topology.brokers for part in broker.partitions)


def _channel(settings: Settings, who: Authorization | None) -> grpc.aio.Channel:
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        # A restarted gateway is found again in a second rather than in two minutes, gRPC's default.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # As often as Camunda's own clients: gateways close what asks more.
        ("grpc.keepalive_time_ms", 45_000),
    ]
    if settings.zeebe_authority:
        options += [
            (f"grpc.{name}", settings.zeebe_authority) for name in ("default_authority", "ssl_target_name_override")
        ]
    if settings.zeebe_plaintext:
        return grpc.aio.insecure_channel(settings.zeebe_address, options, interceptors=interceptors(who))
    credentials = channel_credentials(settings)
    return grpc.aio.secure_channel(settings.zeebe_address, credentials, options, interceptors=interceptors(who))


def _job(activated: Any, until_ms: int) -> Job:
    return Job(
        key=activated.key,
        type=activated.type,
        variables=activated.variables,
        headers={str(name): str(value) for name, value in json.loads(activated.customHeaders or "{}").items()},
        retries=activated.retries,
        deadline_ms=until_ms,
        process_id=activated.bpmnProcessId,
        process_version=activated.processDefinitionVersion,
        process_definition_key=activated.processDefinitionKey,
        process_instance_key=activated.processInstanceKey,
        element_id=activated.elementId,
        element_instance_key=activated.elementInstanceKey,
        tenant_id=activated.tenantId or DEFAULT_TENANT,
    )


#: What a refusal is to us, by its status; the others are refusals of what the command says.
_KINDS: dict[grpc.StatusCode, type[GatewayError]] = {
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: DuplicateError,
    **dict.fromkeys(_LATER, PushbackError),
}

#: How the details end with which a gateway says INTERNAL when the broker behind it goes down.
_CLOSED = "was closed"


def _translated(error: grpc.aio.AioRpcError, doing: str) -> GatewayError:
    code, details = error.code(), error.details() or "no details"
    if code is grpc.StatusCode.INTERNAL and details.endswith(_CLOSED):
        code = grpc.StatusCode.UNAVAILABLE
    return _KINDS.get(code, GatewayError)(f"{doing}: {code.name}: {details}", status=code.name, details=details)
