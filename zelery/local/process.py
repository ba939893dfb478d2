"""A server as a child process: on a leash, in a session of its own, with a log that is read when it dies at start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from zelery.local import leash
from zelery.local.errors import LocalServerError

#: Variables that a child inherits. Ours hold secrets, and a stray `ZEEBE_…` or `JAVA_TOOL_OPTIONS` changes a server.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")

#: How many lines at the end of a log tell why a server died.
_TAIL_LINES = 30

#: How much of the log's end is read for them.
_TAIL_BYTES_MAX = 64 * 1024


class Child:
    """A running child process. Made by `running`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], keeper: threading.Thread, log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._process = process
        self._keeper = keeper

    def ended(self, timeout_s: float = 0) -> int | None:
        """Waits for the child's end. Its return code (negative: the signal), None when it still runs."""
        self._keeper.join(timeout_s)
        return None if self._keeper.is_alive() else self._process.returncode

    def stop(self, grace_s: float) -> None:
        """Asks the child to end, kills its group after `grace_s`, and returns when it is gone."""
        if self.ended() is not None:
            return
        self._process.terminate()
        if self.ended(grace_s) is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._keeper.join()


@contextlib.contextmanager
def running(
    name: str, args: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, grace_s: float = 20
) -> Iterator[Child]:
    """Runs a program until the block ends: SIGTERM, and SIGKILL to its group when it has not ended `grace_s` later.

    It is in a session of its own, so that Ctrl-C in the terminal reaches us alone, and on Linux it ends with us however
    we end. May be used in a thread that ends before the block does.

    Args:
        name: What people call the program.
        args: The program's path and its arguments.
        log: The file to which its output is appended; the program runs in that file's folder.
        env: Variables beside the few that are inherited.
        grace_s: Seconds.

    Raises:
        LocalServerError: The child cannot be made.
    """
    child = _start(name, args, log, {**_inherited(), **(env or {})})
    try:
        yield child
    finally:
        child.stop(grace_s)


def wait_ready(child: Child, ready: Callable[[], bool], *, timeout_s: float, every_s: float) -> None:
    """Asks `ready` until it is true; an OSError is a no.

    Raises:
        LocalServerError: The child died, or was not ready in time; the end of its log is a note.
    """
    deadline = time.monotonic() + timeout_s
    while not _answers(ready):
        code = child.ended(every_s)
        if code is not None:
            raise _with_log(
                LocalServerError(f"{child.name} {_ending(code)} while starting: {_reason(child.log)}"), child.log
            )
        if time.monotonic() > deadline:
            raise _with_log(
                LocalServerError(
                    f"{child.name} was not ready after {timeout_s:.0f} s: {_reason(child.log)}; "
                    "free some CPU and memory, and try again"
                ),
                child.log,
            )


def _start(name: str, args: Sequence[str], log: Path, env: Mapping[str, str]) -> Child:
    started: Future[subprocess.Popen[bytes]] = Future()
    keeper = threading.Thread(
        target=_keep, args=(leash.command(args), log, env, started), name=f"{name} keeper", daemon=True
    )
    keeper.start()
    try:
        return Child(name, started.result(), keeper, log)
    except OSError as error:
        raise LocalServerError(
            f"{name} cannot be started: {error.strerror}: {error.filename or log}; check that folder and free memory"
        ) from error


def _keep(args: Sequence[str], log: Path, env: Mapping[str, str], started: Future[subprocess.Popen[bytes]]) -> None:
    """Makes the child and stays until it ends: a leash is held by a thread, at whose end the child is killed."""
    try:
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 # the arguments are ours, and no shell reads them
                args,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=log.parent,
                start_new_session=True,
            )
    except OSError as error:
        started.set_exception(error)
        return
    started.set_result(process)
    process.wait()


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _answers(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _said(log: Path) -> list[str]:
    """The lines at the end of a log, less the empty ones and the frames of Java's stacks."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES_MAX))
        lines = file.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith(("at ", "... "))]


def _reason(log: Path) -> str:
    """The line of a log that most likely says why: the innermost cause of a Java exception, else the last one."""
    lines = [line.strip() for line in _said(log)]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or ["it wrote nothing"])[-1]


def _with_log(error: LocalServerError, log: Path) -> LocalServerError:
    error.add_note("\n".join(_said(log)[-_TAIL_LINES:]))
    return error
