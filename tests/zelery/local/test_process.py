from __future__ import annotations

import itertools
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from zelery.local import process
from zelery.local.errors import LocalServerError

#: Runs until it is told to end.
SERVER = "import signal; print('up', flush=True); signal.pause()"

#: Does not listen when it is told to end, nor does the child that it has.
DEAF = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if child := os.fork(): print(f'up {child}', flush=True)
signal.pause()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def up(child: process.Child) -> None:
    process.wait_ready(child, lambda: b"up" in child.log.read_bytes(), timeout_s=60, every_s=0.01)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    log = tmp_path / "missing" / "log"
    with (
        pytest.raises(LocalServerError, match=f"Thing cannot be started: No such file or directory: {log}"),
        process.running("Thing", python(SERVER), log=log),
    ):
        pass


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "Thing ended with code 3 while starting: it wrote nothing"),
        ("import sys; sys.exit('no room')", "Thing ended with code 1 while starting: no room"),
        # A JVM's stack: the innermost cause says most, and what it prints while it goes down says nothing.
        (
            "print('Oops\\n\\tat A.a\\nCaused by: A: b\\n\\tCaused by: B: inner\\n\\t... 6 more\\nbye'); exit(1)",
            "Thing ended with code 1 while starting: B: inner",
        ),
        # Killed from outside, as by a kernel that is out of memory.
        (
            "import os; print('hm', flush=True); os.kill(os.getpid(), 9)",
            "Thing was ended by signal 9 while starting: hm",
        ),
    ],
)
def test_a_death_at_start_tells_why(tmp_path: Path, code: str, message: str) -> None:
    with process.running("Thing", python(code), log=tmp_path / "log") as child:
        with pytest.raises(LocalServerError) as caught:
            process.wait_ready(child, lambda: False, timeout_s=60, every_s=0.01)
        assert str(caught.value) == message


def test_the_end_of_the_log_is_a_note_and_not_the_message(tmp_path: Path) -> None:
    code = "print('\\n'.join(f'line {n}' for n in range(100))); raise SystemExit(1)"
    with process.running("Thing", python(code), log=tmp_path / "log") as child:
        with pytest.raises(LocalServerError) as caught:
            process.wait_ready(child, lambda: False, timeout_s=60, every_s=0.01)
        assert caught.value.__notes__ == ["\n".join(f"line {n}" for n in range(70, 100))]


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with process.running("Thing", python(SERVER), log=tmp_path / "log") as child:
        up(child)
        with pytest.raises(LocalServerError, match="Thing was not ready after 0 s: up; free some CPU"):
            process.wait_ready(child, lambda: False, timeout_s=0, every_s=0)
        assert child.ended() is None


def test_a_refused_connection_means_not_yet(tmp_path: Path) -> None:
    answers: Iterator[OSError | bool] = itertools.chain[OSError | bool](
        [ConnectionRefusedError(), TimeoutError(), False], itertools.repeat(True)
    )

    def ready() -> bool:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    with process.running("Thing", python(SERVER), log=tmp_path / "log") as child:
        process.wait_ready(child, ready, timeout_s=60, every_s=0)
    assert next(answers)


def test_a_child_is_asked_to_end_and_is_gone_after_the_block(tmp_path: Path) -> None:
    with process.running("Thing", python(SERVER), log=tmp_path / "log") as child:
        up(child)
    assert child.ended() == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="waits for a process that is not its child, as only Linux can")
def test_a_child_that_does_not_listen_is_killed_with_its_group(tmp_path: Path) -> None:
    with process.running("Thing", python(DEAF), log=tmp_path / "log", grace_s=0) as child:
        up(child)
        grandchild = os.pidfd_open(int(child.log.read_text().removeprefix("up ")))
    assert child.ended() == -signal.SIGKILL
    ended, _, _ = select.select([grandchild], [], [], 60)
    os.close(grandchild)
    assert ended


def test_a_child_that_was_killed_needs_no_stopping(tmp_path: Path) -> None:
    with process.running("Thing", python(SERVER), log=tmp_path / "log") as child:
        up(child)
        os.kill(child.pid, signal.SIGKILL)
        assert child.ended(60) == -signal.SIGKILL


def test_an_error_in_the_block_stops_the_child_too(tmp_path: Path) -> None:
    with ExitStack() as held:
        child = held.enter_context(process.running("Thing", python(SERVER), log=tmp_path / "log"))
        up(child)
        held.callback((tmp_path / "missing").read_text)  # raises as the block ends
        with pytest.raises(FileNotFoundError):
            held.close()
    assert child.ended() == -signal.SIGTERM


def test_a_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    with ExitStack() as held:
        children: list[process.Child] = []

        def start() -> None:
            children.append(held.enter_context(process.running("Thing", python(SERVER), log=tmp_path / "log")))

        starter = threading.Thread(target=start)
        starter.start()
        starter.join()
        (child,) = children
        up(child)
        assert child.ended(0.2) is None


def test_a_child_has_a_session_of_its_own_so_that_ctrl_c_is_for_us(tmp_path: Path) -> None:
    with process.running("Thing", python(SERVER), log=tmp_path / "log") as child:
        up(child)
        assert os.getsid(child.pid) == child.pid


def test_our_secrets_and_other_servers_settings_are_not_passed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1m")
    code = "import os; print(sorted(os.environ)); print('up', os.environ['ONE'], os.environ['PATH'])"
    with process.running("Thing", python(code), log=tmp_path / "log", env={"ONE": "1"}) as child:
        assert child.ended(60) == 0
    said = child.log.read_text()
    assert "SECRET_TOKEN" not in said
    assert "JAVA_TOOL_OPTIONS" not in said
    assert f"up 1 {os.environ['PATH']}" in said


def test_a_log_is_appended_to(tmp_path: Path) -> None:
    for word in ("once", "twice"):
        with process.running("Thing", python(f"print({word!r})"), log=tmp_path / "log") as child:
            child.ended(60)
    assert (tmp_path / "log").read_text() == "once\ntwice\n"
