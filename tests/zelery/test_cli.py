"""The one command: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from click.testing import CliRunner

from zelery.cli import GROUP, main

WRONG = {"ZELERY_WORKER_CONCURRENCY": "many"}
LINE = "Error: ZELERY_WORKER_CONCURRENCY='many': "


def test_every_subcommand_is_listed_and_says_what_it_is_for() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    for name in entry_points(group=GROUP).names:
        assert f"\n  {name} " in listed
        done = CliRunner().invoke(main, [name, "--help"])
        assert done.exit_code == 0, name
        assert done.output.startswith(f"Usage: main {name}")


@pytest.mark.parametrize("name", ["connectors", "fetch", "flower", "health", "run", "settings", "worker"])
def test_a_wrong_setting_is_one_line_on_standard_error(name: str) -> None:
    done = CliRunner().invoke(main, [name], env=WRONG)
    assert done.exit_code == 1
    assert done.stderr.startswith(LINE)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_what_is_no_subcommand_is_said_and_not_run() -> None:
    done = CliRunner().invoke(main, ["werker"])
    assert done.exit_code == 2
    assert "No such command 'werker'" in done.stderr


def test_a_subcommand_that_cannot_be_imported_is_one_line_and_the_others_work(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "broken-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[zelery.commands]\nbroken = no_such_module:command\n")
    monkeypatch.syspath_prepend(tmp_path)
    done = CliRunner().invoke(main, ["broken"])
    assert done.exit_code == 1
    why = "cannot be imported from no_such_module:command: No module named 'no_such_module'"
    assert done.stderr == f"Error: the subcommand broken {why}\n"
    assert "settings" in CliRunner().invoke(main, ["--help"]).output


def test_as_its_users_start_it_there_is_no_traceback_either() -> None:
    command = [sys.executable, "-m", "zelery", "worker"]
    done = subprocess.run(command, env={**os.environ, **WRONG}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(LINE)
    assert done.stderr.count("\n") == 1
