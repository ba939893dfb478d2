"""Zelery beside Camunda's Java connector runtime: jobs a second, CPU a job, memory, delay.

`python -m tests.bench beside-java [--json FILE] [--rounds N]` takes about half an hour.

All of them run at once on one Zeebe, each with a job type of its own and frozen but for its rounds, which alternate. In
a round a backlog is made while its runtime is frozen; the clock runs from its thaw to the last call that the endpoint
got, and its CPU is counted until a second after all is done. As calls run ahead of their reports, and more of ours than
of Java's are under way, it is also told until when Zeebe has completed the last job. The JVM is warmed up for ten
rounds, ours for as many. `engine` is a worker that does nothing: what Zeebe itself can do. `late` is from the making of
a job to its call, at a steady pace that all of them hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import platform
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import contenders, endpoint, java_peer
from tests.bench.contenders import Contender
from tests.bench.load import Load, model, noop, until
from zelery.camunda.gateway import Gateway, ZeebeGateway
from zelery.local import engine as local_engine
from zelery.local.errors import LocalServerError
from zelery.settings import Settings

#: Milliseconds that the endpoint takes.
DELAYS = (0, 500)

#: How long a backlog may take, seconds; what is not done by then counts as not done.
LIMIT_S = 180

#: How long reports may come after the last call, seconds. Java with 200 threads often leaves some jobs to the end of
#: their leases, minutes later.
REPORTED_S = 10

#: A pace at which nobody has a backlog: jobs a second, for so many seconds, at an endpoint of 0 ms.
PACE, PACE_S = 15, 20

DEFAULT, TUNED, JAVA, JAVA_TUNED, RABBITMQ = "zelery", "zelery tuned", "java", "java tuned", "zelery on RabbitMQ"

ENGINE = "engine"

#: What the ratios of `summary` should be at least; of memory, at most.
GOALS = {
    "cpu_ratio_0ms": 3.0,
    "rate_ratio_0ms": 1.6,
    "rate_ratio_500ms_default": 18.0,
    "rate_ratio_500ms_tuned": 1.5,
    "of_engine_0ms": 0.75,
    "of_engine_500ms": 0.75,
    "memory_ratio_500ms_tuned": 1.0,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Round:
    """One backlog, drained."""

    number: int
    """Those below 0 warm up."""
    name: str
    delay_ms: int
    jobs: int
    done: int
    jobs_per_s: float
    """Until the last call."""
    completed_per_s: float
    """Until Zeebe has completed the last."""
    cpu_ms_per_job: float
    peak: int
    """Calls open at once."""
    pss_mb: float
    rss_mb: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Late:
    """From the making of a job to its call, milliseconds."""

    name: str
    p50_ms: float
    p99_ms: float


def main(options: Sequence[str] = ()) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench beside-java", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and the rounds there")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each at each delay")
    parser.add_argument("--warm", type=int, default=10, help="rounds before them")
    parser.add_argument("--jobs", type=int, default=2000, help="jobs of a round at 0 ms")
    given = parser.parse_args(options)
    try:
        java_peer.jar()
    except LocalServerError as error:
        print(f"skipped: {error}")
        return 0
    drained, late = asyncio.run(measure(given.jobs, given.rounds, given.warm))
    rounds = [each for each in drained if each.number >= 0]
    figures = summary(rounds)
    print(table(rounds, late), *(f"{name}: {value}" for name, value in figures.items()), sep="\n")
    if given.json:
        told = {
            **figures,
            **circumstances(),
            "late": [dataclasses.asdict(each) for each in late],
            "rounds": [dataclasses.asdict(each) for each in rounds],
            "warm": [dataclasses.asdict(each) for each in drained if each.number < 0],
        }
        given.json.write_text(json.dumps(told, indent=2) + "\n")
    return 0


async def measure(jobs: int, rounds: int, warm: int) -> tuple[list[Round], list[Late]]:
    """All rounds, and the delays."""
    with (
        tempfile.TemporaryDirectory(prefix="zelery-bench-") as folder,
        local_engine.running() as server,
        endpoint.running() as called,
        runtimes(server.gateway, Path(folder)) as running,
    ):
        async with ZeebeGateway.open(Settings(zeebe_address=server.gateway)) as gateway:
            bench = _Bench(gateway, server.management, called, running)
            await bench.deploy()
            return await bench.rounds(jobs, rounds, warm), [await bench.late(each) for each in running]


@contextlib.contextmanager
def runtimes(gateway: str, folder: Path) -> Iterator[Sequence[Contender]]:
    """Those that are measured."""
    cores = os.cpu_count() or 1
    tuned = {"ZELERY_WORKER_CONCURRENCY": "500"}
    # As Camunda's bundle of the runtime is set up; the library by itself has one thread.
    bundled = {"camunda.client.execution-threads": "10"}
    threads = {"camunda.client.execution-threads": "200", "camunda.client.worker.defaults.max-jobs-active": "400"}
    with contextlib.ExitStack() as held:
        started: list[Contender] = []

        def start(running: Callable[[Path], contextlib.AbstractContextManager[Contender]]) -> None:
            own = folder / str(len(started))
            own.mkdir()
            started.append(held.enter_context(running(own)))
            started[-1].frozen.freeze()

        start(lambda own: contenders.ours(DEFAULT, gateway, own, workers=cores))
        start(lambda own: java_peer.running(JAVA, gateway, own, bundled))
        start(lambda own: contenders.ours(TUNED, gateway, own, workers=cores, settings=tuned))
        start(lambda own: java_peer.running(JAVA_TUNED, gateway, own, threads))
        with contextlib.suppress(LocalServerError):  # No RabbitMQ here: a row less.
            start(lambda own: contenders.ours(RABBITMQ, gateway, own, workers=cores, rabbitmq=True))
        yield started


class _Bench:
    def __init__(
        self, gateway: Gateway, management: str, called: endpoint.Endpoint, running: Sequence[Contender]
    ) -> None:
        self._gateway, self._management, self._called, self._running = gateway, management, called, running
        self._load = Load(gateway)

    async def deploy(self) -> None:
        for each in self._running:
            process_id = _process_id(each.name)
            await self._gateway.deploy({f"{process_id}.bpmn": model(process_id, each.job_type, self._called.url)})
        await self._gateway.deploy({"engine.bpmn": model(ENGINE, "bench:engine:1", self._called.url)})

    async def rounds(self, jobs: int, rounds: int, warm: int) -> list[Round]:
        drained: list[Round] = []
        for delay_ms in DELAYS:
            for number in range(-warm if delay_ms == DELAYS[0] else -1, rounds):
                for each in self._running:
                    drained.append(await self._drained(number, each, _jobs(each.name, jobs, delay_ms), delay_ms))
                    print(json.dumps(dataclasses.asdict(drained[-1])), flush=True)
                if number >= 0 and delay_ms == DELAYS[0]:
                    drained.append(await self._engine(number, jobs))
                    print(json.dumps(dataclasses.asdict(drained[-1])), flush=True)
        return drained

    async def _drained(self, number: int, each: Contender, jobs: int, delay_ms: int) -> Round:
        await self._load.backlog(_process_id(each.name), jobs)
        await asyncio.sleep(1)
        self._called.begin(delay_ms)
        all_done = self._completed(each.job_type) + jobs
        spent, began = each.counted.cpu_s(), time.time()
        each.frozen.thaw()
        try:
            await until(lambda: self._called.calls() >= jobs // 2, LIMIT_S)
            memory = each.counted.memory()
            await until(lambda: self._called.calls() >= jobs, LIMIT_S)
            told = self._called.tell()
            completed_per_s = await self._reported(each.job_type, all_done, jobs, began)
            await asyncio.sleep(1)
            spent = each.counted.cpu_s() - spent
        finally:
            each.frozen.freeze()
        return Round(
            number=number,
            name=each.name,
            delay_ms=delay_ms,
            jobs=jobs,
            done=told["calls"],
            jobs_per_s=round(told["calls"] / ((told["last"] or time.time()) - began), 1),
            completed_per_s=completed_per_s,
            cpu_ms_per_job=round(spent * 1000 / max(told["calls"], 1), 2),
            peak=told["peak"],
            pss_mb=memory.pss,
            rss_mb=memory.rss,
        )

    async def _reported(self, job_type: str, all_done: int, jobs: int, began: float) -> float:
        """Jobs completed a second, until all are, or until no more are reported for long."""
        done, at, limit = 0, began, time.time() + REPORTED_S
        while done < jobs and time.time() < limit:
            left = all_done - self._completed(job_type)
            if jobs - left > done:
                done, at = jobs - left, time.time()
            await asyncio.sleep(0.02)
        return round(done / (at - began), 1) if done else 0.0

    def _completed(self, job_type: str) -> int:
        """How many jobs of a type Zeebe has completed, as its metrics tell."""
        with urllib.request.urlopen(f"{self._management}/actuator/prometheus", timeout=30) as response:
            text = response.read().decode()
        labels = f'action="completed",partition="1",type="{job_type}"'
        found = re.search(rf"^zeebe_job_events_total{{{re.escape(labels)},?}} (\S+)$", text, re.MULTILINE)
        return int(float(found[1])) if found else 0

    async def _engine(self, number: int, jobs: int) -> Round:
        await self._load.backlog(ENGINE, jobs)
        await asyncio.sleep(1)
        done: list[float] = []
        began = time.time()
        worker = asyncio.create_task(noop(self._gateway, "bench:engine:1", done))
        await until(lambda: len(done) >= jobs, LIMIT_S)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        rate = round(len(done) / ((done[-1] if done else time.time()) - began), 1)
        return Round(
            number=number,
            name=ENGINE,
            delay_ms=0,
            jobs=jobs,
            done=len(done),
            jobs_per_s=rate,
            completed_per_s=rate,
            cpu_ms_per_job=0,
            peak=0,
            pss_mb=0,
            rss_mb=0,
        )

    async def late(self, each: Contender) -> Late:
        """At a steady pace."""
        each.frozen.thaw()
        try:
            await self._load.steady(_process_id(each.name), PACE, 3)
            await asyncio.sleep(2)
            self._called.begin()
            made = await self._load.steady(_process_id(each.name), PACE, PACE_S)
            await until(lambda: self._called.calls() >= made, LIMIT_S)
            late = self._called.tell()["late_ms"]
        finally:
            each.frozen.freeze()
        return Late(name=each.name, p50_ms=statistics.median(late), p99_ms=statistics.quantiles(late, n=100)[-1])


def _process_id(name: str) -> str:
    return f"bench-{name.replace(' ', '-')}"


def _jobs(name: str, jobs: int, delay_ms: int) -> int:
    """Java out of the box makes some 20 calls a second to an endpoint of 500 ms: it gets a tenth of the jobs there."""
    return max(jobs // 10, 1) if delay_ms and name == JAVA else jobs


def medians(rounds: Sequence[Round]) -> dict[tuple[str, int], Round]:
    """The middle of each column, by name and delay."""
    found: dict[tuple[str, int], Round] = {}
    for name, delay_ms in dict.fromkeys((each.name, each.delay_ms) for each in rounds):
        of = [dataclasses.asdict(each) for each in rounds if (each.name, each.delay_ms) == (name, delay_ms)]
        middle = {column: statistics.median(each[column] for each in of) for column in of[0] if column != "name"}
        found[name, delay_ms] = Round(name=name, **middle)
    return found


def summary(rounds: Sequence[Round]) -> dict[str, float]:
    """Ours beside Java's: pairs of the same round, and the middle of their ratios."""

    def ratio(column: str, ours: str, other: str, delay_ms: int) -> float:
        values = [
            [getattr(each, column) for each in rounds if (each.name, each.delay_ms) == (name, delay_ms)]
            for name in (ours, other)
        ]
        pairs = [a / b for a, b in zip(*values, strict=True) if b]
        return round(statistics.median(pairs), 2) if pairs else float("nan")

    found = {
        "cpu_ratio_0ms": ratio("cpu_ms_per_job", JAVA, DEFAULT, 0),
        "rate_ratio_0ms": ratio("jobs_per_s", DEFAULT, JAVA, 0),
        "rate_ratio_500ms_default": ratio("jobs_per_s", DEFAULT, JAVA, 500),
        "cpu_ratio_0ms_tuned": ratio("cpu_ms_per_job", JAVA_TUNED, TUNED, 0),
        "rate_ratio_0ms_tuned": ratio("jobs_per_s", TUNED, JAVA_TUNED, 0),
        "rate_ratio_500ms_tuned": ratio("jobs_per_s", TUNED, JAVA_TUNED, 500),
        "memory_ratio_500ms_tuned": ratio("pss_mb", TUNED, JAVA_TUNED, 500),
        "completed_ratio_0ms": ratio("completed_per_s", DEFAULT, JAVA, 0),
        "completed_ratio_500ms_default": ratio("completed_per_s", DEFAULT, JAVA, 500),
        "completed_ratio_500ms_tuned": ratio("completed_per_s", TUNED, JAVA_TUNED, 500),
    }
    middle = medians(rounds)
    if (ENGINE, 0) in middle:
        engine = middle[ENGINE, 0].completed_per_s
        found |= {
            f"of_engine_{delay_ms}ms": round(middle[TUNED, delay_ms].completed_per_s / engine, 2)
            for delay_ms in DELAYS
            if (TUNED, delay_ms) in middle
        }
    return found


