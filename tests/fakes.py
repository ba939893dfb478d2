"""The gateway's twin in memory. It passes the tests that the real one passes: see `zelery/camunda/test_gateway.py`."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from zelery.camunda.gateway import Deployed, Ended, Lease, Message
from zelery.errors import DuplicateError, GatewayError, NotFoundError, PushbackError
from zelery.model import DEFAULT_TENANT, Failed, Job, Outcome, to_json


@dataclasses.dataclass
class FakeGateway:
    """A Zeebe that holds jobs of one-task processes, and remembers what it was told."""

    waiting: list[Job] = dataclasses.field(default_factory=list)
    leased: dict[int, Job] = dataclasses.field(default_factory=dict)
    told: list[tuple[int, Outcome]] = dataclasses.field(default_factory=list)
    extended: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    asked: list[int] = dataclasses.field(default_factory=list)
    busy: int = 0
    """How many more commands are pushed back."""
    refuses: type[Outcome] | None = None
    """The kind of outcome that is refused for what it says."""
    started: list[tuple[str, int, str, Any]] = dataclasses.field(default_factory=list)
    """Instances: process id, version, tenant, variables."""
    published: list[Message] = dataclasses.field(default_factory=list)
    """Messages that were taken."""
    refusal: GatewayError | None = None
    """What every start and message is refused with."""

    def __post_init__(self) -> None:
        self._keys = itertools.count(1)
        self._news = asyncio.Condition()
        self._buffered: set[tuple[str, str, str, str]] = set()

    async def put(self, **fields: Any) -> Job:
        """Create a job."""
        job = Job(**{"key": next(self._keys), "type": "tests:echo:1", **fields})
        async with self._news:
            self.waiting.append(job)
            self._news.notify_all()
        return job

    async def activate(self, lease: Lease, *, most: int, wait_s: float) -> Sequence[Job]:
        self.asked.append(most)
        try:
            async with asyncio.timeout(wait_s or 0.001), self._news:
                await self._news.wait_for(lambda: any(job.type == lease.type for job in self.waiting))
        except TimeoutError:
            return []
        return [self._lease(job, lease) for job in [j for j in self.waiting if j.type == lease.type][:most]]

    async def stream(self, lease: Lease) -> AsyncIterator[Job]:
        while True:
            async with self._news:
                await self._news.wait_for(lambda: any(job.type == lease.type for job in self.waiting))
                job = next(job for job in self.waiting if job.type == lease.type)
                leased = self._lease(job, lease)
            yield leased

    def _lease(self, job: Job, lease: Lease) -> Job:
        self.waiting.remove(job)
        variables = json.loads(job.variables)
        if lease.variables:
            variables = {name: value for name, value in variables.items() if name in lease.variables}
        # As long as the lease, unless a test gave the job an end of its own.
        deadline_ms = job.deadline_ms or int(time.time() * 1000) + lease.lease_ms
        self.leased[job.key] = dataclasses.replace(job, variables=to_json(variables), deadline_ms=deadline_ms)
        return self.leased[job.key]

    async def report(self, job: Job, outcome: Outcome) -> None:
        await self._command(job)
        if self.refuses is not None and isinstance(outcome, self.refuses):
            raise GatewayError("INVALID_ARGUMENT: refused")
        self.told.append((job.key, outcome))
        del self.leased[job.key]
        if isinstance(outcome, Failed) and outcome.retries > 0:
            await self.put(**{**_fields(job), "retries": outcome.retries})

    async def extend(self, job: Job, lease_ms: int) -> None:
        await self._command(job)
        self.extended.append((job.key, lease_ms))

    async def _command(self, job: Job) -> None:
        await asyncio.sleep(0)
        if self.busy:
            self.busy -= 1
            raise PushbackError("RESOURCE_EXHAUSTED: busy")
        if job.key not in self.leased:
            raise NotFoundError(f"job {job.key}: NOT_FOUND")

    async def deploy(self, resources: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Deployed]:
        raise NotImplementedError  # the twin has no engine: its jobs are put there

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = DEFAULT_TENANT
    ) -> int:
        await self._refused()
        self.started.append((process_id, version, tenant_id, json.loads(to_json(variables))))
        return next(self._keys)

    async def publish(self, message: Message) -> int:
        await self._refused()
        identity = (message.name, message.correlation_key, message.message_id, message.tenant_id)
        if message.message_id and identity in self._buffered:
            raise DuplicateError("publishing: ALREADY_EXISTS", status="ALREADY_EXISTS")
        self._buffered.add(identity)
        self.published.append(message)
        return next(self._keys)

    async def _refused(self) -> None:
        await asyncio.sleep(0)
        if self.busy:
            self.busy -= 1
            raise PushbackError("RESOURCE_EXHAUSTED: busy", status="RESOURCE_EXHAUSTED", details="busy")
        if self.refusal is not None:
            raise self.refusal

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
        """Its processes end as they began."""
        key = await self.start(process_id, variables, version=version, tenant_id=tenant_id)
        return Ended(key=key, variables=variables)

    async def topology(self) -> str:
        return "8.5.8"

    async def brokers(self) -> tuple[int, bool]:
        return 1, True


def _fields(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in dataclasses.fields(job)}
