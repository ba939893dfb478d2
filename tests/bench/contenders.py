"""Runtimes to measure side by side: each serves a job type of its own on the same Zeebe, as processes to be counted."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import redis as redis_client

from tests.bench.processes import Processes
from tests.servers.rabbitmq import rabbitmq_server
from zelery.local import redis as local_redis
from zelery.redis import WORKERS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contender:
    """A runtime that runs."""

    name: str
    """Of its row."""
    job_type: str
    """What it serves."""
    counted: Processes
    """Whose CPU and memory count."""
    frozen: Processes
    """What is stopped while a backlog is made: those of its processes that take jobs."""
    redis: str = ""
    """The URL of its Redis, if it has one."""


@contextlib.contextmanager
def ours(
    name: str,
    gateway: str,
    folder: Path,
    *,
    workers: int,
    rabbitmq: bool = False,
    settings: Mapping[str, str] | None = None,
    others: Sequence[str] = (),
) -> Iterator[Contender]:
    """Zelery: a fetcher and so many workers, and other roles, with a Redis of their own that is counted."""
    job_type = f"bench:{name.replace(' ', '-')}:1"
    with contextlib.ExitStack() as held:
        redis = held.enter_context(local_redis.running())
        servers = [redis.pid]
        environment = {
            "ZEEBE_ADDRESS": gateway,
            "ZELERY_REDIS_URL": redis.url,
            "CONNECTOR_HTTP_REST_TYPE": job_type,
            **(settings or {}),
        }
        if rabbitmq:
            server = held.enter_context(rabbitmq_server())
            environment["ZELERY_BROKER_URL"] = server.url
            servers.append(server.pid)
        roles = ["fetch", *["worker"] * workers, *others]
        started = [
            held.enter_context(process([sys.executable, "-m", "zelery", role], environment, folder / f"{role}-{n}.log"))
            for n, role in enumerate(roles)
        ]
        _await(lambda: _workers(redis.url) == workers, f"workers of {name}", folder)
        yield Contender(
            name=name,
            job_type=job_type,
            counted=Processes([*started, *servers]),
            frozen=Processes(started),
            redis=redis.url,
        )


@contextlib.contextmanager
def process(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """A process until the block ends; its log is kept."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield child.pid
    finally:
        Processes([child.pid]).thaw()
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _workers(url: str) -> int:
    with redis_client.Redis.from_url(url) as client:
        return int(client.zcard(WORKERS))


def _await(ready: Callable[[], bool], what: str, folder: Path, limit_s: float = 120) -> None:
    deadline = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} not ready after {limit_s:.0f} s; see the logs in {folder}")
        time.sleep(0.2)
