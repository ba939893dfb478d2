"""Whatever dies, every job is done: on the engine and a real Redis, with processes killed as machines kill them."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import pathlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.conftest import Cluster
from tests.models import line_of_tasks
from tests.roles import RoleProcess, role
from tests.servers.redis import refusing_writes
from zelery.camunda.gateway import Gateway, Lease, ZeebeGateway
from zelery.errors import PushbackError
from zelery.local import redis as local_redis
from zelery.model import Completed
from zelery.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

JOBS = 500
#: Short, so that what a crash leaves behind is offered again within the test.
LEASE_S = 4


@contextmanager
def roles(zeebe: Cluster, redis_url: str, folder: pathlib.Path) -> Iterator[tuple[RoleProcess, RoleProcess]]:
    """A fetcher and a worker, few jobs at once so that killing one meets many under way."""
    environment = {
        "ZEEBE_ADDRESS": zeebe.gateway,
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_LEASE_S": str(LEASE_S),
        "ZELERY_FETCH_POLL_S": "2",
        "ZELERY_WORKER_CONCURRENCY": "50",
    }
    with role("fetch", environment, folder) as fetcher, role("worker", environment, folder) as worker:
        yield fetcher, worker


@asynccontextmanager
async def counted(
    zeebe: Cluster, variables: dict[str, object], jobs: int = JOBS
) -> AsyncIterator[collections.Counter[int]]:
    """Start instances whose second task counts that the first was done: instance key → how often it arrived."""
    process_id, done_type = f"p-{uuid.uuid4()}", f"tests:done-{uuid.uuid4()}:1"
    arrived: collections.Counter[int] = collections.Counter()
    async with ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway:
        await gateway.deploy({f"{process_id}.bpmn": line_of_tasks(process_id, "tests:echo:1", done_type)})
        slots = asyncio.Semaphore(30)
        await asyncio.gather(*(_started(gateway, process_id, variables, slots) for _ in range(jobs)))
        counting = asyncio.create_task(_count(gateway, done_type, arrived))
        try:
            yield arrived
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)


async def _started(gateway: Gateway, process_id: str, variables: dict[str, object], slots: asyncio.Semaphore) -> None:
    async with slots:
        while True:
            try:
                await gateway.start(process_id, variables)
            except PushbackError:
                await asyncio.sleep(0.1)
            else:
                return


async def _count(gateway: Gateway, done_type: str, arrived: collections.Counter[int]) -> None:
    lease = Lease(type=done_type, worker="count", lease_ms=10_000, variables=("none",))
    while True:
        # A broker that pushes back must not end the counting: an uncompleted job comes again, and counts by its key.
        with contextlib.suppress(PushbackError):
            for job in await gateway.activate(lease, most=50, wait_s=1):
                arrived[job.process_instance_key] += 1
                await gateway.report(job, Completed())


async def until(met: Callable[[], bool], told: Callable[[], str], limit_s: float = 150) -> None:
    try:
        async with asyncio.timeout(limit_s):
            while not met():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(told())


@pytest.mark.parametrize("victim", ["worker", "fetch", "redis"])
async def test_nothing_is_lost_when_one_is_killed_with_500_jobs_under_way(
    zeebe: Cluster, tmp_path: pathlib.Path, victim: str
) -> None:
    running = local_redis.running()
    redis = running.__enter__()
    try:
        with roles(zeebe, redis.url, tmp_path) as (fetcher, worker):
            async with counted(zeebe, {"said": 1, "pauseS": 0.2}) as arrived:

                def told() -> str:
                    return f"{len(arrived)} of {JOBS} arrived\n{fetcher.said[-1500:]}\n{worker.said[-1500:]}"

                await until(lambda: len(arrived) > JOBS // 10, told)
                match victim:
                    case "worker":
                        worker.kill()
                        worker.restart()
                    case "fetch":
                        fetcher.kill()
                        fetcher.restart()
                    case "redis":
                        running.__exit__(None, None, None)
                        running = local_redis.running(port=redis.port)
                        running.__enter__()
                assert len(arrived) < JOBS, "killed too late to mean anything"
                await until(lambda: len(arrived) >= JOBS, told)
            assert len(arrived) == JOBS
            assert "Traceback" not in fetcher.said
    finally:
        running.__exit__(None, None, None)


async def test_roles_outlive_a_redis_that_takes_no_writes_and_nothing_is_lost(
    zeebe: Cluster, tmp_path: pathlib.Path
) -> None:
    with local_redis.running() as redis, roles(zeebe, redis.url, tmp_path) as (fetcher, worker):
        async with counted(zeebe, {"said": 1, "pauseS": 0.2}) as arrived:
            told = lambda: f"{len(arrived)} arrived\n{fetcher.said[-1500:]}\n{worker.said[-1500:]}"  # noqa: E731
            await until(lambda: len(arrived) > JOBS // 10, told)
            with refusing_writes(redis.url):
                # Long enough for what was on its way to end, and for each role to say why it waits.
                await until(lambda: "NOREPLICAS" in fetcher.said and "NOREPLICAS" in worker.said, told)
                await asyncio.sleep(3)
                assert len(arrived) < JOBS, "refused too late to mean anything"
            await until(lambda: len(arrived) >= JOBS, told)
        assert (fetcher.exit_code, worker.exit_code) == (None, None)
        assert "Traceback" not in fetcher.said  # In a worker, kombu writes one where it goes on.


async def test_a_warm_shutdown_ends_what_runs_and_the_rest_is_done_by_who_comes_next(
    zeebe: Cluster, redis_url: str, tmp_path: pathlib.Path
) -> None:
    with roles(zeebe, redis_url, tmp_path) as (fetcher, worker):
        async with counted(zeebe, {"said": 1, "pauseS": 0.2}) as arrived:
            told = lambda: f"{len(arrived)} arrived\n{fetcher.said[-1500:]}\n{worker.said[-1500:]}"  # noqa: E731
            await until(lambda: len(arrived) > JOBS // 10, told)
            assert await asyncio.to_thread(worker.stop) == 0
            worker.restart()
            await until(lambda: len(arrived) >= JOBS, told)


async def test_roles_wait_for_servers_that_are_not_there_yet(zeebe: Cluster, tmp_path: pathlib.Path) -> None:
    with local_redis.running() as gone:
        pass
    with roles(zeebe, gone.url, tmp_path) as (fetcher, worker):
        await until(
            lambda: "trying again" in fetcher.said and "Trying again" in worker.said,
            lambda: f"{fetcher.said}\n{worker.said}",
        )
        assert "Traceback" not in fetcher.said + worker.said
        with local_redis.running(port=gone.port):
            async with counted(zeebe, {"said": 1}, jobs=20) as arrived:
                await until(lambda: len(arrived) >= 20, lambda: f"{fetcher.said}\n{worker.said}")
    assert fetcher.exit_code == worker.exit_code
