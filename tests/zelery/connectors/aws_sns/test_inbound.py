from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import pytest

from tests.inbound_context import FakeInboundContext
from tests.zelery.connectors.aws_sns.signing import ARN, HOST, Web, certificate, message, pem, rsa_key
from zelery.binding import validated
from zelery.connectors.aws_sns.amazon import Sns, open_sns
from zelery.connectors.aws_sns.inbound import SnsHook, sns_webhook
from zelery.correlation import ConditionNotMet, Failed, InvalidInput, Result
from zelery.errors import ConnectorError, InputError
from zelery.sdk import InboundConnector, RefusalError, Request, Response, Settings
from zelery.sdk.inbound import Kind

T = TypeVar("T")

CERTIFICATE = f"{HOST}/SimpleNotificationService-1.pem"
SPECIFIC = {"context": "sns", "topicsAllowList": f"arn:aws:sns:eu-central-1:123456789012:a, {ARN}"}
ANY = {"context": "sns", "securitySubscriptionAllowedFor": "any"}


class Context(FakeInboundContext):
    """With an SNS whose answers are scripted."""

    web: Web

    async def use(self, resource: Callable[[Settings], AbstractAsyncContextManager[T]]) -> T:
        assert resource is open_sns

        @asynccontextmanager
        async def opened(settings: Settings) -> AsyncIterator[Any]:
            yield Sns(self.web.fetch)

        return await super().use(opened)


def context(bodies: dict[str, Any] | None = None, result: Result | None = None) -> Context:
    async def correlates(event: Any, message_id: str | None) -> Result:
        assert result is not None
        return result

    made = Context(correlates) if result else Context()
    made.web = Web({CERTIFICATE: pem(certificate(rsa_key())), **(bodies or {})})
    return made


def request(given: Any, **fields: Any) -> Request:
    headers = {"x-amz-sns-topic-arn": ARN, "content-type": "text/plain; charset=UTF-8"}
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return Request(**{"method": "POST", "url": "http://h/inbound/sns", "headers": headers, "body": body, **fields})


async def called(given: Request, inbound: dict[str, Any], where: Context) -> Response:
    found: Response = await sns_webhook(validated({"inbound": inbound}, SnsHook), given, where)
    return found


async def refusal(given: Request, inbound: dict[str, Any] = ANY, where: Context | None = None) -> RefusalError:
    where = where or context()
    with pytest.raises(RefusalError) as raised:
        await called(given, inbound, where)
    assert where.correlated == []
    assert where.entries == [("WARNING", "Webhook", f"Refused a message: {raised.value.message}")]
    return raised.value


