"""The engine as the tests ask it: with a clock that stands."""

from datetime import UTC, datetime
from typing import Any

from zelery import feel

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENGINE = feel.Engine(clock=lambda: MOMENT)


def answer(text: str, **variables: Any) -> Any:
    """The expression's value with JSON's types."""
    return ENGINE.compile(text).evaluate_json(variables)


def warnings(text: str, **variables: Any) -> list[str]:
    """What the expression survived."""
    found: list[str] = []
    ENGINE.compile(text).evaluate_json(variables, warnings=found)
    return found
