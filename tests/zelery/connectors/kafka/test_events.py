from __future__ import annotations

from typing import Any

import pytest

from zelery.connectors.kafka.events import Received, Value, event, plain


def received(**fields: Any) -> Received:
    return Received(**{"topic": "orders", "partition": 2, "offset": 41, **fields})


def test_a_record_has_one_name_and_shows_no_content() -> None:
    record = received(key=b"k", value=b"s3cret", headers=(("h", b"s3cret"),))
    assert record.id == "orders-2-41"
    assert record.size == 7
    assert repr(record) == "Received(topic='orders', partition=2, offset=41)"


@pytest.mark.parametrize(
    ("data", "raw", "value"),
    [
        (None, None, None),  # a tombstone
        (b"", "", ""),
        (b"just text", "just text", "just text"),
        (b"\xff\xfe", "\ufffd\ufffd", "\ufffd\ufffd"),  # no UTF-8
        (b"null", "null", None),
        (b'{"a": 1}', '{"a": 1}', {"a": 1}),
        (b"12 apples", "12 apples", 12),
        (b"{'a': 'b'}", "{'a': 'b'}", {"a": "b"}),
        (b"[" * 5000, "[" * 5000, "[" * 5000),
    ],
)
def test_a_value_is_its_json_or_its_text(data: bytes | None, raw: Any, value: Any) -> None:
    assert plain(data) == Value(raw=raw, value=value)


def test_an_event_has_key_value_and_headers() -> None:
    record = received(key=b"5", value=b'{"a": 1}', headers=(("h", b"1"), ("n", None), ("h", "é".encode())))
    assert event(record, plain(record.value)) == {
        "key": 5,
        "rawValue": '{"a": 1}',
        "value": {"a": 1},
        "headers": {"h": "é", "n": None},  # the last of a name counts
    }


def test_what_is_absent_is_null() -> None:
    assert event(received(), Value(raw=None, value={"avro": 1})) == {
        "key": None,
        "rawValue": None,
        "value": {"avro": 1},
        "headers": None,
    }
