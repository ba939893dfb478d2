"""Half an hour at half the peak, with all roles running: does anything grow?

`python -m tests.bench soak [--minutes M] [--per-s JOBS] [--json FILE] [--csv FILE]` takes as long as it says.

The peak is measured first, by a backlog that is drained. Then jobs are made at half of it, or at the pace that is
given. Ten times a minute the memory and the open files of our processes are looked at, Redis's keys, and the longest
that a job waited for its call. The first third is left out: caches and pools fill up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import redis as redis_client

from tests.bench import contenders, endpoint
from tests.bench.beside_java import circumstances
from tests.bench.contenders import Contender
from tests.bench.load import Load, model, until
from zelery.camunda.gateway import Gateway, ZeebeGateway
from zelery.local import engine as local_engine
from zelery.local import ports
from zelery.settings import Settings

EVERY_S = 6.0

#: Jobs whose draining tells the peak.
PEAK_JOBS = 3000

#: What may be added from the second third to the last: of memory, and of files and keys.
MEMORY_GROWTH, COUNT_GROWTH = 1.05, 5

LEASE_S = 30.0

PROCESS = "soak"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """One look."""

    at_s: float
    pss_mb: float
    descriptors: int
    keys: int
    """Of Redis."""
    late_ms: float
    """The longest from the making of a job to its call, since the last look."""
    behind: int
    """Jobs that were made and have not called."""


def main(options: Sequence[str] = ()) -> int:
    """Measure and print; exit status 1 when something grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-s", type=float, help="jobs a second; half the peak when it is not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the looks and the verdicts there")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the looks there")
    given = parser.parse_args(options)
    per_s, samples = asyncio.run(measure(given.minutes * 60, given.per_s))
    found = verdicts(samples)
    print(f"{per_s:.0f} jobs a second for {given.minutes:g} minutes")
    print(*(f"{'good' if good else 'BAD ':<5}{said}" for said, good in found.items()), sep="\n")
    rows = [dataclasses.asdict(each) for each in samples]
    if given.json:
        told = {**circumstances(), "per_s": per_s, "verdicts": found, "samples": rows}
        given.json.write_text(json.dumps(told, indent=2) + "\n")
    if given.csv:
        with given.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return 0 if all(found.values()) else 1


def verdicts(samples: Sequence[Sample]) -> dict[str, bool]:
    """What is said of the looks, and whether it is good."""
    third = max(len(samples) // 3, 1)
    before, after = samples[third : 2 * third] or samples, samples[2 * third :] or samples

    def middle(column: str, of: Sequence[Sample]) -> float:
        return statistics.median(float(getattr(each, column)) for each in of)

    memory = middle("pss_mb", before), middle("pss_mb", after)
    found = {f"memory: {memory[0]:.0f} MB, then {memory[1]:.0f} MB": memory[1] <= memory[0] * MEMORY_GROWTH}
    for column, said in (("descriptors", "open files"), ("keys", "keys in Redis")):
        counts = middle(column, before), middle(column, after)
        found[f"{said}: {counts[0]:.0f}, then {counts[1]:.0f}"] = counts[1] <= counts[0] + COUNT_GROWTH
    oldest_s = max(each.late_ms for each in samples) / 1000
    found[f"oldest job: {oldest_s:.1f} s"] = oldest_s <= LEASE_S
    found[f"behind at the end: {samples[-1].behind} jobs"] = samples[-1].late_ms <= LEASE_S * 1000
    return found


async def measure(seconds: float, per_s: float | None) -> tuple[float, list[Sample]]:
    """The pace, and the looks."""
    roles = ("beat", "webhooks", "consume")
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="zelery-soak-")))
        server = held.enter_context(local_engine.running())
        called = held.enter_context(endpoint.running())
        settings = {"ZELERY_WEBHOOK_PORT": str(ports.free(1)[0])}
        ours = held.enter_context(
            contenders.ours(PROCESS, server.gateway, folder, workers=2, settings=settings, others=roles)
        )
        async with ZeebeGateway.open(Settings(zeebe_address=server.gateway)) as gateway:
            await gateway.deploy({"soak.bpmn": model(PROCESS, ours.job_type, called.url)})
            pace = per_s or await peak(gateway, called, ours) / 2
            return pace, await watch(gateway, called, ours, pace, seconds)


async def peak(gateway: Gateway, called: endpoint.Endpoint, ours: Contender) -> float:
    """Jobs a second of a backlog, the second time."""
    rate = 0.0
    for _ in range(2):
        ours.frozen.freeze()
        await Load(gateway).backlog(PROCESS, PEAK_JOBS)
        called.begin()
        began = time.time()
        ours.frozen.thaw()
        await until(lambda: called.calls() >= PEAK_JOBS, 300)
        rate = PEAK_JOBS / (time.time() - began)
    return rate


async def watch(
    gateway: Gateway, called: endpoint.Endpoint, ours: Contender, per_s: float, seconds: float
) -> list[Sample]:
    """Looks, while jobs are made at a steady pace."""
    load, samples, began, made = Load(gateway), list[Sample](), time.monotonic(), 0
    called.begin()
    with redis_client.Redis.from_url(ours.redis) as client:
        while (at_s := time.monotonic() - began) < seconds:
            made += await load.steady(PROCESS, per_s, min(EVERY_S, seconds - at_s))
            memory = await asyncio.to_thread(ours.counted.memory)
            samples.append(
                Sample(
                    at_s=round(time.monotonic() - began, 1),
                    pss_mb=memory.pss,
                    descriptors=ours.counted.descriptors(),
                    keys=int(client.dbsize()),
                    late_ms=called.latest_ms(),
                    behind=made - called.calls(),
                )
            )
    return samples
