"""What the engine in the box costs: `python -m tests.bench engine [--json FILE]`.

Its start, jobs that are created, activated and completed over gRPC by a client of its own process, what 100,000
waiting instances hold, and how long 10,000 instances take to be replayed. CPU is the engine's process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.processes import Processes
from tests.models import line_of_tasks
from zelery.camunda.gateway import Lease, ZeebeGateway
from zelery.local import engine as local_engine
from zelery.model import Completed
from zelery.settings import Settings

#: Jobs of one measurement, and commands at once.
JOBS, AT_ONCE = 6_000, 64

#: Instances that wait, and instances that are replayed.
WAITING, REPLAYED = 100_000, 10_000

_VARIABLES = {"order": "A-1", "amount": 12.5, "customer": {"name": "Herman Melville", "vip": True}}


async def _work(address: str, jobs: int) -> float:
    """Create, activate and complete so many jobs; seconds."""
    async with ZeebeGateway.open(Settings(zeebe_address=address)) as gateway:
        name = f"bench-{jobs}"
        await gateway.deploy({f"{name}.bpmn": line_of_tasks(name, name)})
        begun = time.perf_counter()
        left = iter(range(jobs))
        done = 0

        async def create() -> None:
            for _ in left:
                await gateway.start(name, _VARIABLES)

        async def complete() -> None:
            nonlocal done
            lease = Lease(type=name, worker="bench", lease_ms=60_000)
            while done < jobs:
                found = await gateway.activate(lease, most=AT_ONCE, wait_s=1)
                await asyncio.gather(*(gateway.report(job, Completed(variables={"ok": True})) for job in found))
                done += len(found)

        await asyncio.gather(*(create() for _ in range(AT_ONCE // 2)), complete())
        return time.perf_counter() - begun


async def _fill(address: str, instances: int) -> None:
    """Start so many instances, which wait at their job."""
    async with ZeebeGateway.open(Settings(zeebe_address=address)) as gateway:
        await gateway.deploy({"wait.bpmn": line_of_tasks("wait", "wait")})
        left = iter(range(instances))

        async def create() -> None:
            for _ in left:
                await gateway.start("wait", _VARIABLES)

        await asyncio.gather(*(create() for _ in range(AT_ONCE)))


def _run(work: Any, *arguments: Any) -> Any:
    """What a coroutine comes to in a process of its own: the client's CPU is not the engine's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_awaited, (work, arguments))


def _awaited(work: Any, arguments: tuple[Any, ...]) -> Any:
    return asyncio.run(work(*arguments))


def measure_start() -> float:
    """Seconds from the process's start until it is ready: the best of five."""
    found = []
    for _ in range(5):
        begun = time.perf_counter()
        with local_engine.running():
            found.append(time.perf_counter() - begun)
    return min(found)


def measure_jobs() -> tuple[float, float]:
    """Jobs a second, and ms of the engine's CPU a job: of the second of two rounds."""
    with local_engine.running() as server:
        counted = Processes([server.pid])
        _run(_work, server.gateway, JOBS // 4)
        before = counted.cpu_s()
        took = _run(_work, server.gateway, JOBS)
        return JOBS / took, (counted.cpu_s() - before) / JOBS * 1000


def measure_waiting() -> float:
    """Megabytes that the engine holds more with all the instances than without."""
    with local_engine.running() as server:
        counted = Processes([server.pid])
        before = counted.memory().rss
        _run(_fill, server.gateway, WAITING)
        return counted.memory().rss - before


def measure_replay() -> float:
    """Seconds from the process's start with a journal until it is ready."""
    with tempfile.TemporaryDirectory(prefix="zelery-bench-") as folder:
        with local_engine.running(Path(folder)) as server:
            _run(_fill, server.gateway, REPLAYED)
        begun = time.perf_counter()
        with local_engine.running(Path(folder)):
            return time.perf_counter() - begun


def main(options: Sequence[str] = ()) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench engine", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(options)
    jobs_per_s, cpu_ms = measure_jobs()
    found = {
        "start_s": round(measure_start(), 2),
        "jobs_per_s": round(jobs_per_s),
        "cpu_ms_per_job": round(cpu_ms, 3),
        "waiting_mb": round(measure_waiting()),
        "replay_s": round(measure_replay(), 2),
    }
    for name, value in found.items():
        print(f"{name:<16}{value:>10}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
