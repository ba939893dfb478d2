"""What a Zeebe by itself and a Zeebe within Camunda share: the command, the settings, the ports, the folder."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from zelery.local import download, java, ports
from zelery.local.errors import LocalServerError

#: What it listens on, on loopback.
_PORTS = ("gateway", "command", "internal", "management", "http")


def listening(title: str, **wanted: int) -> dict[str, int]:
    """A port for each thing that it listens on, by name.

    Args:
        title: Whose ports they are.
        wanted: Ports that were asked for; 0 takes a free one.

    Raises:
        LocalServerError: A port that was asked for is taken.
    """
    chosen = {name: ports.check_free(port, title) for name, port in wanted.items() if port}
    return {**dict(zip(_PORTS, ports.free(len(_PORTS)), strict=True)), **chosen}


def java_command(distribution: download.Distribution, memory: str, *, light: bool = True) -> list[str]:
    """java and its options. Only jars are on the class path, because a class-data archive allows no folder there.

    Args:
        distribution: What is run.
        memory: The most its heap may take, as java takes it.
        light: Whether throughput is given up for a short start.

    Raises:
        LocalServerError: There is no java.
    """
    config = distribution.folder / "config"
    return [
        *java.command(distribution.title, memory, (distribution.folder / "lib").glob("*.jar"), light=light),
        "-XX:+ExitOnOutOfMemoryError",
        "-Dfile.encoding=UTF-8",
        f"-Dlog4j2.configurationFile={config / 'log4j2.xml'}",
        f"-Dspring.config.additional-location=file:{config}/",
    ]


def environment(data: Path, listening: Mapping[str, int]) -> dict[str, str]:
    """Its settings: everything on loopback, little disk, few threads, and a log of what goes wrong only."""
    return {
        "ZEEBE_BROKER_NETWORK_HOST": ports.HOST,
        "ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT": str(listening["command"]),
        "ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT": str(listening["internal"]),
        "ZEEBE_BROKER_GATEWAY_NETWORK_HOST": ports.HOST,
        "ZEEBE_BROKER_GATEWAY_NETWORK_PORT": str(listening["gateway"]),
        "ZEEBE_BROKER_GATEWAY_CLUSTER_INITIALCONTACTPOINTS": f"{ports.HOST}:{listening['internal']}",
        "SERVER_ADDRESS": ports.HOST,
        "SERVER_PORT": str(listening["http"]),
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
def folder(title: str, data_dir: Path | None) -> Iterator[Path]:
    """Where it keeps its data and its log.

    Args:
        title: Whose data it is.
        data_dir: The folder, made if it is not there. None: a temporary one.

    Raises:
        LocalServerError: It cannot be made.
    """
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="zelery-zeebe-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalServerError(
            f"{title} cannot keep its data in {data_dir}: {error.strerror}; name a folder that can be written"
        ) from error
    yield data_dir.absolute()
