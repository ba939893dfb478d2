"""Properties of Java's Kafka clients, which models write, as the configuration of librdkafka, which we run on.

Most names are the same. Some differ, some say how to log in inside a text of their own (`sasl.jaas.config`), and some
have nothing to do here: they are taken, and do nothing. All others are refused by name, and so are librdkafka's own:
among them are commands that it runs and libraries that it loads, and a model's author must not choose those.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from zelery.sdk import InputError

Configuration = dict[str, str]

_SASL_LOGIN = re.compile(
    r"\s*[\w.$]*?(?P<module>\w+)\s+(?:required|requisite|sufficient|optional)\b(?P<options>.*)", re.DOTALL
)
_SASL_OPTION = re.compile(r"(\w+)\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|([^\s;\"']+))", re.DOTALL)


def _words(text: str) -> list[str]:
    return text.split()


#: Names that mean the same there and here, for producers and consumers.
_COMMON = _words("""
    bootstrap.servers client.id client.rack client.dns.lookup connections.max.idle.ms metadata.max.age.ms
    reconnect.backoff.ms reconnect.backoff.max.ms retry.backoff.ms retry.backoff.max.ms
    socket.connection.setup.timeout.ms security.protocol sasl.mechanism sasl.kerberos.service.name
    sasl.oauthbearer.token.endpoint.url ssl.key.password ssl.keystore.location ssl.keystore.password
""")
_PRODUCER = _words("""
    acks batch.size compression.type delivery.timeout.ms enable.idempotence linger.ms
    max.in.flight.requests.per.connection request.timeout.ms retries
""")
_CONSUMER = _words("""
    allow.auto.create.topics check.crcs fetch.max.bytes fetch.min.bytes group.id group.instance.id group.protocol
    group.remote.assignor heartbeat.interval.ms isolation.level max.partition.fetch.bytes max.poll.interval.ms
    session.timeout.ms
""")

#: Names that do nothing here: what they adjust is not there, or is decided by the connector.
_WITHOUT_EFFECT = _words(
    """
    auto.commit.interval.ms auto.include.jmx.reporter auto.offset.reset buffer.memory default.api.timeout.ms
    enable.auto.commit enable.metrics.push exclude.internal.topics max.block.ms max.poll.records
    metadata.max.idle.ms metadata.recovery.strategy metadata.recovery.rebootstrap.trigger.ms metrics.num.samples
    metrics.recording.level metrics.sample.window.ms partitioner.adaptive.partitioning.enable
    partitioner.availability.timeout.ms socket.connection.setup.timeout.max.ms ssl.keystore.type
    """
)
_SERIALIZERS = ("key.serializer", "value.serializer", "key.deserializer", "value.deserializer")
_ASSIGNORS = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "CooperativeStickyAssignor": "cooperative-sticky",
}

Translate = Callable[[str, str], Configuration]


def producer(given: Mapping[str, str]) -> Configuration:
    """Java properties of a producer as librdkafka's. Raises InputError, which names the property."""
    found = _translated(given, _FOR_PRODUCER, _FOR_CONSUMER)
    # As Java's client: nothing is written twice unless the model asks for what excludes that, and keys go to the
    # partitions that Java sends them to.
    careful = found.get("acks", "all") in ("all", "-1") and not _AGAINST_IDEMPOTENCE & found.keys()
    idempotent = {"enable.idempotence": "true"} if careful else {}
    return {"partitioner": "murmur2_random", **idempotent, **found}


def consumer(given: Mapping[str, str]) -> Configuration:
    """Java properties of a consumer as librdkafka's. Raises InputError, which names the property."""
    return _translated(given, _FOR_CONSUMER, _FOR_PRODUCER)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RegistryProperties:
    """What models say of a schema registry among the properties."""

    login: str | None = dataclasses.field(default=None, repr=False)
    """`user:password`."""
    token: str | None = dataclasses.field(default=None, repr=False)
    """A bearer token."""
    register: bool = True
    """Whether a schema that the registry does not have is given to it."""
    latest: bool = False
    """Whether values are written by the registry's newest schema of the subject, whatever the model's is."""


def split(given: Mapping[str, str]) -> tuple[RegistryProperties, dict[str, str]]:
    """The properties that concern a schema registry, and all the others. Raises InputError."""
    of_registry = {name: value for name, value in given.items() if name in _REGISTRY}
    for name, value in of_registry.items():
        allowed = _REGISTRY[name]
        if allowed and value.lower() not in allowed:
            raise InputError(f"additionalProperties.{name}: must be {' or '.join(allowed)}")
    named = {name.removeprefix("schema.registry."): value for name, value in of_registry.items()}
    registry = RegistryProperties(
        login=named.get("basic.auth.user.info"),
        token=named.get("bearer.auth.token"),
        register=named.get("auto.register.schemas", "true").lower() == "true",
        latest=named.get("use.latest.version", "false").lower() == "true",
    )
    return registry, {name: value for name, value in given.items() if name not in of_registry}


def _translated(
    given: Mapping[str, str], known: Mapping[str, Translate], other: Mapping[str, Translate]
) -> Configuration:
    found: Configuration = {}
    for name, value in given.items():
        if name in known:
            found |= known[name](name, value)
        elif name not in other and name not in _WITHOUT_EFFECT:
            raise _unknown(name, [*known, *other, *_WITHOUT_EFFECT])
    return found


