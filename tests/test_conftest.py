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
def test_needs_a_cluster(zeebe):
    assert zeebe.gateway

@pytest.mark.integration
def test_needs_kafka(kafka):
    pass

@pytest.mark.integration
def test_needs_mail(mail):
    pass

@pytest.mark.integration
def test_needs_the_engine(zeebe, engine_only):
    pass
"""


def session(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests above in a folder with our conftest, without a cache and without Maven."""
    (tmp_path / "conftest.py").write_text(Path(tests.conftest.__file__).read_text())
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ["asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function", "markers=integration"]
    nowhere = {"HOME": str(tmp_path), "ZELERY_CACHE_DIR": str(tmp_path / "cache"), "PATH": str(tmp_path)}
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
    assert "4 passed, 2 skipped" in done.stdout
    assert done.stdout.count("install Apache Maven") == 2


@pytest.mark.integration
def test_where_all_is_required_it_fails(tmp_path: Path) -> None:
    done = session(tmp_path, ZELERY_TEST_REQUIRE="all")
    assert done.returncode == 1, done.stdout
    assert "4 passed, 2 errors" in done.stdout
    assert "install Apache Maven" in done.stdout


@pytest.mark.integration
def test_on_a_cluster_of_ones_own_what_only_the_engine_can_do_skips(tmp_path: Path) -> None:
    done = session(tmp_path, **{tests.conftest.CLUSTER: "zeebe.example:26500"})
    assert done.returncode == 0, done.stdout
    assert "3 passed, 3 skipped" in done.stdout
    assert f"only the engine can do this, and {tests.conftest.CLUSTER} names a cluster" in done.stdout
