from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tests.servers.kafka import PASSWORD, USER, KafkaServer
from tests.servers.schema_registry import schema_registry
from tests.zelery.connectors.kafka.recording import PUBLISHED, Recording
from zelery.binding import validated
from zelery.catalogue import INBOUND_GROUP, installed, load
from zelery.connectors.kafka import avro
from zelery.connectors.kafka.consumer import BATCH
from zelery.connectors.kafka.inbound import Consume, Subscription, consume
from zelery.connectors.kafka.poison import Patience
from zelery.connectors.kafka.progress import RECORDS_MAX
from zelery.connectors.kafka.registry import prefixed
from zelery.correlation import Failed, InvalidInput, Result
from zelery.sdk import ConnectorError, InboundConnector, InputError

TOPIC = {"bootstrapServers": "127.0.0.1:1", "topicName": "orders"}
PERSON = {"type": "record", "name": "P", "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": "int"}]}
#: So that a test of poison ends soon.
HASTE = Patience(attempts=3, first_s=0.05, longest_s=0.2)
WAIT_S = 60


def bound(**given: Any) -> Consume:
    return validated({"topic": TOPIC, **given}, Consume)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"topic": {"bootstrapServers": "b"}}, "topic.topicName: Validation failed. Original message: must not be n"),
        ({"topic": {**TOPIC, "topicName": "^.*"}}, "topic.topicName: Validation failed. Original message: must be a t"),
        ({"offsets": "a"}, "invalid field: offsets. It Must be `a list of offsets, whole numbers from 0`"),
        ({"offsets": "=[1,-1]"}, "invalid field: offsets"),
        ({"offsets": "1.5"}, "invalid field: offsets"),
        ({"autoOffsetReset": "first"}, "invalid field: autoOffsetReset. It Must be `AutoOffsetReset`"),
        ({"onPoison": "drop"}, "invalid field: onPoison. It Must be `OnPoison`"),
        ({"additionalProperties": "x"}, "invalid field: additionalProperties"),
        ({"schemaStrategy": {"type": "inlineSchema"}}, "schemaStrategy.schema: Validation failed"),
        ({"schemaStrategy": {"type": "schemaRegistry"}}, "schemaStrategy.schemaRegistryUrl: Validation failed"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as found:
        bound(**given)
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"onPoison": "deadLetterTopic"}, "deadLetterTopic: must not be blank, because onPoison says that records go"),
        ({"schemaStrategy": {"type": "inlineSchema", "schema": "x"}}, "schemaStrategy.schema: the Avro schema is no J"),
        ({"avro": {"schema": '{"type": "nope"}'}}, "names a type that it does not declare"),
        ({"authentication": {"username": "me"}}, "Username / password pair is required"),
        ({"additionalProperties": '{"fetch.min.byte": 1}'}, "did you mean fetch.min.bytes?"),
        ({"additionalProperties": '={"isolation.level": "any"}'}, "Kafka's properties cannot be used: Invalid val"),
    ],
)
async def test_what_the_model_can_mend_is_said_before_anything_is_opened(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as found:
        await consume(bound(**given), Recording())
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("given", "found"),
    [("10", [10]), ("1, 2", [1, 2]), ("=[1, 2]", [1, 2]), ("[3]", [3]), ("", None), (None, None), ("=1+1", [2])],
)
def test_offsets_are_a_list_however_they_are_written(given: Any, found: Any) -> None:
    assert bound(offsets=given).offsets == found


def test_servers_properties_and_a_schema_may_be_feel() -> None:
    found = bound(
        topic={"bootstrapServers": '="b:" + string(9092)', "topicName": "orders"},
        additionalProperties='={"client.id": "me", "fetch.min.bytes": 5}',
        schemaStrategy={"type": "inlineSchema", "schema": '={"type": "string"}'},
    )
    configuration = found.subscribing("d").configuration
    assert (configuration["bootstrap.servers"], configuration["client.id"]) == ("b:9092", "me")
    assert configuration["fetch.min.bytes"] == "5"
    assert found.schema_strategy.model_dump()["schema_"] == '{"type":"string"}'


