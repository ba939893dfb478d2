"""The real jgo, with a repository on disk (it looks into `~/.m2` first), and with answers of a network that fails."""

from __future__ import annotations

import hashlib
import io
import resource
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from zelery.local import download, opensearch
from zelery.local.download import Distribution, Jars
from zelery.local.errors import LocalServerError

CONTENT = b"#!/bin/sh\n" * 20_000


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home and an empty cache."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def archive() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        member = tarfile.TarInfo("program-1.0/bin/run")
        member.size, member.mode = len(CONTENT), 0o755
        tar.addfile(member, io.BytesIO(CONTENT))
    return file.getvalue()


ARCHIVE = archive()
PROGRAM = Distribution(
    title="Program 1.0", group="org.example", name="program", version="1.0", sha256=hashlib.sha256(ARCHIVE).hexdigest()
)


def publish(home: Path, content: bytes = ARCHIVE) -> None:
    """Puts it where `mvn dependency:get` would."""
    folder = home / ".m2/repository/org/example/program/1.0"
    folder.mkdir(parents=True)
    (folder / "program-1.0.tar.gz").write_bytes(content)


class Answer:
    """What `requests.get` gives for a streamed body."""

    def __init__(self, status_code: int, body: Iterator[bytes], length: int) -> None:
        self.status_code = status_code
        self.headers = {"content-length": str(length)}
        self.text = "no checksum"
        self._body = body

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        return self._body


def network(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Answer]) -> None:
    monkeypatch.setattr(requests, "get", lambda url, **_options: answer(url))


def entries(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "cache").iterdir())


def test_a_changed_file_is_refused_with_both_checksums_and_nothing_stays(home: Path) -> None:
    publish(home, ARCHIVE + b"\0")
    with pytest.raises(LocalServerError, match=f"Program 1.0 .* expected {PROGRAM.sha256}.* try again"):
        download.unpacked(PROGRAM)
    assert entries(home) == ["program-1.0.lock"]


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError("no route"),  # no network at all
        requests.exceptions.ProxyError("refused"),  # a proxy that is not there
        requests.exceptions.SSLError("self-signed"),  # a proxy that reads along
        requests.Timeout("silent"),  # a network that swallows everything
    ],
)
def test_no_network_is_one_line_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, home: Path, failure: requests.RequestException
) -> None:
    def fail(_url: str) -> Answer:
        raise failure

    network(monkeypatch, fail)
    with pytest.raises(LocalServerError) as caught:
        download.unpacked(PROGRAM)
    message = str(caught.value)
    assert "\n" not in message
    assert (
        f"org.example:program:1.0:tar.gz): the Maven repository cannot be reached ({type(failure).__name__})" in message
    )
    assert f"copy program-1.0 from the cache of a machine that has it into {home / 'cache'}" in message


def test_an_answer_without_the_file_is_told_apart_from_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    network(monkeypatch, lambda _url: Answer(404, iter(()), 0))
    with pytest.raises(LocalServerError, match="the Maven repository did not give it"):
        download.unpacked(PROGRAM)


def test_a_download_that_breaks_off_is_not_taken_for_the_file_later(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def breaking() -> Iterator[bytes]:
        yield ARCHIVE[:100]
        raise requests.exceptions.ChunkedEncodingError("connection broken")

    network(monkeypatch, lambda _url: Answer(200, breaking(), len(ARCHIVE)))
    with pytest.raises(LocalServerError, match="ChunkedEncodingError"):
        download.unpacked(PROGRAM)
    assert entries(home) == ["program-1.0.lock"]
    publish(home)
    assert (download.unpacked(PROGRAM) / "bin/run").read_bytes() == CONTENT


def test_ctrl_c_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def interrupt(_step: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    publish(home)
    with pytest.raises(KeyboardInterrupt):
        download.unpacked(PROGRAM, interrupt)
    assert entries(home) == ["program-1.0.lock"]


def test_a_cache_that_cannot_be_a_folder_is_named(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "file").touch()
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(home / "file" / "cache"))
    with pytest.raises(LocalServerError, match=r"cannot be stored in .*/file/cache: Not a directory.*ZELERY_CACHE_DIR"):
        download.unpacked(PROGRAM)


def test_a_disk_that_takes_no_more_is_an_error_and_no_half_folder_stays(home: Path) -> None:
    publish(home)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONTENT) // 2, hard))
    try:
        with pytest.raises(LocalServerError, match=r"Program 1.0 cannot be stored in .*: File too large; make room"):
            download.unpacked(PROGRAM)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert entries(home) == ["program-1.0.lock"]


@pytest.mark.parametrize("package", ["jgo", "requests"])
def test_without_the_demo_group_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(LocalServerError, match=r"Program 1.0 cannot be had: the package jgo is not installed.*uv sync"):
        download.unpacked(PROGRAM)


