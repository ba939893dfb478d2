from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from tasks.execute import execute
from tests.servers.kafka import PASSWORD, USER, KafkaServer
from tests.servers.schema_registry import schema_registry
from zelery.catalogue import installed, load
from zelery.connectors.kafka import avro
from zelery.connectors.kafka.outbound import produce
from zelery.connectors.kafka.registry import prefixed
from zelery.model import Completed, Failed, Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk import OutboundConnector, Settings

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
#: So that a test of what never succeeds ends soon.
SOON = {"delivery.timeout.ms": 3000, "request.timeout.ms": "2500"}
PERSON = {"type": "record", "name": "P", "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": "int"}]}
FAILURE = "Error during Kafka Producer execution; error message: "


async def run(*jobs: dict[str, Any]) -> list[Outcome]:
    """The outcomes of jobs with these variables, at the same time, in one worker."""
    async with Runtime.open(SETTINGS, {"SECRET_PASSWORD": PASSWORD, "SECRET_WRONG": "wr0ng-word"}) as runtime:
        work = [
            execute(
                Job(key=key, type=produce.type, variables=json.dumps(variables), headers={"resultVariable": "r"}),
                produce,
                runtime,
            )
            for key, variables in enumerate(jobs)
        ]
        return await asyncio.gather(*work)


@pytest.fixture
def topic(kafka: KafkaServer) -> str:
    name = f"out-{uuid.uuid4()}"
    kafka.create(name)
    return name


def variables(kafka: KafkaServer, topic: str, **given: Any) -> dict[str, Any]:
    return {"topic": {"bootstrapServers": kafka.bootstrap, "topicName": topic}, "message": {"value": "v"}, **given}


@contextlib.contextmanager
def reading(kafka: KafkaServer, topic: str) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        yield consumer
    finally:
        consumer.close()


def records(kafka: KafkaServer, topic: str, count: int) -> list[Message]:
    with reading(kafka, topic) as consumer:
        found: list[Message] = consumer.consume(count, timeout=20)
        assert [each.error() for each in found] == [None] * count
        return found


def headers(message: Message) -> Mapping[str, Any]:
    return dict(message.headers() or [])


def test_it_fetches_the_variables_of_all_generations_of_the_template() -> None:
    assert set(produce.variables) == {
        "authentication",
        "topic",
        "message",
        "headers",
        "additionalProperties",
        "schemaStrategy",
        "avro",
    }


def test_it_is_installed_by_the_door_that_is_everybodys() -> None:
    (point,) = (point for point in installed() if point.name == "io.camunda:connector-kafka:1")
    assert load(point, OutboundConnector) is produce
    assert point.extras == ["kafka"]


async def test_what_the_model_can_mend_leaves_no_attempt() -> None:
    there = {"topic": {"bootstrapServers": "127.0.0.1:1", "topicName": "t"}}
    inline = {"type": "inlineSchema", "schema": json.dumps(PERSON)}
    found = await run(
        {**there, "message": {"value": "v"}, "additionalProperties": {"ack": 1}},
        {**there, "message": {"value": "v"}, "headers": {"a": None}},
        {**there, "message": {"value": "v"}, "authentication": {"username": "me"}},
        {**there, "message": {"value": {"name": "Ada"}}, "schemaStrategy": inline},
        {**there, "message": {"value": "{'name': 'Ada', 'age': 'old'}"}, "schemaStrategy": inline},
        {**there, "message": {"value": 5}, "avro": {"schema": "no schema"}},
        {**there, "message": {"value": 5}, "additionalProperties": {"acks": "many"}},
    )
    assert [(each.retries, each.message) for each in found if isinstance(each, Failed)] == [
        (0, "additionalProperties.ack: there is no such property here; did you mean acks?"),
        (0, "headers.a: must be text, not null; remove it"),
        (0, "java.lang.RuntimeException: Username / password pair is required"),
        (0, f"{FAILURE}[value: the Avro record P needs age]"),
        (0, f"{FAILURE}[value.age: must be Avro's int, not text]"),
        (0, f"{FAILURE}[the Avro schema is no JSON: Expecting value: line 1 column 1 (char 0)]"),
        (0, 'Kafka\'s properties cannot be used: Invalid value for configuration property "request.required.acks"'),
    ]


@pytest.mark.integration
async def test_a_broker_that_is_not_there_is_told_by_its_address() -> None:
    job = {"topic": {"bootstrapServers": "127.0.0.1:1", "topicName": "t"}, "message": {"value": "v"}}
    (found,) = await run({**job, "additionalProperties": SOON})
    assert isinstance(found, Failed)
    assert found.retries == 2
    assert found.message.startswith(f"{FAILURE}[Local: Message timed out (127.0.0.1:1/bootstrap: Connect to ")
    assert "Connection refused" in found.message


