"""The Kafka subscription: records of a topic, each of which starts or continues a process.

Beyond the Java runtime's properties there are two: `onPoison` says what becomes of a record that cannot be correlated.
`block` (the default, and what the Java runtime does) waits at it, and tries it every 30 s; `skip` goes on behind it
with an entry in the activity log; `deadLetterTopic` writes it to the topic of the property `deadLetterTopic`, as it
came, with headers that say where it is from. What may pass is tried five times before, over 15 s.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from zelery.connectors.kafka import avro
from zelery.connectors.kafka.consumer import FINISH_S, Subscribing, ThreadedConsumer
from zelery.connectors.kafka.events import Received, Value, plain
from zelery.connectors.kafka.input import (
    Authentication,
    Cluster,
    InlineSchema,
    NoSchema,
    RegistrySchema,
    Schemas,
    Topic,
)
from zelery.connectors.kafka.partition import Decode, Partition, Settling
from zelery.connectors.kafka.poison import Patience
from zelery.connectors.kafka.producers import Record, open_producers
from zelery.connectors.kafka.progress import Progress
from zelery.connectors.kafka.properties import Configuration, RegistryProperties
from zelery.connectors.kafka.registry import open_registries, opened
from zelery.sdk import Feel, FeelText, InboundContext, InputError, subscription
from zelery.sdk.types import NOT_BLANK, NOT_EMPTY, NOT_NULL, Choice, Must, Text, TextMap, invalid, matching, text

#: The longest name of a group.
GROUP_MAX = 250

#: In librdkafka a name that begins with `^` would be a pattern, and match topics that nobody meant.
_TOPIC_NAME = matching(r"[a-zA-Z0-9._-]{1,249}", "must be a topic's name: letters, digits, dots, dashes, underscores")


def _offsets(value: Any) -> Any:
    """One offset for each partition: a list, or one number."""
    if value is None:
        return None
    given = value if isinstance(value, list) else [value]
    found = [int(each) if isinstance(each, str) and each.strip().isdecimal() else each for each in given]
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in found):
        raise invalid("a list of offsets, whole numbers from 0", value)
    return found


class ConsumedTopic(Topic):
    """The topic to read. Inbound, its servers may be FEEL, and so may a schema."""

    bootstrap_servers: Annotated[FeelText, BeforeValidator(text), Must(NOT_EMPTY)]
    topic_name: Annotated[Text, Must(NOT_NULL, _TOPIC_NAME)]


class ConsumedSchema(InlineSchema):
    """The schema to read by."""

    schema_: Annotated[FeelText, Must(NOT_BLANK), Field(alias="schema")]


class Consume(Schemas):
    """What element templates over `io.camunda:connector-kafka-inbound:1` write, and what is ours."""

    authentication: Authentication | None = None
    topic: Annotated[ConsumedTopic, Must(NOT_NULL)]
    group_id: Text | None = None
    additional_properties: Annotated[TextMap | None, Feel()] = Field(default=None, repr=False)
    offsets: Annotated[list[int] | None, BeforeValidator(_offsets), Feel()] = None
    auto_offset_reset: Annotated[Literal["none", "latest", "earliest"], Choice("AutoOffsetReset")] = "none"
    schema_strategy: Annotated[NoSchema | ConsumedSchema | RegistrySchema, Field(discriminator="type")] = NoSchema()
    avro: Any = None
    on_poison: Annotated[Literal["block", "skip", "deadLetterTopic"], Choice("OnPoison")] = "block"
    dead_letter_topic: Annotated[Text | None, Must(_TOPIC_NAME)] = None

    @property
    def cluster(self) -> Cluster:
        """How to reach it."""
        return Cluster(
            topic=self.topic, authentication=self.authentication, additional=self.additional_properties or {}
        )

    def subscribing(self, deduplication_id: str) -> Subscribing:
        """What to consume. Raises InputError for what cannot be used."""
        group = (self.group_id or "").strip() or f"kafka-inbound-connector-{deduplication_id}"
        configuration: Configuration = {
            "allow.auto.create.topics": "true",  # As Java's clients: where the broker makes topics, it is made.
            "group.id": group[:GROUP_MAX],
            **self.cluster.consumer(),
            "auto.offset.reset": {"none": "error"}.get(self.auto_offset_reset, self.auto_offset_reset),
        }
        return Subscribing(topic=self.topic.topic_name, configuration=configuration, offsets=self.offsets)


@subscription(type="io.camunda:connector-kafka-inbound:1", name="Kafka Consumer")
async def consume(properties: Consume, context: InboundContext) -> None:
    """Correlate the topic's records until cancelled; a record is committed when it was."""
    await Subscription(properties, context).run()


