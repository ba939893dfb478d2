"""The engine in the box, as a process of its own on this machine: for the demo, `zelery dev` and the tests.

Never for production: there the roles talk to a cluster of Camunda's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from zelery.local import ports, probe, process
from zelery.local.errors import LocalServerError

#: It is ready within a second on two idle cores; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 60

#: The login that the engine's REST APIs have where none is asked for: any is taken, as these.
USERNAME = PASSWORD = "demo"  # noqa: S105 # published; the server listens on loopback


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EngineServer:
    """A running engine."""

    gateway: str
    """`127.0.0.1:PORT`, gRPC without TLS."""
    rest: str
    """`http://127.0.0.1:PORT`: REST v2 below `/v2`, and `/actuator`."""
    pid: int
    """Its process."""
    log: Path
    """What it printed."""

    @property
    def operate(self) -> str:
        """The base URL of Operate's API v1; its login is `USERNAME` and `PASSWORD`."""
        return self.rest

    @property
    def management(self) -> str:
        """The base URL of `/actuator`."""
        return self.rest


@contextlib.contextmanager
def running(
    data_dir: Path | None = None,
    port: int = 0,
    rest_port: int = 0,
    *,
    line: str | None = None,
    lag_s: float = 0,
    faults: bool = False,
    options: Sequence[str] = (),
) -> Iterator[EngineServer]:
    """Runs an engine until the block ends.

    Args:
        data_dir: Where its journal and its log are kept; run there again, it goes on. None: in memory only.
        port: Where its gateway listens on loopback; 0 takes a free port.
        rest_port: Where its REST APIs listen on loopback; 0 takes a free port.
        line: Which line of Camunda its REST API speaks; None: the newest.
        lag_s: How much later searches know of what has happened, seconds.
        faults: Whether faults can be had by `/faults`.
        options: More options of `zelery engine`.

    Raises:
        LocalServerError: A port is taken, or it dies at start.
    """
    port = ports.check_free(port, "the engine") if port else ports.free(1)[0]
    rest_port = ports.check_free(rest_port, "the engine") if rest_port else ports.free(1)[0]
    arguments = ["--port", str(port), "--rest-port", str(rest_port), *options]
    arguments += ["--line", line] if line else []
    arguments += ["--lag", f"{lag_s}s"] if lag_s else []
    arguments += ["--faults"] if faults else []
    with _folder(data_dir) as folder:
        arguments += ["--data", str(folder)] if data_dir else []
        command = [sys.executable, "-m", "zelery.engine", *arguments]
        with process.running("the engine", command, log=folder / "engine.log") as child:
            process.wait_ready(
                child, lambda: probe.answers(rest_port, "/actuator/health"), timeout_s=_READY_TIMEOUT_S, every_s=0.05
            )
            yield EngineServer(
                gateway=f"{ports.HOST}:{port}", rest=f"http://{ports.HOST}:{rest_port}", pid=child.pid, log=child.log
            )


@contextlib.contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    """Where the engine keeps its journal and its log. Raises LocalServerError when it cannot be made."""
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="zelery-engine-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalServerError(
            f"the engine cannot keep its data in {data_dir}: {error.strerror}; name a folder that can be written"
        ) from error
    yield data_dir.absolute()
