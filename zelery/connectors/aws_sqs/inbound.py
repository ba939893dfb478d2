"""The SQS subscription: what a queue holds starts or continues processes."""

from __future__ import annotations

from typing import Annotated

from zelery.connectors.aws_sqs.consumer import Consumer, Wanted
from zelery.connectors.aws_sqs.queue import Queue, endpoint
from zelery.sdk import Feel, InboundContext, Input, subscription
from zelery.sdk.aws import AwsInput, account, open_aws
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Must, Text, matching

Names = Annotated[list[Text] | None, Feel()]


class SubscribedQueue(Input):
    """Which queue, and what of its messages."""

    url: Annotated[Text, Must(NOT_BLANK)]
    region: Text | None = None
    polling_wait_time: Annotated[
        Text, Must(NOT_BLANK, matching(r"[0-9]|1[0-9]|20", "must be seconds, a whole number from 0 to 20"))
    ] = "20"
    attribute_names: Names = None
    message_attribute_names: Names = None


class SqsSubscription(AwsInput):
    """All properties of an element."""

    queue: Annotated[SubscribedQueue, Must(NOT_NULL)]


@subscription(type="io.camunda:aws-sqs-inbound:1", name="AWS SQS Inbound")
async def sqs_inbound(properties: SqsSubscription, context: InboundContext) -> None:
    """Correlate each message, with the queue's own id of it. Raises ConnectorError when the queue is not there."""
    asked = properties.queue
    who = account(properties, asked.region, endpoint(asked.url))
    queue = Queue(aws=await context.use(open_aws), who=who, url=asked.url)
    await queue.check()
    context.log("INFO", "Subscription activation", f"Activated subscription for queue: {asked.url}")
    context.up()
    wanted = Wanted(
        wait_s=max(int(asked.polling_wait_time), 1),
        attributes=asked.attribute_names or ("All",),
        message_attributes=asked.message_attribute_names or ("All",),
    )
    await Consumer(queue=queue, wanted=wanted, context=context).run()