class Subscription:
    """One consumer and its partitions, on the event loop."""

    def __init__(self, properties: Consume, context: InboundContext, patience: Patience | None = None) -> None:
        if properties.on_poison == "deadLetterTopic" and not properties.dead_letter_topic:
            raise InputError("deadLetterTopic: must not be blank, because onPoison says that records go there")
        self._context = context
        self._given = properties.subscribing(context.deduplication_id)
        self._progress = Progress()
        self._partitions: dict[int, Partition] = {}
        self._troubles: dict[int | str, str] = {"": "no partition is assigned yet"}
        self._reachable = asyncio.Event()
        self._reachable.set()
        self._faults: asyncio.Queue[BaseException] = asyncio.Queue()
        self._settling = Settling(
            context=context,
            decode=decoder(properties, context),
            bury=functools.partial(_bury, properties, context),
            done=self._progress.done,
            blocks=self,
            reachable=self._reachable,
            on_poison=properties.on_poison,
            patience=patience or Patience(),
        )

    async def run(self) -> None:
        """Until cancelled; raises what waiting does not mend."""
        consuming = asyncio.create_task(ThreadedConsumer(self._given, self._progress, self).run())
        failing = asyncio.create_task(self._faults.get())
        try:
            await asyncio.wait({consuming, failing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failing.cancel()
            consuming.cancel()
            await asyncio.wait({consuming})
        if failing.done() and not failing.cancelled():
            raise failing.result()
        await consuming

    def assigned(self, partitions: Sequence[int]) -> None:
        """From now on these are ours."""
        for number in partitions:
            partition = self._partitions[number] = Partition(number, self._settling)
            partition.task.add_done_callback(self._worker_ended)
        self._context.log("INFO", "Consumer", f"partitions of {self._given.topic}: {_listed(partitions)}")
        self._mended("")

    async def revoked(self, partitions: Sequence[int], *, lost: bool) -> None:
        """They are not any more."""
        stopping = [self._partitions.pop(each) for each in partitions if each in self._partitions]
        await asyncio.gather(*(each.stop(0.0 if lost else FINISH_S) for each in stopping))
        if stopping:
            self._context.log("INFO", "Consumer", f"no longer ours: {_listed(partitions)} of {self._given.topic}")

    def received(self, records: Sequence[Received]) -> None:
        """New records, in order."""
        for record in records:
            if partition := self._partitions.get(record.partition):
                partition.put([record])

    def disturbed(self, why: str | None) -> None:
        """The cluster cannot be reached, or can again."""
        if why is None:
            self._reachable.set()
            self._mended("cluster")
        else:
            self._reachable.clear()
            self._troubled("cluster", f"no broker can be reached{why and f': {why}'}")

    def blocked(self, partition: int, reason: str) -> None:
        """A partition waits at a record."""
        self._troubled(partition, reason)

    def unblocked(self, partition: int) -> None:
        """It goes on."""
        if partition in self._troubles:
            self._mended(partition)

    def _troubled(self, what: int | str, reason: str) -> None:
        if self._troubles.get(what) != reason:
            self._troubles[what] = reason
            self._context.down(reason, **self._details())

    def _mended(self, what: int | str) -> None:
        self._troubles.pop(what, None)
        if not self._troubles:
            self._context.up(**self._details())

    def _details(self) -> dict[str, Any]:
        return {"group-id": self._given.configuration["group.id"], "partitions": sorted(self._partitions)}

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._faults.put_nowait(error)


def decoder(properties: Consume, context: InboundContext) -> Decode:
    """How the values of the topic are read. Raises InputError for a schema that is none."""
    match properties.schema_strategy:
        case NoSchema():
            return _plain
        case ConsumedSchema(schema_=schema):
            try:
                return functools.partial(_inline, avro.read(schema))
            except avro.AvroError as error:
                raise InputError(f"schemaStrategy.schema: {error}") from None
        case RegistrySchema():
            return functools.partial(_registered, properties.schema_strategy, properties.cluster.registry(), context)


async def _plain(data: bytes | None) -> Value:
    return plain(data)


async def _inline(schema: avro.Schema, data: bytes | None) -> Value:
    return Value(raw=None, value=None if data is None else avro.decoded(schema, data))


async def _registered(
    strategy: RegistrySchema, given: RegistryProperties, context: InboundContext, data: bytes | None
) -> Value:
    if data is None:
        return Value(raw=None, value=None)
    schema_id, rest = opened(data)
    if strategy.schema_type == "json":
        return plain(rest)
    registries = await context.use(open_registries)
    return await _inline(await registries.avro_schema(strategy.schema_registry_url, given, schema_id), rest)


async def _bury(properties: Consume, context: InboundContext, record: Received, why: str) -> None:
    """Write a record to the dead-letter topic as it came, with where it is from. Raises UndeliveredError."""
    source = {
        "zelery.topic": record.topic,
        "zelery.partition": str(record.partition),
        "zelery.offset": str(record.offset),
        "zelery.reason": why,
    }
    headers = [*record.headers, *((name, value.encode()) for name, value in source.items())]
    dead = Record(topic=properties.dead_letter_topic or "", key=record.key, value=record.value, headers=headers)
    async with (await context.use(open_producers)).using(properties.cluster.producer()) as producer:
        await producer.send(dead)


def _listed(partitions: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(partitions))) or "none"
