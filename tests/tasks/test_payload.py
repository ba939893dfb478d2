from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from tasks import payload
from zelery.errors import ConnectorError, InputError


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    at: date


@dataclasses.dataclass
class Record:
    n: int


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ({"a": [1, "x", None, 1.5, True]}, {"a": [1, "x", None, 1.5, True]}),
        ((1, 2), [1, 2]),
        ({1: 2}, {"1": 2}),
        (Model(at=date(2026, 1, 2)), {"at": "2026-01-02"}),
        (Record(n=1), {"n": 1}),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00Z"),
        (timedelta(hours=1), "PT1H"),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "red"),
        (b"abc", "YWJj"),
    ],
)
def test_what_a_connector_gives_becomes_json_values(value: Any, plain: Any) -> None:
    assert payload.plain(value) == plain


def test_json_deeper_than_pydantic_goes_is_still_json() -> None:
    deep: Any = "end"
    for _ in range(400):
        deep = {"a": deep}
    assert payload.plain(deep) == deep


def test_a_value_that_is_no_json_is_told() -> None:
    loop: list[Any] = []
    loop.append(loop)
    for value in (object(), loop, {"a": object()}):
        with pytest.raises(ConnectorError, match="cannot be written as JSON"):
            payload.plain(value)


def variables(size: int) -> dict[str, str]:
    """Variables whose JSON text has this many bytes."""
    return {"v": "x" * (size - len(json.dumps({"v": ""}, separators=(",", ":"))))}


def test_variables_of_1_5_mb_pass_and_larger_ones_do_not() -> None:
    assert payload.guarded(variables(payload.BYTES_MAX))
    with pytest.raises(InputError, match=r"payload \(1572865 bytes\) exceeds the 1\.5 MB"):
        payload.guarded(variables(payload.BYTES_MAX + 1))


def test_bytes_are_counted_not_characters() -> None:
    assert not payload.is_small({"v": "ż" * (payload.BYTES_MAX // 2 + 1)})


@pytest.mark.parametrize(("text", "sent"), [("x", "x"), ("ż🎉", "ż🎉"), ("a\ud800b", "a?b")])
def test_halves_of_surrogate_pairs_are_sent_as_question_marks(text: str, sent: str) -> None:
    assert payload.sendable(text) == sent
