"""A real Zeebe on this machine: a broker with its gateway, from Camunda's distribution, on a wheel's Java runtime."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from zelery.local import broker, download, java, ports, probe

DISTRIBUTION = download.Distribution(
    title="Zeebe 8.5.8",
    group="io.camunda",
    name="camunda-zeebe",
    version="8.5.8",
    sha256="53ce62b008e61a87a3f7aed700065ad1352084a24c85771bc4e8300828bf95b4",
)

_MAIN_CLASS = "io.camunda.zeebe.broker.StandaloneBroker"

#: The most its heap may take.
_MEMORY = "512m"

#: It is ready in 3 to 7 s on two idle cores; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 120


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Zeebe:
    """A running Zeebe."""

    gateway: str
    """`127.0.0.1:PORT`, gRPC without TLS."""
    management: str
    """`http://127.0.0.1:PORT`, for `/actuator`."""
    pid: int
    """The process of its JVM."""
    log: Path
    """What it printed."""


@contextlib.contextmanager
def running(
    data_dir: Path | None = None, port: int = 0, progress: download.Progress | None = None, *, light: bool = True
) -> Iterator[Zeebe]:
    """Runs a Zeebe until the block ends, downloading it first if need be.

    Args:
        data_dir: Where its records and its log are kept; run there again, it goes on. None: in a temporary folder.
        port: Where its gateway listens on loopback; 0 takes a free port.
        progress: Told of the download and the unpacking.
        light: False to give it the JVM's whole compiler and a parallel collector, to be measured.

    Raises:
        LocalServerError: It cannot be had: no download, a wheel is missing, the port is taken, it dies at start.
    """
    install(progress)
    command = broker.java_command(DISTRIBUTION, _MEMORY, light=light)
    listening = broker.listening(DISTRIBUTION.title, gateway=port)
    management = listening["management"]
    with (
        broker.folder(DISTRIBUTION.title, data_dir) as folder,
        java.running(
            DISTRIBUTION,
            command,
            [_MAIN_CLASS],
            log=folder / "zeebe.log",
            env=broker.environment(folder / "data", listening),
            ready=lambda: probe.answers(management, "/actuator/health"),
            timeout_s=_READY_TIMEOUT_S,
        ) as child,
    ):
        yield Zeebe(
            gateway=f"{ports.HOST}:{listening['gateway']}",
            management=f"http://{ports.HOST}:{management}",
            pid=child.pid,
            log=child.log,
        )


def install(progress: download.Progress | None = None) -> Path:
    """The folder of the distribution, downloaded if it is not in the cache.

    Raises:
        LocalServerError: It cannot be downloaded or stored.
    """
    return download.unpacked(DISTRIBUTION, progress)
