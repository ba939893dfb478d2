"""What models and strangers give us, on the engine: the worker lives, and the next job is done."""

from __future__ import annotations

import asyncio
import pathlib
import uuid
from typing import Any

import pytest

from tests.conftest import Cluster
from tests.models import line_of_tasks
from tests.roles import role
from zelery.camunda.gateway import Lease, ZeebeGateway
from zelery.model import Completed, Job
from zelery.settings import Settings

pytestmark = pytest.mark.integration

MEGABYTE = "x" * 1_000_000


async def test_the_worker_lives_through_all_of_it(zeebe: Cluster, redis_url: str, tmp_path: pathlib.Path) -> None:
    environment = {"ZEEBE_ADDRESS": zeebe.gateway, "ZELERY_REDIS_URL": redis_url, "ZELERY_LEASE_S": "10"}
    bad: list[dict[str, Any]] = [
        {"said": MEGABYTE, "times": 3},  # more than Zeebe should be given back: fails with a message
        {"pauseS": {"not": "a number"}},  # input that cannot be used
        {"fails": "\ud800 lone surrogate".encode("utf-16", "surrogatepass").decode("utf-16", "replace")},
        {"fails": "y" * 50_000},  # a message longer than Zeebe is sent
        {"said": "{{secrets.NO_SUCH_SECRET}}"},
        {"said": None, "fails": ""},
    ]
    process_id, done = f"p-{uuid.uuid4()}", f"tests:done-{uuid.uuid4()}:1"
    headers = {"resultVariable": "r"}
    async with ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway:
        model = line_of_tasks(process_id, "tests:echo:1", done, headers=headers, retries=1)
        await gateway.deploy({f"{process_id}.bpmn": model})
        with role("fetch", environment, tmp_path) as fetcher, role("worker", environment, tmp_path) as worker:
            for variables in bad:
                await gateway.start(process_id, variables)
            await gateway.start(process_id, {"said": "after all that"})
            await gateway.start(process_id, {"said": MEGABYTE})
            arrived = await _arrivals(gateway, done, 2)
            assert sorted(len(job.variables) > len(MEGABYTE) for job in arrived) == [False, True]
            assert worker.exit_code is None
            assert "Traceback" not in fetcher.said
            assert "50000" not in worker.said
            assert worker.stop() == 0


async def _arrivals(gateway: ZeebeGateway, type_: str, count: int) -> list[Job]:
    """The jobs that reach the second task, and a moment more to see that no other does."""
    arrived: list[Job] = []
    lease = Lease(type=type_, worker="count", lease_ms=60_000)
    async with asyncio.timeout(60):
        while len(arrived) < count:
            for job in await gateway.activate(lease, most=10, wait_s=1):
                arrived.append(job)
                await gateway.report(job, Completed())
    assert not await gateway.activate(lease, most=10, wait_s=1.5)
    return arrived
