"""What becomes of a record that was not correlated: another try after a growing pause, and at last what the model says.

`block` is what the Java runtime does: the partition waits at the record, which is tried again for as long as it takes.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from zelery.sdk import Handling

OnPoison = Literal["block", "skip", "deadLetterTopic"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a record is tried, and how long it rests in between."""

    attempts: int = 5
    """So often, before it is poison."""
    first_s: float = 1.0
    """The first pause; each is twice the one before."""
    longest_s: float = 30.0
    """The longest pause, and that of a partition that waits at poison: the Java runtime's."""

    def pause_s(self, attempt: int) -> float:
        """How long to rest after an attempt; the first is 1."""
        return min(self.first_s * 2.0 ** min(attempt - 1, 30), self.longest_s)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Again:
    """Try it again after a pause."""

    pause_s: float
    blocked: bool
    """Whether its partition is shown as not working meanwhile."""


class Passed:
    """It is done with: go on behind it."""


class Skipped:
    """Go on behind it, and say so."""


class Buried:
    """Write it to the dead-letter topic, and go on behind it."""


Step = Again | Passed | Skipped | Buried


def step(handling: Handling, attempt: int, on_poison: OnPoison, patience: Patience) -> Step:
    """What to do with a record after an attempt to correlate it; the first attempt is 1."""
    match handling:
        case Handling.ACCEPT | Handling.IGNORE:
            return Passed()
        case Handling.WAIT:
            return Again(pause_s=patience.pause_s(attempt), blocked=True)
        case Handling.RETRY if attempt < patience.attempts:
            return Again(pause_s=patience.pause_s(attempt), blocked=False)
        case _ if on_poison == "skip":
            return Skipped()
        case _ if on_poison == "deadLetterTopic":
            return Buried()
        case _:
            return Again(pause_s=patience.longest_s, blocked=True)
