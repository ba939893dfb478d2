"""A real Zeebe on this machine: a broker with its gateway, from Camunda's distribution, on a wheel's Java runtime."""

from __future__ import annotations

import contextlib
import dataclasses
import http
import http.client
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from zelery.local import download, java, ports, process
from zelery.local.errors import LocalServerError

DISTRIBUTION = download.Distribution(
    title="Zeebe 8.5.8",
    group="io.camunda",
    name="camunda-zeebe",
    version="8.5.8",
    sha256="53ce62b008e61a87a3f7aed700065ad1352084a24c85771bc4e8300828bf95b4",
)

_MAIN_CLASS = "io.camunda.zeebe.broker.StandaloneBroker"

#: What makes it light. The compiler that is left out costs throughput at length, which no demo needs.
_LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms128m", "-Xmx512m")

#: What a broker listens on, on loopback.
_PORTS = ("gateway", "rest", "command", "internal", "management")

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
def running(data_dir: Path | None = None, port: int = 0, progress: download.Progress | None = None) -> Iterator[Zeebe]:
    """Runs a Zeebe until the block ends, downloading it first if need be.

    Args:
        data_dir: Where its records and its log are kept; run there again, it goes on. None: in a temporary folder.
        port: Where its gateway listens on loopback; 0 takes a free port.
        progress: Told of the download and the unpacking.

    Raises:
        LocalServerError: It cannot be had: no download, a wheel is missing, the port is taken, it dies at start.
    """
    home = install(progress)
    java_command = _java_command(home)
    listening = dict(zip(_PORTS, ports.free(len(_PORTS)), strict=True))
    if port:
        listening["gateway"] = ports.check_free(port, DISTRIBUTION.title)
    management = listening["management"]
    with _folder(data_dir) as folder:
        archive, class_list = java.archive(home.name), folder / "classes.list"
        args = [*java_command, *java.archive_options(archive, class_list), _MAIN_CLASS]
        environment = _environment(folder / "data", listening)
        with process.running(DISTRIBUTION.title, args, log=folder / "zeebe.log", env=environment) as child:
            process.wait_ready(child, lambda: _healthy(management), timeout_s=_READY_TIMEOUT_S, every_s=0.1)
            with java.archiving(archive, class_list, java_command):
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


def _java_command(home: Path) -> list[str]:
    """java and its options. Only jars are on the class path, because a class-data archive allows no folder there."""
    return [
        str(java.executable(DISTRIBUTION.title)),
        *_LIGHT,
        "-XX:+ExitOnOutOfMemoryError",
        "-Dfile.encoding=UTF-8",
        f"-Dlog4j2.configurationFile={home / 'config' / 'log4j2.xml'}",
        f"-Dspring.config.additional-location=file:{home / 'config'}/",
        "-cp",
        ":".join(str(jar) for jar in sorted((home / "lib").glob("*.jar"))),
    ]


def _environment(data: Path, listening: Mapping[str, int]) -> dict[str, str]:
    """Its settings: everything on loopback, little disk, few threads, and a log of what goes wrong only."""
    return {
        "ZEEBE_BROKER_NETWORK_HOST": ports.HOST,
        "ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT": str(listening["command"]),
        "ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT": str(listening["internal"]),
        "ZEEBE_BROKER_GATEWAY_NETWORK_HOST": ports.HOST,
        "ZEEBE_BROKER_GATEWAY_NETWORK_PORT": str(listening["gateway"]),
        "ZEEBE_BROKER_GATEWAY_CLUSTER_INITIALCONTACTPOINTS": f"{ports.HOST}:{listening['internal']}",
        "SERVER_ADDRESS": ports.HOST,
        "SERVER_PORT": str(listening["rest"]),
        "MANAGEMENT_SERVER_ADDRESS": ports.HOST,
        "MANAGEMENT_SERVER_PORT": str(listening["management"]),
        "ZEEBE_BROKER_DATA_DIRECTORY": str(data),
        "ZEEBE_BROKER_DATA_LOGSEGMENTSIZE": "16MB",
        # Below these a broker takes no commands at all; the defaults are gigabytes.
        "ZEEBE_BROKER_DATA_DISK_FREESPACE_PROCESSING": "200MB",
        "ZEEBE_BROKER_DATA_DISK_FREESPACE_REPLICATION": "100MB",
        "ZEEBE_BROKER_THREADS_CPUTHREADCOUNT": "1",
        "ZEEBE_BROKER_THREADS_IOTHREADCOUNT": "1",
        "ZEEBE_LOG_LEVEL": "WARN",
        "ATOMIX_LOG_LEVEL": "WARN",
    }


@contextlib.contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="zelery-zeebe-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalServerError(
            f"{DISTRIBUTION.title} cannot keep its data in {data_dir}: {error.strerror}; "
            "name a folder that can be written"
        ) from error
    yield data_dir.absolute()


def _healthy(management: int) -> bool:
    """Whether the broker takes commands. Asked without a proxy, which the environment may name for everything."""
    connection = http.client.HTTPConnection(ports.HOST, management, timeout=2)
    try:
        connection.request("GET", "/actuator/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except http.client.HTTPException:  # not the broker yet: what answers there speaks no HTTP
        return False
    finally:
        connection.close()
