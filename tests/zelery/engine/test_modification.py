from __future__ import annotations

import pytest

from tests.zelery.engine.rules.builder import (
    call,
    end,
    event_sub_process,
    model,
    path,
    process,
    service,
    start,
    start_on,
    sub_process,
)
from tests.zelery.engine.rules.definitions import message, signal
from tests.zelery.engine.running import Running
from zelery.engine import commands as cmd
from zelery.engine.errors import Code, Rejected

_CHILD = process("child", start(), sub_process("part", start("s"), service("a"), end("e")), end())


def called() -> tuple[Running, int, int]:
    """An engine with an instance that has called another: their keys."""
    running = Running(_CHILD, process("p", start(), call("calls", "child"), service("after"), end()))
    root = running.start()
    return running, root, next(key for key in running.engine.state.instances if key != root)


@pytest.mark.parametrize("element_id", ["a", "part", "child"])
def test_a_modification_that_would_end_a_called_instance_is_refused(element_id: str) -> None:
    running, _, child = called()
    key = next(each.key for each in running.engine.state.elements.values() if each.element.id == element_id)
    before = len(running.events)
    with pytest.raises(Rejected, match="would terminate the instance") as refused:
        running.engine.execute(cmd.ModifyInstance(child, terminate=[key]))
    assert refused.value.code in (Code.INVALID_ARGUMENT, Code.INVALID_STATE)
    assert len(running.events) == before


def test_a_called_instance_goes_on_when_a_modification_moves_it() -> None:
    running, root, child = called()
    running.engine.execute(
        cmd.ModifyInstance(child, [cmd.ActivateElement("a")], [running.job("a").element.key]),
    )
    running.engine.execute(cmd.CompleteJob(running.job("a").key))
    running.engine.execute(cmd.CompleteJob(running.job("after").key))
    assert root not in running.engine.state.instances


def test_tokens_go_on_in_an_interrupted_scope_that_a_modification_has_activated_an_element_in() -> None:
    running = Running(
        process(
            "p",
            path(start(), service("a"), service("b"), end()),
            event_sub_process("stopping", start_on(signal("stop")), service("undo"), end("undone")),
        )
    )
    key = running.start()
    running.engine.execute(cmd.BroadcastSignal("stop"))
    running.engine.execute(cmd.ModifyInstance(key, [cmd.ActivateElement("a")], [running.job("undo").element.key]))
    running.engine.execute(cmd.CompleteJob(running.job("a").key))
    running.engine.execute(cmd.CompleteJob(running.job("b").key))
    assert key not in running.engine.state.instances


def test_an_interrupted_scope_stays_so_when_what_has_interrupted_it_is_moved_within() -> None:
    running = Running(
        process(
            "p",
            path(start(), service("a"), end()),
            event_sub_process("stopping", start_on(signal("stop")), service("undo"), service("more"), end("undone")),
        )
    )
    key = running.start()
    running.engine.execute(cmd.BroadcastSignal("stop"))
    running.engine.execute(cmd.ModifyInstance(key, [cmd.ActivateElement("more")], [running.job("undo").element.key]))
    assert running.engine.state.elements[key].interrupted_by == "stopping"
    running.engine.execute(cmd.CompleteJob(running.job("more").key))
    assert key not in running.engine.state.instances


@pytest.mark.parametrize("held", [False, True])
def test_the_correlation_key_of_a_migrated_instance_is_held_for_its_new_process(held: bool) -> None:
    one, two = (process(name, start("s", message("begin")), service("a"), end()) for name in ("one", "two"))
    running = Running(one)
    running.engine.execute(cmd.PublishMessage("begin", "k"))
    [key] = running.engine.state.instances
    made = running.engine.execute(cmd.Deploy({"two.bpmn": model(two)}))
    if held:
        running.engine.execute(cmd.PublishMessage("begin", "k"))
    running.engine.execute(cmd.MigrateInstance(key, made.processes[0].key, {"a": "a"}))
    running.engine.execute(cmd.PublishMessage("begin", "k"))
    started = [each.definition.process_id for each in running.engine.state.instances.values()]
    assert sorted(started) == ["one", "two", "two"] if held else ["one", "two"]
    for each in list(running.engine.state.instances):
        running.engine.execute(cmd.CancelInstance(each))
    assert not running.engine.state.held
