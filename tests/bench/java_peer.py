"""Camunda's Java connector runtime 8.8.7, the peer: built once from the project in ../shared, and run."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.contenders import Contender, process
from tests.bench.processes import Processes
from tests.servers import cache, java
from zelery.local import ports
from zelery.local.errors import LocalServerError

#: The Maven project, beside ours.
PROJECT = Path(__file__).parents[3] / "shared" / "lab" / "java_runtime"

VERSION = "8.8.7"
_BUILT = "java-runtime-1.jar"
_JAVAC = 21
_READY_S = 180


@contextlib.contextmanager
def running(name: str, gateway: str, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Contender]:
    """The runtime with its own defaults, less what it would need other servers for, until the block ends.

    Raises LocalServerError when it cannot be had.
    """
    (port,) = ports.free(1)
    job_type = f"bench:{name.replace(' ', '-')}:1"
    log = folder / f"{name.replace(' ', '-')}.log"
    flags = {
        "server.port": str(port),
        "server.address": ports.HOST,
        "camunda.connector.polling.enabled": "false",
        "camunda.connector.webhook.enabled": "false",
        "camunda.client.mode": "self-managed",
        "camunda.client.grpc-address": f"http://{gateway}",
        "camunda.client.rest-address": f"http://{ports.HOST}:9",  # Nothing asks it: jobs go over gRPC.
        "camunda.client.prefer-rest-over-grpc": "false",
        "logging.level.root": "WARN",
        **(settings or {}),
    }
    command = [str(java.executable("the Java runtime")), "-Xmx1g", "-jar", str(jar())]
    command += [f"--{key}={value}" for key, value in flags.items()]
    with process(command, {"CONNECTOR_HTTP_REST_TYPE": job_type}, log) as pid:
        _await(f"http://{ports.HOST}:{port}/actuator/health", log)
        counted = Processes([pid])
        yield Contender(name=name, job_type=job_type, counted=counted, frozen=counted)


def jar() -> Path:
    """The runtime, built if it is not in the cache: that takes Maven, a JDK from 21 on, and a minute.

    Raises LocalServerError when it cannot be built.
    """
    built = cache.directory() / f"java-runtime-{VERSION}.jar"
    with cache.locked(built):
        if not built.exists():
            _build(built)
    return built


def _build(built: Path) -> None:
    if not PROJECT.exists():
        raise LocalServerError(f"the Java runtime cannot be built: its project is not in {PROJECT}")
    if not (maven := shutil.which("mvn")):
        raise LocalServerError("the Java runtime cannot be built: install Maven")
    with tempfile.TemporaryDirectory(prefix="zelery-java-") as folder:
        project = Path(folder, "project")
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        done = subprocess.run(
            [maven, "--quiet", "--batch-mode", "package"],
            cwd=project,
            env={**os.environ, "JAVA_HOME": str(jdk())},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LocalServerError(f"the Java runtime cannot be built: {(done.stdout + done.stderr)[-2000:]}")
        shutil.copy(project / "target" / _BUILT, built)


def jdk() -> Path:
    """The home of a JDK whose javac is new enough. Raises LocalServerError."""
    homes = [Path(os.environ.get("JAVA_HOME") or "/nowhere"), *sorted(Path("/usr/lib/jvm").glob("*"))]
    for home in homes:
        release = home / "release"
        if (home / "bin" / "javac").exists() and release.exists():
            version = release.read_text().partition('JAVA_VERSION="')[2].partition(".")[0].strip('"\n')
            if version.isdigit() and int(version) >= _JAVAC:
                return home
    raise LocalServerError(f"the Java runtime cannot be built: no JDK from {_JAVAC} on; name its folder by JAVA_HOME")


def _await(url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.5)
    raise LocalServerError(f"the Java runtime was not ready after {_READY_S} s: {log.read_text()[-2000:]}")
