"""`zelery run`: all roles on one machine, each a process of its own, restarted when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import click

from zelery.flower import login
from zelery.local import leash
from zelery.logs import configure, logger
from zelery.settings import Settings

log = logger(__name__)

#: Pause before a dead role is started again, seconds; doubled while it keeps dying young.
PAUSE_S, PAUSE_MAX_S = 0.5, 15.0

#: A role that lived this long was well; its next death is a new trouble. Seconds.
YOUNG_S = 30.0

#: How long a role may take to end its work before it is killed, seconds. Zeebe offers again what was cut off.
GRACE_S = 20.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """A process to keep: `zelery <name>`."""

    name: str
    label: str


def roles(settings: Settings, *, flower: bool) -> Sequence[Role]:
    """What runs on one machine: a fetcher, a worker a core, inbound's roles, and Flower."""
    workers = [Role(name="worker", label=f"worker-{n}") for n in range(1, settings.worker_processes + 1)]
    inbound = [
        name
        for name, wanted in (("beat", True), ("webhooks", settings.webhook_enabled), ("consume", True))
        if wanted and settings.inbound_enabled
    ]
    others = ["fetch", *inbound, *(["flower"] if flower else [])]
    return [*(Role(name=name, label=name) for name in others), *workers]


async def keep(role: Role) -> None:
    """Run a role until cancelled; when it ends by itself, start it again."""
    loop, pause = asyncio.get_running_loop(), PAUSE_S
    while True:
        began = loop.time()
        # On a leash: a supervisor that is killed leaves no roles behind, to which its successor would add as many.
        command = leash.command([sys.executable, "-m", "zelery", role.name])
        child = await asyncio.create_subprocess_exec(*command, env={**os.environ, "ZELERY_LABEL": role.label})
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await _end(child)
            raise
        pause = PAUSE_S if loop.time() - began > YOUNG_S else min(pause * 2, PAUSE_MAX_S)
        log.warning("a role ended; starting it again", role=role.label, code=code, pause_s=pause)
        await asyncio.sleep(pause)


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
        try:
            async with asyncio.timeout(GRACE_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


async def supervise(wanted: Sequence[Role]) -> None:
    """Keep these roles until SIGINT or SIGTERM, then end them all."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    kept = [asyncio.create_task(keep(role)) for role in wanted]
    await stop.wait()
    for task in kept:
        task.cancel()
    await asyncio.gather(*kept, return_exceptions=True)


async def until_signal(role: Coroutine[Any, Any, None]) -> None:
    """Run until SIGINT or SIGTERM asks for an end, which is no error."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(role)
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if asked.is_set():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        await task


@click.command("run")
@click.option("--flower/--no-flower", default=True, help="Whether Flower runs too.")
def run(*, flower: bool) -> None:
    """Run everything on this machine: fetch, a worker a core, beat, webhooks, consume, Flower."""
    settings = Settings.read()
    if flower:
        login(settings)  # What would end Flower again and again is said here, once.
    configure(settings)
    asyncio.run(supervise(roles(settings, flower=flower)))
