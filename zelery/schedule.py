"""An entry of the schedule, as it lies in Redis: `inbound` writes it, beat fires it.

Entries lie in the followed hash `ENTRIES`, each under its name, as JSON. One that is written again with another
interval keeps its last run; one that is new runs at once.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from zelery.model import to_json

#: Shorter is a loop, and longer than Celery can write as a date, milliseconds.
INTERVAL_MS_MIN, INTERVAL_MS_MAX = 100, 100 * 366 * 24 * 3600 * 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A task that is sent again and again, at a fixed rate. Raises ValueError for what cannot be fired."""

    name: str
    """Unlike all others: what Flower shows as the task's arguments."""
    task: str
    """The Celery task's name."""
    interval_ms: int
    """From one run to the next."""
    args: tuple[Any, ...] = ()
    """The task's arguments, JSON values; they travel in the message as they are, so no secrets."""
    queue: str | None = None
    """Where it is sent; None is the application's default queue."""
    expires_ms: int | None = None
    """How long a message may wait for a worker before it is dropped; None is the interval."""
    jitter: bool = True
    """Whether runs after the first are moved, always by as much, so that entries made together are spread."""

    def __post_init__(self) -> None:
        for what in ("name", "task"):
            if not getattr(self, what):
                raise ValueError(f"entry {self.name!r}: {what} must not be empty")
        for what, given in (("interval_ms", self.interval_ms), ("expires_ms", self.lasts_ms)):
            if not INTERVAL_MS_MIN <= given <= INTERVAL_MS_MAX:
                raise ValueError(
                    f"entry {self.name!r}: {what}={given} must be from {INTERVAL_MS_MIN} to {INTERVAL_MS_MAX}"
                )

    @property
    def lasts_ms(self) -> int:
        """How long a message of this entry may wait."""
        return self.interval_ms if self.expires_ms is None else self.expires_ms

    def to_json(self) -> str:
        """As it lies in Redis: what is not the default."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return to_json({name: value for name, value in given.items() if value != _DEFAULTS.get(name, ...)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """An entry that `to_json` wrote. Raises ValueError, in a line, for anything else."""
        try:
            return _READ.validate_json(text)  # type: ignore[return-value]  # there is one class
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}".removeprefix(": ")
                for fault in error.errors(include_url=False)
            )
            raise ValueError(f"not an entry of the schedule: {faults}") from None


_DEFAULTS = {
    field.name: field.default for field in dataclasses.fields(Entry) if field.default is not dataclasses.MISSING
}
_READ = TypeAdapter(Entry)
