from __future__ import annotations

from typing import Any

import pytest

from zelery.binding import bind
from zelery.connectors.kafka.input import Authentication, Cluster, InlineSchema, NoSchema, Topic
from zelery.connectors.kafka.outbound import Produce
from zelery.errors import InputError
from zelery.model import to_json

TOPIC = {"bootstrapServers": "b:9092", "topicName": "orders"}
MESSAGE = {"key": "k", "value": "v"}


def produce(**given: Any) -> Produce:
    return bind(to_json({"topic": TOPIC, "message": MESSAGE, **given}), Produce)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"topic": None}, "topic: Validation failed. Original message: must not be null"),
        ({"topic": {"topicName": "t"}}, "topic.bootstrapServers: Validation failed. Original message: must not be"),
        ({"topic": {**TOPIC, "topicName": ""}}, "topic.topicName: Validation failed. Original message: must not be"),
        ({"message": {"key": "k"}}, "message.value: Validation failed. Original message: must not be null"),
        ({"headers": "x"}, "invalid field: headers. It Must be `LinkedHashMap`, not text"),
        ({"headers": {"a": {"b": 1}}}, "invalid field: headers, a. It Must be `String`, not an object"),
        ({"additionalProperties": [1, 2]}, "invalid field: additionalProperties"),
        ({"schemaStrategy": {"type": "none"}}, "invalid field: schemaStrategy"),
        (
            {"schemaStrategy": {"type": "inlineSchema"}},
            "schemaStrategy.schema: Validation failed. Original message: must not be blank",
        ),
        (
            {"schemaStrategy": {"type": "schemaRegistry", "schemaRegistryUrl": "", "schema": "{}"}},
            "schemaStrategy.schemaRegistryUrl: Validation failed. Original message: must not be empty",
        ),
        (
            {
                "schemaStrategy": {
                    "type": "schemaRegistry",
                    "schemaRegistryUrl": "http://r",
                    "schema": "{}",
                    "schemaType": "xml",
                }
            },
            "invalid field: schemaStrategy, schemaType. It Must be `SchemaType`",
        ),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as found:
        produce(**given)
    assert why in str(found.value)


@pytest.mark.parametrize(
    "authentication",
    [
        {"username": "me"},
        {"password": "s3cret"},
        {"username": "me", "password": " "},
        {"username": "", "password": "p"},
    ],
)
def test_a_login_is_a_user_and_a_password(authentication: dict[str, str]) -> None:
    cluster = Cluster(topic=Topic(**TOPIC), authentication=Authentication(**authentication))
    with pytest.raises(InputError) as found:
        cluster.producer()
    assert str(found.value) == "java.lang.RuntimeException: Username / password pair is required"


def test_a_property_that_is_null_is_refused() -> None:
    with pytest.raises(InputError, match=r"additionalProperties\.acks: must be text, not null; remove it"):
        Cluster(topic=Topic(**TOPIC), additional={"acks": None}).producer()


@pytest.mark.parametrize("authentication", [None, Authentication(), Authentication(username=" ", password="")])
def test_without_a_login_the_defaults_are_ours(authentication: Authentication | None) -> None:
    cluster = Cluster(topic=Topic(**TOPIC), authentication=authentication)
    shared = {"bootstrap.servers": "b:9092", "client.dns.lookup": "use_all_dns_ips"}
    assert cluster.producer() == {
        **shared,
        "acks": "all",
        "delivery.timeout.ms": "45000",
        "linger.ms": "0",
        "request.timeout.ms": "30000",
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
    }
    assert cluster.consumer() == {
        **shared,
        "heartbeat.interval.ms": "2000",
        "isolation.level": "read_uncommitted",
        "session.timeout.ms": "6000",
        "socket.timeout.ms": "30000",
    }


def test_a_login_is_sasl_plain_over_tls_and_properties_of_the_model_come_before_all() -> None:
    cluster = Cluster(
        topic=Topic(**TOPIC),
        authentication=Authentication(username="me", password="s3cret"),
        additional={"security.protocol": "SASL_PLAINTEXT", "acks": "1", "basic.auth.user.info": "r:p"},
    )
    found = cluster.producer()
    assert {name: found[name] for name in found if "sasl" in name or name in ("security.protocol", "acks")} == {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "me",
        "sasl.password": "s3cret",
        "acks": "1",
    }
    assert cluster.registry().login == "r:p"
    assert "s3cret" not in repr(cluster)


def test_the_schema_of_older_templates_is_an_inline_schema() -> None:
    schema = {"type": "string"}
    assert produce(avro={"schema": schema}).schema_strategy == InlineSchema(schema_='{"type": "string"}')
    assert produce(avro={"schema": ""}).schema_strategy == NoSchema()
    assert produce(avro={"schema": "x"}, schemaStrategy={"type": "noSchema"}).schema_strategy == NoSchema()
    assert produce().schema_strategy == NoSchema()


def test_text_of_a_job_is_never_feel() -> None:
    given = produce(
        topic={"bootstrapServers": "=1+1", "topicName": "=2"},
        schemaStrategy={"type": "inlineSchema", "schema": "=3"},
    )
    assert (given.topic.bootstrap_servers, given.topic.topic_name) == ("=1+1", "=2")
    assert given.schema_strategy == InlineSchema(schema_="=3")
