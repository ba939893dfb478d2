"""The roles of this folder as subcommands of `zelery`."""

from __future__ import annotations

import asyncio
import sys

import click

from zelery.logs import configure
from zelery.roles import until_signal
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
    asyncio.run(until_signal(role.run(celery.create(settings))))
