"""Runs rules on the engine in this process: the only module of these that knows the engine's interface."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.zelery.engine.rules import rule as r
from tests.zelery.engine.rules.builder import model
from tests.zelery.engine.rules.recorder import Instance, Recorder
from zelery.engine import commands as cmd
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.errors import Rejected
from zelery.engine.intervals import parse_duration
from zelery.engine.records import (
    ElementInstance,
    Job,
    JobState,
    MessageSubscription,
    SignalSubscription,
    StartSubscription,
    Timer,
)

#: When a rule begins: a Thursday.
NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def run(rule: r.Rule) -> None:
    """Run a rule. Raises AssertionError where the engine does otherwise."""
    runner = Runner(rule.model[0].id if rule.model else "")
    if rule.model:
        runner.take(r.Deploy(rule.model))
    for step in (*rule.steps, rule.expect):
        runner.take(step)


class Runner:
    """An engine with a rule's instances.

    Args:
        process_id: The process that is started where none is named.
    """

    def __init__(self, process_id: str) -> None:
        clock = Clock()
        clock.pin(int(NOW.timestamp() * 1000))
        self.engine = Engine(clock=clock)
        self.recorder = Recorder(self.engine)
        self.process_id = process_id

    def take(self, step: r.Step) -> None:
        """Do a step, or look at what is expected."""
        match step:
            case r.Expect():
                self._check(step)
            case r.Refused():
                self._refused(step)
            case r.Advance(duration=duration):
                self.engine.clock.add(_ms(duration))
                self.engine.pass_due()
            case r.Lease(type=job_type, timeout=timeout, most=most):
                self.engine.execute(cmd.ActivateJobs(job_type, "rules", _ms(timeout), most))
            case _:
                self.engine.execute(COMMANDS[type(step)](self, step))

    def _refused(self, step: r.Refused) -> None:
        refused: Rejected | None = None
        try:
            self.take(step.step)
        except Rejected as rejected:
            refused = rejected
        assert refused is not None, f"not refused: {step.step}"
        assert str(refused.code) == step.code, f"refused with {refused}"
        missing = [word for word in step.words if word not in refused.reason]
        assert not missing, f"{missing} not in the reason: {refused.reason}"

    # What steps name.

    def definition(self, process_id: str, version: int) -> int:
        """The key of a version of a process."""
        return next(
            each.key
            for each in self.engine.state.definitions.values()
            if (each.process_id, each.version) == (process_id, version)
        )

    def job(self, element_id: str, nth: int = 0) -> int:
        """The key of an open job of an element, counted from the oldest; of the newest job where none is open."""
        found = [each.key for each in self.engine.state.jobs.values() if each.element.element.id == element_id]
        if not found and element_id in self.recorder.jobs:
            return self.recorder.jobs[element_id]
        assert len(found) > nth, f"no job of {element_id!r}"
        return found[nth]

    def incident(self, element_id: str) -> int:
        """The key of an element's open incident."""
        found = [each for each in self.engine.state.incidents.values() if each.element.element.id == element_id]
        assert found, f"no open incident of {element_id!r}"
        return found[0].key

    def user_task(self, element_id: str) -> int:
        """The key of an element's open user task."""
        found = [each for each in self.engine.state.user_tasks.values() if each.element.element.id == element_id]
        assert found, f"no open user task of {element_id!r}"
        return found[0].key

    def active(self, element_id: str) -> ElementInstance:
        """An active element instance, the first that is; of a process instance where no element is named."""
        if not element_id:
            return self.engine.state.elements[self.recorder.instances[0].key]
        found = [each for each in self.engine.state.elements.values() if each.element.id == element_id]
        assert found, f"{element_id!r} is not active"
        return found[0]

    # What is expected.

    def _check(self, expect: r.Expect) -> None:
        """Compare all that is said; what differs is in one message."""
        seen = Seen(self.engine, self.recorder, expect.of)
        wrong: list[str] = []
        for name, look in LOOKS.items():
            wanted: Any = getattr(expect, name)
            if wanted is None:
                continue
            found = look(seen, wanted)
            if not (_matches(wanted, found) if name == "path" else _same(wanted, found)):
                wrong.append(f"{name}: expected {wanted!r}, but it is {found!r}")
        wrong += self._incidents(expect, seen)
        wrong += [f"left behind by an instance that has ended: {each}" for each in seen.left_behind()]
        assert not wrong, "\n".join([*wrong, f"(path: {seen.path()}, incidents: {seen.incidents()})"])

    def _incidents(self, expect: r.Expect, seen: Seen) -> list[str]:
        there = seen.incidents()
        wanted = sorted((each.type, each.element) for each in expect.incidents)
        if wanted != sorted((kind, element) for kind, element, _ in there):
            return [f"incidents: expected {wanted}, but there are {there}"]
        return [
            f"incidents: {word!r} is not in the message of {each.element!r}: {there}"
            for each in expect.incidents
            for word in each.words
            if not any(word in message for _, element, message in there if element == each.element)
        ]


