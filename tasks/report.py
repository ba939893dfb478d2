"""Telling Zeebe what became of a job: one command, tried again while the job is ours."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from zelery.camunda.gateway import Gateway
from zelery.errors import GatewayError, NotFoundError, PushbackError
from zelery.logs import logger
from zelery.model import Failed, Job, Outcome

log = logger(__name__)

#: Commands in flight from one worker process. A small broker pushes back from about fifty on.
COMMANDS_MAX = 48

#: Pauses between attempts, seconds: doubled, with jitter.
PAUSE_S, PAUSE_MAX_S = 0.05, 2.0


class Reporter:
    """Sends outcomes, a bounded number at once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._slots = asyncio.Semaphore(COMMANDS_MAX)

    async def report(self, job: Job, outcome: Outcome, *, held: Callable[[], bool]) -> None:
        """Send the command for an outcome, again for as long as `held` says that the lease is ours.

        A job that is gone is dropped: it was cancelled, or somebody else's attempt ended it. A command that Zeebe
        refuses for what it says becomes a failure with Zeebe's words, so that a person can see it.
        """
        try:
            await self._insist(job, outcome, held)
        except NotFoundError:
            log.info("job is gone; its outcome is dropped", job=job.key, outcome=type(outcome).__name__)
        except PushbackError as error:
            log.warning(
                "lease ended before Zeebe took the outcome; it offers the job again", job=job.key, why=str(error)
            )
        except GatewayError as error:
            await self._refused(job, error, held)

    async def _refused(self, job: Job, refusal: GatewayError, held: Callable[[], bool]) -> None:
        failure = Failed(retries=max(job.retries - 1, 0), message=f"Zeebe refused the outcome: {refusal}")
        try:
            await self._insist(job, failure, held)
        except GatewayError as error:
            log.error("Zeebe refused the outcome and the failure", job=job.key, why=str(error))  # noqa: TRY400

    async def _insist(self, job: Job, outcome: Outcome, held: Callable[[], bool]) -> None:
        pause = PAUSE_S
        while True:
            try:
                async with self._slots:
                    await self._gateway.report(job, outcome)
            except PushbackError:
                if not held():
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, PAUSE_MAX_S)
            else:
                return
