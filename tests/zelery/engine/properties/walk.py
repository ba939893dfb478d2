"""An engine, and all that can be done to it at random: each step takes numbers that choose among what there is now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.zelery.engine.properties import models
from tests.zelery.engine.properties.flows import Flows
from tests.zelery.engine.properties.invariants import broken
from tests.zelery.engine.rules.builder import model
from zelery.engine import commands as cmd
from zelery.engine.bpmn.model import Kind
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.errors import Rejected

#: When each walk begins.
NOW = 1_790_000_000_000

#: What times there are, milliseconds: shorter and longer than the models' timers, leases and backoffs.
TIMES = (1, 1_000, 60_000, 600_001, 1_800_000, 7_200_000)

_MODIFIABLE = frozenset({Kind.SERVICE_TASK, Kind.USER_TASK, Kind.RECEIVE_TASK, Kind.SUB_PROCESS, Kind.END_EVENT})

_Thing = TypeVar("_Thing")


class Walk:
    """An engine with all models deployed.

    Args:
        journal: Where its journal is kept; None: nowhere.
    """

    def __init__(self, journal: Path | None = None) -> None:
        clock = Clock()
        clock.pin(NOW)
        self.engine = Engine(clock=clock)
        if journal is not None:
            self.engine.open(journal)
        self.flows = Flows(self.engine)
        for each in models.MODELS:
            self.engine.execute(cmd.Deploy({f"{each.id}.bpmn": model(each)}))
            # The same once more, under another name: a version to migrate to.
            self.engine.execute(cmd.Deploy({f"{each.id}-2.bpmn": model(each)}))

    def wrong(self) -> list[str]:
        """What does not hold of the engine now."""
        return [*broken(self.engine.state), *self.flows.wrong()]

    def step(self, name: str, which: int, how: int) -> None:
        """Do a step, by its name; nothing happens where there is nothing to do it to."""
        STEPS[name](self, which, how)

    def execute(self, command: Any) -> None:
        """Execute a command, which may be refused."""
        before = self.engine.state.next_key
        with contextlib.suppress(Rejected):
            self.engine.execute(command)
        assert self.engine.state.next_key >= before, "keys fall"

    def start(self, which: int, how: int) -> None:
        version = (-1, 1)[how % 2]
        self.execute(cmd.CreateInstance(_chosen(models.STARTABLE, which), version=version, variables=variables(how)))

    def lease(self, which: int, how: int) -> None:
        types = sorted({each.type for each in self.engine.state.jobs.values()})
        if types:
            self.execute(cmd.ActivateJobs(_chosen(types, which), "w", _chosen(TIMES, how), 1 + how % 3))

    def complete(self, which: int, how: int) -> None:
        if self.engine.state.jobs:
            self.execute(cmd.CompleteJob(_chosen(list(self.engine.state.jobs), which), _brought(how)))

    def decide(self, which: int, how: int) -> None:
        """Complete the job of an ad-hoc sub-process with a result."""
        found = [each.key for each in self.engine.state.jobs.values() if each.kind == "AD_HOC_SUB_PROCESS"]
        if found:
            tools = [] if how % 3 == 0 else [(_chosen(("call_a", "call_b"), how), _brought(how))]
            result = cmd.JobResult(tools, how % 3 == 0, how % 5 == 0)
            self.execute(cmd.CompleteJob(_chosen(found, which), _brought(how), result))

    def fail(self, which: int, how: int) -> None:
        if self.engine.state.jobs:
            backoff = 0 if how % 2 else _chosen(TIMES, how)
            key = _chosen(list(self.engine.state.jobs), which)
            self.execute(cmd.FailJob(key, how % 3, "no luck", backoff, _brought(how)))

    def throw(self, which: int, how: int) -> None:
        if self.engine.state.jobs:
            key = _chosen(list(self.engine.state.jobs), which)
            self.execute(cmd.ThrowError(key, _chosen(models.ERRORS, how), "wrong", _brought(how)))

    def update(self, which: int, how: int) -> None:
        if self.engine.state.jobs:
            key = _chosen(list(self.engine.state.jobs), which)
            timeout = None if how % 2 else _chosen(TIMES, how)
            self.execute(cmd.UpdateJob(key, how % 4, timeout))

    def give_back(self, which: int, how: int) -> None:
        if self.engine.state.jobs:
            self.execute(cmd.YieldJob(_chosen(list(self.engine.state.jobs), which)))

    def do_task(self, which: int, how: int) -> None:
        if self.engine.state.user_tasks:
            self.execute(cmd.CompleteUserTask(_chosen(list(self.engine.state.user_tasks), which), _brought(how)))

    def publish(self, which: int, how: int) -> None:
        name = _chosen(models.MESSAGES, which)
        key = _chosen(models.CORRELATION_KEYS, how)
        ttl = 0 if how % 3 == 0 else _chosen(TIMES, how)
        self.execute(cmd.PublishMessage(name, key, ttl, "same" if how % 5 == 0 else "", _brought(how)))

    def correlate(self, which: int, how: int) -> None:
        name = _chosen(models.MESSAGES, which)
        self.execute(cmd.CorrelateMessage(name, _chosen(models.CORRELATION_KEYS, how), _brought(how)))

    def broadcast(self, which: int, how: int) -> None:
        self.execute(cmd.BroadcastSignal(_chosen(models.SIGNALS, which), _brought(how)))

    def resolve(self, which: int, how: int) -> None:
        incidents = list(self.engine.state.incidents.values())
        if not incidents:
            return
        incident = _chosen(incidents, which)
        if incident.job_key and how % 2:
            self.execute(cmd.UpdateJob(incident.job_key, 1 + how % 3))
        elif how % 4 == 2:
            self.execute(cmd.SetVariables(incident.element.instance.key, variables(how)))
        self.execute(cmd.ResolveIncident(incident.key))

    def cancel(self, which: int, how: int) -> None:
        if self.engine.state.instances:
            self.execute(cmd.CancelInstance(_chosen(list(self.engine.state.instances), which)))

    def set_variables(self, which: int, how: int) -> None:
        if self.engine.state.elements:
            key = _chosen(list(self.engine.state.elements), which)
            self.execute(cmd.SetVariables(key, variables(how), local=how % 2 == 0))

    def modify(self, which: int, how: int) -> None:
        """Activate an element of an instance, terminate one, or both."""
        if not self.engine.state.instances:
            return
        instance = _chosen(list(self.engine.state.instances.values()), which)
        elements = [each for each in instance.definition.process.elements.values() if each.kind in _MODIFIABLE]
        active = [each.key for each in self.engine.state.elements.values() if each.instance is instance]
        activate = [] if how % 3 == 0 else [cmd.ActivateElement(_chosen(elements, how).id, {"": variables(how)})]
        self.flows.modified.add(instance.key)
        self.execute(cmd.ModifyInstance(instance.key, activate, [] if how % 3 == 1 else [_chosen(active, how)]))

    def migrate(self, which: int, how: int) -> None:
        """Continue an instance as one of another definition with the same elements."""
        if not self.engine.state.instances:
            return
        instance = _chosen(list(self.engine.state.instances.values()), which)
        process = instance.definition.process
        definitions = self.engine.state.definitions.values()
        like = [each for each in definitions if each.process.flows.keys() == process.flows.keys()]
        mapping = {each: each for each in process.elements if each != process.id}
        self.execute(cmd.MigrateInstance(instance.key, _chosen(like, how).key, mapping))

    def activate_tool(self, which: int, how: int) -> None:
        found = [each for each in self.engine.state.elements.values() if each.element.kind is Kind.AD_HOC_SUB_PROCESS]
        if found:
            instance = _chosen(found, which)
            tool = _chosen(("hammer", "saw", "ask", "glue"), how)
            self.execute(cmd.ActivateAdHoc(instance.key, [(tool, _brought(how))], how % 4 == 0))

    def advance(self, which: int, how: int) -> None:
        self.engine.clock.add(_chosen(TIMES, which))
        self.engine.pass_due()

    def end_all(self) -> None:
        """Cancel all that is active."""
        for key, instance in list(self.engine.state.instances.items()):
            if instance.parent is None and key in self.engine.state.instances:
                self.execute(cmd.CancelInstance(key))


def variables(how: int) -> Mapping[str, Any]:
    """Variables of an instance; some lack what the model needs."""
    given: dict[str, Any] = {
        "id": _chosen(models.CORRELATION_KEYS, how),
        "items": "none" if how % 11 == 0 else [["a", "b", "c"], ["b", "a"], []][how % 3],
        "tools": ["spoon"] if how % 11 == 0 else [["hammer", "saw"], ["ask", "saw"], []][how // 2 % 3],
        "agent": 1 if how % 13 == 0 else "agent",
        "right": how % 2 == 0,
        "loud": how % 3 == 0,
        "linked": how % 5 == 0,
        "again": how % 7 == 0,
        "done": how % 2 == 1,
    }
    missing = ("id", "items", "tools", "right", "done", "agent")[how % 6] if how > 50 else ""
    return {name: value for name, value in given.items() if name != missing}


def _brought(how: int) -> Mapping[str, Any]:
    """Variables that a worker or a message brings."""
    if how > 55:
        return {"right": None, "items": 5, "again": "maybe", "agent": None}
    return ({}, {"done": True}, {"again": True}, {"again": False, "id": "b"})[how % 4]


def _chosen(things: Sequence[_Thing], which: int) -> _Thing:
    return things[which % len(things)]


#: What can be done, by name.
STEPS: Mapping[str, Callable[[Walk, int, int], None]] = {
    each.__name__: each
    for each in (
        Walk.start,
        Walk.lease,
        Walk.complete,
        Walk.decide,
        Walk.fail,
        Walk.throw,
        Walk.update,
        Walk.give_back,
        Walk.do_task,
        Walk.publish,
        Walk.correlate,
        Walk.broadcast,
        Walk.resolve,
        Walk.cancel,
        Walk.set_variables,
        Walk.modify,
        Walk.migrate,
        Walk.activate_tool,
        Walk.advance,
    )
}
