"""Programs from a Maven repository: fetched by their coordinates, checked, and kept in the cache.

The library jgo knows where Maven's artifacts are. It only warns of a wrong checksum, and after an interruption it takes
what came for the whole file. So it writes into a folder that is thrown away, and what it brought is compared with a
SHA-256 of ours. Only what is complete gets its place in the cache, by a rename.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from zelery.local import cache
from zelery.local.errors import LocalServerError, package_missing

#: Told how far a step has come: what is done ("Downloading …"), bytes done, bytes in all.
Progress = Callable[[str, int, int], None]

#: How long a repository may be silent, connecting or in the middle of a file.
_SILENCE_S = 60


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A file in a Maven repository."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str
    """Lower-case hexadecimal."""

    @property
    def coordinates(self) -> str:
        """As Maven's own commands take them."""
        return f"{self.group}:{self.name}:{self.version}:{self.packaging}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A program published as a .tar.gz with one folder inside."""

    title: str
    """What people call it: `Zeebe 8.5.8`."""
    group: str
    name: str
    version: str
    sha256: str
    """Of the .tar.gz, lower-case hexadecimal."""

    @property
    def artifact(self) -> Artifact:
        """The .tar.gz."""
        return Artifact(group=self.group, name=self.name, version=self.version, packaging="tar.gz", sha256=self.sha256)

    @property
    def folder(self) -> Path:
        """Where it is when it has been unpacked."""
        return cache.directory() / f"{self.name}-{self.version}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Jars:
    """A program published as jars, each an artifact of its own."""

    title: str
    """What people call it: `OpenSearch 2.17.1`."""
    name: str
    version: str
    lock: Path
    """A file that lists them all, `group:name:version sha256` in a line."""
    size: int
    """Bytes of all of them, which no line says: a download is measured by it."""

    @property
    def artifacts(self) -> list[Artifact]:
        """What the file lists."""
        rows = (line.replace(":", " ").split() for line in self.lock.read_text(encoding="utf-8").splitlines())
        return [
            Artifact(group=group, name=name, version=version, packaging="jar", sha256=sha256)
            for group, name, version, sha256 in rows
        ]

    @property
    def folder(self) -> Path:
        """Where they lie side by side when all have been downloaded."""
        return cache.directory() / f"{self.name}-{self.version}"


def unpacked(distribution: Distribution, progress: Progress | None = None) -> Path:
    """The folder of a distribution, downloaded if it is not in the cache. Safe in many processes at once.

    A file that `mvn` has put into `~/.m2` is used before the network is.

    Raises:
        LocalServerError: It is not in the cache and cannot be downloaded, or the cache cannot be written.
    """
    return _kept(distribution, lambda part: _made_of_archive(distribution, part, progress or _silent))


def collected(jars: Jars, progress: Progress | None = None) -> Path:
    """The folder with a program's jars, downloaded if it is not in the cache, as `unpacked` does it.

    Raises:
        LocalServerError: As there.
    """
    return _kept(jars, lambda part: _made_of_jars(jars, part, progress or _silent))


def _kept(program: Distribution | Jars, make: Callable[[Path], Path]) -> Path:
    """The program's folder in the cache. Where it is not, `make` makes it in a folder that is thrown away."""
    folder = program.folder
    if folder.is_dir():
        return folder
    with _writing(program), cache.locked(folder):
        if not folder.is_dir():  # another process may have made it while we waited
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
            try:
                make(part).rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _made_of_archive(distribution: Distribution, part: Path, progress: Progress) -> Path:
    step = f"Downloading {distribution.title}"
    archive = _fetched(distribution.artifact, distribution, part / "maven", lambda *done: progress(step, *done))
    _unpack(archive, part / "unpacked", f"Unpacking {distribution.title}", progress)
    (top,) = (part / "unpacked").iterdir()
    return top


