"""The folder in which downloads and what is made from them stay between runs.

`ZELERY_CACHE_DIR` names it; else it is `zelery` in the place that the platform has for such folders.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def directory() -> Path:
    """The folder, which may not exist yet."""
    if chosen := os.environ.get("ZELERY_CACHE_DIR"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zelery"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zelery"


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Holds the lock of a path in the cache, against other processes and threads, until the block ends.

    Args:
        path: What is locked. The lock is a file beside it, which stays: to delete it would let two hold it.
        wait: False to go on without the lock when another holds it.

    Yields:
        Whether the lock is held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
