"""Records as they came, and the events that models' expressions see of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from zelery.connectors.kafka import lenient


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A record of a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None = dataclasses.field(default=None, repr=False)
    value: bytes | None = dataclasses.field(default=None, repr=False)
    headers: Sequence[tuple[str, bytes | None]] = dataclasses.field(default=(), repr=False)

    @property
    def id(self) -> str:
        """One name for it, the same each time it is received."""
        return f"{self.topic}-{self.partition}-{self.offset}"

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, about."""
        return len(self.key or b"") + len(self.value or b"")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A record's value, read."""

    raw: str | None
    """Its text; None for Avro, which has none."""
    value: Any
    """Its JSON, or the text itself where that is none."""


def plain(data: bytes | None) -> Value:
    """The value of a record without a schema."""
    text = None if data is None else _text(data)
    return Value(raw=text, value=None if text is None else lenient.or_text(text))


def event(record: Received, value: Value) -> dict[str, Any]:
    """What the model's expressions see."""
    return {
        "key": plain(record.key).value,
        "rawValue": value.raw,
        "value": value.value,
        "headers": {name: None if each is None else _text(each) for name, each in record.headers} or None,
    }


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
