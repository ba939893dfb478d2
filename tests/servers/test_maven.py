from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.servers import maven
from zelery.local.errors import LocalServerError


def jars(folder: Path, digest: str = "0" * 64) -> maven.Jars:
    (folder / "thing.jars").write_text(f"org.example:thing:1.2 {digest}\n")
    return maven.Jars(title="Thing 1.2", name="thing", version="1.2", lock=folder / "thing.jars")


def test_the_list_names_each_jar_with_its_digest(tmp_path: Path) -> None:
    (artifact,) = jars(tmp_path, "ab").artifacts
    assert (artifact.group, artifact.name, artifact.version, artifact.sha256) == ("org.example", "thing", "1.2", "ab")
    assert artifact.file_name == "thing-1.2.jar"


def test_without_maven_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(LocalServerError, match=r"Thing 1\.2 cannot be had: install Apache Maven"):
        maven.collected(jars(tmp_path))


def test_what_is_in_the_cache_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path))
    (tmp_path / "thing-1.2").mkdir()
    assert maven.collected(jars(tmp_path)) == tmp_path / "thing-1.2"


def test_a_maven_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mvn"
    program.write_text("#!/bin/sh\necho '[ERROR] no such artifact'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(LocalServerError, match="no such artifact"):
        maven.collected(jars(tmp_path))
    assert not [each for each in (tmp_path / "cache").iterdir() if each.is_dir()]


def test_a_file_that_is_not_what_was_published_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "thing-1.2.jar"
    file.write_bytes(b"changed")
    right = jars(tmp_path, hashlib.sha256(b"changed").hexdigest())
    maven.check(file, right.artifacts[0], right)
    wrong = jars(tmp_path)
    with pytest.raises(LocalServerError, match=r"thing-1\.2\.jar has the SHA-256"):
        maven.check(file, wrong.artifacts[0], wrong)