def _ms(duration: str) -> int:
    """A duration of ISO 8601 without months, in milliseconds."""
    parsed = parse_duration(duration)
    assert not parsed.months
    return parsed.ms


def _matches(wanted: Sequence[str | tuple[str, ...]], found: Sequence[str]) -> bool:
    """Whether a path is the one that is wanted."""
    left = list(found)
    for each in wanted:
        group = (each,) if isinstance(each, str) else each
        taken, left = left[: len(group)], left[len(group) :]
        if Counter(taken) != Counter(group):
            return False
    return not left


def _same(wanted: Any, found: Any) -> bool:
    """Whether two values are the same, types included; lists of ids in any order are sorted by those who look."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return wanted.keys() == found.keys() and all(_same(wanted[name], found[name]) for name in wanted)
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    return bool(wanted == found) and isinstance(wanted, bool) == isinstance(found, bool)


class Seen:
    """What can be seen of an instance now.

    Args:
        engine: The engine.
        recorder: What has happened in it.
        of: Which instance, in the order of their creation.
    """

    def __init__(self, engine: Engine, recorder: Recorder, of: int) -> None:
        self.state = engine.state
        self.recorder = recorder
        self._of = of

    @property
    def instance(self) -> Instance:
        """The instance. Raises AssertionError where there is none."""
        assert len(self.recorder.instances) > self._of, f"there are {len(self.recorder.instances)} instances"
        return self.recorder.instances[self._of]

    def path(self) -> list[str]:
        """The ids of its elements, in the order of their activation."""
        return self.instance.path if self.recorder.instances else []

    def is_its(self, element: ElementInstance) -> bool:
        """Whether an element instance is the instance's."""
        return element.instance.key == self.instance.key

    def incidents(self) -> list[tuple[str, str, str]]:
        """Open incidents: type, element, message."""
        if not self.recorder.instances and not self._of:
            return []
        key = self.instance.key
        return [
            (each.type, each.element.element.id, each.message)
            for each in self.state.incidents.values()
            if each.element.instance.key == key
        ]

    def jobs(self) -> dict[str, Job]:
        """Its open jobs by element, the oldest of each."""
        found: dict[str, Job] = {}
        for each in self.state.jobs.values():
            if self.is_its(each.element):
                found.setdefault(each.element.element.id, each)
        return found

    def job(self, wanted: Mapping[str, r.Variables]) -> dict[str, Any]:
        """What is asked of jobs."""
        jobs = self.jobs()
        return {name: {one: _of_job(jobs[name], one) for one in wanted[name]} for name in wanted if name in jobs}

    def user_tasks(self) -> dict[str, Mapping[str, Any]]:
        """Attributes of its open user tasks by element."""
        return {
            each.element.element.id: each.attributes
            for each in self.state.user_tasks.values()
            if self.is_its(each.element)
        }

    def starts(self) -> list[str]:
        """What waits to start a process."""
        waiting: list[StartSubscription | Timer] = [
            each for each in self.state.subscriptions.values() if isinstance(each, StartSubscription)
        ]
        waiting += [each for each in self.state.timers.values() if each.element is None]
        return [f"{each.definition.process_id}:{each.definition.version}:{each.catch.id}" for each in waiting]

    def left_behind(self) -> list[str]:
        """What belongs to instances that have ended."""
        open_ = [
            *self.state.jobs.values(),
            *self.state.user_tasks.values(),
            *(each for each in self.state.timers.values() if each.element is not None),
            *(each for each in self.state.subscriptions.values() if not isinstance(each, StartSubscription)),
            *self.state.incidents.values(),
        ]
        ended = {each.key for each in self.recorder.instances if each.state != "ACTIVE"}
        return [
            f"{type(each).__name__} of {each.element.element.id!r}"
            for each in open_
            if each.element is not None and each.element.instance.key in ended
        ]


def _of_job(job: Job, name: str) -> Any:
    """What a rule asks of a job."""
    if name == "variables":
        return variables_of(job)
    if name == "state":
        return job.state.name
    if name == "tags":
        return list(job.element.instance.tags)
    return getattr(job, name)


def variables_of(job: Job) -> dict[str, Any]:
    """What the worker of a job sees."""
    found: dict[str, Any] = {}
    scope: ElementInstance | None = job.element
    while scope is not None:
        found = {**scope.variables, **found}
        scope = scope.scope
    return found


def _ids(ids: Iterable[str], wanted: Sequence[str]) -> Sequence[str]:
    """Ids as they are wanted, where only their order differs."""
    found = sorted(ids)
    return wanted if found == sorted(wanted) else found


def _events(seen: Seen, kind: type[MessageSubscription | SignalSubscription]) -> list[str]:
    return [
        each.catch.id
        for each in seen.state.subscriptions.values()
        if isinstance(each, kind) and seen.is_its(each.element)
    ]


