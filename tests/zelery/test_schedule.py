"""An entry as it lies in Redis."""

from __future__ import annotations

import json

import pytest

from zelery.schedule import INTERVAL_MS_MAX, Entry


def test_an_entry_is_read_as_it_was_written() -> None:
    entry = Entry(
        name="poll|order|1",
        task="inbound.poll",
        interval_ms=50_000,
        args=({"element": "start"}, None, 2**70),
        queue="zelery.inbound",
        expires_ms=10_000,
        jitter=False,
    )
    assert Entry.from_json(entry.to_json()) == entry


def test_what_is_the_default_is_not_written() -> None:
    assert json.loads(Entry(name="a", task="t", interval_ms=5000).to_json()) == {
        "name": "a",
        "task": "t",
        "interval_ms": 5000,
    }


def test_a_message_lasts_for_the_interval_unless_it_is_said_otherwise() -> None:
    assert Entry(name="a", task="t", interval_ms=5000).lasts_ms == 5000
    assert Entry(name="a", task="t", interval_ms=5000, expires_ms=60_000).lasts_ms == 60_000


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"interval_ms": 99}, "entry 'a': interval_ms=99 must be from 100 to"),
        ({"interval_ms": -1}, "interval_ms=-1"),
        ({"interval_ms": INTERVAL_MS_MAX + 1}, "interval_ms="),
        ({"interval_ms": 1000, "expires_ms": 0}, "expires_ms=0"),
        ({"interval_ms": 1000, "task": ""}, "entry 'a': task must not be empty"),
        ({"interval_ms": 1000, "name": ""}, "entry '': name must not be empty"),
    ],
)
def test_an_entry_that_cannot_be_fired_is_refused(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Entry(**{"name": "a", "task": "t", **fields})  # type: ignore[arg-type]  # a table of fields


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Invalid JSON"),
        ("[]", "not an entry of the schedule"),
        ('{"name": "a", "task": "t"}', "interval_ms"),
        ('{"name": "a", "task": "t", "interval_ms": "soon"}', "interval_ms"),
        ('{"name": "a", "task": "t", "interval_ms": 5}', "interval_ms=5"),
    ],
)
def test_what_is_no_entry_is_a_value_error_in_a_line(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        Entry.from_json(text)
    assert "\n" not in str(raised.value)
