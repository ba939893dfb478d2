"""The roles of this folder as subcommands of `zelery`."""

from __future__ import annotations

import asyncio

import click

from zelery.logs import configure
from zelery.roles import until_signal
from zelery.settings import Settings


@click.command("webhooks")
def webhooks() -> None:
    """Serve webhooks, and what operators ask of inbound connectors."""
    from inbound import app  # noqa: PLC0415 - what one command needs, the others do not import

    settings = Settings.read()
    configure(settings)
    asyncio.run(app.serve(settings))


@click.command("consume")
def consume() -> None:
    """Hold subscriptions: queues and topics that start or continue processes."""
    from inbound import subscriptions  # noqa: PLC0415 - as above

    settings = Settings.read()
    configure(settings)
    asyncio.run(until_signal(subscriptions.serve(settings)))