def _made_of_jars(jars: Jars, part: Path, progress: Progress) -> Path:
    side_by_side, done = part / "jars", 0
    side_by_side.mkdir(parents=True)
    for artifact in jars.artifacts:
        jar = _fetched(artifact, jars, part / "maven", lambda *_done: None)
        shutil.copyfile(jar, side_by_side / jar.name)
        done += jar.stat().st_size
        progress(f"Downloading {jars.title}", done, jars.size)
    return side_by_side


def _fetched(
    artifact: Artifact, program: Distribution | Jars, repository: Path, report: Callable[[int, int], None]
) -> Path:
    """The file as it was published, in a local Maven repository or downloaded into `repository`."""
    try:
        import requests  # noqa: PLC0415 # comes with jgo
        from jgo import maven  # type: ignore[import-untyped] # noqa: PLC0415 # only in the dependency group `demo`
    except ImportError as error:
        raise package_missing("jgo", program.title) from error
    context = maven.MavenContext(
        resolver=maven.PythonResolver(progress_callback=_reporting(report)),
        repo_cache=repository,
        local_repos=[Path.home() / ".m2" / "repository"],
        timeout=_SILENCE_S,
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        file = Path(component.artifact(packaging=artifact.packaging).resolve())
    except requests.RequestException as error:
        why = f"the Maven repository cannot be reached ({type(error).__name__})"
        raise _unreachable(artifact, program, why) from error
    except RuntimeError as error:  # jgo's for every answer but 200
        raise _unreachable(artifact, program, "the Maven repository did not give it") from error
    _check(file, artifact, program)
    return file


def _unreachable(artifact: Artifact, program: Distribution | Jars, why: str) -> LocalServerError:
    return LocalServerError(
        f"{program.title} cannot be downloaded ({artifact.coordinates}): {why}; connect to the internet "
        f"(HTTPS_PROXY is understood) and try again, or copy {program.folder.name} from the cache of a machine "
        f"that has it into {program.folder.parent}"
    )


def _check(file: Path, artifact: Artifact, program: Distribution | Jars) -> None:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != artifact.sha256:
        raise LocalServerError(
            f"{program.title} cannot be used: {file.name} has the SHA-256 {digest}, expected "
            f"{artifact.sha256}; something on the way changed it (a proxy, or a broken file in ~/.m2): "
            "remove that and try again"
        )


def _unpack(archive: Path, folder: Path, step: str, progress: Progress) -> None:
    size = archive.stat().st_size
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r|gz") as tar:
        # Python before 3.11.4 has no filters; the file is known to be what was published, so none is needed.
        tar.extraction_filter = getattr(tarfile, "data_filter", _unfiltered)
        tar.extractall(folder, members=_counted(tar, file, lambda done: progress(step, done, size)))  # noqa: S202 # filtered
    progress(step, size, size)


def _counted(tar: tarfile.TarFile, file: BinaryIO, report: Callable[[int], None]) -> Iterator[tarfile.TarInfo]:
    for member in tar:
        report(file.tell())
        yield member


def _unfiltered(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    return member


def _reporting(
    report: Callable[[int, int], None],
) -> Callable[[str, int], contextlib.AbstractContextManager[Callable[[int], None]]]:
    """Progress as jgo reports it, a file in a block and its pieces one by one, to bytes done and bytes in all."""

    @contextlib.contextmanager
    def file(_name: str, total: int) -> Iterator[Callable[[int], None]]:
        done = 0

        def piece(size: int) -> None:
            nonlocal done
            done += size
            report(done, total)

        yield piece

    return file


@contextlib.contextmanager
def _writing(program: Distribution | Jars) -> Iterator[None]:
    """A full or protected disk as an error that says what to do."""
    try:
        yield
    except (OSError, shutil.Error) as error:
        raise LocalServerError(
            f"{program.title} cannot be stored in {program.folder.parent}: {error.strerror or error}; "
            "make room for 1 GB there, or set ZELERY_CACHE_DIR to a folder that can be written"
        ) from error


def _silent(_step: str, _done: int, _total: int) -> None:
    pass
