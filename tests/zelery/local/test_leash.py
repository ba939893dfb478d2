from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zelery.local import leash

#: A parent that starts a child on a leash, says the child's pid, and waits to be killed.
PARENT = """
import subprocess, sys
from zelery.local import leash
program = [sys.executable, "-c", "print(flush=True); input()"]
child = subprocess.Popen(leash.command(program), stdout=subprocess.PIPE, stdin=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_program_that_cannot_run_says_so_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(leash.command([str(tmp_path / "missing")]), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"cannot run {tmp_path / 'missing'}: No such file or directory\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the tie")
def test_a_parent_that_was_already_dead_runs_nothing() -> None:
    interpreter, option, code, _parent, *args = leash.command(["/bin/echo", "ran"])
    done = subprocess.run([interpreter, option, code, "1", *args], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_the_program_takes_the_place_of_the_leash() -> None:
    with subprocess.Popen(
        leash.command([sys.executable, "-c", "import os; print(os.getpid())"]), stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.communicate()[0] == f"{child.pid}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the tie")
def test_a_parent_killed_with_9_takes_the_child_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended, _, _ = select.select([child], [], [], 30)
        os.close(child)
    assert ended
    assert parent.returncode == -signal.SIGKILL
