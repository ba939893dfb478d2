"""A real Camunda 8.6 on this machine: Zeebe and Operate in one JVM, and beside it the OpenSearch that both write to.

Beside the roles it is what Camunda's own users have: definitions are found by Operate's REST API, and instances are
watched in Operate. It needs ten times the time and three times the memory of Zeebe by itself, which most tests prefer.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from zelery.local import broker, download, java, opensearch, ports, probe

DISTRIBUTION = download.Distribution(
    title="Camunda 8.6.0",
    group="io.camunda",
    name="camunda-zeebe",
    version="8.6.0",
    sha256="5c699e86a6c9d290dd7b1f0b2ea648fb57fd1dacf1cab22c874219e58827ea45",
)

#: Operate's only user and its password, which its own installation begins with.
USERNAME = PASSWORD = "demo"  # noqa: S105 # published; the server listens on loopback

_MAIN_CLASS = "io.camunda.application.StandaloneCamunda"

_MEMORY = "640m"

#: It is ready in 30 to 60 s; the first time, without archives and on a machine that did ten other things, in 134 s.
_READY_TIMEOUT_S = 300

#: Operate's pauses after an import that found nothing, and what makes written documents visible. The defaults, 5 s and
#: 5 s and 1 s, let a definition appear after some 6 s; so it is 2 s. The rest is the exporter, which counts in seconds.
_FAST = {
    "CAMUNDA_OPERATE_IMPORTER_SCHEDULERBACKOFF": "100",
    "CAMUNDA_OPERATE_IMPORTER_READERBACKOFF": "100",
    "CAMUNDA_OPERATE_OPENSEARCH_REFRESHINTERVAL": "100ms",
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Camunda:
    """A running Camunda."""

    gateway: str
    """`127.0.0.1:PORT`, gRPC without TLS."""
    operate: str
    """`http://127.0.0.1:PORT`: Operate, for people and by REST. The login is `USERNAME` and `PASSWORD`."""
    management: str
    """`http://127.0.0.1:PORT`, for `/actuator`."""
    pid: int
    """The process of its JVM."""
    log: Path
    """What it printed."""
    opensearch: opensearch.OpenSearch
    """Where it keeps what Operate shows."""


@contextlib.contextmanager
def running(
    data_dir: Path | None = None,
    port: int = 0,
    http_port: int = 0,
    progress: download.Progress | None = None,
    *,
    fast: bool = True,
) -> Iterator[Camunda]:
    """Runs a Camunda until the block ends, downloading it and OpenSearch first if need be.

    Args:
        data_dir: Where its records and its logs are kept; run there again, it goes on. None: in a temporary folder.
        port: Where its gateway listens on loopback; 0 takes a free port.
        http_port: Where Operate listens on loopback; 0 takes a free port.
        progress: Told of the downloads and the unpacking.
        fast: Whether Operate looks for what is new ten times a second, for tests, or as it does by itself.

    Raises:
        LocalServerError: It cannot be had: no download, a wheel is missing, a port is taken, one of the two dies at
            start.
    """
    install(progress)
    command = broker.java_command(DISTRIBUTION, _MEMORY)
    listening = broker.listening(DISTRIBUTION.title, gateway=port, http=http_port)
    with (
        broker.folder(DISTRIBUTION.title, data_dir) as folder,
        opensearch.running(folder / "opensearch") as store,
        java.running(
            DISTRIBUTION,
            command,
            [_MAIN_CLASS],
            log=folder / "camunda.log",
            env=environment(folder / "data", listening, store.url, fast=fast),
            ready=lambda: _healthy(listening),
            timeout_s=_READY_TIMEOUT_S,
        ) as child,
    ):
        yield Camunda(
            gateway=f"{ports.HOST}:{listening['gateway']}",
            operate=f"http://{ports.HOST}:{listening['http']}",
            management=f"http://{ports.HOST}:{listening['management']}",
            pid=child.pid,
            log=child.log,
            opensearch=store,
        )


def install(progress: download.Progress | None = None) -> None:
    """Downloads what is not in the cache: the distribution, and OpenSearch.

    Raises:
        LocalServerError: It cannot be downloaded or stored.
    """
    download.unpacked(DISTRIBUTION, progress)
    opensearch.install(progress)


def installed() -> bool:
    """Whether all is in the cache."""
    return DISTRIBUTION.folder.is_dir() and opensearch.JARS.folder.is_dir()


def environment(data: Path, listening: Mapping[str, int], store: str, *, fast: bool) -> dict[str, str]:
    """Its settings: the broker's, and where both find OpenSearch. Operate has one tenant, and wants no CSRF token."""
    return {
        **broker.environment(data, listening),
        "SPRING_PROFILES_ACTIVE": "operate,broker,auth",
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_CLASSNAME": "io.camunda.zeebe.exporter.opensearch.OpensearchExporter",
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL": store,
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_BULK_DELAY": "1",
        "CAMUNDA_DATABASE_TYPE": "opensearch",
        "CAMUNDA_DATABASE_URL": store,
        "CAMUNDA_OPERATE_DATABASE": "opensearch",
        "CAMUNDA_OPERATE_OPENSEARCH_URL": store,
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL": store,
        "CAMUNDA_OPERATE_OPENSEARCH_HEALTHCHECKENABLED": "false",
        "CAMUNDA_OPERATE_ZEEBE_GATEWAYADDRESS": f"{ports.HOST}:{listening['gateway']}",
        "CAMUNDA_OPERATE_CSRFPREVENTIONENABLED": "false",
        "CAMUNDA_OPERATE_MULTITENANCY_ENABLED": "false",
        "CAMUNDA_OPERATE_ARCHIVER_ROLLOVERENABLED": "false",
        **(_FAST if fast else {}),
    }


def _healthy(listening: Mapping[str, int]) -> bool:
    """Whether the broker takes commands, and Operate its user, whom it stores when it has made its indices."""
    login = f"/api/login?username={USERNAME}&password={PASSWORD}"
    return probe.answers(listening["management"], "/actuator/health") and probe.answers(
        listening["http"], login, "POST"
    )
