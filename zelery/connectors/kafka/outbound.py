"""The Kafka connector: one record, written before the job is completed."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from zelery.connectors.kafka import avro, lenient
from zelery.connectors.kafka.input import (
    Authentication,
    Cluster,
    InlineSchema,
    NoSchema,
    RegisteredSchema,
    Schemas,
    Topic,
)
from zelery.connectors.kafka.producers import Record, UndeliveredError, open_producers
from zelery.connectors.kafka.registry import open_registries, prefixed
from zelery.sdk import ConnectorError, Context, Input, InputError, outbound
from zelery.sdk.escapes import unescaped
from zelery.sdk.types import NOT_NULL, Must, TextMap

#: The code of whatever goes wrong, which models compare.
FAIL = "FAIL"


class Message(Input):
    """What is written."""

    key: Any = None
    value: Annotated[Any, Must(NOT_NULL)]


class Produce(Schemas):
    """What element templates over `io.camunda:connector-kafka:1` write."""

    authentication: Authentication | None = None
    topic: Annotated[Topic, Must(NOT_NULL)]
    message: Annotated[Message, Must(NOT_NULL)]
    headers: TextMap | None = None
    additional_properties: TextMap | None = Field(default=None, repr=False)
    schema_strategy: Annotated[NoSchema | InlineSchema | RegisteredSchema, Field(discriminator="type")] = NoSchema()
    avro: Any = None


@outbound(type="io.camunda:connector-kafka:1", name="Kafka Producer")
async def produce(given: Produce, context: Context) -> dict[str, Any]:
    """Write the record; the response says where it is: `topic`, `partition`, `offset`, `timestamp`."""
    cluster = Cluster(
        topic=given.topic, authentication=given.authentication, additional=given.additional_properties or {}
    )
    configuration = cluster.producer()
    record = Record(
        topic=given.topic.topic_name,
        key=None if given.message.key is None else _plain(given.message.key),
        value=await _value(given, cluster, context),
        headers=_headers(given.headers or {}),
    )
    async with (await context.use(open_producers)).using(configuration) as producer:
        try:
            written = await producer.send(record)
        except UndeliveredError as error:
            raise ConnectorError(_failure(error), code=FAIL) from None
    return {
        "topic": written.topic,
        "timestamp": written.timestamp,
        "offset": written.offset,
        "partition": written.partition,
    }


async def _value(given: Produce, cluster: Cluster, context: Context) -> bytes:
    """The record's value, as the schema strategy says."""
    match given.schema_strategy:
        case NoSchema():
            return _plain(given.message.value)
        case InlineSchema(schema_=schema):
            return _encoded(schema, given.message.value)
        case RegisteredSchema():
            return await _registered(given, given.schema_strategy, cluster, context)


async def _registered(given: Produce, strategy: RegisteredSchema, cluster: Cluster, context: Context) -> bytes:
    try:
        schema_id, schema = await (await context.use(open_registries)).written_by(
            strategy.schema_registry_url,
            cluster.registry(),
            f"{given.topic.topic_name}-value",
            strategy.schema_,
            strategy.schema_type,
        )
    except InputError:
        raise
    except ConnectorError as error:
        raise ConnectorError(_failure(error), code=FAIL) from None
    value = given.message.value
    if strategy.schema_type == "avro":
        return prefixed(schema_id, _encoded(schema, value))
    return prefixed(schema_id, _json(lenient.or_text(unescaped(value)) if isinstance(value, str) else value))


def _encoded(schema: str, value: Any) -> bytes:
    """Avro's binary form; text is taken for the JSON that it holds."""
    try:
        return avro.encoded(avro.read(schema), lenient.or_text(unescaped(value)) if isinstance(value, str) else value)
    except avro.AvroError as error:
        raise InputError(
            _failure(error), code=FAIL, error_type="io.camunda.connector.api.error.ConnectorException"
        ) from None


def _plain(value: Any) -> bytes:
    """Text as it is, anything else as compact JSON."""
    return value.encode(errors="replace") if isinstance(value, str) else _json(value)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _headers(given: dict[str, str | None]) -> list[tuple[str, bytes]]:
    if absent := [name for name, value in given.items() if value is None]:
        raise InputError(f"headers.{absent[0]}: must be text, not null; remove it")
    return [(name, value.encode(errors="replace")) for name, value in given.items() if value is not None]


def _failure(error: Exception) -> str:
    return f"Error during Kafka Producer execution; error message: [{error}]"
