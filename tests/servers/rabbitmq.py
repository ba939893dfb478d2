"""A RabbitMQ on this machine: one node with its management API. What it holds outlives its restarts."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from zelery.local import ports, process
from zelery.local.errors import LocalServerError

#: Where Debian keeps the programs; its wrapper on the PATH runs them as another user, in that user's folders.
_DEBIAN = Path("/usr/lib/rabbitmq/bin")
#: It is ready in 4 to 8 s on two idle cores; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 150
_CTL_TIMEOUT_S = 60


@dataclasses.dataclass
class RabbitMQServer:
    """The server, up unless a test has stopped it."""

    folder: Path
    """Its data and its logs."""

    def __post_init__(self) -> None:
        self._programs = _programs()
        self.port, self._management, self._distribution, self._epmd = ports.free(4)
        self.url = f"amqp://guest:guest@{ports.HOST}:{self.port}/%2F"
        """Of the virtual host `/`."""
        self.management = f"http://{ports.HOST}:{self._management}"
        """Its HTTP API is below `/api`, for guest with the password guest."""
        self.log = self.folder / "rabbitmq.log"
        self.pid = 0
        self._running = contextlib.ExitStack()
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "rabbitmq.conf").write_text(
            _CONFIGURATION.format(host=ports.HOST, port=self.port, management=self._management)
        )
        self._environment = self._variables()

    def start(self) -> None:
        """Serve, at the same addresses, what it holds."""
        for port in (self.port, self._management, self._distribution, self._epmd):
            ports.check_free(port, "RabbitMQ")
        # Erlang's port mapper is a child of ours too; else the node starts one that outlives it.
        epmd = [_epmd(), "-address", ports.HOST, "-port", str(self._epmd)]
        with contextlib.ExitStack() as held:
            held.enter_context(process.running("epmd", epmd, log=self.folder / "epmd.log", grace_s=1))
            child = held.enter_context(
                process.running(
                    "RabbitMQ", [str(self._programs / "rabbitmq-server")], log=self.log, env=self._environment
                )
            )
            process.wait_ready(child, self._listens, timeout_s=_READY_TIMEOUT_S, every_s=0.1)
            self.pid = child.pid
            self._running = held.pop_all()

    def stop(self) -> None:
        """End it as an operator does."""
        self._running.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self.pid, signal.SIGKILL)
        self._running.close()

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints. Raises CalledProcessError when it refuses."""
        return subprocess.run(
            [str(self._programs / "rabbitmqctl"), "--quiet", *arguments],
            env={**os.environ, **self._environment},
            timeout=_CTL_TIMEOUT_S,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def _listens(self) -> bool:
        """The API answers earlier than AMQP does."""
        request = urllib.request.Request(
            f"{self.management}/api/health/checks/port-listener/{self.port}",
            headers={"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="},  # guest:guest
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return bool(response.status == 200)
        except urllib.error.HTTPError as refused:
            refused.close()
            return False

    def _variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),  # Of the cookie by which rabbitmqctl logs in.
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": ports.HOST,
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_NODENAME": f"zelery-{uuid.uuid4().hex[:8]}@localhost",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            # The script becomes the server, so that the process that we signal is the server; it needs no terminal.
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-noinput +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "  # No thread spins while it waits.
                "-kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }


@contextlib.contextmanager
def rabbitmq_server() -> Iterator[RabbitMQServer]:
    """A RabbitMQ until the block ends. Raises LocalServerError when it cannot be had."""
    with tempfile.TemporaryDirectory(prefix="zelery-rabbitmq-", ignore_cleanup_errors=True) as folder:
        server = RabbitMQServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    if (_DEBIAN / "rabbitmq-server").exists():
        return _DEBIAN
    if found := shutil.which("rabbitmq-server"):
        return Path(found).parent
    raise LocalServerError("RabbitMQ cannot be had: there is no rabbitmq-server; run `apt-get install rabbitmq-server`")


def _epmd() -> str:
    """Erlang's port mapper: on the PATH, or beside the runtime that Debian has."""
    if found := shutil.which("epmd"):
        return found
    for path in Path("/usr/lib/erlang").glob("erts-*/bin/epmd"):
        return str(path)
    raise LocalServerError("RabbitMQ cannot be had: there is no epmd; run `apt-get install erlang-base`")


_CONFIGURATION = """\
listeners.tcp.1 = {host}:{port}
management.tcp.ip = {host}
management.tcp.port = {management}
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 512MB
"""
