"""How far each partition of a consumer has come: what was correlated, what was committed, and what waits in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from zelery.connectors.kafka.events import Received

#: Records, and bytes, of one partition that wait in memory before it is paused; it goes on at half of that.
RECORDS_MAX = 1000
BYTES_MAX = 16 * 1024 * 1024


class Progress:
    """Told by the event loop what is done, asked by the client's thread what to commit, pause and resume."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._positions: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._waiting: dict[int, tuple[int, int]] = {}
        self._paused: set[int] = set()
        self._moved = False

    def began(self, partitions: Iterable[int]) -> None:
        """These partitions are ours from now on, and nothing of them is known."""
        with self._lock:
            for partition in partitions:
                self._forget(partition)
                self._waiting[partition] = (0, 0)

    def ended(self, partitions: Iterable[int]) -> None:
        """These partitions are no longer ours: what is done for them later does not count."""
        with self._lock:
            for partition in partitions:
                self._forget(partition)

    def received(self, records: Iterable[Received]) -> None:
        """They wait in memory."""
        with self._lock:
            for record in records:
                self._count(record, 1)

    def done(self, record: Received) -> None:
        """It is correlated, or else settled: what is before it is too, as each partition goes in order."""
        with self._lock:
            if record.partition in self._waiting:
                self._count(record, -1)
                self._positions[record.partition] = record.offset + 1
                self._moved = True

    def uncommitted(self) -> Mapping[int, int]:
        """Where to commit that the group goes on, by partition; taken for committed from now on."""
        with self._lock:
            found = {each: place for each, place in self._positions.items() if self._committed.get(each) != place}
            self._committed |= found
            return found

    def refused(self, partitions: Iterable[int]) -> None:
        """Committing these did not succeed: they are uncommitted again."""
        with self._lock:
            for partition in partitions:
                self._committed.pop(partition, None)

    def moved(self) -> bool:
        """Whether something was done since this was asked last."""
        with self._lock:
            moved, self._moved = self._moved, False
            return moved

    def to_pause(self) -> list[int]:
        """Partitions of which enough waits in memory; taken for paused from now on."""
        with self._lock:
            found = [each for each in self._waiting if each not in self._paused and self._load(each) >= 1]
            self._paused.update(found)
            return found

    def to_resume(self) -> list[int]:
        """Paused partitions of which little waits in memory; taken for resumed from now on."""
        with self._lock:
            found = [each for each in self._paused if self._load(each) <= _RESUME]
            self._paused.difference_update(found)
            return found

    def _forget(self, partition: int) -> None:
        for known in (self._positions, self._committed, self._waiting):
            known.pop(partition, None)
        self._paused.discard(partition)

    def _count(self, record: Received, more: int) -> None:
        count, size = self._waiting.get(record.partition, (0, 0))
        self._waiting[record.partition] = (count + more, size + more * record.size)

    def _load(self, partition: int) -> float:
        """1 is as much as there may be."""
        count, size = self._waiting[partition]
        return max(count / RECORDS_MAX, size / BYTES_MAX)


_RESUME = 0.5
