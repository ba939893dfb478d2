"""What models write about Kafka, in both directions: the cluster and its topic, logins, schemas."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from zelery.connectors.kafka import properties
from zelery.connectors.kafka.properties import Configuration, RegistryProperties
from zelery.sdk import Input, InputError
from zelery.sdk.types import NOT_BLANK, NOT_EMPTY, Choice, Must, Text

Words = Annotated[Text, Must(NOT_EMPTY)]


def _json_text(value: Any) -> Any:
    """A schema may be given as what it is in JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


SchemaText = Annotated[Text, BeforeValidator(_json_text), Must(NOT_BLANK)]


class Authentication(Input):
    """User and password for SASL PLAIN over TLS; without both, there is no login."""

    username: Text | None = None
    password: Text | None = Field(default=None, repr=False)


class Topic(Input):
    """Where records are."""

    bootstrap_servers: Words
    topic_name: Words


class NoSchema(Input):
    """Values are text or JSON."""

    type: Literal["noSchema"] = "noSchema"


class InlineSchema(Input):
    """Values are Avro's binary form by this schema, with nothing before it."""

    type: Literal["inlineSchema"] = "inlineSchema"
    schema_: Annotated[SchemaText, Field(alias="schema")]


class RegistrySchema(Input):
    """Values name their schema by its id in a registry."""

    type: Literal["schemaRegistry"] = "schemaRegistry"
    schema_registry_url: Words
    schema_type: Annotated[Literal["avro", "json"], Choice("SchemaType")] = "avro"


class RegisteredSchema(RegistrySchema):
    """The same, with the schema to write by."""

    schema_: Annotated[SchemaText, Field(alias="schema")]


class Schemas(Input):
    """How values are written: `schemaStrategy`, or `avro.schema` in models before 8.6."""

    @model_validator(mode="before")
    @classmethod
    def _older(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or given.get("schemaStrategy") is not None:
            return given
        schema = given["avro"].get("schema") if isinstance(given.get("avro"), Mapping) else None
        return {
            **given,
            "schemaStrategy": {"type": "inlineSchema", "schema": schema} if schema else {"type": "noSchema"},
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cluster:
    """How to reach a cluster, in the words of Java's clients."""

    topic: Topic
    authentication: Authentication | None = None
    additional: Mapping[str, str | None] = dataclasses.field(default_factory=dict, repr=False)
    """Properties that come before all others."""

    def registry(self) -> RegistryProperties:
        """What the properties say of a schema registry. Raises InputError."""
        return properties.split(self._texts())[0]

    def producer(self) -> Configuration:
        """librdkafka's configuration of a producer. Raises InputError, which names what cannot be used."""
        return {**_PRODUCER, **self._fixed(), **properties.producer(properties.split(self._texts())[1])}

    def consumer(self) -> Configuration:
        """librdkafka's configuration of a consumer. Raises InputError, which names what cannot be used."""
        return {**_CONSUMER, **self._fixed(), **properties.consumer(properties.split(self._texts())[1])}

    def _fixed(self) -> Configuration:
        return {"bootstrap.servers": self.topic.bootstrap_servers, **_login(self.authentication)}

    def _texts(self) -> dict[str, str]:
        if absent := [name for name, value in self.additional.items() if value is None]:
            raise InputError(f"additionalProperties.{absent[0]}: must be text, not null; remove it")
        return {name: value for name, value in self.additional.items() if value is not None}


def _login(authentication: Authentication | None) -> Configuration:
    username, password = (authentication.username, authentication.password) if authentication else (None, None)
    given = [each for each in (username, password) if each and each.strip()]
    if not given:
        return {}
    if username is None or password is None or len(given) == 1:
        raise InputError("java.lang.RuntimeException: Username / password pair is required")
    login = {"sasl.username": username, "sasl.password": password}
    return {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", **login}


#: The Java runtime's and its client's, where librdkafka's own are others.
_PRODUCER = {
    "acks": "all",
    "client.dns.lookup": "use_all_dns_ips",
    "delivery.timeout.ms": "45000",
    "linger.ms": "0",
    "request.timeout.ms": "30000",
}
_CONSUMER = {
    "client.dns.lookup": "use_all_dns_ips",
    # A group waits so long for a member that died: with Java's 45 s another could not take over within 10 s.
    "heartbeat.interval.ms": "2000",
    "isolation.level": "read_uncommitted",
    "session.timeout.ms": "6000",
    "socket.timeout.ms": "30000",
}
