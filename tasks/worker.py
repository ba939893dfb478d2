"""`zelery worker`: from a Celery message to the one command that Zeebe gets."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import socket
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from celery import Task, signals
from celery.apps.worker import Worker as CeleryWorker
from celery.exceptions import SecurityWarning

from tasks.celery import QUEUE, App, task_name
from tasks.credit import Capacity
from tasks.execute import execute
from tasks.leases import Held, Leases
from tasks.report import Reporter
from zelery.catalogue import Served, absent, served
from zelery.connected import Connected
from zelery.garbage import settle
from zelery.logs import logger
from zelery.metrics import Metrics
from zelery.model import Completed, Failed, Ignored, Job, Thrown
from zelery.redis import AWAY
from zelery.runtime import Runtime

log = logger(__name__)

INVOCATIONS = "camunda_connector_outbound_invocations"
EXECUTION = "camunda_connector_outbound_execution_time_seconds"
_ACTIONS = {Completed: "completed", Ignored: "completed", Failed: "failed", Thrown: "bpmn-error"}


class JobFailedError(Exception):
    """An attempt failed, and Zeebe was told why. What Celery and Flower see of it: no word of the message."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worker:
    """What one worker process has open."""

    runtime: Runtime
    leases: Leases
    reporter: Reporter
    metrics: Metrics

    async def work(self, each: Served, job: Job) -> str:
        """Run a job's connector and report its outcome; returns the kind of outcome.

        Raises JobFailedError after the failure of an attempt was reported, so that Flower shows it as one.
        """
        left_s = job.deadline_ms / 1000 - time.time()
        with self.leases.hold(job, left_s=left_s) as held:
            await self.leases.extend_if_short(held)
            if not self.leases.ours(held):
                return "lease ended"
            return await self._work(each, held)

    async def _work(self, each: Served, held: Held) -> str:
        job, began = held.job, self.runtime.clock()
        self.metrics.count(INVOCATIONS, "activated", each.type)
        outcome = await execute(job, each.connector, self.runtime, timeout_s=each.timeout.total_seconds())
        self.metrics.time(EXECUTION, each.type, seconds=self.runtime.clock() - began)
        self.metrics.count(INVOCATIONS, _ACTIONS[type(outcome)], each.type)
        await self.reporter.report(job, outcome, held=lambda: self.leases.ours(held))
        match outcome:
            case Completed():
                return "completed"
            case Ignored():
                return "completed, error ignored"
            case Thrown():
                return "BPMN error thrown"
            case Failed(retries=retries):
                raise JobFailedError(f"attempt failed, {retries} left")


class ConnectorTask(Task[..., Any]):
    """The Celery task of one connector. Its pool awaits `run`."""

    Request = "tasks.consumer:Request"

    def __init__(self, each: Served, opened: Opened) -> None:
        self.name = task_name(each.type)
        self._each = each
        self._opened = opened

    async def run(self, message: dict[str, Any]) -> str:
        """Work on one job; `message` is `Job.to_message`'s."""
        return await self._opened.worker.work(self._each, Job.from_message(message))


class Opened:
    """The worker of this process, while it is open."""

    worker: Worker

    @asynccontextmanager
    async def lifespan(self, connected: Connected) -> AsyncIterator[None]:
        """Open what the tasks share, on the pool's event loop; close it after the last of them."""
        settings, gateway = connected.settings, connected.gateway
        capacity = Capacity(connected.redis, name(), settings.worker_concurrency)
        leases = Leases(gateway=gateway, capacity=capacity, lease_s=settings.lease_s)
        metrics = Metrics(connected.redis)
        self.worker = Worker(runtime=connected.runtime, leases=leases, reporter=Reporter(gateway), metrics=metrics)
        beats = [asyncio.create_task(work()) for work in (leases.keep, leases.heartbeat, leases.flush)]
        try:
            async with metrics.writing():
                with _leaving(capacity, beats[1]):
                    yield
        finally:
            for beat in beats:
                beat.cancel()
            await asyncio.gather(*beats, return_exceptions=True)


def register(app: App) -> None:
    """Give the application a task for each connector, and a worker process what it opens."""
    opened = Opened()
    for each in served(app.settings).values():
        app.register_task(ConnectorTask(each, opened))
    for job_type, remedy in absent().items():
        log.info("connector not installed", type=job_type, remedy=remedy)
    app.queues.append(QUEUE)
    app.lifespans.append(opened.lifespan)


@contextlib.contextmanager
def _leaving(capacity: Capacity, heartbeat: asyncio.Task[None]) -> Any:
    """As soon as a shutdown begins, fetchers stop leasing for this worker; what it runs, it ends."""
    loop = asyncio.get_running_loop()

    async def leave() -> None:
        heartbeat.cancel()
        with contextlib.suppress(*AWAY):  # It stops counting by itself.
            await capacity.leave()

    def leave_soon(**_: Any) -> None:
        asyncio.run_coroutine_threadsafe(leave(), loop)

    signals.worker_shutting_down.connect(leave_soon)
    try:
        yield
    finally:
        signals.worker_shutting_down.disconnect(leave_soon)


def name() -> str:
    """This process among all workers: what Flower lists, and whose capacity fetchers count."""
    return f"{os.environ.get('ZELERY_LABEL', 'worker')}-{os.getpid()}@{socket.gethostname()}"


def run(app: App) -> int:
    """The role: serve the queue until told to stop; returns the exit status."""
    # Celery warns a root at length, for the sake of pickle, which is refused here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.finalize()
    worker = CeleryWorker(
        app=app,
        hostname=name(),
        queues=list(app.queues),
        concurrency=app.settings.worker_concurrency,
        loglevel=app.settings.log_level,
        task_events=True,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    log.info("working", types=sorted(served(app.settings)), at_once=app.settings.worker_concurrency, name=name())
    settle()
    worker.start()
    return int(worker.exitcode or 0)
