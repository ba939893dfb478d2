"""The roles of this folder as subcommands of `zelery`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import click

from zelery.logs import configure
from zelery.settings import Settings


@click.command("worker")
def worker() -> None:
    """Run connectors: a Celery worker, one event loop, as many jobs at once as it is set to."""
    from tasks import celery  # noqa: PLC0415 - what one command needs, the others do not import
    from tasks import worker as role  # noqa: PLC0415 - as above

    settings = Settings.read()
    configure(settings)
    sys.exit(role.run(celery.create(settings)))


@click.command("fetch")
def fetch() -> None:
    """Fetch jobs from Zeebe and dispatch them to the workers."""
    from tasks import celery  # noqa: PLC0415 - as above
    from tasks import fetch as role  # noqa: PLC0415 - as above

    settings = Settings.read()
    configure(settings)
    asyncio.run(_until_signal(role.run(celery.create(settings))))


async def _until_signal(role: Coroutine[Any, Any, None]) -> None:
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