def test_a_download_is_checked_unpacked_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    half = len(ARCHIVE) // 2
    seen: list[tuple[str, int, int]] = []
    network(monkeypatch, lambda _url: Answer(200, iter((ARCHIVE[:half], ARCHIVE[half:])), len(ARCHIVE)))
    folder = download.unpacked(PROGRAM, lambda *step: seen.append(step))
    assert folder == PROGRAM.folder
    assert (folder / "bin/run").read_bytes() == CONTENT
    assert (folder / "bin/run").stat().st_mode & 0o100
    assert seen[:2] == [
        ("Downloading Program 1.0", half, len(ARCHIVE)),
        ("Downloading Program 1.0", len(ARCHIVE), len(ARCHIVE)),
    ]
    assert seen[-1] == ("Unpacking Program 1.0", len(ARCHIVE), len(ARCHIVE))


def test_what_is_in_the_cache_is_not_fetched_again(home: Path) -> None:
    publish(home)
    first = download.unpacked(PROGRAM)
    (home / ".m2").rename(home / "gone")
    assert download.unpacked(PROGRAM) == first


def test_what_a_killed_process_left_is_cleared_away(home: Path) -> None:
    left = home / "cache/program-1.0.part/unpacked/half"
    left.mkdir(parents=True)
    publish(home)
    download.unpacked(PROGRAM)
    assert entries(home) == ["program-1.0", "program-1.0.lock"]


def test_two_at_once_install_once(home: Path) -> None:
    publish(home)
    installs: list[str] = []
    together = threading.Barrier(2)

    def install() -> None:
        together.wait()
        download.unpacked(PROGRAM, lambda _step, done, total: installs.append("done") if done == total else None)

    threads = [threading.Thread(target=install) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entries(home) == ["program-1.0", "program-1.0.lock"]
    assert (PROGRAM.folder / "bin/run").read_bytes() == CONTENT
    assert installs.count("done") <= 2  # the last member and the end, of one install


# -- a program of several jars

CONTENTS = {"one": b"1" * 1000, "other": b"2" * 3000}


@pytest.fixture
def jars(home: Path) -> Jars:
    """A program of two jars, published."""
    lines = []
    for name, content in CONTENTS.items():
        folder = home / f".m2/repository/org/example/{name}/1.0"
        folder.mkdir(parents=True)
        (folder / f"{name}-1.0.jar").write_bytes(content)
        lines.append(f"org.example:{name}:1.0 {hashlib.sha256(content).hexdigest()}\n")
    lock = home / "program.jars"
    lock.write_text("".join(lines))
    return Jars(title="Program 1.0", name="program", version="1.0", lock=lock, size=4000)


def test_one_changed_jar_of_many_is_named_and_no_jar_stays(home: Path, jars: Jars) -> None:
    (home / ".m2/repository/org/example/other/1.0/other-1.0.jar").write_bytes(b"3")
    with pytest.raises(LocalServerError, match=r"Program 1.0 cannot be used: other-1.0.jar has the SHA-256"):
        download.collected(jars)
    assert entries(home) == ["program-1.0.lock"]


def test_one_jar_that_is_not_given_is_named(monkeypatch: pytest.MonkeyPatch, home: Path, jars: Jars) -> None:
    (home / ".m2/repository/org/example/other/1.0/other-1.0.jar").unlink()
    network(monkeypatch, lambda _url: Answer(404, iter(()), 0))
    with pytest.raises(LocalServerError, match=r"\(org.example:other:1.0:jar\): the Maven repository did not give it"):
        download.collected(jars)
    assert entries(home) == ["program-1.0.lock"]


def test_jars_lie_side_by_side_and_are_reported_as_one_download(jars: Jars) -> None:
    seen: list[tuple[str, int, int]] = []
    folder = download.collected(jars, lambda *step: seen.append(step))
    assert folder == jars.folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "one-1.0.jar": CONTENTS["one"],
        "other-1.0.jar": CONTENTS["other"],
    }
    assert seen == [("Downloading Program 1.0", 1000, 4000), ("Downloading Program 1.0", 4000, 4000)]


def test_jars_in_the_cache_are_not_fetched_again(home: Path, jars: Jars) -> None:
    first = download.collected(jars)
    (home / ".m2").rename(home / "gone")
    assert download.collected(jars) == first


def test_the_jars_of_opensearch_are_listed_each_with_a_checksum() -> None:
    artifacts = opensearch.JARS.artifacts
    assert len({artifact.coordinates for artifact in artifacts}) == 95
    assert len({(artifact.name, artifact.version) for artifact in artifacts}) == 95  # none takes another's place
    assert all(len(bytes.fromhex(artifact.sha256)) == 32 for artifact in artifacts)
