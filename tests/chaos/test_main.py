"""What `python -m tests.chaos` says."""

from __future__ import annotations

import subprocess
import sys

from tests.chaos.__main__ import CHAOS


def test_chaos_that_is_not_there_is_told_with_that_which_is() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.chaos", "peace"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{{{','.join(CHAOS)}}}" in done.stderr


def test_a_fault_that_is_not_there_is_told_with_those_that_are() -> None:
    command = [sys.executable, "-m", "tests.chaos", "queues", "--fault", "flood"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "consumer-killed" in done.stderr
