"""From a leased job to a Celery message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from kombu import exceptions as kombu_errors
from kombu.exceptions import OperationalError

from tasks.celery import QUEUE, App, task_name
from zelery.logs import logger
from zelery.model import Job

log = logger(__name__)

#: Newer than the stubs.
BatchPublishError: type[Exception] = kombu_errors.BatchPublishError  # type: ignore[attr-defined]

#: Pauses between attempts to reach the broker, seconds.
PAUSE_S, PAUSE_MAX_S = 0.1, 2.0


def message(job: Job) -> dict[str, Any]:
    """How a job is sent: the arguments of `send_task`.

    The message expires with the lease, so a stale copy is dropped and never run. What Flower shows as its arguments is
    where the job comes from, and never a variable.
    """
    return {
        "name": task_name(job.type),
        "args": [job.to_message()],
        "task_id": job.activation,
        "expires": datetime.fromtimestamp(job.deadline_ms / 1000, UTC),
        "argsrepr": job.describe(),
        "kwargsrepr": "",
        "queue": QUEUE,
        "ignore_result": True,
        "retry": False,
    }


class Dispatcher:
    """Sends jobs to the broker from a thread of its own: Celery's producer blocks, and the fetcher's loop must not."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispatch")

    async def dispatch(self, jobs: Sequence[Job]) -> None:
        """Send these jobs; while the broker is away, again until their leases end. Then Zeebe has them back."""
        pause, left = PAUSE_S, list(jobs)
        while left:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._send, left)
            except (BatchPublishError, OperationalError, OSError) as error:
                if isinstance(error, BatchPublishError) and not _refused(error):
                    # They may be in the queue, and what is sent twice runs twice.
                    log.warning(
                        "broker went away; jobs come back when their leases end",
                        jobs=len(left),
                        why=str(error.__cause__ or error),
                    )
                    return
                log.warning(
                    "broker unreachable; jobs wait",
                    broker=self._app.connection().as_uri(),
                    jobs=len(left),
                    why=str(error),
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MAX_S)
                now_ms = time.time() * 1000
                left = [job for job in left if job.deadline_ms > now_ms]

    def close(self) -> None:
        """Stop the thread, once what it sends is sent."""
        self._thread.shutdown()

    def _send(self, jobs: list[Job]) -> None:
        """Send what is in the list and empty it: to Redis in one go, to RabbitMQ one after the other."""
        with self._app.producer_or_acquire() as producer, producer.batch(max_size=len(jobs)) as batch:
            if producer.supports_batch_publish:
                for job in jobs:
                    # A list in Redis needs no declaration, and looking whether it was made costs as much as gRPC.
                    self._app.send_task(**message(job), producer=producer, declare=())
                batch.flush()
                jobs.clear()
            while jobs:
                # From the front, so that what a lost connection leaves is what was not sent.
                self._app.send_task(**message(jobs[0]), producer=producer)
                jobs.pop(0)


def _refused(error: BaseException) -> bool:
    """Whether there was no connection, so that nothing can have been sent."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ConnectionRefusedError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
