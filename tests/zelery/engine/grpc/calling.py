"""An engine behind its gateway, on a free port of this machine, and a client of it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import grpc

from tests.zelery.engine.rules.builder import Process, model
from zelery.camunda.proto import gateway_pb2 as pb
from zelery.camunda.proto.methods import METHODS
from zelery.engine import commands as cmd
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.grpc.server import Gateway, serving

#: How long a call may take at most, seconds: no test waits for it.
LONG_S = 30.0


@dataclasses.dataclass(frozen=True)
class Called:
    """An engine, its gateway, and a channel to it."""

    engine: Engine
    gateway: Gateway
    channel: grpc.aio.Channel

    async def call(self, name: str, request: Any, metadata: Mapping[str, str] | None = None) -> Any:
        """A call's answer. Raises grpc.aio.AioRpcError."""
        method = next(each for each in METHODS if each.name == name)
        stub = self.channel.unary_unary(
            method.path, request_serializer=method.request.SerializeToString, response_deserializer=_reads(method)
        )
        return await stub(request, timeout=LONG_S, metadata=list((metadata or {}).items()))

    def stream(self, name: str, request: Any, timeout_s: float = LONG_S) -> Any:
        """A call whose answers come one by one."""
        method = next(each for each in METHODS if each.name == name)
        stub = self.channel.unary_stream(
            method.path, request_serializer=method.request.SerializeToString, response_deserializer=_reads(method)
        )
        return stub(request, timeout=timeout_s)

    async def refusal(self, name: str, request: Any, metadata: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The status and the details of a call that is refused."""
        try:
            if next(each for each in METHODS if each.name == name).streams:
                async for _ in self.stream(name, request):
                    break
            else:
                await self.call(name, request, metadata)
        except grpc.aio.AioRpcError as error:
            return error.code().name, error.details() or ""
        raise AssertionError(f"{name} was not refused")

    async def deploy(self, *processes: Process) -> Any:
        """Deploy processes, each in a file of its own."""
        resources = [pb.Resource(name=f"{each.id}.bpmn", content=model(each)) for each in processes]
        return await self.call("DeployResource", pb.DeployResourceRequest(resources=resources))

    async def start(self, process_id: str = "p", **variables: Any) -> int:
        """The key of a new instance."""
        request = pb.CreateProcessInstanceRequest(bpmnProcessId=process_id, version=-1, variables=json.dumps(variables))
        made = await self.call("CreateProcessInstance", request)
        key: int = made.processInstanceKey
        return key

    async def lease(self, job_type: str = "a", most: int = 1, **more: Any) -> list[Any]:
        """Leased jobs; none where none is activatable now, unless `requestTimeout` is given."""
        given = {"timeout": 60_000, "requestTimeout": -1, "worker": "w", **more}
        request = pb.ActivateJobsRequest(type=job_type, maxJobsToActivate=most, **given)
        return [job async for answer in self.stream("ActivateJobs", request) for job in answer.jobs]

    async def lives(self) -> bool:
        """Whether the engine still does what is asked of it."""
        topology = await self.call("Topology", pb.TopologyRequest())
        self.engine.execute(cmd.Tick())
        return len(topology.brokers) == 1


def _reads(method: Any) -> Callable[[bytes], Any]:
    reads: Callable[[bytes], Any] = method.response.FromString
    return reads


@contextlib.asynccontextmanager
async def calling(
    *,
    authenticate: Callable[[str], Awaitable[None]] | None = None,
    faults: Callable[[str], Awaitable[None]] | None = None,
    **options: Any,
) -> AsyncIterator[Called]:
    """Serves an engine until the block ends.

    Args:
        authenticate: What refuses callers.
        faults: What goes wrong on request.
        options: Of the engine.
    """
    engine = Engine(**{"clock": Clock(), **options})
    gateway = Gateway(engine, version="8.10.0", authenticate=authenticate, faults=faults)
    running = asyncio.create_task(engine.run())
    # So much at least may come and go: variables of 4 MB.
    sizes = [("grpc.max_receive_message_length", 1 << 24), ("grpc.max_send_message_length", 1 << 26)]
    try:
        async with (
            serving(gateway, "127.0.0.1:0", grace_s=0) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=sizes) as channel,
        ):
            yield Called(engine, gateway, channel)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
