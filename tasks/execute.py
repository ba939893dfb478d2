"""One job, one connector, one outcome: secrets, input, run, result. Nothing is sent here.

`execute` never raises but CancelledError: whatever goes wrong is an outcome too.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import inspect
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from tasks import outcome
from zelery.binding import bind
from zelery.errors import ConnectorError
from zelery.logs import logger
from zelery.model import Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk.connector import OutboundConnector, Resource
from zelery.secrets import Mask, Place

T = TypeVar("T")

log = logger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RunContext:
    """What one run of a connector may ask for beside its input."""

    job: Job
    until: float
    runtime: Runtime

    @property
    def remaining_s(self) -> float:
        """Seconds until the run is cancelled."""
        return max(self.until - self.runtime.clock(), 0.0)

    async def use(self, resource: Resource[T]) -> T:
        """The worker process's one instance of a resource."""
        return await self.runtime.resources.use(resource)


async def execute(
    job: Job, connector: OutboundConnector, runtime: Runtime, *, timeout_s: float | None = None
) -> Outcome:
    """Run a connector for a job.

    `timeout_s` is how long it may take (the setting `job_timeout` when none is given); the job's header `jobTimeout`
    comes before it. Then the run is cancelled, and the attempt failed.
    """
    mask = Mask()
    try:
        return await _attempt(job, connector, runtime, mask, timeout_s)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not make Zeebe offer the job again and again
        # Where, and not what: a message that nobody foresaw may hold what nobody should read.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("no outcome could be worked out", job=job.key, fault=type(error).__name__, where=where)  # noqa: TRY400
        return outcome.lost(error, mask)


async def _attempt(
    job: Job, connector: OutboundConnector, runtime: Runtime, mask: Mask, timeout_s: float | None
) -> Outcome:
    backoff_ms = None
    try:
        backoff_ms = outcome.retry_backoff_ms(job.headers)
        limit_s = outcome.job_timeout_s(job.headers) or timeout_s or runtime.settings.job_timeout.total_seconds()
        response = await _in_time(job, connector, runtime, mask, limit_s)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Not we are cancelled: something that the connector waited for was.
        return outcome.of_error(job, _cancelled(error), backoff_ms=backoff_ms, mask=mask)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a connector raises is its job's failure
        return outcome.of_error(job, error, backoff_ms=backoff_ms, mask=mask)
    return outcome.of_response(job, response, backoff_ms=backoff_ms, mask=mask)


async def _in_time(job: Job, connector: OutboundConnector, runtime: Runtime, mask: Mask, limit_s: float) -> Any:
    """Secrets, input, run; ended after `limit_s` seconds."""
    context = RunContext(job=job, until=runtime.clock() + limit_s, runtime=runtime)
    try:
        async with asyncio.timeout(limit_s) as limit:
            text = await runtime.secrets.replace(job.variables, Place.of(job), mask)
            arguments = (bind(text, connector.input), context)[: 2 if connector.takes_context else 1]
            if inspect.iscoroutinefunction(connector.run):
                return await connector.run(*arguments)
            return await _in_thread(runtime, connector.run, *arguments)
    except TimeoutError:
        if not limit.expired():
            raise
        raise ConnectorError(
            f"The connector {connector.name!r} did not finish within {limit_s:g} s, the job's timeout, and was stopped",
            error_type="java.util.concurrent.TimeoutException",
        ) from None


async def _in_thread(runtime: Runtime, run: Callable[..., Any], *arguments: Any) -> Any:
    """A blocking run, in a thread that sees the same context variables."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(runtime.threads, context.run, _guarded, run, *arguments)


def _guarded(run: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return run(*arguments)
    except StopIteration as error:
        # A future cannot carry it, and who waits would wait for ever.
        raise RuntimeError(f"StopIteration: {error}") from error


def _cancelled(error: asyncio.CancelledError) -> ConnectorError:
    said = f": {error}" if str(error) else ""
    return ConnectorError(
        f"What the connector waited for was cancelled{said}", error_type="java.util.concurrent.CancellationException"
    )
