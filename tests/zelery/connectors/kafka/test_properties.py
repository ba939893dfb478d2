from __future__ import annotations

from collections.abc import Mapping

import confluent_kafka
import pytest

from zelery.connectors.kafka import properties
from zelery.connectors.kafka.producers import silent
from zelery.connectors.kafka.properties import RegistryProperties
from zelery.sdk import InputError

PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="pa\\"ss;";'


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ack", "1", "there is no such property here; did you mean acks?"),
        ("interceptor.classes", "org.x.Y", "there is no such property here"),
        # librdkafka's own run commands, load libraries and read files.
        ("sasl.kerberos.kinit.cmd", "touch /tmp/x", "there is no such property here"),
        ("plugin.library.paths", "/tmp/x.so", "there is no such property here"),
        ("debug", "all", "there is no such property here; remove it, or use a property of Java's Kafka client"),
        ("value.serializer", "io.confluent.kafka.serializers.KafkaAvroSerializer", "say it by the schema strategy"),
        ("ssl.truststore.type", "JKS", "only PEM; convert the store: keytool"),
        ("sasl.jaas.config", "com.sun.security.auth.module.Krb5LoginModule required;", "PlainLoginModule, ScramLogin"),
        ("sasl.jaas.config", "username=x password=s3cret", "must be one of PlainLoginModule"),
    ],
)
def test_a_property_that_cannot_be_used_is_refused_by_name_with_the_remedy(name: str, value: str, why: str) -> None:
    for translated in (properties.producer, properties.consumer):
        with pytest.raises(InputError) as found:
            translated({name: value})
        assert str(found.value).startswith(f"additionalProperties.{name}: ")
        assert why in str(found.value)
        assert "s3cret" not in str(found.value)


def test_an_assignor_that_librdkafka_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r": StickyAssignor cannot be used; use RangeAssignor, RoundRobin"):
        properties.consumer({"partition.assignment.strategy": "org.apache.kafka.clients.consumer.StickyAssignor"})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"linger.ms": "5", "client.id": "me"}, {"linger.ms": "5", "client.id": "me"}),
        ({"max.request.size": "2000"}, {"message.max.bytes": "2000"}),
        ({"send.buffer.bytes": "-1"}, {"socket.send.buffer.bytes": "0"}),
        ({"ssl.endpoint.identification.algorithm": ""}, {"ssl.endpoint.identification.algorithm": "none"}),
        ({"ssl.truststore.type": "pem", "ssl.truststore.certificates": "C"}, {"ssl.ca.pem": "C"}),
        ({"ssl.keystore.key": "K"}, {"ssl.key.pem": "K"}),
        ({"sasl.jaas.config": PLAIN}, {"sasl.username": "ada", "sasl.password": 'pa"ss;'}),
        (
            {"sasl.jaas.config": "a.b.OAuthBearerLoginModule required clientId='me' clientSecret=x scope=\"s\";"},
            {
                "sasl.oauthbearer.client.id": "me",
                "sasl.oauthbearer.client.secret": "x",
                "sasl.oauthbearer.scope": "s",
                "sasl.oauthbearer.method": "oidc",
            },
        ),
        # They mean something to the other direction, or nothing here.
        ({"session.timeout.ms": "1", "max.block.ms": "5", "key.serializer": "o.StringSerializer"}, {}),
    ],
)
def test_a_producers_properties_are_said_in_librdkafkas_words(
    given: Mapping[str, str], found: Mapping[str, str]
) -> None:
    assert properties.producer(given) == {
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
        **found,
    }


@pytest.mark.parametrize("given", [{"acks": "1"}, {"retries": "0"}, {"max.in.flight.requests.per.connection": "6"}])
def test_a_producer_is_not_idempotent_against_the_models_word(given: Mapping[str, str]) -> None:
    assert properties.producer(given) == {"partitioner": "murmur2_random", **given}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"group.id": "g"}, {"group.id": "g"}),
        ({"request.timeout.ms": "7"}, {"socket.timeout.ms": "7"}),
        ({"fetch.max.wait.ms": "7"}, {"fetch.wait.max.ms": "7"}),
        (
            {"partition.assignment.strategy": "a.RangeAssignor, a.CooperativeStickyAssignor"},
            {"partition.assignment.strategy": "range,cooperative-sticky"},
        ),
        # The connector commits, and says where to begin.
        ({"enable.auto.commit": "true", "auto.offset.reset": "latest", "acks": "all", "linger.ms": "0"}, {}),
    ],
)
def test_a_consumers_properties_are_said_in_librdkafkas_words(
    given: Mapping[str, str], found: Mapping[str, str]
) -> None:
    assert properties.consumer(given) == found


