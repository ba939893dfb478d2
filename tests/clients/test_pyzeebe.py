"""pyzeebe (MIT), a client of the gateway that the community wrote for Python."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import grpc
import pytest
import pyzeebe
from pyzeebe import errors
from pyzeebe.grpc_internals.types import DeployResourceResponse
from pyzeebe.grpc_internals.zeebe_adapter import ZeebeAdapter

from tests.clients.conftest import Model
from tests.clients.drive import JSON, STEPS, Job, Shop, StatusError, seen
from tests.clients.facts import FACTS, differences
from tests.conftest import Cluster

pytestmark = pytest.mark.integration

#: What its errors are for.
_STATUSES: dict[type[Exception], str] = {
    errors.JobNotFoundError: "NOT_FOUND",
    errors.MessageAlreadyExistsError: "ALREADY_EXISTS",
    errors.ProcessDefinitionNotFoundError: "NOT_FOUND",
    errors.ProcessInstanceNotFoundError: "NOT_FOUND",
    errors.ProcessInvalidError: "INVALID_ARGUMENT",
    errors.ProcessTimeoutError: "DEADLINE_EXCEEDED",
}


async def test_pyzeebe_sees_every_fact_that_it_has_calls_for(zeebe: Cluster, new_model: Callable[[], Model]) -> None:
    prefix, model = new_model()
    async with pyzeebe.create_insecure_channel(zeebe.gateway) as channel:
        shop = Shop(client=Adapter(channel), prefix=prefix, model=model)
        assert differences(await seen(shop, STEPS), without=set(FACTS) - set(STEPS)) == {}


async def test_an_open_stream_takes_a_job_before_a_poll_that_waited_longer(
    zeebe: Cluster, new_model: Callable[[], Model]
) -> None:
    prefix, model = new_model()
    async with pyzeebe.create_insecure_channel(zeebe.gateway) as channel, asyncio.timeout(20):
        client = Adapter(channel)
        await client.deploy(model)
        poll = asyncio.create_task(client.activate(f"{prefix}-pack", 1, 1_500))
        await asyncio.sleep(0.3)
        jobs = client.adapter.stream_activate_jobs(f"{prefix}-pack", "stream", 30_000, [], 20)
        pushed = asyncio.ensure_future(anext(aiter(jobs)))
        await asyncio.sleep(0.3)
        await client.start(f"{prefix}-bulk", {"n": 1})
        job = await pushed
        assert job.variables == {"n": 1}
        assert await poll == []
        await client.complete(str(job.key), {})


@contextlib.contextmanager
def _statuses() -> Iterator[None]:
    try:
        yield
    except tuple(_STATUSES) as error:
        raise StatusError(_STATUSES[type(error)]) from error


class Adapter:
    """The client with the calls of `drive.Client`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._client = pyzeebe.ZeebeClient(channel)
        self.adapter = ZeebeAdapter(channel)

    async def topology(self) -> JSON:
        topology = await self._client.topology()
        partitions = [[{"health": part.health.name.lower()} for part in each.partitions] for each in topology.brokers]
        return {"clusterSize": topology.cluster_size, "brokers": [{"partitions": each} for each in partitions]}

    async def deploy(self, file: Path) -> Sequence[tuple[str, int]]:
        with _statuses():
            deployed = (await self._client.deploy_resource(file)).deployments
        metadata = [each for each in deployed if isinstance(each, DeployResourceResponse.ProcessMetadata)]
        return [(each.bpmn_process_id, each.version) for each in metadata]

    async def start(self, process: str, variables: JSON) -> str:
        with _statuses():
            return str((await self._client.run_process(process, dict(variables))).process_instance_key)

    async def result(self, process: str, variables: JSON, *, fetch: Sequence[str] = (), ms: int = 20_000) -> JSON:
        with _statuses():
            ended = await self._client.run_process_with_result(
                process, dict(variables), timeout=ms, variables_to_fetch=fetch
            )
        return ended.variables

    async def activate(self, job_type: str, most: int, wait_ms: int) -> Sequence[JSON]:
        jobs = self.adapter.activate_jobs(job_type, "tests", 30_000, most, [], wait_ms)
        return [_plain(job) async for job in jobs]

    async def complete(self, key: str, variables: JSON) -> None:
        with _statuses():
            await self.adapter.complete_job(int(key), dict(variables))

    async def fail(self, key: str, *, retries: int, backoff_ms: int, message: str, variables: JSON) -> None:
        await self.adapter.fail_job(int(key), retries, message, backoff_ms, dict(variables))

    async def throw(self, key: str, code: str, variables: JSON) -> None:
        await self.adapter.throw_error(int(key), code, dict(variables), code)

    async def publish(self, name: str, key: str, message_id: str, variables: JSON) -> None:
        with _statuses():
            await self._client.publish_message(name, key, dict(variables), 60_000, message_id)

    async def signal(self, name: str, variables: JSON) -> None:
        await self._client.broadcast_signal(name, dict(variables))

    async def cancel(self, key: str) -> None:
        with _statuses():
            await self._client.cancel_process_instance(int(key))

    @contextlib.asynccontextmanager
    async def work(
        self, job_type: str, handle: Callable[[Job], Awaitable[None]], *, stream: bool
    ) -> AsyncIterator[None]:
        worker = pyzeebe.ZeebeWorker(self._channel, request_timeout=1_000, poll_retry_delay=1, stream_enabled=stream)

        async def on_failure(error: Exception, job: pyzeebe.Job, controller: pyzeebe.JobController) -> None:
            assert isinstance(error, _AskedError), error
            await controller.set_failure_status("no box", retry_back_off_ms=error.backoff_ms)

        async def task(job: pyzeebe.Job) -> dict[str, str]:
            await handle(_Handled(job))
            return {}

        task.__annotations__["job"] = pyzeebe.Job  # It compares the type itself, not its name.
        worker.task(job_type, on_failure, timeout_ms=30_000, max_jobs_to_activate=4, max_running_jobs=4)(task)  # type: ignore[arg-type]
        working = asyncio.create_task(worker.work())
        try:
            yield
        finally:
            await worker.stop()
            working.cancel()
            await asyncio.wait([working])


class _AskedError(Exception):
    def __init__(self, backoff_ms: int) -> None:
        super().__init__(backoff_ms)
        self.backoff_ms = backoff_ms


class _Handled:
    def __init__(self, job: pyzeebe.Job) -> None:
        self.key = str(job.key)
        self.variables: JSON = job.variables

    async def fail(self, retries: int, backoff_ms: int) -> None:
        """Fails the job; pyzeebe sets its retries: one less."""
        raise _AskedError(backoff_ms)


def _plain(job: pyzeebe.Job) -> JSON:
    return {
        "key": str(job.key),
        "type": job.type,
        "process": job.bpmn_process_id,
        "version": job.process_definition_version,
        "element": job.element_id,
        "headers": dict(job.custom_headers),
        "retries": job.retries,
        "variables": dict(job.variables),
        "instance": str(job.process_instance_key),
        "worker": job.worker,
    }
