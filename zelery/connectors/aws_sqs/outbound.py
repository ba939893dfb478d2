"""The SQS connector: one message to a queue."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from zelery.connectors.aws_sqs.queue import endpoint
from zelery.sdk import Context, Input, outbound
from zelery.sdk.aws import SQS, AwsInput, MessageAttributes, account, attributes, open_aws, written
from zelery.sdk.types import NOT_EMPTY, NOT_NULL, Choice, Must, Text


class Queue(Input):
    """Where to, and what. Whether a group goes with the queue's type is SQS's to say."""

    url: Annotated[Text, Must(NOT_EMPTY)]
    type: Annotated[Literal["standard", "fifo"], Choice("QueueType"), Must(NOT_NULL)] = "standard"
    region: Text | None = None
    message_body: Annotated[Any, Must(NOT_NULL)]
    message_attributes: MessageAttributes | None = None
    message_group_id: Text | None = None
    message_deduplication_id: Text | None = None


class SqsRequest(AwsInput):
    """All variables of a job."""

    queue: Annotated[Queue, Must(NOT_NULL)]


@outbound(type="io.camunda:aws-sqs:1", name="AWS SQS Outbound")
async def sqs(given: SqsRequest, context: Context) -> dict[str, Any]:
    """Send the message: text as it is, anything else as JSON; the response has `messageId`."""
    queue = given.queue
    who = account(given, queue.region, endpoint(queue.url))
    aws = await context.use(open_aws)
    answer = await aws.call(
        SQS,
        who,
        "send_message",
        QueueUrl=queue.url,
        MessageBody=written(queue.message_body),
        MessageAttributes=attributes(queue.message_attributes),
        MessageGroupId=queue.message_group_id,
        MessageDeduplicationId=queue.message_deduplication_id,
    )
    return {"messageId": answer.get("MessageId")}
