"""The command as its users run it: a process of its own, on the real servers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Cluster
from zelery.local import ports
from zelery.local.demo import _webhook_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _servers(zeebe: Cluster, redis_url: str) -> None:
    """Skips where they cannot be had."""


@pytest.fixture
def free_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port that no demo of this machine has, in place of the README's."""
    (port,) = ports.free(1)
    monkeypatch.setattr("zelery.local.demo.WEBHOOK_PORT", port)
    return port


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The command and its output. What ends it early ends its children too."""
    output = folder / "output"
    environment = {**os.environ, "TMPDIR": str(folder), "http_proxy": "http://127.0.0.1:9"}
    with output.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "zelery", "demo", *options], stdout=out, stderr=out, env=environment
        )
        try:
            yield child, output
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait(60)


def until(child: subprocess.Popen[bytes], output: Path, pattern: str, seconds: int = 120) -> str:
    """Waits for the pattern in the output; what it matched."""
    for _ in range(seconds * 10):
        if found := re.search(pattern, output.read_text(), re.MULTILINE):
            return found[0]
        assert child.poll() is None, output.read_text()
        time.sleep(0.1)
    raise AssertionError(output.read_text())


def descendants(pid: int) -> set[int]:
    """All processes below one."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, below = set[int](), {pid}
    while below:
        below = {child for child, parent in parents if parent in below} - found
        found |= below
    return found


def roles_log(output: Path) -> Path:
    """The file that the output names."""
    named = re.search(r"^Log +(\S+)$", output.read_text(), re.MULTILINE)
    assert named, output.read_text()
    return Path(named[1])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_end_stops_every_child_and_is_no_error(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as (child, output):
        log = until(child, output, r"/\S+/roles\.log")
        for _ in range(300):  # all roles are there, so that there is something to stop
            if Path(log).read_text().count(" ready.") > 0:
                break
            time.sleep(0.1)
        children = descendants(child.pid)
        assert len(children) >= 5, "Redis, the engine, `zelery run`, a fetcher, a worker"
        child.send_signal(number)
        assert child.wait(60) == 0
    assert not [pid for pid in children if alive(pid)]
    assert "Traceback" not in output.read_text()


def test_roles_that_end_are_reported_with_the_end_of_their_log(tmp_path: Path) -> None:
    with demo(tmp_path) as (child, output):
        until(child, output, r"/\S+/roles\.log")
        (run,) = [pid for pid in descendants(child.pid) if b"-m\0zelery\0run" in command_line(pid)]
        os.kill(run, signal.SIGTERM)
        assert child.wait(60) == 1
    said = output.read_text()
    assert "Error: zelery run ended with code" in said
    assert f"The end of {roles_log(output)}:" in said
    assert "Traceback" not in said


def test_once_comes_to_what_it_must_and_polling_is_in_it(tmp_path: Path) -> None:
    with demo(tmp_path, "--once") as (child, output):
        assert child.wait(200) == 0, output.read_text()
    said = output.read_text()
    assert "7 models" in said
    assert "all as they must be" in said
    assert re.search(r"parcel .* ✓ delivered at look 3", said)


def test_with_a_cluster_the_models_run_there(zeebe: Cluster, tmp_path: Path) -> None:
    with demo(tmp_path, "--once", "--cluster", zeebe.gateway) as (child, output):
        assert child.wait(200) == 0, output.read_text()
    assert f"Cluster  {zeebe.gateway}" in output.read_text()
    assert "all as they must be" in output.read_text()


def test_demos_that_start_together_serve_webhooks_on_different_ports(free_port: int) -> None:
    with ExitStack() as one, ExitStack() as other:
        assert _webhook_port(one) != _webhook_port(other)


def test_a_demo_that_ended_leaves_its_port_to_the_next(free_port: int) -> None:
    for _ in range(2):
        with ExitStack() as started:
            assert _webhook_port(started) == free_port


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", "--cluster", "127.0.0.1:9") as (child, output):
        assert child.wait(120) == 1
    assert "127.0.0.1:9" in output.read_text()
    assert "Traceback" not in output.read_text()
