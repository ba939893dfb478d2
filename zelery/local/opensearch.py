"""A real OpenSearch on this machine, in which Camunda keeps what Operate shows: its jars, on a wheel's Java runtime."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from zelery.local import download, java, ports, probe
from zelery.local.errors import LocalServerError

#: The runner that starts it within one JVM, without the scripts and folders of its own distribution, is among the jars.
JARS = download.Jars(
    title="OpenSearch 2.17.1",
    name="opensearch",
    version="2.17.1",
    lock=Path(__file__).with_name("opensearch.jars"),
    size=68_215_516,
)

_MAIN_CLASS = "org.codelibs.opensearch.runner.OpenSearchRunner"

#: What Camunda's indices and queries need.
_MODULES = (
    "org.opensearch.analysis.common.CommonAnalysisPlugin",
    "org.opensearch.index.mapper.MapperExtrasPlugin",
    "org.opensearch.index.reindex.ReindexPlugin",
    "org.opensearch.join.ParentJoinPlugin",
    "org.opensearch.painless.PainlessPlugin",
    "org.opensearch.transport.Netty4Plugin",
)

#: The analysis module stops without word breaks for Thai, which the wheel's runtime lacks: icu4j-localespi brings them.
_LOCALES = "-Djava.locale.providers=SPI,CLDR"

_MEMORY = "384m"

#: It is ready in 5 to 15 s; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 120

#: The runner takes the first free port from a base to 9299, whatever it is told. Two that start at once would take the
#: same, so each begins elsewhere.
_BASES = range(9200, 9280)

#: Where it says which.
_PORT = re.compile(rb"HttpServerTransport *\] publish_address \{[^}]*:(\d+)\}")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class OpenSearch:
    """A running OpenSearch."""

    url: str
    """`http://127.0.0.1:PORT`."""
    pid: int
    """The process of its JVM."""
    log: Path
    """What it printed."""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[OpenSearch]:
    """Runs an OpenSearch until the block ends, downloading it first if need be.

    Args:
        folder: Where its indices and its log are kept, made if it is not there; run there again, it goes on.

    Raises:
        LocalServerError: It cannot be had: no download, a wheel is missing, it dies at start.
    """
    command = [*java.command(JARS.title, _MEMORY, install().glob("*.jar")), _LOCALES]
    configure(folder, *ports.free(1))
    log = folder / "opensearch.log"
    before = log.stat().st_size if log.exists() else 0
    with java.running(
        JARS,
        command,
        arguments(folder, random.SystemRandom().choice(_BASES)),
        log=log,
        ready=lambda: _healthy(said_port(log, before)),
        timeout_s=_READY_TIMEOUT_S,
    ) as child:
        yield OpenSearch(url=f"http://{ports.HOST}:{said_port(log, before)}", pid=child.pid, log=log)


def install(progress: download.Progress | None = None) -> Path:
    """The folder of its jars, downloaded if it is not in the cache.

    Raises:
        LocalServerError: They cannot be downloaded or stored.
    """
    return download.collected(JARS, progress)


def arguments(folder: Path, base: int) -> list[str]:
    """The runner and what it is told. Its ports are counted from one above the base."""
    options = {"basePath": folder, "numOfNode": 1, "baseHttpPort": base, "moduleTypes": ",".join(_MODULES)}
    return [_MAIN_CLASS, *(part for name, value in options.items() for part in (f"-{name}", str(value))), "-useLogger"]


def configure(folder: Path, transport_port: int) -> None:
    """Writes its settings where the runner's only node looks for them. A JSON value is a YAML value too.

    Raises:
        LocalServerError: They cannot be written.
    """
    settings = {
        "network.host": ports.HOST,
        "transport.port": transport_port,
        "discovery.type": "single-node",
        "node.processors": 1,
        "node.max_local_storage_nodes": 1,
        # Else it takes no more once 95 % of the disk are used, however much the rest is.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    config = folder / "node_1" / "config"
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in settings.items()]
    try:
        config.mkdir(parents=True, exist_ok=True)
        (config / "opensearch.yml").write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise LocalServerError(
            f"{JARS.title} cannot keep its data in {folder}: {error.strerror}; name a folder that can be written"
        ) from error


def said_port(log: Path, before: int) -> int | None:
    """The port that it says it listens on; None as long as it says nothing.

    Args:
        log: What it printed, this time and before.
        before: How much of that was before.
    """
    found = _PORT.search(log.read_bytes(), before)
    return int(found[1]) if found else None


def _healthy(port: int | None) -> bool:
    """Whether it takes what is written to it."""
    return port is not None and probe.answers(port, "/_cluster/health?wait_for_status=yellow&timeout=1s")