@pytest.mark.integration
async def test_a_refused_login_is_told_at_once_without_the_password(kafka: KafkaServer, topic: str) -> None:
    there = {
        "topic": {"bootstrapServers": kafka.secure, "topicName": topic},
        "message": {"value": "v"},
        "additionalProperties": {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": kafka.authority},
    }
    login = {"username": USER, "password": "{{secrets.WRONG}}"}
    first, second = await run({**there, "authentication": login}, {**there, "authentication": login})
    assert first == second
    assert isinstance(first, Failed)
    assert "SASL authentication error: Authentication failed" in first.message
    assert "wr0ng" not in repr(first)


@pytest.mark.integration
async def test_a_broker_whose_certificate_nobody_vouches_for_is_told_at_once(kafka: KafkaServer, topic: str) -> None:
    (found,) = await run(
        {
            "topic": {"bootstrapServers": kafka.secure, "topicName": topic},
            "message": {"value": "v"},
            "authentication": {"username": USER, "password": "{{secrets.PASSWORD}}"},
        }
    )
    assert isinstance(found, Failed)
    assert "broker certificate could not be verified" in found.message


@pytest.mark.integration
async def test_a_topic_that_is_not_there_and_a_record_that_is_too_large_are_told(
    kafka: KafkaServer, topic: str
) -> None:
    missing, large = await run(
        variables(kafka, f"no-{topic}", additionalProperties=SOON),
        variables(kafka, topic, message={"value": "x" * 2_000_000}),
    )
    assert isinstance(missing, Failed)
    assert missing.message == f"{FAILURE}[Local: Message timed out]"
    assert isinstance(large, Failed)
    assert "Message size too large" in large.message


@pytest.mark.integration
async def test_the_code_of_a_failure_is_the_java_runtimes(kafka: KafkaServer, topic: str) -> None:
    job = Job(
        key=1,
        type=produce.type,
        variables=json.dumps(variables(kafka, topic, message={"value": "x" * 2_000_000})),
        headers={"errorExpression": '= if error.code = "FAIL" then jobError(error.type, {}, 7) else null'},
    )
    async with Runtime.open(SETTINGS, {}) as runtime:
        found = await execute(job, produce, runtime)
    assert isinstance(found, Failed)
    assert (found.message, found.retries) == ("io.camunda.connector.api.error.ConnectorException", 7)


@pytest.mark.integration
async def test_a_record_is_written_and_the_response_says_where_it_is(kafka: KafkaServer, topic: str) -> None:
    message = {"key": "kéy", "value": {"a": [1, None, "ü"]}}
    given = variables(kafka, topic, message=message, headers={"h": "é", "n": 5, "b": True})
    (found,) = await run(given)
    (record,) = records(kafka, topic, 1)

    assert (record.key(), record.value()) == ("kéy".encode(), '{"a":[1,null,"ü"]}'.encode())
    assert headers(record) == {"h": "é".encode(), "n": b"5", "b": b"true"}
    assert found == Completed(
        variables={"r": {"topic": topic, "partition": 0, "offset": 0, "timestamp": record.timestamp()[1]}}
    )


@pytest.mark.integration
async def test_text_is_written_as_it_is_and_a_key_may_be_absent(kafka: KafkaServer, topic: str) -> None:
    await run(variables(kafka, topic, message={"value": r'{"a": "b\n"} '}))
    await run(variables(kafka, topic, message={"key": {"id": 7}, "value": 1.5}, headers=None))
    first, second = records(kafka, topic, 2)
    assert (first.key(), first.value()) == (None, rb'{"a": "b\n"} ')
    assert (second.key(), second.value(), second.headers()) == (b'{"id":7}', b"1.5", None)


@pytest.mark.integration
async def test_a_login_over_tls_is_let_in(kafka: KafkaServer, topic: str) -> None:
    (found,) = await run(
        {
            "topic": {"bootstrapServers": kafka.secure, "topicName": topic},
            "message": {"value": "v"},
            "authentication": {"username": USER, "password": "{{secrets.PASSWORD}}"},
            "additionalProperties": {
                "ssl.truststore.type": "PEM",
                "ssl.truststore.certificates": kafka.authority,
                "sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
                f'username="{USER}" password="{{{{secrets.PASSWORD}}}}";',
            },
        }
    )
    assert isinstance(found, Completed)
    assert found.variables["r"]["offset"] == 0


@pytest.mark.integration
async def test_avro_by_the_models_schema_has_nothing_before_it(kafka: KafkaServer, topic: str) -> None:
    schema = json.dumps(PERSON)
    escaped = json.dumps(schema)[1:-1]
    values: list[tuple[Any, dict[str, Any]]] = [
        ({"name": "Ada", "age": 36}, {"schemaStrategy": {"type": "inlineSchema", "schema": schema}}),
        (r"{\"name\": \"Ada\", \"age\": 36}", {"avro": {"schema": escaped}}),
        ("{'name': 'Ada', 'age': 36} and more", {"avro": {"schema": PERSON}}),
    ]
    for value, strategy in values:
        (found,) = await run(variables(kafka, topic, message={"key": "k", "value": value}, **strategy))
        assert isinstance(found, Completed), found
    assert [each.value() for each in records(kafka, topic, 3)] == [b"\x06Ada\x48"] * 3


@pytest.mark.integration
async def test_values_name_the_schema_that_a_registry_knows(kafka: KafkaServer, topic: str) -> None:
    person = {"name": "Ada", "age": 36}
    async with schema_registry() as registry:
        strategy = {"type": "schemaRegistry", "schemaRegistryUrl": registry.url, "schema": json.dumps(PERSON)}
        for schema_type in ("avro", "JSON", "json"):
            (found,) = await run(
                variables(
                    kafka,
                    topic,
                    message={"value": person if schema_type != "json" else json.dumps(person)},
                    schemaStrategy={**strategy, "schemaType": schema_type},
                )
            )
            assert isinstance(found, Completed), found
        registry.login = "me:right"
        (refused,) = await run(variables(kafka, topic, message={"value": person}, schemaStrategy=strategy))

    text = b'{"name":"Ada","age":36}'
    values = [prefixed(1, b"\x06Ada\x48"), prefixed(2, text), prefixed(2, text)]
    assert [each.value() for each in records(kafka, topic, 3)] == values
    assert registry.asked[0] == f"POST /subjects/{topic}-value/versions"
    assert avro.read(registry.schemas[1]["schema"]).root["name"] == "P"
    assert isinstance(refused, Failed)
    assert refused.message.startswith(f"{FAILURE}[The schema registry did not answer POST {registry.url}/subjects/")
    assert refused.message.endswith(": 401 Unauthorized (Unauthorized)]")


GENERATIONS: Mapping[str, tuple[dict[str, Any], bytes]] = {
    "8.5": (
        {
            "serializationType": "json",
            "authentication": {"username": "", "password": ""},
            "message": {"key": "k", "value": {"name": "Ada"}},
            "headers": {"h": "1"},
            "additionalProperties": {"acks": "1", "max.block.ms": "10000", "batch.size": 16384},
        },
        b'{"name":"Ada"}',
    ),
    "8.5, Avro": (
        {
            "serializationType": "avro",
            "authentication": {},
            "message": {"key": "k", "value": {"name": "Ada", "age": 36}},
            "headers": {"h": 1},
            "avro": {"schema": PERSON},
        },
        b"\x06Ada\x48",
    ),
    "8.6 and later": (
        {
            "message": {"key": "k", "value": {"name": "Ada"}},
            "headers": {"h": "1"},
            "schemaStrategy": {"type": "noSchema"},
        },
        b'{"name":"Ada"}',
    ),
    "8.6 and later, Avro": (
        {
            "message": {"key": "k", "value": {"name": "Ada", "age": 36}},
            "headers": {"h": "1"},
            "schemaStrategy": {"type": "inlineSchema", "schema": json.dumps(PERSON)},
        },
        b"\x06Ada\x48",
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_model_of_each_generation_of_the_template_writes_its_record(
    kafka: KafkaServer, topic: str, generation: str
) -> None:
    given, value = GENERATIONS[generation]
    fetched = {name: each for name, each in variables(kafka, topic, **given).items() if name in produce.variables}
    (found,) = await run(fetched)
    (record,) = records(kafka, topic, 1)
    assert isinstance(found, Completed), found
    assert (record.key(), record.value(), headers(record)) == (b"k", value, {"h": b"1"})


@pytest.mark.integration
async def test_many_jobs_at_once_are_written_once_each(kafka: KafkaServer, topic: str) -> None:
    found = await run(*(variables(kafka, topic, message={"key": n, "value": n}) for n in range(300)))
    assert all(isinstance(each, Completed) for each in found)
    assert sorted(int(each.value() or b"") for each in records(kafka, topic, 300)) == list(range(300))


@pytest.mark.integration
async def test_a_record_waits_for_a_broker_that_is_restarted(kafka: KafkaServer, topic: str) -> None:
    kafka.stop()
    writing = asyncio.create_task(run(variables(kafka, topic, message={"value": "v"})))
    await asyncio.sleep(1)
    await asyncio.to_thread(kafka.start)
    (found,) = await writing
    assert isinstance(found, Completed)
    assert len(records(kafka, topic, 1)) == 1
