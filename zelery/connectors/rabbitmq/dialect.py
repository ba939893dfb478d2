"""AMQP's values as RabbitMQ's own clients read and write them, where pamqp does otherwise.

aio-pika closes a connection at whose bytes pamqp stumbles, and the message that holds them would come again, for ever:
what any publisher may send must be read. `speak` changes pamqp for the whole process, in which nothing else uses it.
"""

from __future__ import annotations

import functools
import re
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from pamqp import constants, decode, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds since 1970 beyond this are milliseconds: many publishers write those.
_SECONDS_MAX = 0xFFFFFFFF
_LONG_LONG = struct.Struct(">Q")
_DOUBLE = struct.Struct(">d")


def timestamp(value: bytes) -> tuple[int, datetime]:
    """A timestamp; one after the year 9999 is the last that can be told."""
    (seconds,) = _LONG_LONG.unpack_from(value)
    try:
        return 8, _EPOCH + timedelta(milliseconds=seconds if seconds > _SECONDS_MAX else seconds * 1000)
    except OverflowError:
        return 8, datetime.max.replace(tzinfo=UTC)


def short_text(value: bytes) -> tuple[int, str]:
    """A text of at most 255 bytes; bytes that are no UTF-8 become U+FFFD, as in a body."""
    length = value[0]
    return length + 1, value[1 : length + 1].decode(errors="replace")


def table(value: bytes) -> tuple[int, dict[str, Any]]:
    """A table, its names read as any short text."""
    end = 4 + int.from_bytes(value[:4])
    offset, found = 4, {}
    while offset < end:
        used, name = short_text(value[offset:])
        offset += used
        used, found[name] = decode.embedded_value(value[offset:])
        offset += used
    return end, found


def speak() -> None:
    """Let pamqp read timestamps, texts and tables as above, write all digits of a float, and take any name."""
    decode.METHODS.update(timestamp=timestamp, shortstr=short_text, table=table)
    decode.TABLE_MAPPING.update({b"T": timestamp, b"F": table})
    encode.encode_table_value = functools.partial(_written, encode.encode_table_value)
    # It would take ASCII alone for the names of queues and exchanges; RabbitMQ takes any text.
    constants.DOMAIN_REGEX.update(dict.fromkeys(constants.DOMAIN_REGEX, re.compile(".*", re.DOTALL)))


def _written(written: Any, value: Any) -> bytes:
    """A value in a table. pamqp would write 32 bits of a float."""
    if isinstance(value, float):
        return b"d" + _DOUBLE.pack(value)
    result: bytes = written(value)
    return result
