from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.inbound_context import PUBLISHED, FakeInboundContext, published
from tests.servers.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsServer
from zelery.binding import validated
from zelery.connectors.aws_sqs.inbound import SqsSubscription, sqs_inbound
from zelery.correlation import Failed, Result
from zelery.errors import ConnectorError, InputError
from zelery.sdk import InboundConnector
from zelery.sdk.inbound import Kind

KEYS = {"type": "credentials", "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}


def properties(url: str, **queue: Any) -> dict[str, Any]:
    """As the template writes them, but for the names of attributes."""
    return {
        "authentication": KEYS,
        "configuration": {"region": REGION},
        "queue": {"url": url, "pollingWaitTime": "1", **queue},
    }


def made(server: AwsServer, name: str = "orders", **attributes: str) -> str:
    url: str = server.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def send(server: AwsServer, url: str, *bodies: str, **fields: Any) -> list[str]:
    return [server.client("sqs").send_message(QueueUrl=url, MessageBody=body, **fields)["MessageId"] for body in bodies]


def counts(server: AwsServer, url: str) -> tuple[int, int]:
    """Messages that wait, and messages that somebody works on."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


@asynccontextmanager
async def consuming(
    given: dict[str, Any], correlates: Callable[[Any, str | None], Awaitable[Result]] = published
) -> AsyncIterator[FakeInboundContext]:
    """A subscription that runs meanwhile."""
    async with FakeInboundContext(correlates) as context:
        task = asyncio.create_task(sqs_inbound(validated(given, SqsSubscription), context))
        try:
            yield context
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


class TestProperties:
    @pytest.mark.parametrize(
        ("queue", "told"),
        [
            ({"url": ""}, "queue.url: Validation failed. Original message: must not be blank"),
            ({"pollingWaitTime": "21"}, "queue.pollingWaitTime: Validation failed. Original message: must be seconds"),
            ({"pollingWaitTime": "-1"}, "queue.pollingWaitTime: Validation failed"),
            ({"pollingWaitTime": " "}, "queue.pollingWaitTime: Validation failed"),
            ({"pollingWaitTime": "soon"}, "queue.pollingWaitTime: Validation failed"),
            ({"attributeNames": {"a": 1}}, "invalid field: queue, attributeNames"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, queue: dict[str, Any], told: str) -> None:
        with pytest.raises(InputError) as refused:
            validated(properties(**{"url": "http://q/1/orders", **queue}), SqsSubscription)
        assert told in refused.value.message

    async def test_a_region_that_nothing_says_is_named(self) -> None:
        given = validated({**properties("http://q/1/orders"), "configuration": {}}, SqsSubscription)
        with pytest.raises(InputError, match=r"configuration\.region: must not be empty"):
            await sqs_inbound(given, FakeInboundContext())

    @pytest.mark.parametrize(
        ("names", "bound"),
        [
            ('=["SentTimestamp", "SenderId"]', ["SentTimestamp", "SenderId"]),
            ("SentTimestamp, SenderId", ["SentTimestamp", "SenderId"]),
            ('["SentTimestamp"]', ["SentTimestamp"]),
            ("", None),
            (None, None),
        ],
    )
    def test_names_are_a_list_of_feel_or_text_with_commas(self, names: Any, bound: list[str] | None) -> None:
        given = validated(properties("u", attributeNames=names, messageAttributeNames=names), SqsSubscription)
        assert (given.queue.attribute_names, given.queue.message_attribute_names) == (bound, bound)

    def test_it_is_declared_as_a_subscription(self) -> None:
        assert isinstance(sqs_inbound, InboundConnector)
        assert (sqs_inbound.type, sqs_inbound.kind) == ("io.camunda:aws-sqs-inbound:1", Kind.SUBSCRIPTION)


@pytest.mark.integration
class TestFailing:
    async def test_a_queue_that_is_not_there_is_named(self, aws_server: AwsServer) -> None:
        url = f"{aws_server.url}/123456789012/no-such"
        async with FakeInboundContext() as context:
            with pytest.raises(ConnectorError) as raised:
                await sqs_inbound(validated(properties(url), SqsSubscription), context)
        assert raised.value.message == f"Queue does not exist: {url}"
        assert context.health == []

    async def test_keys_that_may_not_are_told_in_aws_s_words(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        async with FakeInboundContext() as context:
            with aws_server.checking_rights(), pytest.raises(ConnectorError, match="Status Code: 403") as raised:
                await sqs_inbound(validated(properties(url), SqsSubscription), context)
        assert SECRET_KEY not in raised.value.message

    async def test_a_server_that_restarts_is_down_and_then_served_again(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        async with consuming(properties(url)) as context:
            await context.until(lambda: context.health == ["up"])
            aws_server.stop()
            try:
                await context.until(lambda: len(context.health) > 1)
            finally:
                aws_server.start()
            assert "cannot be asked: " in context.health[1]
            (name,) = send(aws_server, url, "after")
            await context.until(lambda: [id_ for _, id_ in context.correlated] == [name])
            assert context.health[-1] == "up"

    async def test_a_queue_that_is_deleted_is_down_and_heals_when_it_is_back(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        async with consuming(properties(url)) as context:
            await context.until(lambda: context.health == ["up"])
            aws_server.client("sqs").delete_queue(QueueUrl=url)
            await context.until(lambda: len(context.health) > 1)
            assert "NonExistentQueue" in context.health[1]
            made(aws_server)
            send(aws_server, url, "after")
            await context.until(lambda: len(context.correlated) == 1)
            assert context.health[-1] == "up"

    async def test_poison_is_left_to_the_queue_s_redrive_policy_and_holds_up_nothing(
        self, aws_server: AwsServer
    ) -> None:
        dead = made(aws_server, "dead")
        policy = f'{{"deadLetterTargetArn": "arn:aws:sqs:{REGION}:123456789012:dead", "maxReceiveCount": "2"}}'
        url = made(aws_server, RedrivePolicy=policy)

        async def correlates(event: Any, message_id: str | None) -> Result:
            return Failed(message="poison") if event["body"] == "bad" else PUBLISHED

        async with consuming(properties(url), correlates) as context:
            send(aws_server, url, "good 1", "bad", "good 2")
            await context.until(lambda: counts(aws_server, dead) == (1, 0))
            await context.until(lambda: counts(aws_server, url) == (0, 0))
        bodies = [event["body"] for event, _ in context.correlated]
        assert sorted(bodies) == ["bad", "bad", "good 1", "good 2"]
        assert ("WARNING", "Message", "poison") in context.entries


@pytest.mark.integration
class TestReceiving:
    async def test_a_message_is_correlated_with_its_shape_and_then_deleted(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
        (name,) = send(aws_server, url, '{"a": 1}', MessageAttributes=attributes)
        held: list[tuple[int, int]] = []

        async def correlates(event: Any, message_id: str | None) -> Result:
            held.append(counts(aws_server, url))
            return PUBLISHED

        async with consuming(properties(url), correlates) as context:
            await context.until(lambda: counts(aws_server, url) == (0, 0))
        assert held == [(0, 1)]
        ((event, message_id),) = context.correlated
        assert message_id == event["messageId"] == name
        assert event["body"] == {"a": 1}
        assert event["mD5OfBody"]
        assert event["receiptHandle"]
        assert event["md5OfMessageAttributes"]
        assert event["messageAttributes"]["kind"]["stringValue"] == "order"
        assert event["attributes"]["ApproximateReceiveCount"] == "1"
        assert context.entries[:2] == [
            ("INFO", "Subscription activation", f"Activated subscription for queue: {url}"),
            ("INFO", "Message", f"Received SQS Message with ID {name}"),
        ]

    async def test_only_the_attributes_that_the_model_names_are_seen(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        given = {name: {"DataType": "String", "StringValue": "x"} for name in ("kind", "other")}
        send(aws_server, url, "hi", MessageAttributes=given)
        names = {"attributeNames": '=["SentTimestamp"]', "messageAttributeNames": "kind"}
        async with consuming(properties(url, **names)) as context:
            await context.until(lambda: len(context.correlated) == 1)
        event = context.correlated[0][0]
        assert set(event["attributes"]) == {"SentTimestamp"}
        assert set(event["messageAttributes"]) == {"kind"}

    async def test_all_of_many_messages_are_correlated_once(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        names = send(aws_server, url, *map(str, range(60)))
        async with consuming(properties(url)) as context:
            await context.until(lambda: len(context.correlated) >= 60)
            await context.until(lambda: counts(aws_server, url) == (0, 0))
        assert sorted(str(id_) for _, id_ in context.correlated) == sorted(names)

    async def test_messages_of_a_group_keep_their_order_and_wait_for_one_that_fails(
        self, aws_server: AwsServer
    ) -> None:
        url = made(aws_server, "orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        send(aws_server, url, "a", "b", "c", "d", MessageGroupId="g")
        failures = [Failed(message="not yet")]

        async def correlates(event: Any, message_id: str | None) -> Result:
            return failures.pop() if event["body"] == "b" and failures else PUBLISHED

        async with consuming(properties(url), correlates) as context:
            await context.until(lambda: len(context.correlated) >= 5)
            await context.until(lambda: counts(aws_server, url) == (0, 0))
        assert [event["body"] for event, _ in context.correlated] == ["a", "b", "b", "c", "d"]
        deliveries = [event["attributes"]["ApproximateReceiveCount"] for event, _ in context.correlated]
        assert deliveries == ["1", "1", "2", "1", "1"]

    async def test_it_ends_at_once_and_gives_back_what_it_held(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        send(aws_server, url, "never done")

        async def correlates(event: Any, message_id: str | None) -> Result:
            await asyncio.Event().wait()
            raise AssertionError

        async with consuming(properties(url, pollingWaitTime="20"), correlates) as context:
            await context.until(lambda: len(context.correlated) == 1)
        # The server counts it as in flight to the end of the millisecond in which it was given back.
        await context.until(lambda: counts(aws_server, url) == (1, 0))

    async def test_what_a_poll_brings_after_the_end_is_given_back(self, aws_server: AwsServer) -> None:
        url = made(aws_server)
        async with consuming(properties(url, pollingWaitTime="20")) as context:
            await context.until(lambda: context.health == ["up"])
            await asyncio.sleep(0.1)  # The poll is under way.
        send(aws_server, url, "late")
        await context.until(
            lambda: bool(aws_server.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
        )
        assert context.correlated == []

    async def test_the_default_chain_and_an_endpoint_are_used(
        self, aws_server: AwsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = made(aws_server)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        send(aws_server, url, "hi")
        given = {
            "authentication": {"type": "defaultCredentialsChain"},
            "configuration": {"endpoint": aws_server.url},
            "queue": {
                "url": url.replace(aws_server.url, "https://sqs.eu-central-1.amazonaws.com"),
                "region": REGION,  # as the first templates had it
            },
        }
        async with consuming(given) as context:
            await context.until(lambda: len(context.correlated) == 1)
