"""Programs that are jars in a Maven repository: fetched by Apache Maven, checked, and kept in the cache.

Where they come from is Maven's to know: the repositories of its own settings. What it brings is compared with a SHA-256
of ours, and only what is complete gets its place in the cache, by a rename.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from tests.servers import cache
from zelery.local.errors import LocalServerError

#: How long Maven may take, seconds: it fetches its own plugins the first time.
_MAVEN_S = 900

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{dependencies}</dependencies></project>"""

#: Each jar is named by the list: what Maven thinks that it needs besides is left out.
_DEPENDENCY = (
    "<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
)
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A jar in a Maven repository."""

    group: str
    name: str
    version: str
    sha256: str
    """Lower-case hexadecimal."""

    @property
    def file_name(self) -> str:
        """As Maven calls it."""
        return f"{self.name}-{self.version}.jar"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Jars:
    """A program published as jars, each an artifact of its own."""

    title: str
    """What people call it: `Kafka 4.1.0`."""
    name: str
    version: str
    lock: Path
    """A file that lists them all, `group:name:version sha256` in a line."""

    @property
    def artifacts(self) -> list[Artifact]:
        """What the file lists."""
        rows = (line.replace(":", " ").split() for line in self.lock.read_text(encoding="utf-8").splitlines())
        return [
            Artifact(group=group, name=name, version=version, sha256=sha256) for group, name, version, sha256 in rows
        ]

    @property
    def folder(self) -> Path:
        """Where they are side by side when all have been fetched."""
        return cache.directory() / f"{self.name}-{self.version}"


def collected(jars: Jars) -> Path:
    """The folder with a program's jars, fetched if it is not in the cache. Safe in many processes at once.

    Raises:
        LocalServerError: There is no Maven, it does not bring them, one is not what was published.
    """
    folder = jars.folder
    if folder.is_dir():
        return folder
    with cache.locked(folder):
        if not folder.is_dir():  # Another process may have made it meanwhile.
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)  # Left by a process that was killed.
            part.mkdir(parents=True)
            try:
                _fetch(jars, part)
                (part / "jars").rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _fetch(jars: Jars, part: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise LocalServerError(f"{jars.title} cannot be had: install Apache Maven (mvn), which fetches its jars")
    dependencies = "".join(
        _DEPENDENCY.format(group=escape(each.group), name=escape(each.name), version=escape(each.version))
        for each in jars.artifacts
    )
    (part / "pom.xml").write_text(_POM.format(dependencies=dependencies), encoding="utf-8")
    command = [maven, "--quiet", "--batch-mode", _COPY, f"-DoutputDirectory={part / 'jars'}"]
    try:
        done = subprocess.run(command, cwd=part, capture_output=True, text=True, timeout=_MAVEN_S, check=False)
    except subprocess.TimeoutExpired:
        raise LocalServerError(f"{jars.title} cannot be had: Maven took longer than {_MAVEN_S} s") from None
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr[-300:])
        raise LocalServerError(f"{jars.title} cannot be had: Maven said {said.strip()[:500]}")
    for artifact in jars.artifacts:
        check(part / "jars" / artifact.file_name, artifact, jars)


def check(file: Path, artifact: Artifact, jars: Jars) -> None:
    """Compare a file with what was published. Raises LocalServerError."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise LocalServerError(f"{jars.title} cannot be had: Maven brought no {file.name}") from error
    if digest != artifact.sha256:
        raise LocalServerError(
            f"{jars.title} cannot be used: {file.name} has the SHA-256 {digest}, expected {artifact.sha256}; something "
            "on the way changed it (a proxy, or a broken file in ~/.m2): remove that and try again"
        )
