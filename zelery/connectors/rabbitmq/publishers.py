"""Connections that the jobs of a worker process share: one for each address, a bounded number of them.

Each publication has a channel to itself, because RabbitMQ closes the channel of one that it refuses; a channel that was
of use is used again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from aio_pika.abc import AbstractChannel, AbstractConnection
from pamqp.commands import Basic

from zelery.connectors.rabbitmq.address import Address
from zelery.connectors.rabbitmq.connection import connect, explained, farewell
from zelery.sdk import Settings
from zelery.sdk.http.routes import tls_context
from zelery.sdk.sharing import Shared

#: Connections that are kept while no job uses them.
KEPT_MAX = 16
#: Publications at once on one connection; each has a channel, and a broker allows some 2000.
CHANNELS_MAX = 64
#: Seconds until RabbitMQ must have confirmed a message.
PUBLISH_S = 30


class Publisher:
    """One address: a connection that is made when it is needed, and again when it was lost."""

    def __init__(self, to: Address, tls: ssl.SSLContext) -> None:
        self.broken = False  # A connection that is lost is made again.
        self._to, self._tls = to, tls
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()
        self._room = asyncio.Semaphore(CHANNELS_MAX)
        self._idle: list[AbstractChannel] = []

    async def publish(self, exchange: str, routing_key: str, body: bytes, properties: Basic.Properties) -> None:
        """Return when RabbitMQ has taken the message. Raises ConnectorError when it is not known to have it."""
        with explained(self._to):
            async with self._room, asyncio.timeout(PUBLISH_S), self._channel() as channel:
                raw = await channel.get_underlay_channel()  # aio-pika's own messages know fewer properties.
                await raw.basic_publish(body, exchange=exchange, routing_key=routing_key, properties=properties)

    async def close(self) -> None:
        """Hang up."""
        self._idle.clear()
        if self._connection is not None:
            await farewell(self._connection)

    @contextlib.asynccontextmanager
    async def _channel(self) -> AsyncIterator[AbstractChannel]:
        """A channel that nobody else uses. It is closed when the block fails: something may still come on it."""
        connection = await self._connected()
        channel = self._idle.pop() if self._idle else await connection.channel()
        try:
            yield channel
        except BaseException:
            await farewell(channel)
            raise
        if not channel.is_closed:
            self._idle.append(channel)

    async def _connected(self) -> AbstractConnection:
        async with self._connecting:
            if self._connection is None or not self._connection.connected.is_set():
                await self.close()
                self._connection = await connect(self._to, self._tls)
            return self._connection


Publishers = Shared[Address, Publisher]


def shared(tls: ssl.SSLContext) -> Publishers:
    """Publishers by their addresses, that trust these authorities."""
    return Shared(lambda to: Publisher(to, tls), kept_max=KEPT_MAX)


@contextlib.asynccontextmanager
async def open_publishers(settings: Settings) -> AsyncIterator[Publishers]:
    """The publishers of a worker process, with the certificates of the HTTP connectors."""
    publishers = shared(tls_context(settings))
    try:
        yield publishers
    finally:
        await publishers.close()
