"""The journal: a line of JSON a command, `[time, next key, [[event, …fields], …]]`, appended and replayed.

A last line that is torn, by a crash in the middle of its writing, is dropped with a word: its command was not answered.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from zelery.engine.errors import EngineError
from zelery.engine.events import EVENTS

_LOG = logging.getLogger("zelery.engine")

#: The journal's first line: what wrote it, and in which form.
_HEADER = {"zelery-engine": 1}


class JournalError(EngineError):
    """The journal cannot be read or written."""


class Journal:
    """A journal in a file.

    Args:
        path: The file, made if it is not there.
        fsync: Whether each command waits until it is on the disk.

    Raises:
        JournalError: The file cannot be opened.
    """

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self.path = path
        self.failed = ""
        """Why nothing more is written; empty: all is well. What follows a missing line could not be replayed."""
        self._fsync = fsync
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be opened: {error.strerror}; name another folder") from error
        if not self._file.tell():
            self._file.write(json.dumps(_HEADER).encode() + b"\n")
            self._file.flush()

    def append(self, now: int, next_key: int, events: Sequence[Any]) -> None:
        """Write what a command has come to.

        Raises:
            JournalError: It cannot be written, by a full disk for example; nothing is written from then on.
        """
        record = [now, next_key, [[type(each).__name__, *each] for each in events]]
        try:
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
            self._file.write(line + b"\n")
            self._file.flush()
            if self._fsync:
                os.fsync(self._file.fileno())
        except (OSError, ValueError, TypeError, RecursionError) as error:
            self.failed = (
                f"The journal {self.path} cannot be written: {error}. Mend that (is the disk full?), then start the "
                "engine again: it goes on from what is written"
            )
            raise JournalError(self.failed) from error

    def close(self) -> None:
        """Write what is left, and close the file."""
        with contextlib.suppress(OSError):  # The failure was told when it happened.
            self._file.close()


def replay(path: Path) -> Iterator[tuple[int, int, list[Any]]]:
    """The commands of a journal: time, next key, events. A torn last line is cut off the file.

    Raises:
        JournalError: It is no journal, or a line before the last cannot be read.
    """
    with path.open("rb") as file:
        header = file.readline()
        if not header:
            return  # Made, and never written to.
        _check_header(path, header)
        position = file.tell()
        for number, line in enumerate(file, 2):
            try:
                now, next_key, events = json.loads(_whole(line).decode("utf-8", "surrogatepass"))
                found = [EVENTS[name](*fields) for name, *fields in events]
            except (ValueError, KeyError, TypeError) as error:
                _torn(path, file.read(1), position, number, error)
                return
            position += len(line)
            yield now, next_key, found


def _whole(line: bytes) -> bytes:
    if not line.endswith(b"\n"):
        raise ValueError("it has no end")
    return line


def _check_header(path: Path, line: bytes) -> None:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if header != _HEADER:
        raise JournalError(f"{path} is no journal of this engine: delete it, or name another folder")


def _torn(path: Path, following: bytes, position: int, number: int, error: Exception) -> None:
    if following:
        raise JournalError(
            f"line {number} of the journal {path} cannot be read: {error}; delete the journal to begin anew"
        )
    _LOG.warning(
        "the last line of the journal %s is torn (%s): it is dropped, its command was not answered", path, error
    )
    os.truncate(path, position)
