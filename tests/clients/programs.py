"""Client programs in other languages: built once into the cache, run as children, each prints one line of JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.bench import java_peer
from tests.servers import cache
from zelery.local.errors import LocalServerError

HERE = Path(__file__).parent

#: How long a package client may take for what is not in the cache, seconds.
_BUILD_S = 600

#: How long a program may run, seconds. It ends by itself within a third of it.
_RUN_S = 120


@contextlib.contextmanager
def or_skip() -> Iterator[None]:
    """Skips the test when a client cannot be had on this machine, whatever `ZELERY_TEST_REQUIRE` says: it is no part
    of the project.
    """
    try:
        yield
    except LocalServerError as error:
        pytest.skip(str(error))


def java_class_path(version: str) -> str:
    """The class path of the Java program with a version of the client, compiled if it is not in the cache.

    Raises LocalServerError when it cannot be built, or there is no Java.
    """
    source = HERE / "java"
    _found("java")

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        goals = ["compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath.txt"]
        _done([_found("mvn"), "--quiet", "--batch-mode", f"-Dcamunda.version={version}", *goals], folder)

    folder = _built(f"client-java-{version}", source, build)
    return f"{folder / 'target' / 'classes'}:{(folder / 'classpath.txt').read_text().strip()}"


def java(class_path: str, arguments: Sequence[str]) -> Mapping[str, Any]:
    """What the Java program saw."""
    return _seen([_found("java"), "-XX:TieredStopAtLevel=1", "-cp", class_path, "tests.Main", *arguments])


def runtime_jar() -> Path:
    """The connector runtime with the REST connector and a webhook of ours, built if it is not in the cache.

    Raises LocalServerError when it cannot be built: that takes Maven and a JDK from 21 on.
    """
    source = HERE / "runtime"

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        _done([_found("mvn"), "--quiet", "--batch-mode", "package"], folder, {"JAVA_HOME": str(java_peer.jdk())})

    return _built("client-runtime", source, build) / "target" / "runtime-1.jar"


def node_folder() -> Path:
    """The folder of the Node programs with their packages, installed if they are not in the cache.

    Raises LocalServerError when they cannot be installed, or there is no Node.
    """
    source = HERE / "node"
    _found("node")

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        _done([_found("npm"), "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"], folder)

    return _built("client-node", source, build)


def node(program: Path, arguments: Sequence[str]) -> Mapping[str, Any]:
    """What a Node program saw."""
    return _seen([_found("node"), str(program), *arguments])


def _found(command: str) -> str:
    if path := shutil.which(command):
        return path
    raise LocalServerError(f"{command} cannot be found: install it to test the clients that need it")


def _built(name: str, source: Path, build: Callable[[Path], None]) -> Path:
    """The folder of what was built from these sources; it gets its place by a rename, when it is complete."""
    digest = hashlib.sha256()
    for file in sorted(source.rglob("*")):
        if file.is_file():
            digest.update(f"{file.relative_to(source)}\0".encode() + file.read_bytes())
    folder = cache.directory() / f"{name}-{digest.hexdigest()[:12]}"
    with cache.locked(folder):
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            build(part)
            part.rename(folder)
    return folder


def _done(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    env = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=_BUILD_S
        )
    except subprocess.TimeoutExpired as error:
        raise LocalServerError(f"{Path(command[0]).name} was not done after {_BUILD_S} s") from error
    if done.returncode:
        raise LocalServerError(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr)[-2000:]}")


def _seen(command: Sequence[str]) -> Mapping[str, Any]:
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=_RUN_S)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, f"the program saw nothing: {(done.stdout + done.stderr)[-2000:]}"
    seen: dict[str, Any] = json.loads(lines[-1])
    return seen
