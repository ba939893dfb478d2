"""The gRPC server: each call of the gateway protocol, thin over the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc

from zelery.camunda.proto import gateway_pb2 as pb
from zelery.camunda.proto.methods import METHODS, SERVICE, Method
from zelery.engine import commands as cmd
from zelery.engine.auth import Authenticate, Refusal
from zelery.engine.engine import Engine
from zelery.engine.errors import Code, Rejected
from zelery.engine.grpc import convert
from zelery.engine.variables import to_json

#: How long ActivateJobs waits, and CreateProcessInstanceWithResult, where the request says 0, milliseconds.
REQUEST_TIMEOUT_MS = 10_000

#: A message's size, bytes. The same as a gateway's by default.
MESSAGE_BYTES_MAX = 4 * 2**20

_STATUS = {
    Code.INVALID_ARGUMENT: grpc.StatusCode.INVALID_ARGUMENT,
    Code.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Code.ALREADY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Code.INVALID_STATE: grpc.StatusCode.FAILED_PRECONDITION,
    Code.EXCEEDED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Code.TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
    Code.UNIMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    Code.INTERNAL: grpc.StatusCode.INTERNAL,
    Code.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}

#: Refusals of the request itself, before it is a command, are told as they are.
_PLAIN = frozenset({Code.EXCEEDED, Code.UNAVAILABLE, Code.TIMEOUT, Code.UNIMPLEMENTED, Code.INTERNAL})

#: What clients hear whose stream is dropped.
_DROPPED = "The stream of jobs was dropped (a fault on request): open it again"

Faults = Callable[[str], Awaitable[None]]
"""Is awaited before each call with its name: it may wait, or raise Rejected."""


class Gateway:
    """The calls of the gateway protocol.

    Args:
        engine: What executes them.
        version: The gateway's version, as Topology answers it.
        authenticate: Refuses a caller by its metadata.
        faults: What goes wrong on request.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        version: str,
        authenticate: Authenticate | None = None,
        faults: Faults | None = None,
        port: int = 0,
    ) -> None:
        self._engine = engine
        self._version = version
        self._authenticate = authenticate
        self._faults = faults
        self._port = port
        self._streams: set[asyncio.Task[Any]] = set()

    def drop_streams(self) -> None:
        """End all open streams of jobs, as a connection does that breaks."""
        for task in self._streams:
            task.cancel(_DROPPED)

    def handlers(self) -> grpc.GenericRpcHandler:
        """All calls, for a server."""
        return grpc.method_handlers_generic_handler(SERVICE, {each.name: self._handler(each) for each in METHODS})

    def _handler(self, method: Method) -> grpc.RpcMethodHandler[Any, Any]:
        command = method.name in convert.COMMANDS
        call: Any = self._command(method.name) if command else getattr(self, _METHODS[method.name])
        wrapped = self._guarded_stream(method.name, call) if method.streams else self._guarded(method.name, call)
        make = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
        return make(
            wrapped,
            request_deserializer=method.request.FromString,
            response_serializer=method.response.SerializeToString,
        )

    def _command(self, name: str) -> Callable[[Any, Any], Awaitable[Any]]:
        read, write, intent = convert.COMMANDS[name]
        engine = self._engine

        async def call(request: Any, _context: Any) -> Any:
            command = read(request)
            try:
                return write(engine.execute(command))
            except Rejected as rejected:
                raise _told(rejected, intent) from None

        return call

    def _guarded(self, name: str, call: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def guarded(request: Any, context: Any) -> Any:
            try:
                await self._admit(name, context)
                return await call(request, context)
            except Rejected as rejected:
                await context.abort(_STATUS[rejected.code], rejected.reason)
            except Refusal as refusal:
                await context.abort(_refused(refusal), str(refusal))

        return guarded

    def _guarded_stream(
        self, name: str, call: Callable[[Any, Any], AsyncGenerator[Any]]
    ) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def guarded(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                await self._admit(name, context)
                async with contextlib.aclosing(call(request, context)) as answers:
                    async for each in answers:
                        yield each
            except Rejected as rejected:
                await context.abort(_STATUS[rejected.code], rejected.reason)
            except Refusal as refusal:
                await context.abort(_refused(refusal), str(refusal))

        return guarded

    async def _admit(self, name: str, context: Any) -> None:
        if self._authenticate is not None:
            metadata = dict(context.invocation_metadata() or ())
            await self._authenticate(str(metadata.get("authorization") or ""))
        if self._faults is not None:
            await self._faults(name)

    async def activate_jobs(
        self, request: pb.ActivateJobsRequest, _context: Any
    ) -> AsyncIterator[pb.ActivateJobsResponse]:
        """Lease jobs; with none at hand, wait for the first."""
        command = convert.activate(request)
        if request.requestTimeout < 0:
            jobs: Sequence[cmd.ActivatedJob] = self._engine.execute(command)
        else:
            jobs = await self._engine.activate_jobs(command, request.requestTimeout or REQUEST_TIMEOUT_MS)
        if jobs:
            yield pb.ActivateJobsResponse(jobs=[convert.job(each) for each in jobs])

    async def stream_jobs(
        self, request: pb.StreamActivatedJobsRequest, _context: Any
    ) -> AsyncIterator[pb.ActivatedJob]:
        """Jobs as they become activatable, no faster than the client reads them."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: a handler is one
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        try:
            async with contextlib.aclosing(self._engine.stream_jobs(convert.stream(request))) as jobs:
                async for each in jobs:
                    yield convert.job(each)
        except asyncio.CancelledError as cancelled:
            if cancelled.args != (_DROPPED,):
                raise
            task.uncancel()
            raise Rejected(Code.UNAVAILABLE, _DROPPED) from None

    async def create_with_result(
        self, request: pb.CreateProcessInstanceWithResultRequest, _context: Any
    ) -> pb.CreateProcessInstanceWithResultResponse:
        """Start an instance and wait for its end."""
        command = convert.create(request.request)
        wait_ms = request.requestTimeout or REQUEST_TIMEOUT_MS
        try:
            made, variables = await self._engine.create_and_wait(command, wait_ms, tuple(request.fetchVariables))
        except Rejected as rejected:
            raise _told(rejected, "CREATE_WITH_AWAITING_RESULT") from None
        return pb.CreateProcessInstanceWithResultResponse(
            processDefinitionKey=made.definition_key,
            bpmnProcessId=made.process_id,
            version=made.version,
            processInstanceKey=made.key,
            variables=to_json(dict(variables)),
            tenantId=made.tenant_id,
            tags=made.tags,
        )

    async def evaluate_decision(self, _request: pb.EvaluateDecisionRequest, _context: Any) -> Any:
        """Refuse: decisions are not executed."""
        raise Rejected(
            Code.UNIMPLEMENTED,
            "decisions (DMN) are not executed by this engine: try it on a cluster of Camunda's",
        )

    async def topology(self, _request: pb.TopologyRequest, _context: Any) -> pb.TopologyResponse:
        """One broker with one healthy partition."""
        partition = pb.Partition(partitionId=1, role=pb.Partition.LEADER, health=pb.Partition.HEALTHY)
        broker = pb.BrokerInfo(
            nodeId=0, host="127.0.0.1", port=self._port, partitions=[partition], version=self._version
        )
        return pb.TopologyResponse(
            brokers=[broker], clusterSize=1, partitionsCount=1, replicationFactor=1, gatewayVersion=self._version
        )


_METHODS = {
    "ActivateJobs": "activate_jobs",
    "StreamActivatedJobs": "stream_jobs",
    "CreateProcessInstanceWithResult": "create_with_result",
    "EvaluateDecision": "evaluate_decision",
    "Topology": "topology",
}


def _told(rejected: Rejected, intent: str) -> Rejected:
    """A refusal in the gateway's words: which command, and which code."""
    if rejected.code in _PLAIN:
        return rejected
    return Rejected(rejected.code, f"Command '{intent}' rejected with code '{rejected.code}': {rejected.reason}")


def _refused(refusal: Refusal) -> grpc.StatusCode:
    return grpc.StatusCode.PERMISSION_DENIED if refusal.forbidden else grpc.StatusCode.UNAUTHENTICATED


@contextlib.asynccontextmanager
async def serving(gateway: Gateway, address: str, *, grace_s: float = 0.2) -> AsyncIterator[int]:
    """Serves until the block ends; yields the port.

    Raises:
        OSError: The address cannot be listened on.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX * 2),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX * 4),
            ("grpc.so_reuseport", 0),
            # Clients ask whether the connection is alive; grpc would close those that ask often.
            ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
    )
    server.add_generic_rpc_handlers((gateway.handlers(),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"{address} cannot be listened on: {error}") from error
    await server.start()
    try:
        yield port
    finally:
        await server.stop(grace_s)
