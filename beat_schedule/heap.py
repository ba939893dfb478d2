"""Which entries are due, found without looking at the others. Pure: time is passed in, in milliseconds."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math

from beat_schedule.rhythm import Rhythm, Run

#: How many times more may be in the queue than there are entries, before what is gone is swept out: entries of a long
#: interval that come and go would else be remembered until they were due.
_WASTE_MAX = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Due:
    """An entry whose time has come, and what is to be remembered before anything else is done about it."""

    name: str
    run: Run
    fires: bool
    """Whether it is fired, as due at `run.last_ms`."""


@dataclasses.dataclass(eq=False)
class _Item:
    name: str
    rhythm: Rhythm
    run: Run | None
    due_ms: int


class Heap:
    """The entries of one leader, by when they are due."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        #: What was replaced or removed stays until it surfaces: it is known by its item's being another now.
        self._queue: list[tuple[int, int, _Item]] = []
        self._order = itertools.count()

    def put(self, name: str, rhythm: Rhythm, now_ms: int, run: Run | None = None) -> None:
        """An entry that is new, or changed. `run` is what is remembered of it; what the heap knows itself is newer."""
        known = self._items.get(name)
        run = known.run if known else run
        if known and known.rhythm == rhythm:
            return
        due_ms = now_ms if run is None else rhythm.resumes(run, now_ms)
        self._push(_Item(name, rhythm, run, due_ms))

    def remove(self, name: str) -> None:
        """There is no such entry from now on."""
        self._items.pop(name, None)

    def missed(self, name: str) -> None:
        """A firing that may never have been sent counts as missed."""
        item = self._items.get(name)
        if item is not None and item.run is not None:
            item.run = dataclasses.replace(item.run, missed=item.run.missed + 1)

    def take(self, now_ms: int, most: int) -> list[Due]:
        """At most so many of those that are due, earliest first. They are due again at their next time."""
        taken: list[Due] = []
        while len(taken) < most and self.next_ms() <= now_ms:
            item = heapq.heappop(self._queue)[2]
            taken.append(self._taken(item, now_ms))
        return taken

    def next_ms(self) -> float:
        """When the next is due; infinity when there is none."""
        while self._queue and self._items.get(self._queue[0][2].name) is not self._queue[0][2]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else math.inf

    def _taken(self, item: _Item, now_ms: int) -> Due:
        if item.run is None:
            step = item.rhythm.begins(now_ms)
        else:
            # What is remembered may be of before its interval was changed; when it is due, the heap knows.
            step = item.rhythm.step(dataclasses.replace(item.run, next_ms=item.due_ms), now_ms)
        item.run, item.due_ms = step.run, step.run.next_ms
        self._push(item)
        return Due(name=item.name, run=step.run, fires=step.fires)

    def _push(self, item: _Item) -> None:
        self._items[item.name] = item
        heapq.heappush(self._queue, (item.due_ms, next(self._order), item))
        if len(self._queue) > _WASTE_MAX * len(self._items) + _WASTE_MAX:
            self._queue = [each for each in self._queue if self._items.get(each[2].name) is each[2]]
            heapq.heapify(self._queue)