#: How each thing is looked at; lists of ids come in the order in which they are wanted.
LOOKS: Mapping[str, Callable[[Seen, Any], Any]] = {
    "path": lambda seen, _: seen.path(),
    "state": lambda seen, _: seen.instance.state,
    "variables": lambda seen, _: seen.instance.variables,
    "local": lambda seen, wanted: {each: seen.instance.local(each) for each in wanted},
    "jobs": lambda seen, wanted: _ids(
        (each.element.element.id for each in seen.state.jobs.values() if seen.is_its(each.element)), wanted
    ),
    "activatable": lambda seen, wanted: _ids(
        (each.element.element.id for each in seen.state.jobs.values() if each.state is JobState.ACTIVATABLE), wanted
    ),
    "job": lambda seen, wanted: seen.job(wanted),
    "user_tasks": lambda seen, wanted: _ids(seen.user_tasks(), wanted),
    "user_task": lambda seen, wanted: {
        each: {name: seen.user_tasks()[each].get(name) for name in wanted[each]} for each in wanted
    },
    "active": lambda seen, wanted: _ids(seen.instance.in_state("ACTIVE"), wanted),
    "completed": lambda seen, wanted: _ids(set(seen.instance.in_state("COMPLETED")), wanted),
    "terminated": lambda seen, wanted: _ids(set(seen.instance.in_state("TERMINATED")), wanted),
    "timers": lambda seen, wanted: _ids(
        (each.catch.id for each in seen.state.timers.values() if each.element and seen.is_its(each.element)), wanted
    ),
    "messages": lambda seen, wanted: _ids(_events(seen, MessageSubscription), wanted),
    "signals": lambda seen, wanted: _ids(_events(seen, SignalSubscription), wanted),
    "starts": lambda seen, wanted: _ids(seen.starts(), wanted),
    "buffered": lambda seen, wanted: _ids((each.name for each in seen.state.messages.values()), wanted),
    "definitions": lambda seen, _: {
        f"{each.process_id}:{each.version}": each.state.value for each in seen.state.definitions.values()
    },
    "instances": lambda seen, _: [each.of for each in seen.recorder.instances],
}


def _resources(step: r.Deploy) -> dict[str, bytes]:
    if step.together:
        return {step.together: model(*step.processes, pools=step.pools), **step.resources}
    return {**{f"{each.id}.bpmn": model(each) for each in step.processes}, **step.resources}


def _start(runner: Runner, step: r.Start) -> cmd.CreateInstance:
    return cmd.CreateInstance(
        step.process or runner.process_id,
        version=step.version,
        variables=step.variables,
        start_instructions=[cmd.StartInstruction(each) for each in step.at],
        tags=step.tags,
    )


def _modify(runner: Runner, step: r.Modify) -> cmd.ModifyInstance:
    return cmd.ModifyInstance(
        runner.recorder.instances[step.instance].key,
        [cmd.ActivateElement(each, step.variables) for each in step.activate],
        [runner.active(each).key for each in step.terminate],
    )


#: The command of each step.
COMMANDS: Mapping[type[Any], Callable[[Runner, Any], Any]] = {
    r.Deploy: lambda _, step: cmd.Deploy(_resources(step)),
    r.Delete: lambda runner, step: cmd.DeleteResource(runner.definition(step.process, step.version)),
    r.Start: _start,
    r.Complete: lambda runner, step: cmd.CompleteJob(runner.job(step.element, step.nth), step.variables, step.result),
    r.Fail: lambda runner, step: cmd.FailJob(
        runner.job(step.element), step.retries, step.message, _ms(step.backoff), step.variables
    ),
    r.Throw: lambda runner, step: cmd.ThrowError(
        runner.job(step.element, step.nth), step.code, step.message, step.variables
    ),
    r.Update: lambda runner, step: cmd.UpdateJob(
        runner.job(step.element), step.retries, _ms(step.timeout) if step.timeout else None
    ),
    r.CompleteUserTask: lambda runner, step: cmd.CompleteUserTask(runner.user_task(step.element), step.variables),
    r.Publish: lambda _, step: cmd.PublishMessage(step.name, step.key, _ms(step.ttl), step.message_id, step.variables),
    r.Correlate: lambda _, step: cmd.CorrelateMessage(step.name, step.key, step.variables),
    r.Broadcast: lambda _, step: cmd.BroadcastSignal(step.name, step.variables),
    r.Resolve: lambda runner, step: cmd.ResolveIncident(runner.incident(step.element)),
    r.Cancel: lambda runner, step: cmd.CancelInstance(runner.recorder.instances[step.instance].key),
    r.SetVariables: lambda runner, step: cmd.SetVariables(runner.active(step.element).key, step.variables, step.local),
    r.ActivateAdHoc: lambda runner, step: cmd.ActivateAdHoc(
        runner.active(step.element).key, [(each, {}) for each in step.elements], step.cancel_remaining
    ),
    r.Modify: _modify,
    r.Migrate: lambda runner, step: cmd.MigrateInstance(
        runner.recorder.instances[0].key, runner.definition(step.process, step.version), step.mapping
    ),
}
