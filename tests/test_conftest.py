"""The promises of `conftest.py`, each kept by a session of its own on a machine that can have no server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tests.conftest

TESTS = """
import socket
import pytest

def test_sockets_are_off():
    with pytest.warns(UserWarning, match="socket"), pytest.raises(RuntimeError):
        socket.socket()

async def test_an_event_loop_runs():
    pass

@pytest.mark.integration
def test_needs_zeebe(zeebe):
    pass

@pytest.mark.integration
def test_needs_camunda(camunda):
    pass
"""


def session(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests above in a folder with our conftest, without a cache and behind a proxy that is not there."""
    (tmp_path / "conftest.py").write_text(Path(tests.conftest.__file__).read_text())
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ["asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function", "markers=integration"]
    nowhere = {"HOME": str(tmp_path), "ZELERY_CACHE_DIR": str(tmp_path / "cache"), "HTTPS_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
        + [part for option in options for part in ("-o", option)]
        + [str(tmp_path)],
        env={**os.environ, "ZELERY_TEST_REQUIRE": "", **nowhere, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_a_server_that_cannot_be_had_skips_with_the_reason(tmp_path: Path) -> None:
    done = session(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed, 2 skipped" in done.stdout
    assert "Zeebe 8.5.8 cannot be downloaded" in done.stdout
    assert "Camunda 8.6.0 cannot be downloaded" in done.stdout


@pytest.mark.integration
def test_where_all_is_required_it_fails(tmp_path: Path) -> None:
    done = session(tmp_path, ZELERY_TEST_REQUIRE="all")
    assert done.returncode == 1, done.stdout
    assert "2 passed, 2 errors" in done.stdout
    assert "Zeebe 8.5.8 cannot be downloaded" in done.stdout
    assert "Camunda 8.6.0 cannot be downloaded" in done.stdout
