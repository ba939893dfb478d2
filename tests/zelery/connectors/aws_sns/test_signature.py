from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.zelery.connectors.aws_sns.signing import ARN, certificate, ec_key, message, rsa_key
from zelery.connectors.aws_sns.signature import region, signed, trusted, verify
from zelery.sdk import RefusalError

NOW = datetime.now(UTC)


def refusal(given: dict[str, Any], cert: Any = None, now: datetime = NOW) -> RefusalError:
    with pytest.raises(RefusalError) as raised:
        verify(given, cert or certificate(rsa_key()), now)
    return raised.value


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
@pytest.mark.parametrize("version", ["1", "2"])
class TestSigned:
    def test_what_sns_has_signed_is_its_own(self, kind: str, version: str) -> None:
        verify(message(kind, version), certificate(rsa_key()), NOW)

    @pytest.mark.parametrize("field", ["Message", "MessageId", "Timestamp", "TopicArn"])
    def test_what_was_changed_on_the_way_is_refused(self, kind: str, version: str, field: str) -> None:
        error = refusal({**message(kind, version), field: "changed"})
        assert (error.status, error.message) == (403, "the message's signature does not match")


def test_a_notification_without_a_subject_is_signed_without_it() -> None:
    given = message(Subject=None)
    verify(given, certificate(rsa_key()), NOW)
    assert refusal({**given, "Subject": "added"}).status == 403


def test_the_address_that_confirms_is_signed() -> None:
    assert refusal({**message("SubscriptionConfirmation"), "SubscribeURL": "https://evil"}).status == 403


def test_a_signature_of_one_version_is_none_of_the_other() -> None:
    assert refusal({**message(version="1"), "SignatureVersion": "2"}).status == 403


@pytest.mark.parametrize("signature", ["", "!!!", "aGk=", "é"])
def test_what_is_no_signature_does_not_match(signature: str) -> None:
    assert refusal({**message(), "Signature": signature}).message == "the message's signature does not match"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Signature": None}, "Signature: an SNS message has it, as text"),
        ({"Message": {"a": 1}}, "Message: an SNS message has it, as text"),
        ({"Message": None}, "Message: an SNS message has it, as text"),
        ({"SignatureVersion": "3"}, "SignatureVersion: must be 1 or 2"),
        ({"SignatureVersion": 1}, "SignatureVersion: an SNS message has it, as text"),
        ({"Type": "UnsubscribeConfirmation"}, "Operation not supported: UnsubscribeConfirmation"),
        ({"Type": None}, "Type: an SNS message has it, as text"),
    ],
)
def test_what_sns_would_not_send_is_named(fields: dict[str, Any], told: str) -> None:
    error = refusal({**message(), **fields})
    assert (error.status, error.message) == (400, told)


def test_another_s_key_does_not_match() -> None:
    assert "no RSA key" in refusal(message(), certificate(ec_key())).message


@pytest.mark.parametrize("days", [-400, 800])
def test_a_certificate_counts_only_in_its_time(days: int) -> None:
    assert "not valid now" in refusal(message(), now=NOW + timedelta(days=days)).message


def test_half_of_a_character_is_signed_by_nobody() -> None:
    assert refusal({**message(), "Message": "\ud800"}).status == 403
    assert b"\xed\xa0\x80" in signed({**message(), "Message": "\ud800"})


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        ("https://sns.eu-central-1.amazonaws.com:443/?Action=ConfirmSubscription", True),
        ("http://sns.eu-central-1.amazonaws.com/a.pem", False),
        ("https://sns.us-east-1.amazonaws.com/a.pem", False),  # another region than the topic's
        ("https://sns.eu-central-1.amazonaws.com.evil.org/a.pem", False),
        ("https://evil.org/sns.eu-central-1.amazonaws.com", False),
        ("https://sns.eu-central-1.amazonaws.com@evil.org/a.pem", False),
        ("https://me@sns.eu-central-1.amazonaws.com/a.pem", False),
        ("https://sns.eu-central-1.amazonaws.com:8443/a.pem", False),
        ("https://sns.eu-central-1.amazonaws.com:port/a.pem", False),
        ("https://evil.org\\.sns.eu-central-1.amazonaws.com/a.pem", False),
        ("https://bucket.s3.eu-central-1.amazonaws.com/a.pem", False),
        ("https://[::1/a.pem", False),
        ("sns.eu-central-1.amazonaws.com", False),
        ("", False),
    ],
)
def test_an_address_is_sns_s_own_or_nobody_s(url: str, own: bool) -> None:
    assert trusted(url, "eu-central-1") is own


def test_china_has_its_own_names() -> None:
    assert trusted("https://sns.cn-north-1.amazonaws.com.cn/a.pem", "cn-north-1")
    assert not trusted("https://sns.cn-north-1.amazonaws.com/a.pem", "cn-north-1")


@pytest.mark.parametrize(
    ("arn", "where"),
    [(ARN, "eu-central-1"), ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a.fifo", "us-gov-west-1")],
)
def test_a_topic_s_region_is_in_its_name(arn: str, where: str) -> None:
    assert region(arn) == where


@pytest.mark.parametrize(
    "arn",
    ["", "orders", "arn:aws:sqs:eu-central-1:123456789012:orders", "arn:aws:sns:evil.org/:123456789012:a", f"{ARN}\n"],
)
def test_what_names_no_topic_is_refused(arn: str) -> None:
    with pytest.raises(RefusalError, match="is no topic of SNS") as raised:
        region(arn)
    assert raised.value.status == 400
