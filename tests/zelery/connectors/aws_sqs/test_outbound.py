from __future__ import annotations

from typing import Any

import pytest

from tests.servers.aws import REGION, SECRET_KEY, AwsServer
from tests.zelery.connectors.aws import AUTHENTICATED, CREDENTIALS, outcome_of
from zelery.connectors.aws_sqs.outbound import sqs
from zelery.model import Completed, Failed

pytestmark = pytest.mark.integration


def queue(server: AwsServer, name: str = "orders", **attributes: str) -> str:
    url: str = server.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def received(server: AwsServer, url: str) -> dict[str, Any]:
    """The one message in a queue."""
    everything = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"], "MaxNumberOfMessages": 10}
    (message,) = server.client("sqs").receive_message(QueueUrl=url, **everything)["Messages"]
    found: dict[str, Any] = message
    return found


class TestRefused:
    @pytest.mark.parametrize(
        ("variables", "told"),
        [
            ({"queue": {"url": "u", "messageBody": 1}}, "Property: authentication: Validation failed"),
            ({"authentication": {"type": "role"}}, "invalid field: authentication"),
            (
                {"authentication": {"accessKey": "a", "secretKey": " "}, "queue": {}},
                "authentication.secretKey: Validation failed. Original message: must not be blank",
            ),
            (AUTHENTICATED, "Property: queue: Validation failed. Original message: must not be null"),
            ({**AUTHENTICATED, "queue": {"url": ""}}, "queue.url: Validation failed. Original message: must not be em"),
            (
                {**AUTHENTICATED, "queue": {"url": "u"}},
                "queue.messageBody: Validation failed. Original message: must n",
            ),
            ({**AUTHENTICATED, "queue": {"url": "u", "type": "lifo"}}, "queue, type. It Must be `QueueType`"),
            (
                {**AUTHENTICATED, "queue": {"url": "u", "messageBody": 1, "messageAttributes": "[]"}},
                "queue, messageAttributes. It Must be `LinkedHashMap`, not text",
            ),
            (
                {
                    **AUTHENTICATED,
                    "queue": {"url": "u", "messageBody": 1, "messageAttributes": {"a": {"dataType": ""}}},
                },
                "queue.messageAttributes.a.stringValue: Validation failed. Original message: must not be empty",
            ),
            (
                {"authentication": CREDENTIALS, "queue": {"url": "u", "messageBody": 1}},
                "configuration.region: must not be empty",
            ),
        ],
    )
    async def test_what_cannot_be_used_is_named_and_not_tried_again(self, variables: dict[str, Any], told: str) -> None:
        found = await outcome_of(sqs, variables)
        assert isinstance(found, Failed)
        assert found.retries == 0
        assert told in found.message
        assert SECRET_KEY not in str(found)

    async def test_a_queue_that_is_not_there_leaves_attempts_and_has_java_s_type(self, aws_server: AwsServer) -> None:
        url = f"{aws_server.url}/123456789012/no-such"
        found = await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "messageBody": "hi"}})
        assert isinstance(found, Failed)
        assert found.retries == 2
        assert "AWS.SimpleQueueService.NonExistentQueue" in found.message
        error = found.variables["error"]
        assert error["type"] == "software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException"
        assert "code" not in error

    async def test_whether_a_group_goes_with_a_queue_is_sqs_s_to_say(self, aws_server: AwsServer) -> None:
        url = queue(aws_server, "orders.fifo", FifoQueue="true")
        found = await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "type": "fifo", "messageBody": "hi"}})
        assert isinstance(found, Failed)
        assert found.retries == 2
        assert "MessageGroupId" in found.message

    async def test_a_message_that_is_too_long_is_told_in_aws_s_words(self, aws_server: AwsServer) -> None:
        url = queue(aws_server)
        found = await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "messageBody": "x" * 10_000_000}})
        assert isinstance(found, Failed)
        assert "One or more parameters are invalid" in found.message
        assert len(found.message) < 500

    async def test_a_server_that_is_down_leaves_attempts(self, aws_server: AwsServer) -> None:
        url = "http://127.0.0.1:1/1/orders"
        found = await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "messageBody": "hi"}})
        assert isinstance(found, Failed)
        assert found.retries == 2
        assert found.message.startswith("Amazon SQS at http://127.0.0.1:1 cannot be asked: Could not connect")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("plain \\n text", "plain \\n text"),  # an escape stays one
        ("Zoë 👋", "Zoë 👋"),
        ("half \ud800", "half ?"),
        ({"order": 1, "note": None, "ä": [1.5]}, '{"order":1,"note":null,"ä":[1.5]}'),
        (7, "7"),
        (False, "false"),
    ],
)
async def test_text_is_sent_as_it_is_and_anything_else_as_json(aws_server: AwsServer, body: Any, text: str) -> None:
    url = queue(aws_server)
    found = await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "messageBody": body}})
    message = received(aws_server, url)
    assert message["Body"] == text
    assert found == Completed(variables={"r": {"messageId": message["MessageId"]}})


async def test_attributes_go_along_in_either_spelling(aws_server: AwsServer) -> None:
    url = queue(aws_server)
    attributes = {
        "kind": {"dataType": "String", "stringValue": "order"},
        "count": {"DataType": "Number", "StringValue": 42},
    }
    await outcome_of(
        sqs, {**AUTHENTICATED, "queue": {"url": url, "messageBody": "hi", "messageAttributes": attributes}}
    )
    assert received(aws_server, url)["MessageAttributes"] == {
        "kind": {"DataType": "String", "StringValue": "order"},
        "count": {"DataType": "Number", "StringValue": "42"},
    }


async def test_a_fifo_queue_gets_group_and_deduplication_id(aws_server: AwsServer) -> None:
    url = queue(aws_server, "orders.fifo", FifoQueue="true")
    ids = {"messageGroupId": "g", "messageDeduplicationId": "d"}
    found = [
        await outcome_of(sqs, {**AUTHENTICATED, "queue": {"url": url, "type": "FIFO", "messageBody": body, **ids}})
        for body in ("first", "again")
    ]
    message = received(aws_server, url)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("first", "g")
    assert message["Attributes"]["MessageDeduplicationId"] == "d"
    assert [isinstance(each, Completed) for each in found] == [True, True]


@pytest.mark.parametrize("body", ['={"a": 1}', {"a": 1}])
async def test_the_template_s_model_of_each_generation_sends_its_message(aws_server: AwsServer, body: Any) -> None:
    url = queue(aws_server)
    generations: list[dict[str, Any]] = [
        # The first: keys without a kind, the region beside the queue.
        {
            "authentication": {"accessKey": "{{secrets.ACCESS}}", "secretKey": "secrets.KEY"},
            "queue": {"url": url, "region": REGION, "messageBody": body},
        },
        # The newest, with its hidden field for another server.
        {
            "authentication": CREDENTIALS,
            "configuration": {"region": REGION, "endpoint": aws_server.url},
            "queue": {
                "type": "standard",
                "url": url.replace(aws_server.url, "https://sqs.eu-central-1.amazonaws.com"),
                "messageBody": body,
                "messageAttributes": None,
            },
        },
    ]
    for variables in generations:
        assert isinstance(await outcome_of(sqs, variables), Completed)
        message = received(aws_server, url)
        assert message["Body"] == (body if isinstance(body, str) else '{"a":1}')  # FEEL is Zeebe's to evaluate
        aws_server.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
