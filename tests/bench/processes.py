"""What processes cost, told by the kernel: CPU and memory of some and of all that they have started."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Memory:
    """What they hold, megabytes."""

    pss: float
    """Pages that are shared count in parts."""
    rss: float
    """Pages that are shared count for each."""


@dataclasses.dataclass(frozen=True)
class Processes:
    """These processes and their children."""

    roots: Sequence[int]

    def all(self) -> Iterator[int]:
        """Those that live now."""
        for pid in self.roots:
            yield from _tree(pid)

    def cpu_s(self) -> float:
        """CPU time so far, in and out of the kernel."""
        ticks = 0
        for pid in self.all():
            if fields := _read(pid, "stat").rpartition(")")[2].split():
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_S

    def memory(self) -> Memory:
        """What they hold now."""
        sums = {"Pss": 0, "Rss": 0}
        for pid in self.all():
            for line in _read(pid, "smaps_rollup").splitlines():
                name, _, rest = line.partition(":")
                if name in sums:
                    sums[name] += int(rest.split()[0])
        return Memory(pss=round(sums["Pss"] / 1024, 1), rss=round(sums["Rss"] / 1024, 1))

    def descriptors(self) -> int:
        """Open files and sockets."""
        count = 0
        for pid in self.all():
            with contextlib.suppress(FileNotFoundError):
                count += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        return count

    def freeze(self) -> None:
        """Have them do nothing, and notice nothing."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Send all of them a signal."""
        for pid in list(self.all()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _tree(int(child))


def _read(pid: int, name: str) -> str:
    """Empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
