"""The SNS connector: one message to a topic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from zelery.sdk import Context, Input, outbound
from zelery.sdk.aws import SNS, AwsInput, MessageAttributes, account, attributes, open_aws, written
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Choice, Must, Text


class Topic(Input):
    """Where to, and what. Whether a group goes with the topic's type is SNS's to say."""

    topic_arn: Annotated[Text, Must(NOT_BLANK)]
    type: Annotated[Literal["standard", "fifo"], Choice("TopicType"), Must(NOT_NULL)] = "standard"
    region: Text | None = None
    subject: Text | None = None
    message: Annotated[Any, Must(NOT_NULL)]
    message_attributes: MessageAttributes | None = None
    message_group_id: Text | None = None
    message_deduplication_id: Text | None = None


class SnsRequest(AwsInput):
    """All variables of a job."""

    topic: Annotated[Topic, Must(NOT_NULL)]


@outbound(type="io.camunda:aws-sns:1", name="AWS SNS Outbound")
async def sns(given: SnsRequest, context: Context) -> dict[str, Any]:
    """Publish the message: text as it is, anything else as JSON; the response has `messageId`."""
    topic = given.topic
    who = account(given, topic.region)
    aws = await context.use(open_aws)
    answer = await aws.call(
        SNS,
        who,
        "publish",
        TopicArn=topic.topic_arn,
        Subject=topic.subject,
        Message=written(topic.message),
        MessageAttributes=attributes(topic.message_attributes),
        MessageGroupId=topic.message_group_id,
        MessageDeduplicationId=topic.message_deduplication_id,
    )
    return {"messageId": answer.get("MessageId")}
