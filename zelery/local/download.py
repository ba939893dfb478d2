"""An artifact of a Maven repository: fetched by its coordinates, checked, unpacked, and kept in the cache.

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
    def coordinates(self) -> str:
        """As Maven's own commands take them."""
        return f"{self.group}:{self.name}:{self.version}:tar.gz"

    @property
    def folder(self) -> Path:
        """Where it is when it has been unpacked."""
        return cache.directory() / f"{self.name}-{self.version}"


def unpacked(distribution: Distribution, progress: Progress | None = None) -> Path:
    """The folder of a distribution, downloaded if it is not in the cache. Safe in many processes at once.

    A file that `mvn` has put into `~/.m2` is used before the network is.

    Raises:
        LocalServerError: It is not in the cache and cannot be downloaded, or the cache cannot be written.
    """
    folder = distribution.folder
    if folder.is_dir():
        return folder
    with _writing(distribution), cache.locked(folder):
        if not folder.is_dir():  # another process may have made it while we waited
            _install(distribution, progress or _silent)
    return folder


def _install(distribution: Distribution, progress: Progress) -> None:
    part = distribution.folder.with_name(f"{distribution.folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
    try:
        archive = _fetched(distribution, part / "maven", progress)
        _check(archive, distribution)
        _unpack(archive, part / "unpacked", f"Unpacking {distribution.title}", progress)
        (top,) = (part / "unpacked").iterdir()
        top.rename(distribution.folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetched(distribution: Distribution, repository: Path, progress: Progress) -> Path:
    """The .tar.gz, in a local Maven repository or downloaded into `repository`."""
    try:
        import requests  # noqa: PLC0415 # comes with jgo
        from jgo import maven  # type: ignore[import-untyped] # noqa: PLC0415 # only in the dependency group `demo`
    except ImportError as error:
        raise package_missing("jgo", distribution.title) from error
    context = maven.MavenContext(
        resolver=maven.PythonResolver(progress_callback=_reporting(f"Downloading {distribution.title}", progress)),
        repo_cache=repository,
        local_repos=[Path.home() / ".m2" / "repository"],
        timeout=_SILENCE_S,
    )
    component = context.project(distribution.group, distribution.name).at_version(distribution.version)
    try:
        return Path(component.artifact(packaging="tar.gz").resolve())
    except requests.RequestException as error:
        raise _unreachable(distribution, f"the Maven repository cannot be reached ({type(error).__name__})") from error
    except RuntimeError as error:  # jgo's for every answer but 200
        raise _unreachable(distribution, "the Maven repository did not give it") from error


def _unreachable(distribution: Distribution, why: str) -> LocalServerError:
    return LocalServerError(
        f"{distribution.title} cannot be downloaded ({distribution.coordinates}): {why}; connect to the internet "
        f"(HTTPS_PROXY is understood) and try again, or copy {distribution.folder.name} from the cache of a machine "
        f"that has it into {distribution.folder.parent}"
    )


def _check(archive: Path, distribution: Distribution) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != distribution.sha256:
        raise LocalServerError(
            f"{distribution.title} cannot be used: {archive.name} has the SHA-256 {digest}, expected "
            f"{distribution.sha256}; something on the way changed it (a proxy, or a broken file in ~/.m2): "
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
    step: str, progress: Progress
) -> Callable[[str, int], contextlib.AbstractContextManager[Callable[[int], None]]]:
    """Progress as jgo reports it, a file in a block and its pieces one by one, to progress as ours."""

    @contextlib.contextmanager
    def file(_name: str, total: int) -> Iterator[Callable[[int], None]]:
        done = 0

        def piece(size: int) -> None:
            nonlocal done
            done += size
            progress(step, done, total)

        yield piece

    return file


@contextlib.contextmanager
def _writing(distribution: Distribution) -> Iterator[None]:
    """A full or protected disk as an error that says what to do."""
    try:
        yield
    except (OSError, shutil.Error) as error:
        raise LocalServerError(
            f"{distribution.title} cannot be stored in {distribution.folder.parent}: {error.strerror or error}; "
            "make room for 500 MB there, or set ZELERY_CACHE_DIR to a folder that can be written"
        ) from error


def _silent(_step: str, _done: int, _total: int) -> None:
    pass
