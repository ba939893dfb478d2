"""A queue of a test's own, filled and looked into by an administrator."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
from aio_pika.abc import AbstractQueue
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.common import FieldTable

from tests.servers.rabbitmq import RabbitMQServer


class Written(Basic.Properties):
    """Properties whose bytes are given."""

    def __init__(self, written: bytes) -> None:
        super().__init__()
        self._written = written

    def marshal(self) -> bytes:
        """As they go out."""
        return self._written


class Queue:
    """One queue, with a place for what it rejects, and an exchange of the same name that routes everything to it."""

    def __init__(self, name: str, channel: aio_pika.abc.AbstractChannel) -> None:
        self.name, self.dead = name, f"{name}-dead"
        self._channel = channel

    async def declare(self) -> None:
        """Make it, empty."""
        await self._channel.declare_queue(self.dead, durable=True)
        arguments: FieldTable = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.dead}
        queue = await self._channel.declare_queue(self.name, durable=True, arguments=arguments)
        exchange = await self._channel.declare_exchange(self.name, "fanout", durable=True)
        await queue.bind(exchange)

    async def publish(self, body: bytes = b"{}", **properties: Any) -> None:
        """Put a message into it, with AMQP's properties as pamqp names them."""
        await self._publish(body, Basic.Properties(**{"delivery_mode": 2, **properties}))

    async def publish_raw(self, properties: bytes) -> None:
        """Put an empty message into it, with these bytes as its properties."""
        await self._publish(b"", Written(properties))

    async def _publish(self, body: bytes, properties: Basic.Properties) -> None:
        raw = await self._channel.get_underlay_channel()
        await raw.basic_publish(body, routing_key=self.name, properties=properties)

    async def take(self, *, dead: bool = False) -> DeliveredMessage | None:
        """The next message, with its raw properties."""
        raw = await self._channel.get_underlay_channel()
        found = await raw.basic_get(self.dead if dead else self.name, no_ack=True)
        return None if isinstance(found.delivery, Basic.GetEmpty) else found

    async def rejected(self, count: int) -> list[bytes]:
        """The bodies of so many rejected messages, once they are there."""
        found: list[bytes] = []
        while len(found) < count:
            message = await self.take(dead=True)
            if message is None:
                await asyncio.sleep(0.02)
            else:
                found.append(message.body)
        return found

    async def ready(self) -> int:
        """How many messages wait in it."""
        return (await self._looked()).declaration_result.message_count or 0

    async def consumers(self, count: int) -> None:
        """Return when so many consume from it."""
        while (await self._looked()).declaration_result.consumer_count != count:
            await asyncio.sleep(0.02)

    async def delete(self) -> None:
        """Take it away, whoever uses it."""
        await self._channel.queue_delete(self.name)

    async def _looked(self) -> AbstractQueue:
        return await self._channel.declare_queue(self.name, passive=True)


@asynccontextmanager
async def queue(server: RabbitMQServer, name: str | None = None) -> AsyncIterator[Queue]:
    """A queue for the block."""
    async with await aio_pika.connect(server.url) as connection:
        found = Queue(name or f"q{uuid.uuid4().hex[:10]}", await connection.channel())
        await found.declare()
        try:
            yield found
        finally:
            channel = await connection.channel()
            await channel.queue_delete(found.name)
            await channel.queue_delete(found.dead)
            await channel.exchange_delete(found.name)
