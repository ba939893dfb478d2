"""Where a job's CPU goes, layer by layer.

`python -m tests.bench layers [--payload BYTES] [--json FILE]` takes two minutes.

A backlog of jobs at an endpoint of 0 ms is drained while py-spy looks at the fetcher and at one of two workers. Each
sample of a thread that ran belongs to the first layer below that one of its frames is of. What runs outside of Python
(gRPC's core, the kernel's sockets) counts to the Python code that called it, and not at all when nothing did.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.bench import contenders, endpoint
from tests.bench.growth import PAYLOAD_SUM_MAX
from tests.bench.load import Load, model, until
from zelery.camunda.gateway import ZeebeGateway
from zelery.local import engine as local_engine
from zelery.settings import Settings

#: Jobs of a backlog; backlogs before the one that is looked at; samples a second, and for how long.
JOBS, WARM, PER_S, SECONDS = 4000, 3, 400, 8

PROCESS = "layers"

#: By role: layers, each with the files of its frames. The first that is met counts.
LAYERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "fetch": {
        "gRPC: jobs from Zeebe": ("grpc/", "zelery/camunda/"),
        "broker: Redis": ("redis/", "kombu/transport/redis"),
        "message: kombu": ("kombu/",),
        "message: Celery": ("celery/",),
        "dispatch": ("tasks/dispatch", "zelery/model"),
        "fetch": ("tasks/",),
    },
    "worker": {
        "FEEL": ("zelery/feel/",),
        "HTTP": ("zelery/sdk/http/", "zelery/connectors/http/"),
        "gRPC: outcome to Zeebe": ("grpc/", "zelery/camunda/", "tasks/report"),
        "outcome": ("tasks/outcome",),
        "bind: secrets and input": ("zelery/binding", "zelery/secrets", "zelery/properties", "pydantic/"),
        "events: for Flower": ("celery/events/", "tasks/consumer"),
        "execute": ("tasks/execute", "tasks/leases"),
        "consume: Celery": ("celery/worker/strategy", "celery/worker/request", "kombu/messag", "tasks/pool"),
        "consume: Redis": ("redis/", "tasks/transport", "kombu/transport/redis"),
        "consume: Celery's loop": ("celery/", "kombu/"),
    },
}

OTHER = "event loop and other"

#: Frames in which a thread waits.
IDLE = ("select (selectors", "poll (kombu", "wait (threading", "_worker (concurrent")


def main(options: Sequence[str] = ()) -> int:
    """Look and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench layers", description=__doc__)
    parser.add_argument("--payload", type=int, default=0, metavar="BYTES", help="of a variable that is the body")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the shares there")
    given = parser.parse_args(options)
    rows = [
        {"role": role, "layer": layer, "share_percent": round(100 * share, 1)}
        for role, stacks in asyncio.run(looked_at(given.payload)).items()
        for layer, share in shares(stacks, LAYERS[role]).items()
    ]
    for row in rows:
        print(f"{row['role']:<8}{row['layer']:<28}{row['share_percent']:>6.1f} %")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def shares(stacks: Iterable[str], layers: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """What part of the samples each layer has, the greatest first. A line is frames with semicolons, and a count."""
    counts = collections.Counter[str]()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        if not any(idle in frames.rpartition(";")[2] for idle in IDLE):
            counts[layer_of(frames, layers)] += int(count)
    return {layer: count / counts.total() for layer, count in counts.most_common()}


def layer_of(frames: str, layers: Mapping[str, Sequence[str]]) -> str:
    """The layer of one sample."""
    found = (layer for layer, files in layers.items() if any(f"({file}" in frames for file in files))
    return next(found, OTHER)


async def looked_at(payload: int) -> dict[str, list[str]]:
    """The samples of each role, at jobs with so many bytes of payload."""
    jobs = JOBS if not payload else min(JOBS, PAYLOAD_SUM_MAX // payload)
    with (
        tempfile.TemporaryDirectory(prefix="zelery-layers-") as name,
        local_engine.running() as server,
        endpoint.running() as called,
        contenders.ours(PROCESS, server.gateway, Path(name), workers=2) as ours,
    ):
        fetch, worker, *_ = ours.frozen.roots
        async with ZeebeGateway.open(Settings(zeebe_address=server.gateway)) as gateway:
            drawn = model(PROCESS, ours.job_type, called.url, body="=payload" if payload else None)
            await gateway.deploy({"layers.bpmn": drawn})
            for left in reversed(range(WARM + 1)):
                ours.frozen.freeze()
                await Load(gateway).backlog(PROCESS, jobs, payload="x" * payload)
                called.begin()
                ours.frozen.thaw()
                spies = [] if left else [_spy(role, pid, name) for role, pid in (("fetch", fetch), ("worker", worker))]
                await until(lambda: called.calls() >= jobs, 120)
            said = [(await asyncio.to_thread(spy.communicate))[1] for spy in spies]
        texts = {role: Path(name, role) for role in LAYERS}
        if missing := [role for role, path in texts.items() if not path.exists()]:
            raise RuntimeError(f"py-spy saw nothing of {', '.join(missing)}: {b' '.join(said).decode()}")
        return {role: path.read_text().splitlines() for role, path in texts.items()}


def _spy(role: str, pid: int, folder: str) -> subprocess.Popen[bytes]:
    options = ["--rate", str(PER_S), "--duration", str(SECONDS), "--format", "raw", "--nonblocking"]
    py_spy = Path(sys.executable).with_name("py-spy")
    command = [str(py_spy), "record", "--pid", str(pid), "--output", f"{folder}/{role}", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
