from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pamqp.commands import Basic

from zelery.connectors.rabbitmq.event import content, event

RECORDED = Path(__file__).parents[5] / "shared/conformance/inbound-golden.jsonl"


def properties(**given: Any) -> Basic.Properties:
    """As pamqp reads them: without the checks of its constructor."""
    found = Basic.Properties()
    for name, value in given.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    "text",
    [
        # Nothing, or nothing but space.
        "",
        "  ",
        # No JSON.
        "hello",
        "'a'",
        "{'a':1}",
        "[a",
        '{"a":1',
        '"open',
        # A number or a word is followed by a space or by the end, and has no leading zero.
        "12apples",
        "12-34",
        "1,2",
        "0123",
        "1.",
        "+49",
        "truest",
        "nullable",
        # What only some parsers take.
        "NaN",
        "-Infinity",
        "[NaN]",
        # Numbers that no double holds.
        "1e400",
        "[1e400]",
        "1" + "0" * 400,
        "9" * 5000,
        # Deeper than can be read.
        "[" * 100_000,
        # A text like any other.
        "\ufeff{}",
    ],
)
def test_a_body_that_is_no_json_is_its_text(text: str) -> None:
    assert content(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", 42.0),
        ("-1.50", -1.5),
        ("1e3", 1000.0),
        ("12 apples", 12.0),
        ("12345678901234567890", 1.2345678901234567e19),
        ("true story", True),
        ("false", False),
        ("null", "null"),
        ("null and void", "null"),
        ('"text" and more', "text"),
        (' \t\r\n{"a":1} x', {"a": 1}),
        ('{"a":{"b":[1,2.5,null,true]},"n":7}', {"a": {"b": [1, 2.5, None, True]}, "n": 7}),
        ('[1,"x"]]', [1, "x"]),
        ('{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_a_body_is_the_json_value_that_it_begins_with(text: str, expected: Any) -> None:
    found = content(text)
    assert (found, type(found)) == (expected, type(expected))


def test_what_the_sender_left_out_is_left_out() -> None:
    assert event("c", b"{}", properties()) == {"message": {"consumerTag": "c", "body": {}, "properties": {}}}


def test_a_body_that_is_no_utf_8_is_no_error() -> None:
    assert event("c", b"\xff\xc3(\x00", properties())["message"]["body"] == "\ufffd\ufffd(\x00"


def test_all_properties_have_their_names() -> None:
    given = properties(
        content_type="application/json",
        content_encoding="utf-8",
        headers={"s": "text"},
        delivery_mode=2,
        priority=3,
        correlation_id="c1",
        reply_to="r",
        expiration="60000",
        message_id="m1",
        timestamp=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        message_type="ty",
        user_id="guest",
        app_id="app",
        cluster_id="cl",
    )
    assert event("c", b"", given)["message"]["properties"] == {
        "contentType": "application/json",
        "contentEncoding": "utf-8",
        "headers": {"s": "text"},
        "deliveryMode": 2,
        "priority": 3,
        "correlationId": "c1",
        "replyTo": "r",
        "expiration": "60000",
        "messageId": "m1",
        "timestamp": "2023-11-14T22:13:20.000+00:00",
        "type": "ty",
        "userId": "guest",
        "appId": "app",
        "clusterId": "cl",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (b"\xff", "\ufffd"),
        (5, 5),
        (-(2**63), -(2**63)),
        (True, True),
        (0.1, 0.1),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (Decimal("12.34"), 12.34),
        (datetime(2023, 11, 14, 22, 13, 20, 5_000, tzinfo=UTC), "2023-11-14T22:13:20.005+00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000+00:00"),
        (bytearray(b"\x00\xff"), "AP8="),
        # Where the Java runtime fails, or writes its own insides, they are what they are.
        (None, None),
        ({"x": "y", "n": None}, {"x": "y", "n": None}),
        (["a", 1, {"t": [b"b", {"u": Decimal(2)}]}], ["a", 1, {"t": ["b", {"u": 2.0}]}]),
    ],
)
def test_a_header_of_each_kind(value: Any, expected: Any) -> None:
    found = event("c", b"", properties(headers={"h": value}))["message"]["properties"]["headers"]["h"]
    assert found == expected
    json.dumps(found, allow_nan=False)


def recorded() -> list[dict[str, Any]]:
    """Recorded cases of one message whose event the model's result variable has."""
    if not RECORDED.exists():
        return []
    with RECORDED.open() as lines:
        cases = [json.loads(line) for line in lines if '"area": "rabbitmq"' in line]
    return [case for case in cases if case["id"].startswith(("rabbit-body-", "rabbit-header-", "rabbit-properties-"))]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded cases are not beside the project")
@pytest.mark.parametrize("case", recorded(), ids=lambda case: str(case["id"]))
def test_the_event_is_as_recorded(case: dict[str, Any]) -> None:
    sent = next(step for step in case["steps"] if step["op"] == "amqp-publish")
    commands = [command for seen in case["observed"] if seen for command in seen.get("commands", [])]
    if not commands:
        pytest.skip("the Java runtime never got over its header that is null")
    given = dict(sent.get("properties", {}))
    if "timestamp" in given:
        given["timestamp"] = datetime.fromtimestamp(given["timestamp"], UTC)
    given["message_type"] = given.pop("type", None)
    body = base64.b64decode(sent["bodyBase64"]) if "bodyBase64" in sent else sent["body"].encode()
    expected = commands[0]["variables"]["res"]
    if case["id"] == "rabbit-header-table":  # Recorded is how Java writes the inside of its class for texts.
        assert expected["message"]["properties"]["headers"] == {"h": {"x": {"bytes": "eQ==", "stream": {}}}}
        expected["message"]["properties"]["headers"] = {"h": {"x": "y"}}
    assert json.loads(json.dumps(event("${uuid}", body, properties(**given)))) == expected
