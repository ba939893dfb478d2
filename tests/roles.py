"""Roles as their users start them: child processes, killed by tests as machines kill them."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping

PLUGINS = pathlib.Path(__file__).parent / "plugins"


class RoleProcess:
    """`zelery <name>` with an environment of its own, and its log."""

    def __init__(self, name: str, environment: Mapping[str, str], log: pathlib.Path) -> None:
        self.name, self.log = name, log
        self._environment = environment
        self._child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "zelery", self.name],
                env={**os.environ, "PYTHONPATH": str(PLUGINS), **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The process that runs now."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    def kill(self) -> None:
        """As a crash does it."""
        self._child.kill()
        self._child.wait()

    def restart(self) -> None:
        """Start it again, as a supervisor does."""
        self._child = self._start()

    def stop(self) -> int:
        """Warm: what runs, ends; returns the exit status."""
        self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop:\n{self.said[-3000:]}") from None


@contextlib.contextmanager
def role(name: str, environment: Mapping[str, str], folder: pathlib.Path) -> Iterator[RoleProcess]:
    """Run a role for a block; it is stopped at the end if it still runs."""
    process = RoleProcess(name, environment, folder / f"{name}-{len(list(folder.iterdir()))}.log")
    try:
        yield process
    finally:
        if process.exit_code is None:
            process.kill()
