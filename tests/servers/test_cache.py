from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from tests.servers import cache


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZELERY_CACHE_DIR", str(tmp_path / "here"))
    assert cache.directory() == tmp_path / "here"


def test_a_relative_folder_is_made_absolute_because_servers_run_in_folders_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZELERY_CACHE_DIR", "here")
    assert cache.directory() == tmp_path / "here"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has another place for caches")
@pytest.mark.parametrize(
    ("xdg", "expected"),
    [
        ("/elsewhere", "/elsewhere/zelery"),  # the platform's variable
        ("", "/home/ada/.cache/zelery"),  # set but empty is as good as unset, says the XDG specification
    ],
)
def test_the_platform_has_a_place_for_it(monkeypatch: pytest.MonkeyPatch, xdg: str, expected: str) -> None:
    monkeypatch.delenv("ZELERY_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert cache.directory() == Path(expected)


def test_a_lock_that_another_holds_is_not_given_without_waiting(tmp_path: Path) -> None:
    with cache.locked(tmp_path / "thing") as first, cache.locked(tmp_path / "thing", wait=False) as second:
        assert (first, second) == (True, False)
    with cache.locked(tmp_path / "thing", wait=False) as third:
        assert third


def test_a_lock_is_waited_for_by_threads_of_one_process(tmp_path: Path) -> None:
    order: list[str] = []
    asking = threading.Event()

    def wait_for_it() -> None:
        asking.set()
        with cache.locked(tmp_path / "thing"):
            order.append("second")

    thread = threading.Thread(target=wait_for_it)
    with cache.locked(tmp_path / "thing"):
        thread.start()
        asking.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
