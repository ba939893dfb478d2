from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from zelery.local import broker, java, ports
from zelery.local.errors import LocalServerError
from zelery.local.zeebe import DISTRIBUTION

LISTENING = dict(zip(("gateway", "command", "internal", "management", "http"), itertools.count(20_000), strict=False))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(LocalServerError, match=r"Thing cannot keep its data in .*/file/data: Not a directory; name a"),
        broker.folder("Thing", tmp_path / "file" / "data"),
    ):
        pass


def test_a_folder_that_was_named_stays_and_a_temporary_one_does_not(tmp_path: Path) -> None:
    with broker.folder("Thing", tmp_path / "a" / "b") as named, broker.folder("Thing", None) as temporary:
        assert named == tmp_path / "a" / "b"
        assert named.is_dir()
        assert temporary.is_dir()
    assert named.is_dir()
    assert not temporary.exists()


def test_a_port_that_was_asked_for_is_taken_and_the_others_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "free", lambda count: list(range(20_000, 20_000 + count)))
    monkeypatch.setattr(ports, "check_free", lambda port, _title: port)
    assert broker.listening("Thing", gateway=26_500, http=0) == {**LISTENING, "gateway": 26_500}


def test_everything_listens_on_loopback_each_on_a_port_of_its_own() -> None:
    settings = broker.environment(Path("data"), LISTENING)
    assert {value for name, value in settings.items() if name.endswith(("HOST", "ADDRESS"))} == {"127.0.0.1"}
    found = [value for name, value in settings.items() if name.endswith("PORT")]
    assert sorted(found) == [str(port) for port in LISTENING.values()]


def test_the_command_has_no_folder_on_its_class_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path))
    library = DISTRIBUTION.folder / "lib"
    library.mkdir(parents=True)
    (library / "a.jar").touch()
    (library / "readme.txt").touch()
    command = broker.java_command(DISTRIBUTION, "99m")
    assert command[0] == str(java.executable("Zeebe"))
    assert command[command.index("-cp") + 1] == str(library / "a.jar")
    assert "-Xmx99m" in command
    assert f"-Dlog4j2.configurationFile={DISTRIBUTION.folder / 'config' / 'log4j2.xml'}" in command
