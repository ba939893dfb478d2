"""Instances whose one task calls the endpoint, and a worker that does nothing: what jobs are measured with."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from tests.models import line_of_tasks
from zelery.camunda.gateway import Gateway, Lease
from zelery.errors import NotFoundError, PushbackError
from zelery.model import Completed

#: Commands at once: a small broker pushes back from about fifty on.
AT_ONCE = 48

#: What every measured job does: map its input, call, map the answer, ask for an error.
HEADERS = {
    "resultExpression": "={id: response.body.id, total: sum(response.body.items.price), ok: response.status = 200}",
    "errorExpression": '=if error.code = "404" then bpmnError("404", "missing") else null',
    "retryBackoff": "PT0S",
}

_INPUTS = {
    "authentication.type": "noAuth",
    "method": "GET",
    "connectionTimeoutInSeconds": "=20",
    "readTimeoutInSeconds": "=20",
}


def model(
    process_id: str,
    job_type: str,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    then: str | None = None,
    retries: int = 3,
    body: str | None = None,
) -> bytes:
    """A process of one REST task, and a task of the type `then` after it.

    Its instances have the variables `id` and `at`, which the endpoint is told, and what `body`, an expression, names.
    """
    types = [job_type, *([then] if then else [])]
    plain = line_of_tasks(process_id, *types, headers=HEADERS if headers is None else headers, retries=retries)
    inputs = {**_INPUTS, "url": f'="{url}/orders?id=" + string(id) + "&at=" + string(at)'}
    if body:
        inputs["body"] = body
    lines = "".join(
        f"<zeebe:input source={quoteattr(source)} target={quoteattr(target)}/>" for target, source in inputs.items()
    )
    mapping = f"<zeebe:ioMapping>{lines}</zeebe:ioMapping>"
    return plain.replace(b"<zeebe:taskHeaders>", f"{mapping}<zeebe:taskHeaders>".encode(), 1)


class Load:
    """Makes instances, each with an id of its own."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._ids = itertools.count(1)

    async def backlog(self, process_id: str, jobs: int, **variables: Any) -> None:
        """So many instances, as fast as the engine takes them."""
        for part in _parts(jobs):
            await asyncio.gather(*(self.one(process_id, **variables) for _ in range(part)))

    async def steady(self, process_id: str, per_s: float, seconds: float, **variables: Any) -> int:
        """Instances at a steady pace; returns how many."""
        loop = asyncio.get_running_loop()
        began, made = loop.time(), list[asyncio.Task[None]]()
        while (now := loop.time() - began) < seconds:
            due = int(now * per_s) - len(made)
            made += [asyncio.create_task(self.one(process_id, **variables)) for _ in range(due)]
            await asyncio.sleep(0.01)
        await asyncio.gather(*made)
        return len(made)

    async def one(self, process_id: str, **variables: Any) -> None:
        """An instance, made again while the engine pushes back."""
        number, pause_s = next(self._ids), 0.05
        async with self._slots:
            while True:
                try:
                    await self._gateway.start(process_id, {"id": number, "at": int(time.time() * 1000), **variables})
                except PushbackError:
                    # As clients do: who knocks at once again keeps a small broker busy with refusing.
                    await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
                    pause_s = min(pause_s * 2, 1.0)
                else:
                    return


def _parts(jobs: int, size: int = 1000) -> Iterator[int]:
    """In parts, so that 100,000 instances are not as many coroutines."""
    while jobs > 0:
        yield min(jobs, size)
        jobs -= size


async def until(met: Callable[[], bool], limit_s: float, every_s: float = 0.2) -> bool:
    """Look until it is so, or the time is over; whether it is so."""
    deadline = time.monotonic() + limit_s
    while not met():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(every_s)
    return True


async def noop(gateway: Gateway, job_type: str, done: list[float]) -> None:
    """Complete all jobs of a type as fast as the engine allows, until cancelled; `done` gets the time of each."""
    lease = Lease(type=job_type, worker="noop", lease_ms=60_000, variables=("none",))
    slots = asyncio.Semaphore(AT_ONCE)

    async def complete(job: Any) -> None:
        async with slots:
            while True:
                try:
                    with contextlib.suppress(NotFoundError):
                        await gateway.report(job, Completed())
                except PushbackError:
                    await asyncio.sleep(0.02)
                else:
                    done.append(time.time())
                    return

    while True:
        with contextlib.suppress(PushbackError):
            await asyncio.gather(*map(complete, await gateway.activate(lease, most=200, wait_s=2)))
