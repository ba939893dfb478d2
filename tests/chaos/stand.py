"""What is broken: a real Zeebe, a real Redis, and the roles that consume; and what is counted, which is instances.

A process starts by a message with a connector of a transport. Its one task is a job that is counted by the message's
number; when the message was correlated is told by Zeebe's own clock, as the job is made in the same moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import os
import signal
import tempfile
import time
import zoneinfo
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from xml.sax.saxutils import quoteattr

from tests.chaos.transports import Queue, Transport
from tests.roles import RoleProcess, role
from zelery.camunda import deploy
from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.gateway import Deployed, Gateway, Lease, ZeebeGateway
from zelery.errors import GatewayError
from zelery.local import engine as local_engine
from zelery.local import ports
from zelery.local import redis as local_redis
from zelery.model import Completed, Job
from zelery.redis import connect
from zelery.settings import Settings

#: How long a subscription may take from its deployment until it is held, seconds.
HELD_S = 120

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="chaos">
<bpmn:process id="{name}" isExecutable="true"><bpmn:startEvent id="s">
<bpmn:extensionElements><zeebe:properties>{properties}</zeebe:properties></bpmn:extensionElements>
<bpmn:messageEventDefinition id="m" messageRef="M"/></bpmn:startEvent>
<bpmn:serviceTask id="t"><bpmn:extensionElements><zeebe:taskDefinition type="{name}"/>
<zeebe:ioMapping><zeebe:input source="= string(now())" target="at"/></zeebe:ioMapping></bpmn:extensionElements>
</bpmn:serviceTask><bpmn:endEvent id="e"/>
<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="t"/><bpmn:sequenceFlow id="g" sourceRef="t" targetRef="e"/>
</bpmn:process><bpmn:message id="M" name="{name}"/></bpmn:definitions>"""


class _Served(Protocol):
    @property
    def pid(self) -> int: ...


S = TypeVar("S", bound=_Served)