#: Values for names whose values are no numbers of that size.
VALUES = {
    "acks": "all",
    "allow.auto.create.topics": "true",
    "batch.size": "1000",
    "bootstrap.servers": "127.0.0.1:1",
    "check.crcs": "true",
    "client.dns.lookup": "use_all_dns_ips",
    "compression.type": "zstd",
    "enable.idempotence": "true",
    "fetch.max.bytes": "2000000",
    "fetch.max.wait.ms": "100",
    "group.protocol": "classic",
    "isolation.level": "read_committed",
    "heartbeat.interval.ms": "3000",
    "max.in.flight.requests.per.connection": "3",
    "max.poll.interval.ms": "60000",
    "sasl.jaas.config": PLAIN,
    "sasl.mechanism": "PLAIN",
    "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1/token",
    "security.protocol": "PLAINTEXT",
    "ssl.endpoint.identification.algorithm": "https",
    "ssl.truststore.type": "PEM",
}
#: Files and certificates, which would have to be there.
READ = {
    "ssl.keystore.location",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
}
NUMBER = "9000"


def known(text: str) -> list[str]:
    return [name for name in text.split() if name not in READ]


@pytest.mark.parametrize(
    "name",
    known("""
        acks batch.size bootstrap.servers client.dns.lookup client.id client.rack compression.type
        connections.max.idle.ms delivery.timeout.ms enable.idempotence linger.ms
        max.in.flight.requests.per.connection max.request.size metadata.max.age.ms receive.buffer.bytes
        reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms retries retry.backoff.max.ms retry.backoff.ms
        sasl.jaas.config sasl.kerberos.service.name sasl.mechanism sasl.oauthbearer.token.endpoint.url
        security.protocol send.buffer.bytes socket.connection.setup.timeout.ms ssl.endpoint.identification.algorithm
        ssl.key.password ssl.keystore.password ssl.truststore.type
    """),
)
def test_librdkafka_takes_what_a_producers_property_becomes(name: str) -> None:
    found = properties.producer({name: VALUES.get(name, NUMBER)})
    confluent_kafka.Producer({"bootstrap.servers": "", **found, "logger": silent})


@pytest.mark.parametrize(
    "name",
    known("""
        allow.auto.create.topics check.crcs fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id
        group.instance.id group.protocol heartbeat.interval.ms isolation.level max.partition.fetch.bytes
        max.poll.interval.ms request.timeout.ms session.timeout.ms
    """),
)
def test_librdkafka_takes_what_a_consumers_property_becomes(name: str) -> None:
    found = properties.consumer({name: VALUES.get(name, NUMBER)})
    consumer = confluent_kafka.Consumer({"group.id": "g", **found, "logger": silent})
    consumer.close()


def test_what_concerns_a_registry_is_taken_apart() -> None:
    given = {
        "basic.auth.credentials.source": "USER_INFO",
        "schema.registry.basic.auth.user.info": "me:s3cret",
        "auto.register.schemas": "False",
        "acks": "1",
    }
    assert properties.split(given) == (RegistryProperties(login="me:s3cret", register=False), {"acks": "1"})
    assert "s3cret" not in repr(properties.split(given)[0])


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("auto.register.schemas", "yes", "must be true or false"),
        ("basic.auth.credentials.source", "URL", "must be user_info"),
    ],
)
def test_a_registry_property_that_cannot_be_used_is_refused(name: str, value: str, why: str) -> None:
    with pytest.raises(InputError) as found:
        properties.split({name: value})
    assert str(found.value) == f"additionalProperties.{name}: {why}"