def circumstances() -> dict[str, Any]:
    """When and on what it was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load": [round(each, 1) for each in os.getloadavg()],
        "versions": {
            "zelery": version("zelery"),
            "celery": version("celery"),
            "kombu": version("kombu"),
            "engine": version("zelery"),
            "java runtime": java_peer.VERSION,
        },
    }


def table(rounds: Sequence[Round], late: Sequence[Late]) -> str:
    """The middle of each runtime's rounds."""
    delays = {each.name: each for each in late}
    columns = (
        ("delay ms", 9),
        ("jobs/s", 9),
        ("completed/s", 13),
        ("CPU ms/job", 12),
        ("peak", 7),
        ("PSS MB", 9),
        ("RSS MB", 9),
    )
    lines = [" " * 20 + "".join(f"{name:>{width}}" for name, width in (*columns, ("p50 ms", 9), ("p99 ms", 9)))]
    for (name, delay_ms), of in medians(rounds).items():
        line = (
            f"{name:<20}{delay_ms:>9}{of.jobs_per_s:>9.1f}{of.completed_per_s:>13.1f}{of.cpu_ms_per_job:>12.2f}"
            f"{of.peak:>7.0f}{of.pss_mb:>9.0f}{of.rss_mb:>9.0f}"
        )
        if delay_ms == 0 and name in delays:
            line += f"{delays[name].p50_ms:>9.0f}{delays[name].p99_ms:>9.0f}"
        lines.append(line)
    return "\n".join(lines)
