"""TCP ports on loopback."""

from __future__ import annotations

import contextlib
import errno
import random
import socket
import time

from zelery.local.errors import LocalServerError

#: Servers of this package are reached from this machine only.
HOST = "127.0.0.1"

#: Where free ports are looked for: below what Linux and macOS give to outgoing connections. A client that tries again
#: and again to reach a server that is down would else now and then take the port itself, and even connect to itself.
_FIRST, _LAST = 20_000, 32_000

#: How long a port that is in use may still become free.
_BURIAL_S = 1.0


def free(count: int) -> list[int]:
    """That many ports on which nothing listens, all different."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        for port in random.SystemRandom().sample(range(_FIRST, _LAST), _LAST - _FIRST):
            if len(found) == count:
                break
            with contextlib.suppress(OSError):
                held.enter_context(_bound(port))
                found.append(port)
    return found


def check_free(port: int, server: str) -> int:
    """The port itself. Waits a moment for it: a server that was killed with -9 holds it until the kernel has buried it.

    Raises:
        LocalServerError: Something listens there, or it may not be used.
    """
    if not 0 < port <= 65_535:  # noqa: PLR2004 # the range of TCP
        raise LocalServerError(
            f"{server} cannot listen on port {port}: a port is a number from 1 to 65535, or 0 for a free one"
        )
    deadline = time.monotonic() + _BURIAL_S
    while (error := _refusal(port)) is not None and error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.01)
    if error is not None:
        raise LocalServerError(
            f"{server} cannot listen on {HOST}:{port}: {error.strerror}; "
            "stop what uses that port, or take another (0 takes a free one)"
        ) from error
    return port


def _refusal(port: int) -> OSError | None:
    """Why a port cannot be had; None when it can."""
    try:
        _bound(port).close()
    except OSError as error:
        return error
    return None


def _bound(port: int) -> socket.socket:
    """A socket on that port. Connections that have just been closed there do not count, nor do they for the servers."""
    opened = socket.socket()
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
    except OSError:
        opened.close()
        raise
    return opened
