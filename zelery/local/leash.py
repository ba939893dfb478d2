"""What a child runs first: it ties itself to its parent, then becomes the server.

`subprocess` has `preexec_fn` for this, but that runs Python between fork and exec, where a lock of another thread may
be held for ever. A fresh interpreter has no other threads; it costs 15 ms.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

#: From <linux/prctl.h>: the signal that a process gets when the thread that made it ends.
_PR_SET_PDEATHSIG = 1


def command(args: Sequence[str]) -> list[str]:
    """The command that runs `args` on a leash held by this process. It is replaced by them: the pid is theirs."""
    return [sys.executable, "-c", f"from {__name__} import become; become()", str(os.getpid()), *args]


def become() -> None:
    """Ties this process to the parent named first in its arguments, then runs the rest of them in its place.

    Where there is no such tie (not Linux), a server outlives a parent that is killed with -9.
    """
    parent, *args = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before the tie was there
            sys.exit(1)
    try:
        os.execv(args[0], args)  # noqa: S606 # the arguments are ours, and no shell reads them
    except OSError as error:
        sys.exit(f"cannot run {args[0]}: {error.strerror}")
