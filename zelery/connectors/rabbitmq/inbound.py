"""The RabbitMQ subscription: messages of a queue, each of which starts or continues a process."""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from aio_pika.abc import AbstractChannel
from pydantic import BeforeValidator, TypeAdapter

from zelery.connectors.rabbitmq.address import Authentication, Host, address
from zelery.connectors.rabbitmq.connection import connected, explained
from zelery.connectors.rabbitmq.consumer import PREFETCH, Consumer
from zelery.sdk import ConnectorError, Feel, InboundContext, Input, Settings, subscription
from zelery.sdk.http.routes import tls_context
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Flag, Must, Text, map_of_texts

_ARGUMENT: TypeAdapter[Any] = TypeAdapter(Annotated[Any, Feel()])


def _arguments(given: Any) -> Any:
    """Written one by one (`arguments.x-priority`), each is a text that stands for its value, as a whole map's would."""
    if not isinstance(given, Mapping):
        return given
    return {name: _ARGUMENT.validate_python(each) for name, each in given.items()}


Arguments = Annotated[dict[str, Any] | None, BeforeValidator(map_of_texts), Feel(), BeforeValidator(_arguments)]


class Subscription(Input):
    """What element templates over `io.camunda:connector-rabbitmq-inbound:1` write."""

    authentication: Annotated[Authentication, Must(NOT_NULL)]
    routing: Host = Host()
    queue_name: Annotated[Text, Must(NOT_BLANK)]
    consumer_tag: Text | None = None
    arguments: Arguments = None
    exclusive: Flag = False


@asynccontextmanager
async def open_trust(settings: Settings) -> AsyncIterator[ssl.SSLContext]:
    """The certificates of the HTTP connectors, for `amqps`. Raises SettingError."""
    yield tls_context(settings)


@subscription(type="io.camunda:connector-rabbitmq-inbound:1", name="RabbitMQ Consumer")
async def consume(properties: Subscription, context: InboundContext) -> None:
    """Correlate each message, with the message id that its sender gave it.

    The queue is never declared: one that is not there is an error, as is its end, and the one who runs us tries again.
    """
    to = address(properties.authentication, properties.routing)
    async with connected(to, await context.use(open_trust)) as connection:
        with explained(to):
            await _consume(await connection.channel(publisher_confirms=False), properties, context)
    raise ConnectorError(f"The connection to RabbitMQ at {to} was closed")


async def _consume(channel: AbstractChannel, properties: Subscription, context: InboundContext) -> None:
    """Until the channel is closed, or the queue is gone, which raises."""
    queue = properties.queue_name
    context.log("INFO", "Subscription activation", f"Subscription activation requested for queue name :{queue}")
    await channel.set_qos(prefetch_count=PREFETCH)
    await channel.declare_queue(queue, passive=True)
    raw = await channel.get_underlay_channel()  # aio-pika's own messages cannot hold all that AMQP's can.
    consumer = Consumer(
        channel=raw,
        tag=properties.consumer_tag or str(uuid.uuid4()),
        context=context,
        one_by_one=properties.exclusive,
    )
    raw.on_consumer_cancel_callbacks.add(consumer.cancelled)
    try:
        await raw.basic_consume(
            queue,
            consumer.received,
            exclusive=properties.exclusive,
            arguments=properties.arguments,
            consumer_tag=consumer.tag,
        )
        context.log("INFO", "Subscription activation", f"Activated subscription for queue: {queue}")
        context.up()
        await asyncio.wait((raw.closing, consumer.ended), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await consumer.finish()
    for end in (consumer.ended, raw.closing):
        if end.done():
            end.result()
