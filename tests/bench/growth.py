"""What a job costs when there is more of something: worker processes, waiting jobs, payload.

`python -m tests.bench growth [--quick] [--json FILE]` takes about an hour; `--quick` leaves out the largest of each.

One thing is varied, the others stay: two workers, 1,000 waiting jobs, a payload of 1 kB. The payload is a variable that
the connector is given as its body, so it travels the whole way: Zeebe, fetcher, broker, worker, endpoint's way.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import contenders, endpoint
from tests.bench.beside_java import circumstances
from tests.bench.contenders import Contender
from tests.bench.load import Load, model, until
from zelery.camunda.gateway import Gateway, ZeebeGateway
from zelery.local import engine as local_engine
from zelery.settings import Settings

WORKERS, WAITING, PAYLOADS = (1, 2, 4, 8), (1_000, 10_000, 100_000), (1_000, 100_000, 1_000_000)

#: The most of all payloads of one round, bytes: what waits is on Zeebe's disk, and in its memory in part.
PAYLOAD_SUM_MAX = 100_000_000

LIMIT_S = 1800

PROCESS = "growth"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """What a job cost, with so much of each."""

    varied: str
    workers: int
    waiting: int
    payload_bytes: int
    cpu_ms_per_job: float
    jobs_per_s: float


def main(options: Sequence[str] = ()) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the largest of each")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each; the middle is shown")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args(options)
    cells = asyncio.run(measure(plan(quick=given.quick), given.rounds))
    if given.json:
        told = {**circumstances(), "cells": [dataclasses.asdict(each) for each in cells]}
        given.json.write_text(json.dumps(told, indent=2) + "\n")
    return 0


def plan(*, quick: bool) -> list[tuple[str, int, int, int]]:
    """What is varied, workers, waiting jobs, payload."""
    workers, waiting, payloads = ((each[:-1] if quick else each) for each in (WORKERS, WAITING, PAYLOADS))
    return [
        *(("workers", count, WAITING[0], PAYLOADS[0]) for count in workers),
        *(("waiting", 2, count, PAYLOADS[0]) for count in waiting),
        *(("payload", 2, min(WAITING[0], PAYLOAD_SUM_MAX // size), size) for size in payloads),
    ]


async def measure(cells: Sequence[tuple[str, int, int, int]], rounds: int) -> list[Cell]:
    """Each of them, with workers of its own that have been warmed up."""
    found: list[Cell] = []
    print(f"{'varied':<10}{'workers':>9}{'waiting':>9}{'payload':>10}{'CPU ms/job':>12}{'jobs/s':>9}")
    with local_engine.running() as server, endpoint.running() as called:
        async with ZeebeGateway.open(Settings(zeebe_address=server.gateway)) as gateway:
            for varied, workers, waiting, payload in cells:
                with _ours(server.gateway, workers) as ours:
                    await gateway.deploy({"growth.bpmn": model(PROCESS, ours.job_type, called.url, body="=payload")})
                    await _drained(gateway, called, ours, WAITING[0], PAYLOADS[0])
                    drained = [
                        await _drained(gateway, called, ours, waiting, payload)
                        for _ in range(1 if waiting == WAITING[-1] else rounds)
                    ]
                cpu_ms, rate = (round(statistics.median(column), 2) for column in zip(*drained, strict=True))
                found.append(
                    Cell(
                        varied=varied,
                        workers=workers,
                        waiting=waiting,
                        payload_bytes=payload,
                        cpu_ms_per_job=cpu_ms,
                        jobs_per_s=rate,
                    )
                )
                print(f"{varied:<10}{workers:>9}{waiting:>9}{payload:>10}{cpu_ms:>12.2f}{rate:>9.1f}", flush=True)
    return found


@contextlib.contextmanager
def _ours(gateway: str, workers: int) -> Iterator[Contender]:
    with (
        tempfile.TemporaryDirectory(prefix="zelery-growth-") as folder,
        contenders.ours(PROCESS, gateway, Path(folder), workers=workers) as ours,
    ):
        yield ours


async def _drained(
    gateway: Gateway, called: endpoint.Endpoint, ours: Contender, jobs: int, payload: int
) -> tuple[float, float]:
    """CPU milliseconds a job, and jobs a second."""
    ours.frozen.freeze()
    await Load(gateway).backlog(PROCESS, jobs, payload="x" * payload)
    await asyncio.sleep(1)
    called.begin()
    spent, began = ours.counted.cpu_s(), time.time()
    ours.frozen.thaw()
    await until(lambda: called.calls() >= jobs, LIMIT_S)
    told = called.tell()
    await asyncio.sleep(1)
    done = max(told["calls"], 1)
    return (ours.counted.cpu_s() - spent) * 1000 / done, done / ((told["last"] or time.time()) - began)