@pytest.mark.parametrize(
    ("given", "group", "reset"),
    [
        ({}, "kafka-inbound-connector-default-orders-1", "error"),
        ({"groupId": "", "autoOffsetReset": "LATEST"}, "kafka-inbound-connector-default-orders-1", "latest"),
        ({"groupId": "mine", "autoOffsetReset": "earliest"}, "mine", "earliest"),
        ({"groupId": "g" * 300}, "g" * 250, "error"),
        ({"groupId": "mine", "additionalProperties": '{"group.id": "theirs"}'}, "theirs", "error"),
        # Fixed, whatever the properties say.
        ({"additionalProperties": '{"auto.offset.reset": "earliest", "enable.auto.commit": true}'}, None, "error"),
    ],
)
def test_the_group_and_its_beginning(given: dict[str, Any], group: str | None, reset: str) -> None:
    found = bound(**given).subscribing("default-orders-1").configuration
    assert found["group.id"] == (group or "kafka-inbound-connector-default-orders-1")
    assert found["auto.offset.reset"] == reset
    assert "enable.auto.commit" not in found


def test_it_is_installed_by_the_door_that_is_everybodys() -> None:
    (point,) = (point for point in installed(INBOUND_GROUP) if point.name == "io.camunda:connector-kafka-inbound:1")
    assert load(point, InboundConnector) is consume
    assert point.extras == ["kafka"]
    assert (consume.name, consume.holders) == ("Kafka Consumer", 1)


