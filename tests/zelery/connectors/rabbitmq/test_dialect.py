"""The changes to pamqp, seen through its own functions."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from pamqp import decode, encode, frame, header
from pamqp.commands import Basic

import zelery.connectors.rabbitmq.connection  # noqa: F401 - it speaks the dialect


def sent(properties: bytes, flags: int) -> Basic.Properties:
    """The properties of a content header with these bytes."""
    content = struct.pack(">HHQH", 60, 0, 0, flags) + properties
    data = struct.pack(">BHI", 2, 1, len(content)) + content + b"\xce"
    _, _, found = frame.unmarshal(data)
    assert isinstance(found, header.ContentHeader)
    assert isinstance(found.properties, Basic.Properties)
    return found.properties


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_500, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        # Microseconds, and nonsense: nobody can say when, and the message goes on.
        (1_700_000_000_000_000, datetime.max.replace(tzinfo=UTC)),
        (2**64 - 1, datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_any_timestamp_is_read(raw: int, expected: datetime) -> None:
    value = struct.pack(">Q", raw)
    assert sent(value, 1 << 6).timestamp == expected
    assert decode.embedded_value(b"T" + value) == (9, expected)


def test_texts_that_are_no_utf_8_are_read() -> None:
    assert sent(b"\x02\xffa", 1 << 15).content_type == "\ufffda"
    table = b"\x02\xffk" + b"S" + struct.pack(">I", 1) + b"v"
    inner = struct.pack(">I", len(table)) + table
    outer = b"\x01t" + b"F" + inner
    assert sent(struct.pack(">I", len(outer)) + outer, 1 << 13).headers == {"t": {"\ufffdk": "v"}}


def test_all_digits_of_a_float_are_written_at_any_depth() -> None:
    written = encode.field_table({"a": 0.1, "l": [1e300], "t": {"b": -2.5}, "n": 1, "s": "x"})
    assert decode.field_table(written)[1] == {"a": 0.1, "l": [1e300], "t": {"b": -2.5}, "n": 1, "s": "x"}
