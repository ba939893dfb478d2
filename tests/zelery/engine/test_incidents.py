from __future__ import annotations

from pathlib import Path

import pytest

from tests.zelery.engine.rules.builder import (
    ad_hoc,
    end,
    event_sub_process,
    exclusive,
    path,
    process,
    script,
    service,
    start,
    start_on,
    task,
)
from tests.zelery.engine.rules.definitions import each, message
from tests.zelery.engine.running import Running
from zelery.engine import commands as cmd
from zelery.engine.errors import Code, Rejected

_AGENT = process(
    "p",
    start(),
    ad_hoc(
        "agent",
        service("tool"),
        event_sub_process(
            "listening", start_on(message("note", "= id"), interrupting=False), service("hear"), end("heard")
        ),
        event_sub_process("stopping", start_on(message("stop", "= id"), "stopped"), service("undo"), end("undone")),
        job_type="= kind",
    ),
    end(),
)


def asked() -> Running:
    """An engine with an agent whose tool is at work."""
    running = Running(_AGENT)
    running.start(id="k", kind="ask")
    [job] = running.lease("ask")
    running.engine.execute(cmd.CompleteJob(job.key, result=cmd.JobResult([("tool", {})])))
    return running


def test_a_job_that_cannot_be_created_anew_is_an_incident_that_creates_it_when_it_is_resolved() -> None:
    running = asked()
    running.engine.execute(cmd.CompleteJob(running.job("tool").key))
    [job] = running.lease("ask")
    running.engine.execute(cmd.CompleteJob(job.key, result=cmd.JobResult([("tool", {})])))
    root = job.instance_key
    running.engine.execute(cmd.SetVariables(root, {"kind": None}))
    running.engine.execute(cmd.CompleteJob(running.job("tool").key))
    assert running.incident.type == "EXTRACT_VALUE_ERROR"
    running.engine.execute(cmd.SetVariables(root, {"kind": "other"}))
    running.engine.execute(cmd.ResolveIncident(running.incident.key))
    [job] = running.lease("other")
    running.engine.execute(cmd.CompleteJob(job.key, result=cmd.JobResult(completion_condition_fulfilled=True)))
    assert not running.engine.state.instances


@pytest.mark.parametrize("event", ["note", "stop"])
def test_no_incident_outlasts_the_job_that_it_is_about(event: str) -> None:
    running = Running(_AGENT)
    running.start(id="k", kind="ask")
    running.engine.execute(cmd.FailJob(running.job("agent").key, 0))
    key = running.incident.key
    running.engine.execute(cmd.PublishMessage(event, "k"))
    if event == "note":
        running.engine.execute(cmd.CompleteJob(running.job("hear").key))
    assert all(each.job_key in running.engine.state.jobs for each in running.engine.state.incidents.values())
    if key not in running.engine.state.incidents:
        with pytest.raises(Rejected) as refused:
            running.engine.execute(cmd.ResolveIncident(key))
        assert refused.value.code is Code.NOT_FOUND


def test_a_loop_without_a_wait_is_stopped_by_an_incident() -> None:
    looping = process("p", path(start(), exclusive("again"), task("turn"), "again"))
    running = Running(looping, activations_max=50)
    key = running.start()
    assert "More than 50 elements were activated by one command" in running.incident.message
    running.engine.execute(cmd.CancelInstance(key))
    assert not running.engine.state.incidents


def test_a_loop_that_nests_a_value_ever_deeper_is_stopped_by_an_incident(tmp_path: Path) -> None:
    running = Running(process("p", path(start(), exclusive("again"), script("wrap", "= {a: x}", "x"), "again")))
    running.engine.open(tmp_path / "journal")
    running.start(x=1)
    running.engine.close()
    assert "nested" in running.incident.message


def test_a_collection_of_any_length_is_no_loop() -> None:
    many = process("p", start(), service("a", multi=each("= items", "item")), end())
    running = Running(many, activations_max=50)
    key = running.start(items=list(range(200)))
    assert len(running.engine.state.jobs) == 200
    assert not running.engine.state.incidents
    running.engine.execute(cmd.CancelInstance(key))
    assert not running.engine.state.elements


@pytest.mark.parametrize("where", ["inputs", "outputs"])
def test_a_mapping_into_a_path_of_thousands_is_an_incident(tmp_path: Path, where: str) -> None:
    mappings = {".".join(["a"] * 2_000): "= 1"}
    mapping = service("a", inputs=mappings) if where == "inputs" else service("a", outputs=mappings)
    running = Running(process("p", start(), mapping, end()))
    running.engine.open(tmp_path / "journal")
    running.start()
    if where == "outputs":
        running.engine.execute(cmd.CompleteJob(running.job("a").key))
    running.engine.close()
    assert running.incident.type == "IO_MAPPING_ERROR"
    assert "2000 names, more than 100" in running.incident.message