class TestProperties:
    @pytest.mark.parametrize(
        ("inbound", "told"),
        [
            ({}, "inbound.context: Validation failed. Original message: must not be blank"),
            ({**ANY, "context": " "}, "inbound.context: Validation failed. Original message: must not be blank"),
            ({**ANY, "securitySubscriptionAllowedFor": "all"}, "inbound, securitySubscriptionAllowedFor. It Must be"),
            ({"context": "sns"}, "inbound: Validation failed. Original message: topicsAllowList must name topics"),
            ({"context": "sns", "topicsAllowList": " , "}, "Original message: topicsAllowList must name topics"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, inbound: dict[str, Any], told: str) -> None:
        with pytest.raises(InputError) as refused:
            validated({"inbound": inbound}, SnsHook)
        assert told in refused.value.message

    def test_it_is_declared_as_a_webhook_on_its_path(self) -> None:
        assert isinstance(sns_webhook, InboundConnector)
        assert (sns_webhook.type, sns_webhook.kind) == ("io.camunda:aws-sns-webhook:1", Kind.WEBHOOK)
        assert sns_webhook.path is not None
        assert sns_webhook.path(validated({"inbound": ANY}, SnsHook)) == "sns"


class TestRefused:
    async def test_a_request_that_names_no_topic(self) -> None:
        error = await refusal(request(message(), headers={}))
        assert (error.status, error.message) == (400, "SNS request did not contain header: x-amz-sns-topic-arn")

    async def test_a_topic_that_is_not_allowed_without_telling_which_are(self) -> None:
        other = f"{ARN}-of-others"
        error = await refusal(request(message(TopicArn=other), headers={"x-amz-sns-topic-arn": other}), SPECIFIC)
        assert error.status == 403
        assert error.message == f"Request didn't match allow list. Request coming from {other}"

    async def test_a_message_of_another_topic_than_the_header_says(self) -> None:
        where = context()
        error = await refusal(request(message(TopicArn=f"{ARN}-of-others")), SPECIFIC, where)
        assert error.status == 403
        assert where.web.asked == []

    @pytest.mark.parametrize("body", [b"", b"hi", b"[]", b"null", b"\xff", b"[" * 100_000])
    async def test_a_body_that_is_no_message(self, body: bytes) -> None:
        error = await refusal(request(body))
        assert (error.status, error.message) == (400, "the body is no JSON object: SNS sends one")

    async def test_raw_delivery_with_its_remedy(self) -> None:
        headers = {"x-amz-sns-topic-arn": ARN, "x-amz-sns-rawdelivery": "true"}
        error = await refusal(request(b"{}", headers=headers))
        assert (error.status, "switch it off" in error.message) == (400, True)

    async def test_a_kind_that_we_do_not_know(self) -> None:
        where = context()
        error = await refusal(request(message("UnsubscribeConfirmation")), ANY, where)
        assert (error.status, error.message) == (400, "Operation not supported: UnsubscribeConfirmation")
        assert where.web.asked == []

    @pytest.mark.parametrize(
        "url", ["https://evil.org/a.pem", "http://127.0.0.1/a.pem", "https://sns.us-east-1.amazonaws.com/a.pem"]
    )
    async def test_a_certificate_from_somewhere_else_is_not_even_fetched(self, url: str) -> None:
        where = context()
        error = await refusal(request(message(SigningCertURL=url)), ANY, where)
        assert error.status == 403
        assert error.message == "SigningCertURL: the address is not that of SNS in eu-central-1"
        assert where.web.asked == []

    async def test_a_signature_that_does_not_match(self) -> None:
        error = await refusal(request({**message(), "Message": "changed"}))
        assert (error.status, error.message) == (403, "the message's signature does not match")

    async def test_a_confirmation_that_is_somebody_else_s_is_not_fetched(self) -> None:
        where = context()
        error = await refusal(request(message("SubscriptionConfirmation", SubscribeURL="http://10.0.0.1/")), ANY, where)
        assert (error.status, error.message[:13]) == (403, "SubscribeURL:")
        assert where.web.asked == [CERTIFICATE]

    async def test_a_certificate_that_is_none(self) -> None:
        error = await refusal(request(message()), ANY, context({CERTIFICATE: "<html>"}))
        assert (error.status, error.message) == (403, "what the message names as its certificate is none")

    async def test_when_sns_cannot_be_asked_it_is_to_send_again(self) -> None:
        error = await refusal(request(message()), ANY, context({CERTIFICATE: ConnectorError("Connection refused")}))
        assert error.status == 502
        assert error.message.endswith("cannot be had now: Connection refused")

    async def test_a_subscription_that_cannot_be_confirmed_is_not_correlated(self) -> None:
        given = message("SubscriptionConfirmation")
        error = await refusal(request(given), ANY, context({given["SubscribeURL"]: ConnectorError("Not Found")}))
        assert error.status == 502


class TestTaken:
    @pytest.mark.parametrize("inbound", [ANY, SPECIFIC, {**SPECIFIC, "topicsAllowList": f'=["{ARN}"]'}])
    async def test_a_notification_is_correlated_under_its_own_id(self, inbound: dict[str, Any]) -> None:
        where, given = context(), message(version="2")
        found = await called(request(given, query="a=1&a=2&b="), inbound, where)
        assert found == Response(status=200)
        ((event, message_id),) = where.correlated
        assert message_id == given["MessageId"]
        assert event["request"]["body"] == given  # its Message is still text
        assert event["request"]["params"] == {"a": "1", "b": ""}
        assert event["request"]["headers"]["x-amz-sns-topic-arn"] == ARN
        assert event["connectorData"] == {"snsEventType": "Notification"}

    async def test_a_subscription_is_confirmed_and_then_correlated_too(self) -> None:
        given = message("SubscriptionConfirmation")
        where = context({given["SubscribeURL"]: "<ConfirmSubscriptionResponse/>"})
        await called(request(given), SPECIFIC, where)
        assert where.web.asked == [CERTIFICATE, given["SubscribeURL"]]
        assert [event["connectorData"] for event, _ in where.correlated] == [{"snsEventType": "Subscription"}]
        assert where.entries == [("INFO", "Subscription", f"Confirmed the subscription to {ARN}")]

    @pytest.mark.parametrize(
        ("result", "status"),
        [
            (ConditionNotMet(consume=True), 200),
            (ConditionNotMet(consume=False), 422),
            (InvalidInput(message="no key"), 422),
            (Failed(message="broken"), 500),
        ],
    )
    async def test_what_it_came_to_is_the_answer(self, result: Result, status: int) -> None:
        assert (await called(request(message()), ANY, context(result=result))).status == status
