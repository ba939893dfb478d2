from __future__ import annotations

from typing import Any

import pytest

from zelery.connectors.aws_sqs.event import body, event


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (" [1] and more", [1]),
        ('"quoted"', "quoted"),
        ("12 apples", 12),
        ("true\n", True),
        ("null", None),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        # text
        ("12apples", "12apples"),
        ("0123", "0123"),
        ("truestory", "truestory"),
        ("{'a': 1}", "{'a': 1}"),
        ('{"a": 1', '{"a": 1'),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("", ""),
        ("hello", "hello"),
    ],
)
def test_a_body_is_its_first_json_value_or_text(text: str, seen: Any) -> None:
    assert body(text) == seen


def test_a_body_that_is_nested_too_deeply_is_text() -> None:
    text = "[" * 200_000
    assert body(text) == text


def test_a_message_has_java_s_shape() -> None:
    message = {
        "MessageId": "m1",
        "ReceiptHandle": "r1",
        "MD5OfBody": "b5",
        "Body": "hi",
        "Attributes": {"SenderId": "me", "ApproximateReceiveCount": "1"},
        "MD5OfMessageAttributes": "a5",
        "MessageAttributes": {
            "kind": {"StringValue": "order", "DataType": "String"},
            "raw": {"BinaryValue": b"\x00\xff", "DataType": "Binary"},
        },
    }
    nothing: dict[str, Any] = {"stringValue": None, "binaryValue": None, "stringListValues": [], "binaryListValues": []}
    assert event(message, hidden=["ApproximateReceiveCount"]) == {
        "messageId": "m1",
        "receiptHandle": "r1",
        "mD5OfBody": "b5",
        "body": "hi",
        "attributes": {"SenderId": "me"},
        "md5OfMessageAttributes": "a5",
        "messageAttributes": {
            "kind": {**nothing, "stringValue": "order", "dataType": "String"},
            "raw": {**nothing, "binaryValue": "AP8=", "dataType": "Binary"},
        },
    }


def test_a_message_without_attributes_has_none_of_them() -> None:
    seen = event({"MessageId": "m1", "Body": "hi"})
    assert (seen["attributes"], seen["messageAttributes"], seen["md5OfMessageAttributes"]) == ({}, {}, None)
