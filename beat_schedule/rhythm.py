"""When an entry is due: at a fixed rate, or as one of Celery's schedules says. Time is passed in, in milliseconds."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from celery.beat import ScheduleEntry
from celery.schedules import BaseSchedule, schedule

from zelery.errors import SettingError
from zelery.logs import logger
from zelery.schedule import INTERVAL_MS_MIN

log = logger(__name__)

#: How long a schedule that cannot say its next time is left alone, milliseconds.
_FAULTY_MS = 60_000

#: What Celery's schedules, and those that users write, raise when they cannot say their next time.
_FAULTS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What is remembered of an entry: of its last run, and when the next is due."""

    last_ms: int
    """The due time that was last fired; for a calendar, when it was."""
    next_ms: int
    """When it is due again."""
    interval_ms: int = 0
    """The interval by which `next_ms` was found; 0 for a calendar."""
    missed: int = 0
    """Due times that were never fired, since it is known."""

    def to_text(self) -> str:
        """As it lies in Redis."""
        return f"{self.last_ms}|{self.next_ms}|{self.interval_ms}|{self.missed}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A run that `to_text` wrote. Raises ValueError for anything else."""
        last_ms, next_ms, interval_ms, missed = text.split("|")
        return cls(last_ms=int(last_ms), next_ms=int(next_ms), interval_ms=int(interval_ms), missed=int(missed))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of an entry whose time has come."""

    run: Run
    """What is remembered from now on."""
    fires: bool = True
    """Whether it is fired, as due at `run.last_ms`."""


class Rhythm(Protocol):
    """How an entry ticks."""

    def begins(self, now_ms: int) -> Step:
        """The first time that it is seen."""

    def resumes(self, run: Run, now_ms: int) -> int:
        """When it is due, after a run that is remembered, perhaps from before its interval was changed."""

    def step(self, run: Run, now_ms: int) -> Step:
        """Its time, `run.next_ms`, has come."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """A fixed rate: due times are an interval apart whenever they are fired, so lateness does not add up.

    The first run is at once. With a jitter, the second comes half an interval to one and a half later, and all others
    an interval after that: ten thousand entries that were made in one second are from then on spread over the interval.
    Due times that have passed by whole intervals are missed: they are counted, and the newest is fired.
    """

    interval_ms: int
    jitter_ms: int | None = None
    """Less than the interval; None for no jitter."""

    def begins(self, now_ms: int) -> Step:
        moved = 0 if self.jitter_ms is None else self.jitter_ms - self.interval_ms // 2
        return Step(run=self._run(now_ms, now_ms + self.interval_ms + moved, 0))

    def resumes(self, run: Run, now_ms: int) -> int:
        if run.interval_ms == self.interval_ms:
            return run.next_ms
        return max(run.last_ms + self.interval_ms, now_ms)  # What a new interval makes of the past was not missed.

    def step(self, run: Run, now_ms: int) -> Step:
        missed = (now_ms - run.next_ms) // self.interval_ms
        due_ms = run.next_ms + missed * self.interval_ms
        return Step(run=self._run(due_ms, due_ms + self.interval_ms, run.missed + missed))

    def _run(self, last_ms: int, next_ms: int, missed: int) -> Run:
        return Run(last_ms=last_ms, next_ms=next_ms, interval_ms=self.interval_ms, missed=missed)


class Calendar:
    """One of Celery's schedules (crontab, solar, or a class of the user's), asked as Celery's own beat asks it.

    What came due while no beat ran is fired once, as Celery does, unless `beat_cron_starting_deadline` forbids it.
    """

    def __init__(self, name: str, schedule: BaseSchedule) -> None:
        self._name = name
        self._schedule = schedule

    def begins(self, now_ms: int) -> Step:
        """It is not fired: its first time is still to come."""
        return self._step(Run(last_ms=now_ms, next_ms=now_ms), now_ms, fires=False)

    def resumes(self, run: Run, now_ms: int) -> int:
        due, left_ms = self._ask(run.last_ms, now_ms)
        return now_ms if due else now_ms + left_ms

    def step(self, run: Run, now_ms: int) -> Step:
        due, _ = self._ask(run.last_ms, now_ms)
        return self._step(run, now_ms, fires=due)

    def _step(self, run: Run, now_ms: int, *, fires: bool) -> Step:
        last_ms = now_ms if fires else run.last_ms
        _, left_ms = self._ask(last_ms, now_ms)
        # A millisecond more, for what was rounded: woken too early, it would only be asked again.
        return Step(run=Run(last_ms=last_ms, next_ms=now_ms + left_ms + 1, missed=run.missed), fires=fires)

    def _ask(self, last_ms: int, now_ms: int) -> tuple[bool, int]:
        self._schedule.nowfun = lambda: _date(now_ms)  # type: ignore[attr-defined]  # the stubs misspell it
        try:
            due, left_s = self._schedule.is_due(_date(last_ms))
        except _FAULTS as error:
            log.warning("an entry cannot say when it is due; asking again later", entry=self._name, why=str(error))
            return False, _FAULTY_MS
        return due, int(float(left_s) * 1000)


def rhythm_of(entry: ScheduleEntry) -> Rhythm:
    """The rhythm of an entry in Celery's own form. Raises SettingError when it would tick without a pause."""
    when: Any = entry.schedule
    if type(when) is not schedule:
        return Calendar(str(entry.name), when)
    every: timedelta = when.run_every  # type: ignore[attr-defined]  # missing in the stubs
    interval_ms = int(every.total_seconds() * 1000)
    if interval_ms < INTERVAL_MS_MIN:
        raise SettingError(f"entry {entry.name!r}: schedule={every} is too short; {INTERVAL_MS_MIN} ms is the least")
    return Rate(interval_ms=interval_ms)


def jitter_ms(name: str, interval_ms: int) -> int:
    """By how much an entry of that name is moved: in every process and at every time the same."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") % interval_ms


def _date(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
