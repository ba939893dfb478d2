from __future__ import annotations

from typing import Any

import pytest

from zelery.connectors.kafka.poison import Again, Buried, OnPoison, Passed, Patience, Skipped, step
from zelery.sdk import Handling

PATIENCE = Patience(attempts=3, first_s=1, longest_s=30)


@pytest.mark.parametrize("on_poison", ["block", "skip", "deadLetterTopic"])
@pytest.mark.parametrize("handling", [Handling.ACCEPT, Handling.IGNORE])
def test_what_zeebe_has_or_nobody_wants_is_done_with(handling: Handling, on_poison: OnPoison) -> None:
    assert isinstance(step(handling, 1, on_poison, PATIENCE), Passed)


@pytest.mark.parametrize(
    ("handling", "attempt", "on_poison", "found"),
    [
        (Handling.RETRY, 1, "skip", Again(pause_s=1, blocked=False)),
        (Handling.RETRY, 2, "skip", Again(pause_s=2, blocked=False)),
        # Tried as often as may be: now it is poison.
        (Handling.RETRY, 3, "skip", Skipped),
        (Handling.RETRY, 3, "deadLetterTopic", Buried),
        (Handling.RETRY, 3, "block", Again(pause_s=30, blocked=True)),
        (Handling.RETRY, 300, "block", Again(pause_s=30, blocked=True)),
        # Another try is no use.
        (Handling.REJECT, 1, "skip", Skipped),
        (Handling.REJECT, 1, "deadLetterTopic", Buried),
        (Handling.REJECT, 1, "block", Again(pause_s=30, blocked=True)),
        # The other side is away, which is not the record's fault, however long it takes.
        (Handling.WAIT, 1, "skip", Again(pause_s=1, blocked=True)),
        (Handling.WAIT, 300, "deadLetterTopic", Again(pause_s=30, blocked=True)),
    ],
)
def test_what_is_not_correlated_rests_and_ends_as_the_model_says(
    handling: Handling, attempt: int, on_poison: OnPoison, found: Any
) -> None:
    next_step = step(handling, attempt, on_poison, PATIENCE)
    assert next_step == found if isinstance(found, Again) else isinstance(next_step, found)


def test_pauses_grow_up_to_a_bound() -> None:
    assert [Patience().pause_s(attempt) for attempt in (1, 2, 3, 4, 5, 6, 1000)] == [1, 2, 4, 8, 16, 30, 30]
