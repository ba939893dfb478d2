"""The SNS webhook: what a topic publishes starts or continues processes.

Only what SNS itself has signed gets in, and only from the topics that the model allows: the header that names the topic
is not signed, so it must agree with the message, which is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from zelery.connectors.aws_sns.amazon import open_sns
from zelery.connectors.aws_sns.signature import CONFIRMATION, region, signed, text, trusted, verify
from zelery.sdk import Feel, InboundContext, Input, RefusalError, Request, Response, answer, params_of, webhook
from zelery.sdk.types import NOT_BLANK, NOT_NULL, VIOLATION, Choice, Must, Text

TOPIC = "x-amz-sns-topic-arn"


class Hook(Input):
    """Where, and from whom."""

    context: Annotated[Text, Must(NOT_BLANK)]
    security_subscription_allowed_for: Annotated[
        Literal["any", "specific"], Choice("SubscriptionAllowListFlag"), Must(NOT_NULL)
    ] = "specific"
    topics_allow_list: Annotated[list[Text] | None, Feel()] = None

    @model_validator(mode="after")
    def _somebody_is_allowed(self) -> Self:
        if self.security_subscription_allowed_for == "specific" and not any(self.topics_allow_list or ()):
            rule = "topicsAllowList must name topics by their ARN unless securitySubscriptionAllowedFor is any"
            raise PydanticCustomError(VIOLATION, "{messages}", {"messages": [rule]})
        return self

    def check(self, topic: str) -> None:
        """Raise RefusalError for a topic that is not allowed."""
        if self.security_subscription_allowed_for == "specific" and topic not in (self.topics_allow_list or ()):
            raise RefusalError(403, f"Request didn't match allow list. Request coming from {topic}")


class SnsHook(Input):
    """All properties of an element."""

    inbound: Annotated[Hook, Must(NOT_NULL)]


@webhook(type="io.camunda:aws-sns-webhook:1", name="AWS SNS Inbound", path=lambda given: given.inbound.context)
async def sns_webhook(properties: SnsHook, request: Request, context: InboundContext) -> Response:
    """Verify the message, confirm the subscription if it asks for that, and correlate it under SNS's own id of it."""
    try:
        message = await _verified(properties.inbound, request, context)
    except RefusalError as error:
        context.log("WARNING", "Webhook", f"Refused a message: {error}")
        raise
    confirming = message["Type"] == CONFIRMATION
    event = {
        "request": {"body": message, "headers": dict(request.headers), "params": params_of(request)},
        "connectorData": {"snsEventType": "Subscription" if confirming else "Notification"},
    }
    return answer(await context.correlate(event, message_id=text(message, "MessageId")))


async def _verified(hook: Hook, request: Request, context: InboundContext) -> dict[str, Any]:
    """The message, when it is SNS's and wanted; a subscription is confirmed by now. Raises RefusalError."""
    topic = request.headers.get(TOPIC)
    if topic is None:
        raise RefusalError(400, f"SNS request did not contain header: {TOPIC}")
    hook.check(topic)
    message = _message(request)
    signed(message)  # Before anything is fetched for it.
    if text(message, "TopicArn") != topic:
        raise RefusalError(403, f"the message is not from the topic that the header {TOPIC} names")
    certificate_url = _own(message, "SigningCertURL", topic)
    sns = await context.use(open_sns)
    verify(message, await sns.certificate(certificate_url), datetime.now(UTC))
    if message["Type"] == CONFIRMATION:
        await sns.confirm(_own(message, "SubscribeURL", topic))
        context.log("INFO", "Subscription", f"Confirmed the subscription to {topic}")
    return message


def _message(request: Request) -> dict[str, Any]:
    if request.headers.get("x-amz-sns-rawdelivery") == "true":
        raise RefusalError(400, "raw message delivery is not signed: switch it off for this subscription")
    try:
        message = json.loads(request.body)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise RefusalError(400, "the body is no JSON object: SNS sends one")
    return message


def _own(message: Mapping[str, Any], name: str, topic: str) -> str:
    """An address in a message, if it is SNS's own."""
    url = text(message, name)
    if not trusted(url, region(topic)):
        raise RefusalError(403, f"{name}: the address is not that of SNS in {region(topic)}")
    return url
