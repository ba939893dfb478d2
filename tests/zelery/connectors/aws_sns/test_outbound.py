from __future__ import annotations

import json
from typing import Any

import pytest

from tests.servers.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsServer
from tests.zelery.connectors.aws import AUTHENTICATED, CREDENTIALS, outcome_of
from zelery.connectors.aws_sns.outbound import sns
from zelery.model import Completed, Failed, Outcome

pytestmark = pytest.mark.integration


async def published(server: AwsServer, topic: dict[str, Any], **variables: Any) -> Outcome:
    configuration = {"region": REGION, "endpoint": server.url}
    return await outcome_of(
        sns, {"authentication": CREDENTIALS, "configuration": configuration, "topic": topic, **variables}
    )


def topic(server: AwsServer, name: str = "orders", **attributes: str) -> tuple[str, str]:
    """A topic's ARN, and the URL of a queue that gets what is published there."""
    fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = server.client("sqs").create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    arn = server.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    queue = f"arn:aws:sqs:{REGION}:123456789012:{name}"
    server.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    return arn, url


def received(server: AwsServer, url: str) -> dict[str, Any]:
    """The one message that arrived."""
    (message,) = server.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    server.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    found: dict[str, Any] = json.loads(message["Body"])
    return found


class TestRefused:
    @pytest.mark.parametrize(
        ("variables", "told"),
        [
            (AUTHENTICATED, "Property: topic: Validation failed. Original message: must not be null"),
            (
                {**AUTHENTICATED, "topic": {"topicArn": " "}},
                "topic.topicArn: Validation failed. Original message: must",
            ),
            (
                {**AUTHENTICATED, "topic": {"topicArn": "a"}},
                "topic.message: Validation failed. Original message: must n",
            ),
            (
                {**AUTHENTICATED, "topic": {"topicArn": {}, "message": 1}},
                "topic, topicArn. It Must be `String`, not an",
            ),
            (
                {"authentication": CREDENTIALS, "topic": {"topicArn": "a", "message": 1}},
                "configuration.region: must not be empty",
            ),
            (
                {**AUTHENTICATED, "topic": {"topicArn": "a", "subject": "\ud800", "message": 1}},
                "Amazon SNS cannot be asked: a text holds half of a character (a lone surrogate)",
            ),
        ],
    )
    async def test_what_cannot_be_used_is_named_and_not_tried_again(self, variables: dict[str, Any], told: str) -> None:
        found = await outcome_of(sns, variables)
        assert isinstance(found, Failed)
        assert found.retries == 0
        assert told in found.message

    async def test_a_topic_that_is_not_there_leaves_attempts_and_has_java_s_type(self, aws_server: AwsServer) -> None:
        arn = f"arn:aws:sns:{REGION}:123456789012:no-such"
        found = await published(aws_server, {"topicArn": arn, "message": "hi"})
        assert isinstance(found, Failed)
        assert found.retries == 2
        assert "(Service: Sns, Status Code: 404, Error Code: NotFound, Request ID: " in found.message
        error = found.variables["error"]
        assert error["type"] == "software.amazon.awssdk.services.sns.model.NotFoundException"
        assert "code" not in error

    async def test_a_message_without_its_group_is_refused_by_sns(self, aws_server: AwsServer) -> None:
        arn, _ = topic(aws_server, "orders.fifo", FifoTopic="true")
        found = await published(aws_server, {"topicArn": arn, "type": "fifo", "message": "hi"})
        assert isinstance(found, Failed)
        assert found.retries == 2
        assert "MessageGroupId" in found.message


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("plain \\n text", "plain \\n text"),  # as the newest line does: an escape stays one
        ({"order": 1, "note": None}, '{"order":1,"note":null}'),
        ([1, "ä"], '[1,"ä"]'),
    ],
)
async def test_text_is_published_as_it_is_and_anything_else_as_json(
    aws_server: AwsServer, message: Any, text: str
) -> None:
    arn, url = topic(aws_server)
    found = await published(aws_server, {"topicArn": arn, "message": message})
    arrived = received(aws_server, url)
    assert arrived["Message"] == text
    assert "Subject" not in arrived
    assert found == Completed(variables={"r": {"messageId": arrived["MessageId"]}})


async def test_subject_and_attributes_go_along(aws_server: AwsServer) -> None:
    arn, url = topic(aws_server)
    attributes = {
        "kind": {"DataType": "String", "StringValue": "order"},
        "count": {"dataType": "Number", "stringValue": 42},
    }
    await published(aws_server, {"topicArn": arn, "subject": "News", "message": "hi", "messageAttributes": attributes})
    arrived = received(aws_server, url)
    assert arrived["Subject"] == "News"
    assert arrived["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "order"},
        "count": {"Type": "Number", "Value": "42"},
    }


async def test_a_fifo_topic_gets_group_and_deduplication_id(aws_server: AwsServer) -> None:
    arn, url = topic(aws_server, "orders.fifo", FifoTopic="true")
    ids = {"messageGroupId": "g", "messageDeduplicationId": "d"}
    found = await published(aws_server, {"topicArn": arn, "type": "fifo", "message": "hi", **ids})
    assert isinstance(found, Completed)
    assert received(aws_server, url)["Message"] == "hi"


async def test_the_template_s_model_of_each_generation_publishes_its_message(
    aws_server: AwsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, url = topic(aws_server)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", aws_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    generations: list[dict[str, Any]] = [
        # The first: keys without a kind, the region beside the topic.
        {
            "authentication": {"accessKey": "{{secrets.ACCESS}}", "secretKey": "secrets.KEY"},
            "topic": {"topicArn": arn, "region": REGION, "message": "hi"},
        },
        # The newest, with the credentials of where it runs.
        {
            "authentication": {"type": "defaultCredentialsChain"},
            "configuration": {"region": REGION},
            "topic": {"type": "standard", "topicArn": arn, "message": "hi", "messageAttributes": None},
        },
    ]
    for variables in generations:
        assert isinstance(await outcome_of(sns, variables), Completed)
        assert received(aws_server, url)["Message"] == "hi"