class Topic:
    """A topic of the test's own."""

    def __init__(self, kafka: KafkaServer, partitions: int) -> None:
        self.kafka = kafka
        self.name = f"in-{uuid.uuid4()}"
        self.group = f"g-{self.name}"
        self.partitions = partitions

    def create(self, config: Mapping[str, str] | None = None) -> None:
        self.kafka.create(self.name, self.partitions, config)

    def put(self, *values: Any, partition: int = 0, **fields: Any) -> None:
        """Records, in order; what is not bytes is written as JSON."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "message.max.bytes": 20_000_000})
        for value in values:
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            producer.produce(self.name, data, partition=partition, **fields)
        assert producer.flush(30) == 0

    def properties(self, **given: Any) -> Consume:
        there = {"bootstrapServers": self.kafka.bootstrap, "topicName": self.name}
        return bound(**{"topic": there, "groupId": self.group, "autoOffsetReset": "earliest", **given})

    async def committed(self) -> Mapping[int, int]:
        return await asyncio.to_thread(self.kafka.committed, self.group, self.name)

    async def until_committed(self, expected: Mapping[int, int]) -> None:
        async with asyncio.timeout(WAIT_S):
            while (found := await self.committed()) != expected:
                assert all(found[each] <= expected[each] for each in found), (found, expected)
                await asyncio.sleep(0.1)

    def ids(self, count: int, partition: int = 0) -> list[str]:
        return [f"{self.name}-{partition}-{offset}" for offset in range(count)]


@pytest.fixture
def topic(kafka: KafkaServer) -> Topic:
    made = Topic(kafka, 1)
    made.create()
    return made


@pytest.fixture
def three(kafka: KafkaServer) -> Topic:
    made = Topic(kafka, 3)
    made.create()
    return made


@contextlib.asynccontextmanager
async def consuming(
    properties: Consume, context: Recording, patience: Patience = HASTE
) -> AsyncIterator[tuple[asyncio.Task[None], Subscription]]:
    subscription = Subscription(properties, context, patience)
    task = asyncio.create_task(subscription.run())
    async with context.resources:
        try:
            yield task, subscription
        finally:
            task.cancel()
            async with asyncio.timeout(10):
                await asyncio.wait({task})


async def until(condition: Callable[[], object], task: asyncio.Task[None] | None = None) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            if task is not None and task.done():
                task.result()
            await asyncio.sleep(0.02)


async def failure(properties: Consume) -> tuple[ConnectorError, Recording]:
    """What ends the subscription by itself."""
    context = Recording()
    async with consuming(properties, context) as (task, _), asyncio.timeout(WAIT_S):
        with pytest.raises(ConnectorError) as found:
            await task
    return found.value, context


@pytest.mark.integration
async def test_a_topic_that_is_missing_is_said_and_served_when_it_is_there(kafka: KafkaServer) -> None:
    topic = Topic(kafka, 1)
    error, context = await failure(topic.properties())
    assert str(error) == f"Kafka: Subscribed topic not available: {topic.name}: Broker: Unknown topic or partition"
    assert context.health == []

    topic.create()
    topic.put("a")
    context = Recording()
    async with consuming(topic.properties(), context) as (task, _):
        await until(lambda: context.accepted, task)
    assert context.health == ["up"]


@pytest.mark.integration
async def test_a_refused_login_is_said_without_the_password(topic: Topic) -> None:
    error, context = await failure(
        topic.properties(
            topic={"bootstrapServers": topic.kafka.secure, "topicName": topic.name},
            authentication={"username": USER, "password": "wr0ng-word"},
            additionalProperties=json.dumps({"ssl.truststore.certificates": topic.kafka.authority}),
        )
    )
    assert "SASL authentication error: Authentication failed: Invalid username or password" in str(error)
    assert "wr0ng" not in repr((error, context))


@pytest.mark.integration
async def test_a_group_without_a_place_is_said_when_none_is_to_be_chosen(three: Topic) -> None:
    error, context = await failure(three.properties(autoOffsetReset="none"))
    assert str(error) == (
        f"The group {three.group} has no place in {three.name} to go on at (partition 0, 1, 2: nothing is committed), "
        "and autoOffsetReset is none: choose earliest or latest, or give offsets"
    )
    assert "up" not in context.health


@pytest.mark.integration
async def test_offsets_that_are_not_one_for_each_partition_are_refused(three: Topic) -> None:
    error, _ = await failure(three.properties(offsets="1,2"))
    assert isinstance(error, InputError)
    assert str(error) == f"offsets: 2 given, but the topic {three.name} has 3 partitions; give one for each"


@pytest.mark.integration
async def test_a_broker_that_is_away_is_shown_until_it_is_back_and_nothing_is_lost(topic: Topic) -> None:
    topic.put("a", "b")
    await asyncio.to_thread(topic.kafka.stop)
    context = Recording()
    async with consuming(topic.properties(), context) as (task, _):
        await until(lambda: context.health, task)
        await asyncio.to_thread(topic.kafka.start)
        await until(lambda: len(context.accepted) == 2, task)
        await topic.until_committed({0: 2})
        await asyncio.to_thread(topic.kafka.kill)
        await until(lambda: context.health[-1] != "up", task)
        await asyncio.to_thread(topic.kafka.start)
        topic.put("c")
        await until(lambda: context.health[-1] == "up" and len(context.accepted) == 3, task)
        await topic.until_committed({0: 3})
    assert context.accepted == topic.ids(3)
    assert context.health[0].startswith("no broker can be reached")
    assert [each for each in context.health if each == "up"] == ["up", "up"]


@pytest.mark.integration
async def test_it_ends_soon_while_the_broker_is_away(topic: Topic) -> None:
    topic.put("a")
    context = Recording()
    async with consuming(topic.properties(), context) as (task, _):
        await until(lambda: context.accepted, task)
        await asyncio.to_thread(topic.kafka.kill)
        await until(lambda: context.health[-1] != "up", task)
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait({task})
    await asyncio.to_thread(topic.kafka.start)


@pytest.mark.integration
async def test_it_ends_soon_while_a_record_is_being_correlated_and_does_not_commit_that(topic: Topic) -> None:
    topic.put("a")
    context = Recording(takes_s=1000)
    async with consuming(topic.properties(), context) as (task, _):
        await until(lambda: context.events, task)
    assert await topic.committed() == {}


@pytest.mark.integration
async def test_only_what_was_correlated_is_committed(topic: Topic) -> None:
    topic.put(0, 1, 2, 3, 4)
    hanging = asyncio.Event()

    class Hangs(Recording):
        async def correlate(self, event: Any, *, message_id: str | None = None) -> Result:
            if event["value"] == 3:
                await hanging.wait()
            return await super().correlate(event, message_id=message_id)

    context = Hangs()
    async with consuming(topic.properties(), context) as (task, _):
        await topic.until_committed({0: 3})
        assert context.accepted == topic.ids(3)
        hanging.set()
        await topic.until_committed({0: 5})
        assert not task.done()


@pytest.mark.integration
async def test_the_end_commits_what_was_correlated_last_and_the_next_one_goes_on_there(topic: Topic) -> None:
    topic.put("a", "b")
    first, second = Recording(), Recording()
    async with consuming(topic.properties(), first) as (task, _):
        await until(lambda: len(first.accepted) == 2, task)
    assert await topic.committed() == {0: 2}
    topic.put("c")
    async with consuming(topic.properties(autoOffsetReset="none"), second) as (task, _):
        await until(lambda: second.accepted, task)
    assert first.accepted + second.accepted == topic.ids(3)


@pytest.mark.integration
async def test_poison_blocks_its_partition_alone_is_shown_and_heals(three: Topic) -> None:
    three.put("ok", "poison", "after", partition=0)
    three.put("ok", "ok", partition=1)
    mended: list[bool] = []

    def script(name: str, _attempt: int) -> Result:
        poison = name.endswith("-0-1") and not mended
        return InvalidInput(message="no correlation key") if poison else PUBLISHED

    context = Recording(script=script)
    async with consuming(three.properties(), context) as (task, _):
        await three.until_committed({0: 1, 1: 2})
        await until(lambda: sum(name == f"{three.name}-0-1" for name, _ in context.events) >= 3, task)
        assert context.health == ["up", f"{three.name}-0-1 waits: no correlation key"]
        three.put("later", partition=2)  # The other partitions go on.
        await three.until_committed({0: 1, 1: 2, 2: 1})
        mended.append(True)
        await three.until_committed({0: 3, 1: 2, 2: 1})
        assert context.health[2:] == ["up"]
    assert sorted(context.accepted) == sorted([*three.ids(3), *three.ids(2, partition=1), *three.ids(1, partition=2)])


@pytest.mark.integration
async def test_a_blocked_partition_is_paused_and_what_waits_in_memory_is_bounded(three: Topic) -> None:
    count = 5 * (RECORDS_MAX + BATCH)
    three.put("poison", *range(count), partition=0)
    three.put(*range(count), partition=1)
    context = Recording(
        script=lambda name, _: InvalidInput(message="no") if name.endswith(f"{three.name}-0-0") else PUBLISHED
    )
    async with consuming(three.properties(), context) as (task, subscription):
        await until(lambda: len(context.accepted) == count, task)
        assert len(subscription._partitions[0]._waiting) <= RECORDS_MAX + BATCH
        await three.until_committed({1: count})


@pytest.mark.integration
async def test_what_may_pass_is_tried_again_in_its_place(topic: Topic) -> None:
    topic.put("a", "b", "c")
    context = Recording(
        script=lambda name, attempt: Failed(message="not now") if name.endswith("-1") and attempt < 3 else PUBLISHED
    )
    async with consuming(topic.properties(), context):
        await topic.until_committed({0: 3})
    ids = topic.ids(3)
    assert [name for name, _ in context.events] == [ids[0], ids[1], ids[1], ids[1], ids[2]]
    assert context.health == ["up"]


@pytest.mark.integration
async def test_poison_is_skipped_when_the_model_says_so(topic: Topic) -> None:
    topic.put("a", "poison", "c")
    context = Recording(script=lambda name, _: InvalidInput(message="no key") if name.endswith("-1") else PUBLISHED)
    async with consuming(topic.properties(onPoison="skip"), context):
        await topic.until_committed({0: 3})
    assert context.accepted == [topic.ids(3)[0], topic.ids(3)[2]]
    assert context.messages() == [f"{topic.name}-0-1 was skipped: no key"]
    assert context.health == ["up"]


def records(kafka: KafkaServer, topic: str, count: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "reader"})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return consumer.consume(count, timeout=20)
    finally:
        consumer.close()


@pytest.mark.integration
async def test_poison_goes_to_the_dead_letter_topic_as_it_came(topic: Topic) -> None:
    dead = Topic(topic.kafka, 1)
    dead.create()
    topic.put(b"\xffpoison", key=b"k", headers=[("h", b"1"), ("h", b"2"), ("n", None)])
    topic.put("b")
    context = Recording(script=lambda name, _: InvalidInput(message="no key") if name.endswith("-0-0") else PUBLISHED)
    properties = topic.properties(onPoison="deadLetterTopic", deadLetterTopic=dead.name)
    async with consuming(properties, context):
        await topic.until_committed({0: 2})
    (letter,) = await asyncio.to_thread(records, topic.kafka, dead.name, 1)
    assert (letter.key(), letter.value()) == (b"k", b"\xffpoison")
    assert letter.headers() == [
        ("h", b"1"),
        ("h", b"2"),
        ("n", None),
        ("zelery.topic", topic.name.encode()),
        ("zelery.partition", b"0"),
        ("zelery.offset", b"0"),
        ("zelery.reason", b"InvalidInput"),
    ]
    assert context.messages() == [f"{topic.name}-0-0 went to the dead-letter topic: no key"]


@pytest.mark.integration
async def test_partitions_are_correlated_at_once_and_each_in_order(three: Topic) -> None:
    for partition in range(3):
        three.put(*range(40), partition=partition)
    context = Recording(takes_s=0.01)
    async with consuming(three.properties(), context):
        await three.until_committed({0: 40, 1: 40, 2: 40})
    assert context.most_at_once == 3
    for partition in range(3):
        prefix = f"{three.name}-{partition}-"
        assert [each for each in context.accepted if each.startswith(prefix)] == three.ids(40, partition=partition)


@pytest.mark.integration
@pytest.mark.parametrize("strategy", ["RangeAssignor", "CooperativeStickyAssignor"])
async def test_consumers_that_come_and_go_lose_nothing_and_repeat_nothing(kafka: KafkaServer, strategy: str) -> None:
    """Four partitions and up to three consumers of one group: each time one comes or goes, partitions change hands."""
    count = 500
    topic = Topic(kafka, 4)
    topic.create()
    for partition in range(4):
        topic.put(*range(count), partition=partition)
    contexts = [Recording(takes_s=0.02) for _ in range(3)]
    strategies = {"partition.assignment.strategy": f"org.apache.kafka.clients.consumer.{strategy}"}
    properties = topic.properties(additionalProperties=json.dumps(strategies))
    async with consuming(properties, contexts[0]) as (task, _):
        await until(lambda: len(contexts[0].accepted) > 20, task)
        async with consuming(properties, contexts[1]) as (second, _):
            await until(lambda: len(contexts[1].accepted) > 20, second)
            async with consuming(properties, contexts[2]) as (third, _):
                await until(lambda: len(contexts[2].accepted) > 20, third)
        await topic.until_committed(dict.fromkeys(range(4), count))
    accepted = [each for context in contexts for each in context.accepted]
    assert sorted(accepted) == sorted(each for partition in range(4) for each in topic.ids(count, partition=partition))
    assert all("up" in context.health for context in contexts)


@pytest.mark.integration
async def test_offsets_say_where_each_partition_begins_whatever_is_committed(three: Topic) -> None:
    for partition in range(3):
        three.put(*range(5), partition=partition)
    context = Recording()
    async with consuming(three.properties(), context):
        await three.until_committed({0: 5, 1: 5, 2: 5})
    again = Recording()
    properties = three.properties(offsets="=[4, 5, 3]", autoOffsetReset="none")
    async with consuming(properties, again) as (task, _):
        await until(lambda: len(again.accepted) == 3, task)
    assert sorted(again.accepted) == sorted(f"{three.name}-{place}" for place in ("0-4", "2-3", "2-4"))


@pytest.mark.integration
async def test_latest_begins_behind_what_is_there(topic: Topic) -> None:
    topic.put("before")
    context = Recording()
    async with consuming(topic.properties(autoOffsetReset="latest"), context) as (task, _):
        await until(lambda: context.health == ["up"], task)
        while not context.accepted:  # Where it begins is settled a moment after the partitions are.
            topic.put("after")
            await asyncio.sleep(0.2)
    assert f"{topic.name}-0-0" not in context.accepted


@pytest.mark.integration
async def test_the_event_has_key_value_and_headers(topic: Topic) -> None:
    topic.put({"a": [1]}, key=b"5", headers={"h": "1"})
    topic.put(b"12 apples", key=b"k")
    topic.put(b"{'a': 'b'}")
    context = Recording()
    async with consuming(topic.properties(), context):
        await topic.until_committed({0: 3})
    assert [event for _, event in context.events] == [
        {"key": 5, "rawValue": '{"a": [1]}', "value": {"a": [1]}, "headers": {"h": "1"}},
        {"key": "k", "rawValue": "12 apples", "value": 12, "headers": None},
        {"key": None, "rawValue": "{'a': 'b'}", "value": {"a": "b"}, "headers": None},
    ]
    assert context.details == {"group-id": topic.group, "partitions": [0]}


@pytest.mark.integration
@pytest.mark.parametrize(
    "strategy",
    [
        {"schemaStrategy": {"type": "inlineSchema", "schema": json.dumps(PERSON)}},
        {"avro": {"schema": json.dumps(json.dumps(PERSON))[1:-1]}},
    ],
    ids=["8.6 and later", "8.5"],
)
async def test_avro_by_the_models_schema_is_read_and_what_does_not_fit_is_poison(
    topic: Topic, strategy: dict[str, Any]
) -> None:
    topic.put(b"\x06Ada\x48", b"nonsense", b"\x06Bob\x02")
    context = Recording()
    async with consuming(topic.properties(onPoison="skip", **strategy), context):
        await topic.until_committed({0: 3})
    assert [(event["value"], event["rawValue"]) for _, event in context.events] == [
        ({"name": "Ada", "age": 36}, None),
        ({"name": "Bob", "age": 1}, None),
    ]
    assert len(context.messages()) == 1
    assert f"{topic.name}-0-1 was skipped: the record does not fit the Avro schema" in context.messages()[0]


@pytest.mark.integration
async def test_values_are_read_by_the_schema_that_they_name(topic: Topic) -> None:
    async with schema_registry() as registry:
        old = registry.put("s", PERSON)
        new = registry.put("s", {**PERSON, "fields": [*PERSON["fields"], {"name": "x", "type": "string"}]})
        topic.put(prefixed(old, b"\x06Ada\x48"), prefixed(new, b"\x06Bob\x02\x02y"), b'{"a": 1}', prefixed(99, b"x"))
        strategy = {"type": "schemaRegistry", "schemaRegistryUrl": registry.url, "schemaType": "avro"}
        context = Recording()
        async with consuming(topic.properties(schemaStrategy=strategy, onPoison="skip"), context):
            await topic.until_committed({0: 4})
    assert [event["value"] for _, event in context.events] == [
        {"name": "Ada", "age": 36},
        {"name": "Bob", "age": 1, "x": "y"},
    ]
    assert context.messages()[0] == (
        f"{topic.name}-0-2 was skipped: the value does not begin with the id of a registered schema"
    )
    assert "404 Not Found (Schema not found)" in context.messages()[1]


@pytest.mark.integration
async def test_a_registry_that_is_away_is_waited_for(topic: Topic) -> None:
    async with schema_registry() as registry:
        schema_id = registry.put("s", PERSON)
        registry.login = "me:p"
        topic.put(prefixed(schema_id, avro.encoded(avro.read(json.dumps(PERSON)), {"name": "Ada", "age": 36})))
        strategy = {"type": "schemaRegistry", "schemaRegistryUrl": registry.url, "schemaType": "avro"}
        context = Recording()
        async with consuming(topic.properties(schemaStrategy=strategy, onPoison="skip"), context) as (task, _):
            await until(lambda: len(registry.asked) > HASTE.attempts, task)
            assert "401 Unauthorized" in context.health[-1]
            registry.login = ""
            await topic.until_committed({0: 1})
    assert context.accepted == topic.ids(1)
    assert context.health[-1] == "up"


@pytest.mark.integration
async def test_json_of_a_registry_is_read_behind_its_prefix(topic: Topic) -> None:
    topic.put(prefixed(7, b'{"a": 1}'))
    strategy = {"type": "schemaRegistry", "schemaRegistryUrl": "http://127.0.0.1:1", "schemaType": "JSON"}
    context = Recording()
    async with consuming(topic.properties(schemaStrategy=strategy), context):
        await topic.until_committed({0: 1})
    assert context.events[0][1] == {"key": None, "rawValue": '{"a": 1}', "value": {"a": 1}, "headers": None}


@pytest.mark.integration
async def test_a_login_over_tls_is_let_in(topic: Topic) -> None:
    topic.put("a")
    context = Recording()
    properties = topic.properties(
        topic={"bootstrapServers": topic.kafka.secure, "topicName": topic.name},
        authentication={"username": USER, "password": PASSWORD},
        additionalProperties=json.dumps({"ssl.truststore.certificates": topic.kafka.authority}),
    )
    async with consuming(properties, context):
        await topic.until_committed({0: 1})
    assert context.accepted == topic.ids(1)


@pytest.mark.integration
async def test_a_record_of_ten_megabytes_comes_through(kafka: KafkaServer) -> None:
    topic = Topic(kafka, 1)
    topic.create({"max.message.bytes": "12000000"})
    topic.put("small", {"text": "x" * 10_000_000}, "small")
    context = Recording()
    async with consuming(topic.properties(), context):
        await topic.until_committed({0: 3})
    assert [len(event["rawValue"]) for _, event in context.events] == [7, 10_000_012, 7]
