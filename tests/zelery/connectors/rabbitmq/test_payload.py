from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from zelery.connectors.rabbitmq.payload import encoded, properties, short
from zelery.errors import InputError


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"contenttype": "a"}, r"^Unsupported field \[contenttype\] for properties; use contentType, "),
        ({"x-custom": 1}, r"^Unsupported field \[x-custom\] for properties"),
        ({"type": {"a": 1}}, "^message.properties.type: must be a text"),
        ({"appId": "ä" * 128}, "^message.properties.appId: must be at most 255 bytes long, not 256"),
        ({"deliveryMode": "often"}, "^message.properties.deliveryMode: must be a whole number from 0 to 255"),
        ({"priority": 256}, "^message.properties.priority: must be a whole number from 0 to 255"),
        ({"priority": {"a": 1}}, "^message.properties.priority: must be a whole number"),
        ({"timestamp": "tomorrow"}, "^message.properties.timestamp: must be milliseconds since 1970, or a date and"),
        ({"timestamp": -1}, "^message.properties.timestamp: must be milliseconds"),
        ({"timestamp": 1e300}, "^message.properties.timestamp: must be milliseconds"),
        ({"timestamp": True}, "^message.properties.timestamp: must be milliseconds"),
        ({"headers": "a=1"}, "^message.properties.headers: must be a map"),
        ({"headers": {"n": 2**63}}, "^message.properties.headers.n: must be a number of at most 64 bits"),
        ({"headers": {"l": [{"t": -(2**63) - 1}]}}, "^message.properties.headers.l.t: must be a number of at most 64"),
        ({"headers": {"n" * 129: 1}}, "^message.properties.headers: a name must be at most 128 bytes long: 'nnn"),
    ],
)
def test_a_property_that_no_message_can_have_is_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        properties(given)


def test_an_unknown_property_is_java_s_illegal_argument() -> None:
    with pytest.raises(InputError) as caught:
        properties({"nope": 1})
    assert caught.value.error_type == "java.lang.IllegalArgumentException"


def test_all_of_amqp_s_properties_are_read() -> None:
    given = {
        "contentType": "application/json",
        "contentEncoding": "utf-8",
        "headers": {"s": "text", "n": 5, "d": 0.1, "b": True, "z": None, "l": ["a", 1], "t": {"x": "y"}},
        "deliveryMode": "2",
        "priority": 3.0,
        "correlationId": 7,
        "replyTo": "r",
        "expiration": 60000,
        "messageId": "m1",
        "timestamp": 1_700_000_000_500,
        "type": "ty",
        "userId": "guest",
        "appId": "app",
        "clusterId": "cl",
    }
    found = dict(properties(given))
    assert found == {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "headers": given["headers"],
        "delivery_mode": 2,
        "priority": 3,
        "correlation_id": "7",
        "reply_to": "r",
        "expiration": "60000",
        "message_id": "m1",
        "timestamp": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        "message_type": "ty",
        "user_id": "guest",
        "app_id": "app",
        "cluster_id": "cl",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14T22:13:20Z", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14T22:13:20.000+00:00", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (" 2023-11-14T22:13:20 ", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14", datetime(2023, 11, 14, tzinfo=UTC)),
    ],
)
def test_a_timestamp_may_be_a_date(text: str, expected: datetime) -> None:
    assert properties({"timestamp": text}).timestamp == expected


def test_a_property_that_is_null_is_absent() -> None:
    assert dict(properties({"contentType": None, "headers": None, "timestamp": None})) == dict(properties({}))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": 1, "b": [True, None]}, '{"a":1,"b":[true,null]}'),
        ({"ä": "é"}, '{"ä":"é"}'),
        ([1, 2.5], "[1,2.5]"),
        (42, "42"),
        (True, "true"),
        ("plain", "plain"),
        ("", ""),
        # A text that holds an object or a list is written anew.
        ('{ "a" : 1 }', '{"a":1}'),
        ("[1,\n 2]", "[1,2]"),
        (r"{\"a\": \"b\"}", '{"a":"b"}'),
        # One that holds anything else stays, escapes and all.
        ("42", "42"),
        ('"x"', '"x"'),
        ("null", "null"),
        (r"a\nb", r"a\nb"),
        ('{"a":1} x', '{"a":1} x'),
        ("{'a':1}", "{'a':1}"),
        ("[NaN]", "[NaN]"),
        ("[" * 100_000, "[" * 100_000),
        # Escapes are taken out of the finished JSON: as in the Java runtime, quotation marks in texts break it.
        ({"a": 'say "hi"'}, '{"a":"say "hi""}'),
        ({"a": "line\nline"}, '{"a":"line\nline"}'),
        # Half a character.
        ("\ud800", "?"),
    ],
)
def test_bodies(body: Any, expected: str) -> None:
    assert encoded(body) == expected.encode()


def test_names_have_255_bytes() -> None:
    assert short("routing.exchange", "é" * 127) == "é" * 127
    with pytest.raises(InputError, match=r"^routing.exchange: must be at most 255 bytes long, not 256"):
        short("routing.exchange", "é" * 128)