def _unknown(name: str, known: list[str]) -> InputError:
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    meant = (
        f"did you mean {near[0]}?" if near else "remove it, or use a property of Java's Kafka client that does the same"
    )
    return InputError(f"additionalProperties.{name}: there is no such property here; {meant}")


def _same(name: str, value: str) -> Configuration:
    return {name: value}


def _named(there: str) -> Translate:
    return lambda _name, value: {there: value}


def _buffer(there: str) -> Translate:
    """Bytes of a socket's buffer; Java's -1 is the system's own, which is 0 here."""
    return lambda _name, value: {there: "0" if value == "-1" else value}


def _host_check(_name: str, value: str) -> Configuration:
    return {"ssl.endpoint.identification.algorithm": value.strip() or "none"}


def _serializer(name: str, value: str) -> Configuration:
    """The connector decides it; what models write beside that is taken when it says the same."""
    if not value.endswith(("StringSerializer", "ByteArraySerializer", "StringDeserializer", "ByteArrayDeserializer")):
        raise InputError(f"additionalProperties.{name}: {value} cannot be used; say it by the schema strategy")
    return {}


def _assignor(name: str, value: str) -> Configuration:
    short = [each.strip().rpartition(".")[2] for each in value.split(",")]
    if unknown := [each for each in short if each not in _ASSIGNORS]:
        raise InputError(f"additionalProperties.{name}: {unknown[0]} cannot be used; use {', '.join(_ASSIGNORS)}")
    return {name: ",".join(_ASSIGNORS[each] for each in short)}


def _trust_type(name: str, value: str) -> Configuration:
    if value.upper() != "PEM":
        raise InputError(
            f"additionalProperties.{name}: {value} cannot be used, only PEM; convert the store: "
            "keytool -exportcert -rfc -keystore FILE"
        )
    return {}


def _jaas(name: str, value: str) -> Configuration:
    """How to log in, out of the text that Java's clients take it from."""
    found = _SASL_LOGIN.fullmatch(value)
    if found is None or found["module"] not in _LOGINS:
        raise InputError(
            f"additionalProperties.{name}: must be one of {', '.join(_LOGINS)} with its options, "
            'like: org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";'
        )
    options = {option: "".join(values) for option, *values in _SASL_OPTION.findall(found["options"])}
    return {**dict(_login(found["module"], options)), **_LOGINS_BESIDE.get(found["module"], {})}


def _login(module: str, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for option, there in _LOGINS[module].items():
        if option in options:
            yield there, re.sub(r"\\(.)", r"\1", options[option])


_PASSWORD_LOGIN = {"username": "sasl.username", "password": "sasl.password"}
_LOGINS: Mapping[str, Mapping[str, str]] = {
    "PlainLoginModule": _PASSWORD_LOGIN,
    "ScramLoginModule": _PASSWORD_LOGIN,
    "OAuthBearerLoginModule": {
        "clientId": "sasl.oauthbearer.client.id",
        "clientSecret": "sasl.oauthbearer.client.secret",
        "scope": "sasl.oauthbearer.scope",
    },
}
_LOGINS_BESIDE = {"OAuthBearerLoginModule": {"sasl.oauthbearer.method": "oidc"}}

#: With some of their values a producer cannot tell what it has written.
_AGAINST_IDEMPOTENCE = {"max.in.flight.requests.per.connection", "retries"}

_FOR_BOTH: Mapping[str, Translate] = {
    **dict.fromkeys(_COMMON, _same),
    **dict.fromkeys(_SERIALIZERS, _serializer),
    "receive.buffer.bytes": _buffer("socket.receive.buffer.bytes"),
    "sasl.jaas.config": _jaas,
    "send.buffer.bytes": _buffer("socket.send.buffer.bytes"),
    "ssl.endpoint.identification.algorithm": _host_check,
    "ssl.keystore.certificate.chain": _named("ssl.certificate.pem"),
    "ssl.keystore.key": _named("ssl.key.pem"),
    "ssl.truststore.certificates": _named("ssl.ca.pem"),
    "ssl.truststore.location": _named("ssl.ca.location"),
    "ssl.truststore.type": _trust_type,
}
_FOR_PRODUCER: Mapping[str, Translate] = {
    **_FOR_BOTH,
    **dict.fromkeys(_PRODUCER, _same),
    "max.request.size": _named("message.max.bytes"),
}
_FOR_CONSUMER: Mapping[str, Translate] = {
    **_FOR_BOTH,
    **dict.fromkeys(_CONSUMER, _same),
    "fetch.max.wait.ms": _named("fetch.wait.max.ms"),
    "partition.assignment.strategy": _assignor,
    "request.timeout.ms": _named("socket.timeout.ms"),
}
_FLAG = ("true", "false")
#: Properties of Java's client of a schema registry, with the values that can be had; none listed is any.
_REGISTRY: Mapping[str, tuple[str, ...]] = {
    "auto.register.schemas": _FLAG,
    "basic.auth.credentials.source": ("user_info",),
    "basic.auth.user.info": (),
    "bearer.auth.credentials.source": ("static_token",),
    "bearer.auth.token": (),
    "schema.registry.basic.auth.user.info": (),
    "use.latest.version": _FLAG,
}
