"""The RabbitMQ connector: one message to an exchange, confirmed before the job is completed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from zelery.connectors.rabbitmq import payload
from zelery.connectors.rabbitmq.address import Authentication, Host, address
from zelery.connectors.rabbitmq.publishers import open_publishers
from zelery.sdk import Context, Input, outbound
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Must, Text, map_of_texts


class Routing(Host):
    """Where to."""

    exchange: Annotated[Text, Must(NOT_BLANK)]
    routing_key: Annotated[Text, Must(NOT_BLANK)]


class Message(Input):
    """What is published."""

    properties: Annotated[dict[str, Any] | None, BeforeValidator(map_of_texts)] = None
    body: Annotated[Any, Must(NOT_NULL)]


class Publication(Input):
    """What element templates over `io.camunda:connector-rabbitmq:1` write."""

    authentication: Annotated[Authentication, Must(NOT_NULL)]
    routing: Annotated[Routing, Must(NOT_NULL)]
    message: Annotated[Message, Must(NOT_NULL)]


@outbound(type="io.camunda:connector-rabbitmq:1", name="RabbitMQ Producer")
async def rabbitmq(given: Publication, context: Context) -> dict[str, Any]:
    """Publish the message; the response has `statusResult`.

    A message that no queue wants is dropped, as the exchange's owner wants it; an exchange that is not there is an
    error. A message without an id of its own gets the job's key, so that publishing it again can be noticed.
    """
    to = address(given.authentication, given.routing)
    exchange = payload.short("routing.exchange", given.routing.exchange)
    routing_key = payload.short("routing.routingKey", given.routing.routing_key)
    properties = payload.properties(given.message.properties or {})
    properties.message_id = properties.message_id or str(context.job.key)
    async with (await context.use(open_publishers)).using(to) as publisher:
        await publisher.publish(exchange, routing_key, payload.encoded(given.message.body), properties)
    return {"statusResult": "success"}
