from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from tests.zelery.engine.rules.builder import end, model, process, service, start
from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.engine import Engine
from zelery.engine.errors import Code, Rejected
from zelery.engine.journal import Journal, JournalError, replay

_EVENTS = [ev.JobCanceled(1), ev.FlowTaken(2, "a_to_b")]


def written(path: Path, *lines: list[Any], fsync: bool = False) -> Path:
    """A journal with a line for each list of events."""
    journal = Journal(path, fsync=fsync)
    for number, events in enumerate(lines):
        journal.append(1000 + number, 5 + number, events)
    journal.close()
    return path


def test_what_is_written_is_replayed(tmp_path: Path) -> None:
    path = written(tmp_path / "journal", _EVENTS, [ev.JobCanceled(3)])
    assert list(replay(path)) == [(1000, 5, _EVENTS), (1001, 6, [ev.JobCanceled(3)])]


def test_a_journal_is_a_header_and_a_line_of_json_a_command(tmp_path: Path) -> None:
    lines = written(tmp_path / "journal", _EVENTS).read_bytes().splitlines()
    assert json.loads(lines[0]) == {"zelery-engine": 1}
    assert json.loads(lines[1]) == [1000, 5, [["JobCanceled", 1], ["FlowTaken", 2, "a_to_b"]]]
    assert len(lines) == 2


def test_a_journal_is_made_with_its_folders(tmp_path: Path) -> None:
    assert list(replay(written(tmp_path / "a" / "b" / "journal"))) == []


def test_a_journal_that_is_there_is_appended_to(tmp_path: Path) -> None:
    written(tmp_path / "journal", _EVENTS)
    path = written(tmp_path / "journal", [ev.JobCanceled(3)])
    assert [events for _, _, events in replay(path)] == [_EVENTS, [ev.JobCanceled(3)]]


def test_a_line_can_be_read_by_others_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append(1, 2, _EVENTS)
    assert [events for _, _, events in replay(journal.path)] == [_EVENTS]
    journal.close()


@pytest.mark.parametrize(("fsync", "times"), [(True, 2), (False, 0)])
def test_each_command_waits_for_the_disk_only_when_it_is_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool, times: int
) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    written(tmp_path / "journal", _EVENTS, _EVENTS, fsync=fsync)
    assert len(waited) == times


@pytest.mark.parametrize("content", [b"\n", b"{}\n", b"hello\n", b'{"zelery-engine":2}\n', b"\xff\xfe\n", b"\0" * 100])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="is no journal of this engine: delete it, or name another folder"):
        list(replay(path))
    assert path.read_bytes() == content


def test_an_empty_file_is_a_journal_that_was_never_begun(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.touch()
    assert list(replay(path)) == []
    assert list(replay(written(path, _EVENTS))) == [(1000, 5, _EVENTS)]


def test_a_journal_has_its_header_before_its_first_command(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    assert list(replay(journal.path)) == []
    assert journal.path.stat().st_size
    journal.close()


def test_a_journal_that_cannot_be_opened_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"file/journal cannot be opened: .*; name another folder"):
        Journal(tmp_path / "file" / "journal")


@pytest.mark.parametrize(
    "torn", [b"[10", b"\xff\n", b'[1,2,[["JobCanceled",1]]]', b'[1,2,[["NoEvent",1]]]\n', b"\0\0\0"]
)
def test_a_torn_last_line_is_dropped_with_a_word(tmp_path: Path, torn: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "journal", _EVENTS)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    with caplog.at_level(logging.WARNING, "zelery.engine"):
        assert [events for _, _, events in replay(path)] == [_EVENTS]
    assert path.read_bytes() == whole
    assert "it is dropped, its command was not answered" in caplog.text
    assert list(replay(written(path, [ev.JobCanceled(3)])))[-1] == (1000, 5, [ev.JobCanceled(3)])


@pytest.mark.parametrize("line", [b"[10\n", b'[1,2,[["NoEvent",1]]]\n', b'[1,2,[["JobCanceled"]]]\n', b"null\n", b"\n"])
def test_an_unreadable_line_before_the_last_is_refused_with_its_number(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path / "journal", _EVENTS)
    broken = path.read_bytes() + line + b'[1,2,[["JobCanceled",1]]]\n'
    path.write_bytes(broken)
    with pytest.raises(JournalError, match=r"line 3 of the journal .* cannot be read: .*; delete the journal"):
        list(replay(path))
    assert path.read_bytes() == broken


def test_values_of_all_kinds_come_back_as_they_were(tmp_path: Path) -> None:
    values = {"ä": "\ud800 \u2028 \n", "n": 1 << 70, "f": 0.1, "deep": [[{"a": [None, True]}]], "": ""}
    path = written(tmp_path / "journal", [ev.VariablesSet(1, 2, values)])
    [(_, _, [event])] = replay(path)
    assert event.values == values


def test_an_engine_goes_on_from_its_journal(tmp_path: Path) -> None:
    engine = Engine()
    engine.open(tmp_path / "journal")
    engine.execute(cmd.Deploy({"a.bpmn": model(process("p", start(), service("a"), end()))}))
    made = engine.execute(cmd.CreateInstance("p", variables={"x": 1}))
    engine.close()
    again = Engine()
    heard: list[Any] = []
    again.listen(lambda _, event: heard.append(event))
    again.open(tmp_path / "journal")
    [job] = again.execute(cmd.ActivateJobs("a", "w", 1000, 1))
    again.execute(cmd.CompleteJob(job.key))
    again.close()
    assert (job.instance_key, job.variables) == (made.key, {"x": 1})
    assert isinstance(heard[0], ev.ProcessDeployed)
    assert heard[-1] == ev.ElementCompleted(made.key)


def test_an_engine_whose_journal_cannot_be_written_does_nothing_more_until_it_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    engine.open(tmp_path / "journal", fsync=True)
    engine.execute(cmd.Deploy({"a.bpmn": model(process("p", start(), service("a"), end()))}))

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Rejected, match=r"No space left on device.*start the engine again") as refused:
            engine.execute(cmd.CreateInstance("p"))
    assert refused.value.code is Code.UNAVAILABLE
    size = (tmp_path / "journal").stat().st_size
    with pytest.raises(Rejected, match="No space left on device"):
        engine.execute(cmd.CreateInstance("p"))
    engine.close()
    assert (tmp_path / "journal").stat().st_size == size
    again = Engine()
    again.open(tmp_path / "journal")
    again.execute(cmd.CreateInstance("p"))
    again.close()


def test_a_value_that_is_no_json_stops_the_journal_and_tears_no_line(tmp_path: Path) -> None:
    path = written(tmp_path / "journal", _EVENTS)
    journal = Journal(path)
    with pytest.raises(JournalError, match="cannot be written"):
        journal.append(1, 2, [ev.VariablesSet(1, 2, {"x": object()})])
    journal.close()
    assert list(replay(path)) == [(1000, 5, _EVENTS)]
