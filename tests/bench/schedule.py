"""How many entries a beat fires, how late, for how much CPU, and what a dead leader costs.

`python -m tests.bench schedule [--json FILE]` takes about four minutes.

Ten thousand entries at ten seconds on a real Redis, counted by a consumer in a process of its own. RedBeat and Celery's
own scheduler get the same entries and a shorter window. Ours says in each message when it was due; of the others, late
is by how much more than the interval a message came after the one before.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import redis as redis_client

from beat_schedule.leader import NAME
from tests.bench.drain import QUEUE, Arrival, Drain, draining
from tests.bench.peers import SCHEDULERS
from zelery.followed import Followed
from zelery.local import redis as local_redis
from zelery.redis import ENTRIES, connect
from zelery.schedule import Entry
from zelery.settings import Settings

#: From the first message until each entry has found its phase, in intervals.
SETTLES = 1.6

#: How long ours and the others are watched, and how long after the leader's death, in intervals.
WINDOW, WINDOW_OF_OTHERS, AFTERMATH = 2.0, 1.0, 2.5

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """What a scheduler did in its window."""

    fires_per_s: float
    late_p95_ms: float
    cpu_share: float
    """Of one core."""
    first_tick_s: float
    """From the start of its process to its first message."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Takeover:
    """What the leader's death cost."""

    takeover_s: float
    """The longest time without a message."""
    doubled: int
    """Messages of a due time that had been sent before."""
    lost: int
    """Due times of which no message came."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Added:
    """What one entry more costs."""

    write_ms: float
    fires_s: float
    """Until its first message."""


def main(options: Sequence[str] = ()) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench schedule", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of Zelery's scheduler there")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument(
        "--interval", type=float, default=10.0, metavar="S", help="seconds between two runs of an entry"
    )
    parser.add_argument("--only-ours", action="store_true", help="leave the others out")
    given = parser.parse_args(options)
    ours, added, takeover = measure_ours(given.entries, given.interval)
    found = {"Zelery": ours}
    if not given.only_ours:
        for name in SCHEDULERS:
            found[name] = measure_other(name, given.entries, given.interval)
    print(table(found, given.entries, given.interval))
    print(f"\none entry more: written in {added.write_ms:.1f} ms, first fired after {added.fires_s:.2f} s")
    print(
        f"leader killed: {takeover.takeover_s:.1f} s without a message, "
        f"{takeover.doubled} doubled, {takeover.lost} lost"
    )
    if given.json:
        figures = {**dataclasses.asdict(ours), **dataclasses.asdict(takeover)}
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure_ours(entries: int, interval_s: float) -> tuple[Watched, Added, Takeover]:
    """A beat with so many entries; then one entry more; then a second beat, and the death of the first."""
    with local_redis.running() as server, draining(server.url) as drain:
        asyncio.run(_fill(server.url, entries, interval_s))
        command = [sys.executable, "-m", "zelery", "beat"]
        environment = {"ZELERY_REDIS_URL": server.url}
        with _running(command, environment) as first:
            watched = watch(drain, first, interval_s, WINDOW)
            added = add(drain, server.url, interval_s)
            with _running(command, environment):
                return watched, added, kill(drain, server.url, interval_s)


def measure_other(name: str, entries: int, interval_s: float) -> Watched:
    """The same entries under another scheduler."""
    app, scheduler = SCHEDULERS[name]
    with local_redis.running() as server, draining(server.url) as drain:
        environment = {"BENCH_URL": server.url, "BENCH_ENTRIES": str(entries), "BENCH_INTERVAL_S": str(interval_s)}
        if name == "RedBeat":
            subprocess.run([sys.executable, "-m", "tests.bench.peers"], env={**os.environ, **environment}, check=True)
        command = [sys.executable, "-m", "celery", "-A", app, "beat", "-S", scheduler, "-l", "ERROR"]
        with _running(command, environment) as process:
            return watch(drain, process, interval_s, WINDOW_OF_OTHERS)


def watch(drain: Drain, process: subprocess.Popen[bytes], interval_s: float, window: float) -> Watched:
    """From the start of a beat to the end of its window."""
    started = time.time()
    first = drain.wait()
    time.sleep(max(0.0, first.at + SETTLES * interval_s - time.time()))
    begins, spent = time.time(), _cpu_s(process.pid)
    time.sleep(window * interval_s)
    ends, spent = time.time(), _cpu_s(process.pid) - spent
    arrivals = drain.look()
    within = [arrival for arrival in arrivals if begins <= arrival.at < ends]
    late = lateness_ms(arrivals, begins, ends, interval_s)
    return Watched(
        fires_per_s=round(len(within) / (ends - begins), 1),
        late_p95_ms=round(statistics.quantiles(late, n=20)[-1], 1) if len(late) > 1 else float("nan"),
        cpu_share=round(spent / (ends - begins), 3),
        first_tick_s=round(first.at - started, 2),
    )


def lateness_ms(arrivals: Sequence[Arrival], begins: float, ends: float, interval_s: float) -> list[float]:
    """By how much each message came too late, of those that came after `begins`.

    Of a scheduler that does not say what was due when, an entry that should have come again by `ends` counts too.
    """
    late, before = [], dict[str, float]()
    for arrival in arrivals:
        if arrival.at >= begins:
            if arrival.due_ms is not None:
                late.append(arrival.at * 1000 - arrival.due_ms)
            elif arrival.entry in before:
                late.append((arrival.at - before[arrival.entry] - interval_s) * 1000)
        if arrival.due_ms is None:
            before[arrival.entry] = arrival.at
    overdue = ((ends - at - interval_s) * 1000 for at in before.values())
    return late + [each for each in overdue if each > 0]


def add(drain: Drain, url: str, interval_s: float) -> Added:
    """One entry more."""
    began, write_s = asyncio.run(_add(url, interval_s))
    return Added(write_ms=write_s * 1000, fires_s=drain.wait("new").at - began)


def kill(drain: Drain, url: str, interval_s: float) -> Takeover:
    """Kill the leader, and count what came until some time after."""
    time.sleep(interval_s / 2)  # The second has long begun to look.
    with redis_client.Redis.from_url(url, decode_responses=True) as client:
        owner = str(client.hget(f"zelery:lease:{NAME}", "owner"))
    killed = time.time()
    os.kill(int(owner.partition("@")[0].rpartition("-")[2]), signal.SIGKILL)
    time.sleep(AFTERMATH * interval_s)
    arrivals = drain.look()
    times = sorted(arrival.at for arrival in arrivals if arrival.at > killed - 1)
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    doubled, lost = accounts(arrivals, time.time(), interval_s)
    return Takeover(takeover_s=round(max(gaps, default=float("inf")), 2), doubled=doubled, lost=lost)


def accounts(arrivals: Sequence[Arrival], now: float, interval_s: float) -> tuple[int, int]:
    """How many due times came twice, and how many between an entry's second and the present never came."""
    # Within the last second some may be on their way; from the first to the second there is the jitter.
    ends_ms, interval_ms = (now - 1) * 1000, interval_s * 1000
    due: dict[str, list[int]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.due_ms is not None and arrival.due_ms <= ends_ms:
            due[arrival.entry].append(arrival.due_ms)
    doubled = lost = 0
    for times in due.values():
        different = sorted(set(times))
        doubled += len(times) - len(different)
        if phase := different[1:]:
            lost += int((ends_ms - phase[0]) // interval_ms) + 1 - len(phase)
    return doubled, lost


def table(found: dict[str, Watched], entries: int, interval_s: float) -> str:
    """A line for each scheduler."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    due = f"{entries} entries at {interval_s:g} s, {entries / interval_s:.0f} fires/s"
    lines = [
        f"{due}; {os.cpu_count()} cores, load {load}",
        f"{'scheduler':<12}{'fires/s':>10}{'late p95 ms':>14}{'of a core':>12}{'first tick s':>14}",
    ]
    lines += [
        f"{name:<12}{of.fires_per_s:>10.0f}{of.late_p95_ms:>14.0f}{of.cpu_share:>11.0%}{of.first_tick_s:>14.1f}"
        for name, of in found.items()
    ]
    return "\n".join(lines)


def _entry(name: str, interval_s: float) -> Entry:
    return Entry(name=name, task="bench.tick", interval_ms=int(interval_s * 1000), args=(name,), queue=QUEUE)


async def _fill(url: str, entries: int, interval_s: float) -> None:
    async with connect(Settings(redis_url=url)) as redis:
        values = {f"e{n}": _entry(f"e{n}", interval_s).to_json() for n in range(entries)}
        await Followed(redis, ENTRIES).apply(values)


async def _add(url: str, interval_s: float) -> tuple[float, float]:
    async with connect(Settings(redis_url=url)) as redis:
        followed = Followed(redis, ENTRIES)
        await followed.since(2**52)  # It is connected.
        began = time.time()
        await followed.apply({"new": _entry("new", interval_s).to_json()})
        return began, time.time() - began


@contextlib.contextmanager
def _running(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A beat, for a block; its log is shown when it ends by itself."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            yield process
            ended = process.poll()
        finally:
            process.kill()
            process.wait()
        if ended not in (None, -signal.SIGKILL):
            log.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {ended}:\n{log.read().decode()[-3000:]}")


def _cpu_s(pid: int) -> float:
    """CPU time of a process so far, in and out of the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
