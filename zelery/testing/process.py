"""A process instance as a test looks at it, and assertions that explain themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zelery.engine.bpmn.model import SCOPES, Kind
from zelery.engine.history.records import ElementRecord, InstanceRecord

if TYPE_CHECKING:
    from zelery.testing.kit import Engine


@dataclasses.dataclass(frozen=True, slots=True)
class Incident:
    """Why an element does not go on."""

    type: str
    element_id: str
    message: str
    key: int


class ProcessInstance:
    """A process instance. What it shows is always what is so now; its repr is an explanation.

    Args:
        engine: Where it runs.
        key: The instance's key.
    """

    def __init__(self, engine: Engine, key: int) -> None:
        self._engine = engine
        self.key = key

    @property
    def _record(self) -> InstanceRecord:
        return self._engine.history.instances[self.key]

    @property
    def process_id(self) -> str:
        """The BPMN process id."""
        return self._record.definition.process_id

    @property
    def state(self) -> str:
        """`ACTIVE`, `COMPLETED` or `TERMINATED`."""
        return self._record.state

    @property
    def completed(self) -> bool:
        """Whether it has come to its end as the model says."""
        return self.state == "COMPLETED"

    @property
    def path(self) -> list[str]:
        """The ids of its elements in the order of their activation."""
        return self._engine.history.path(self.key)

    @property
    def variables(self) -> dict[str, Any]:
        """Its own variables, as they are now or were at its end."""
        return self.local_variables(None)

    def local_variables(self, element_id: str | None) -> dict[str, Any]:
        """The variables of an element's scope, of the instance that was activated last; None: of the process."""
        found = [each for each in self._record.elements if each.element.id == element_id]
        scope = self._engine.history.elements[self.key] if element_id is None else found[-1]
        return {name: each.value for name, each in (scope.variables or {}).items()}

    @property
    def waiting_at(self) -> list[str]:
        """The ids of the elements in which it is, without the scopes around them."""
        return [each.element.id for each in self._active() if each.element.kind not in SCOPES]

    def _active(self) -> Iterator[ElementRecord]:
        return (each for each in self._record.elements if each.state == "ACTIVE")

    @property
    def open_jobs(self) -> list[str]:
        """Its open jobs: the types that wait for a worker, a retry or an operator."""
        return [job.type for job in self._engine.engine.state.jobs.values() if job.element.instance.key == self.key]

    @property
    def incidents(self) -> list[Incident]:
        """What keeps it from going on."""
        return [
            Incident(each.type, each.element.element.id, each.message, each.key)
            for each in self._engine.history.incidents.values()
            if each.element.instance.key == self.key and each.state == "ACTIVE"
        ]

    @property
    def called(self) -> list[ProcessInstance]:
        """The instances that its call activities have started."""
        return [
            ProcessInstance(self._engine, each.key)
            for each in self._engine.history.instances.values()
            if each.parent_key == self.key
        ]

    # Assertions.

    def assert_completed(self) -> None:
        """Fail unless it has completed."""
        if not self.completed:
            raise AssertionError(f"expected the process to be completed\n{self!r}")

    def assert_path(self, expected: Sequence[str]) -> None:
        """Fail unless its elements were activated in this order."""
        if self.path != list(expected):
            raise AssertionError(f"expected the path {list(expected)}\n{self!r}")

    def assert_waiting_at(self, *element_ids: str) -> None:
        """Fail unless it waits in these elements, and in no other."""
        if sorted(self.waiting_at) != sorted(element_ids):
            raise AssertionError(f"expected it to wait at {', '.join(element_ids) or 'nothing'}\n{self!r}")

    def assert_variables(self, expected: Mapping[str, Any]) -> None:
        """Fail unless it has these variables, with these values; it may have others."""
        seen = self.variables
        wrong = {name: seen.get(name, "(absent)") for name in expected if seen.get(name, ...) != expected[name]}
        if wrong:
            wanted = {name: expected[name] for name in wrong}
            raise AssertionError(f"expected the variables {wanted}, but they are {wrong}\n{self!r}")

    def assert_incident(self, element_id: str, type: str | None = None, text: str = "") -> None:  # noqa: A002
        """Fail unless there is an incident at an element, of a type, with a text in its message."""
        for each in self.incidents:
            if each.element_id == element_id and type in (None, each.type) and text in each.message:
                return
        raise AssertionError(f"expected an incident at {element_id} {type or ''} {text!r}\n{self!r}")

    def __repr__(self) -> str:
        """All that explains where it stands."""
        if self.key not in self._engine.history.instances:
            return f"<process instance {self.key}>"
        lines = [f"<process instance {self.key} of {self.process_id}: {self.state}"]
        lines.append(f"   path: {' → '.join(_told(self._record)) or '(nothing yet)'}")
        if self.state == "ACTIVE":
            lines.append(f"   waits at: {', '.join(self._waits()) or '(nothing)'}")
        lines += [f"   incident at {each.element_id}: {each.type}: {each.message}" for each in self.incidents]
        lines.append(f"   variables: {self.variables}")
        lines += [f"   null: {each}" for each in self._engine.nulls_of(self.key)]
        return "\n".join(lines) + ">"

    def _waits(self) -> Iterator[str]:
        """The elements in which it is, each with what it waits for."""
        state = self._engine.engine.state
        for each in self._active():
            active = state.elements.get(each.key)
            if active is None or each.element.kind in SCOPES:
                continue
            job = state.jobs.get(active.job_key)
            if job is not None:
                left = f", {job.retries} retries left" if job.retries != _FULL else ""
                yield f"{each.element.id} (job {job.type}, {job.state.name.lower()}{left})"
            elif active.user_task_key:
                yield f"{each.element.id} (user task)"
            elif active.catches:
                yield f"{each.element.id} ({', '.join(map(_waited_for, active.catches.values()))})"
            else:
                yield each.element.id


#: Retries that a task has where its model says nothing: not worth a word.
_FULL = 3


def _told(record: InstanceRecord) -> list[str]:
    marks = {"TERMINATED": " (terminated)", "ACTIVE": " (active)"}
    return [
        each.element.id + marks.get(each.state, "")
        for each in record.elements
        if each.element.kind is not Kind.MULTI_INSTANCE_BODY
    ]


def _waited_for(catch: Any) -> str:
    """What an element waits for, in words."""
    if hasattr(catch, "due"):
        return f"timer {catch.catch.id}"
    key = getattr(catch, "correlation_key", None)
    return f"message {catch.name!r} with key {key!r}" if key is not None else f"signal {catch.name!r}"
