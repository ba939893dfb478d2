"""Every property that an official inbound template writes is read: by its connector's input, or by the runtime."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from zelery.catalogue import INBOUND_GROUP, installed, load
from zelery.properties import NOT_COMPARED
from zelery.sdk import InboundConnector

#: Of all types, in any of the lines that we know.
COMMON = (
    "inbound.type resultVariable resultExpression activationCondition correlationKeyExpression messageIdExpression"
    " correlationRequired consumeUnmatchedEvents messageTtl deduplicationMode deduplicationId"
    " deduplicationModeManualFlag synchronousResponse"
)

#: What templates write for connectors, by type, in any of the lines.
WRITTEN = {
    "io.camunda:webhook:1": """
        inbound.method inbound.context inbound.shouldValidateHmac inbound.hmacSecret inbound.hmacHeader
        inbound.hmacAlgorithm inbound.hmacScopes inbound.auth.type inbound.auth.username inbound.auth.password
        inbound.auth.apiKey inbound.auth.apiKeyLocator inbound.auth.jwt.jwkUrl inbound.auth.jwt.permissionsExpression
        inbound.auth.jwt.requiredPermissions inbound.responseBodyExpression inbound.responseExpression
        inbound.verificationExpression""",
    "io.camunda:slack-webhook:1": "inbound.context inbound.slackSigningSecret inbound.verificationExpression",
    "io.camunda:aws-sns-webhook:1": "inbound.context inbound.securitySubscriptionAllowedFor inbound.topicsAllowList",
    "io.camunda:aws-sqs-inbound:1": """
        authentication.type authentication.accessKey authentication.secretKey configuration.region
        configuration.endpoint queue.url queue.region queue.pollingWaitTime queue.attributeNames
        queue.messageAttributeNames""",
    "io.camunda:connector-kafka-inbound:1": """
        authentication.username authentication.password topic.bootstrapServers topic.topicName groupId
        additionalProperties offsets autoOffsetReset avro.schema schemaStrategy.type schemaStrategy.schema
        schemaStrategy.schemaRegistryUrl schemaStrategy.schemaType""",
    "io.camunda:connector-rabbitmq-inbound:1": """
        authentication.authType authentication.uri authentication.userName authentication.password
        routing.virtualHost routing.hostName routing.port queueName consumerTag arguments exclusive""",
    "io.camunda:http-polling:1": """
        method url headers queryParameters body authentication.type authentication.username authentication.password
        authentication.token authentication.oauthTokenEndpoint authentication.clientId authentication.clientSecret
        authentication.clientAuthentication authentication.audience authentication.scopes authentication.apiKeyLocation
        authentication.name authentication.value connectionTimeoutInSeconds readTimeoutInSeconds skipEncoding
        httpRequestInterval operatePollingInterval processPollingInterval""",
    "io.camunda:connector-email-inbound:1": """
        authentication.username authentication.password data.imapConfig.imapHost data.imapConfig.imapPort
        data.imapConfig.imapCryptographicProtocol data.folderToListen data.pollingWaitTime
        data.pollingConfigDiscriminator data.pollingConfig.handlingStrategy data.pollingConfig.targetFolder""",
}

#: What they write too and nobody reads, and why.
UNREAD = {
    "io.camunda:slack-webhook:1": {"inbound.subtype": "tells templates apart in the modeler"},
    "io.camunda:aws-sns-webhook:1": {"inbound.subtype": "tells templates apart in the modeler"},
    "io.camunda:webhook:1": {"inbound.subtype": "tells templates apart in the modeler"},
    "io.camunda:connector-kafka-inbound:1": {"authenticationType": "the login itself decides"},
    "io.camunda:http-polling:1": {"followRedirects": "off by default, and an answer is an event"},
    "io.camunda:connector-email-inbound:1": {"authentication.type": "there is one kind of login"},
}


def connectors() -> dict[str, InboundConnector]:
    """Ours, by type."""
    return {
        point.name: load(point, InboundConnector)
        for point in installed(INBOUND_GROUP)
        if point.name.startswith("io.camunda")
    }


def reads(model: type[BaseModel], path: list[str]) -> bool:
    """Whether a model has a field for a path, itself or in one of its parts. What is a map, or anything, has all."""
    name, *rest = path
    field = next((each for key, each in model.model_fields.items() if name in (each.alias, key)), None)
    if field is None:
        return False
    parts = list(models(field.annotation, *field.metadata))
    return not rest or not parts or any(reads(part, rest) for part in parts)


def models(*hints: Any) -> Iterator[type[BaseModel]]:
    """The models that a type may be, through unions and annotations."""
    for hint in hints:
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            yield hint
        else:
            yield from models(*typing.get_args(hint))


def test_the_types_are_all_ours() -> None:
    assert set(WRITTEN) == set(connectors())


@pytest.mark.parametrize("type_", WRITTEN)
def test_what_its_templates_write_is_read_but_for_what_is_listed_with_its_reason(type_: str) -> None:
    connector, unread = connectors()[type_], UNREAD.get(type_, {})
    inputs = [connector.input, *([connector.intervals] if connector.intervals else [])]
    names = [*WRITTEN[type_].split(), *unread]
    assert [name for name in names if not any(reads(each, name.split(".")) for each in inputs)] == [*unread]


def test_what_all_templates_write_is_the_runtime_s() -> None:
    assert set(COMMON.split()) <= NOT_COMPARED