class Restartable(Generic[S]):
    """A server that may be away for a time."""

    def __init__(self, run: Callable[[], AbstractContextManager[S]]) -> None:
        self._run = run
        self.start()

    def start(self) -> None:
        """Serve, again."""
        self._running = self._run()
        self.server = self._running.__enter__()

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """End it."""
        self._running.__exit__(None, None, None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arrival:
    """An instance that a message started."""

    number: int
    """The message's."""
    instance: int
    at: float
    """When Zeebe started it, seconds since 1970."""
    waited_s: float
    """Since it was published."""

    @classmethod
    def of(cls, job: Job) -> Arrival:
        """What a job says."""
        told = json.loads(job.variables)
        at = _seconds(told["at"])
        return cls(number=int(told["n"]), instance=job.process_instance_key, at=at, waited_s=at - told["sent"])


def _seconds(text: str) -> float:
    """Of FEEL's `2026-01-31T12:00:00.25@Etc/UTC`."""
    when, _, zone = text.partition("@")
    found = dt.datetime.fromisoformat(when)
    return (found.replace(tzinfo=zoneinfo.ZoneInfo(zone)) if zone else found).timestamp()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """One subscription, and what came of its messages."""

    queue: Queue
    """Its process, its message and its jobs have the same name."""
    gateway: Gateway
    arrivals: list[Arrival] = dataclasses.field(default_factory=list)

    @property
    def arrived(self) -> set[int]:
        """The numbers of the messages that started an instance."""
        return {each.number for each in self.arrivals}

    async def count(self) -> None:
        """Until cancelled. A job that Zeebe hands out again is still one instance."""
        lease = Lease(type=self.queue.name, worker="count", lease_ms=30_000, variables=("n", "sent", "at"))
        seen: set[int] = set()
        while True:
            try:
                jobs = await self.gateway.activate(lease, most=100, wait_s=1)
            except GatewayError:  # Zeebe is away.
                await asyncio.sleep(0.2)
                continue
            self.arrivals.extend(Arrival.of(job) for job in jobs if job.process_instance_key not in seen)
            seen |= {job.process_instance_key for job in jobs}
            await asyncio.gather(*(self._complete(job) for job in jobs))

    async def _complete(self, job: Job) -> None:
        with contextlib.suppress(GatewayError):  # Then it comes again.
            await self.gateway.report(job, Completed())


def message(number: int) -> bytes:
    """A message's body, with the moment in which it is published."""
    return json.dumps({"n": number, "key": f"message {number}", "sent": time.time()}).encode()


def model(name: str, body: str, properties: Mapping[str, str]) -> bytes:
    """A process that each message starts, once. What is no message of ours fails in its result expression."""
    written = {
        **properties,
        "messageIdExpression": f"= {body}.key",
        "correlationKeyExpression": f"= {body}.key",
        "resultExpression": f"= if {body}.key = null then null else {{n: {body}.n, sent: {body}.sent}}",
    }
    lines = "".join(f"<zeebe:property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in written.items())
    return _MODEL.format(name=name, properties=lines).encode()


class Stand:
    """The servers and the roles."""

    def __init__(
        self,
        zeebe: Restartable[local_engine.EngineServer],
        redis: Restartable[local_redis.Redis],
        settings: Settings,
        consumers: list[RoleProcess],
        worker: RoleProcess,
    ) -> None:
        self.zeebe, self.redis, self.consumers = zeebe, redis, consumers
        self._settings, self._worker = settings, worker
        self._recorded: dict[str, tuple[Deployed, bytes]] = {}

    @asynccontextmanager
    async def flow(self, transport: Transport, queue: Queue) -> AsyncIterator[Flow]:
        """A subscription of a queue, deployed for the block."""
        written = model(queue.name, transport.body, queue.properties)
        async with ZeebeGateway.open(self._settings) as gateway:
            (deployed,) = await gateway.deploy({f"{queue.name}.bpmn": written})
            self._recorded[queue.name] = deployed, written
            try:
                await self.record()
                yield Flow(queue=queue, gateway=gateway)
            finally:
                async with connect(self._settings) as redis:
                    await DeployedSource(redis).forget(deployed.key)
                del self._recorded[queue.name]

    async def record(self) -> None:
        """What `zelery deploy` writes: once more for a Redis that was emptied."""
        async with connect(self._settings) as redis:
            for deployed, written in self._recorded.values():
                await deploy.record(DeployedSource(redis), [deployed], {deployed.resource: written})

    async def holder(self, flow: Flow) -> RoleProcess:
        """The consumer that holds the flow's subscription, as soon as one says so."""
        said = f"| {flow.queue.name} |"
        async with asyncio.timeout(HELD_S):
            while True:
                for consumer in self.consumers:
                    if consumer.exit_code is not None:
                        continue
                    held = [line for line in consumer.said.splitlines() if said in line and "holding" in line]
                    if held and "holding no more" not in held[-1]:
                        return consumer
                await asyncio.sleep(0.1)

    def told(self) -> str:
        """The ends of the logs."""
        return "\n".join(f"{each.log.name}:\n{each.said[-3000:]}" for each in (self._worker, *self.consumers))


@contextmanager
def stand(consumers: int = 2) -> Iterator[Stand]:
    """The servers and the roles until the block ends. Raises LocalServerError."""
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="zelery-chaos-")))
        port, redis_port = ports.free(2)
        zeebe = Restartable(lambda: local_engine.running(folder / "zeebe", port))
        held.callback(zeebe.stop)
        redis = Restartable(lambda: local_redis.running(redis_port))
        held.callback(redis.stop)
        environment = {
            "ZEEBE_ADDRESS": zeebe.server.gateway,
            "ZELERY_REDIS_URL": redis.server.url,
            "ZELERY_DEFINITIONS": "deployed",
            "NO_PROXY": "127.0.0.1",
        }
        logs = folder / "logs"
        logs.mkdir()
        held.enter_context(role("beat", environment, logs))
        worker = held.enter_context(role("worker", environment, logs))
        consuming = [held.enter_context(role("consume", environment, logs)) for _ in range(consumers)]
        yield Stand(zeebe, redis, Settings.read(environment), consuming, worker)
