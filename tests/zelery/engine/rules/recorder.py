"""Records what happens in an engine: its instances, their paths, their variables."""

from __future__ import annotations

import dataclasses
from typing import Any

from zelery.engine import events as ev
from zelery.engine.engine import Engine


@dataclasses.dataclass
class Element:
    """An element instance."""

    id: str
    state: str = "ACTIVE"
    variables: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Instance:
    """A process instance."""

    key: int
    of: str
    """`process:version`."""
    state: str = "ACTIVE"
    variables: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Of its own scope."""
    elements: list[Element] = dataclasses.field(default_factory=list)

    @property
    def path(self) -> list[str]:
        """The ids of its elements in the order of their activation."""
        return [each.id for each in self.elements]

    def in_state(self, state: str) -> list[str]:
        """The ids of its elements in a state, as often as there are instances."""
        return [each.id for each in self.elements if each.state == state]

    def local(self, element_id: str) -> dict[str, Any]:
        """What is or was local to the newest instance of an element. Raises AssertionError where there is none."""
        found = [each for each in self.elements if each.id == element_id]
        assert found, f"{element_id!r} was never activated"
        return found[-1].variables


class Recorder:
    """What has happened in an engine since it was made.

    Args:
        engine: The engine, with nothing in it.
    """

    def __init__(self, engine: Engine) -> None:
        self.instances: list[Instance] = []
        self._engine = engine
        self._scopes: dict[int, Instance | Element] = {}
        self._by_key: dict[int, Instance] = {}
        self.jobs: dict[str, int] = {}
        """The key of the newest job of each element, whether it is open or not."""
        engine.listen(self._note)

    def _note(self, _now: int, event: Any) -> None:
        match event:
            case ev.InstanceCreated(key=key, definition_key=definition_key):
                definition = self._engine.state.definitions[definition_key]
                instance = Instance(key, f"{definition.process_id}:{definition.version}")
                self.instances.append(instance)
                self._scopes[key] = self._by_key[key] = instance
            case ev.ElementActivated(key=key, element_id=element_id, instance_key=instance_key):
                element = Element(element_id)
                self._by_key[instance_key].elements.append(element)
                self._scopes[key] = element
            case ev.JobCreated(key=key, element_key=element_key):
                self.jobs[self._engine.state.elements[element_key].element.id] = key
            case ev.VariablesSet(scope_key=scope_key, values=values):
                self._scopes[scope_key].variables.update(values)
            case ev.ElementCompleted(key=key):
                self._scopes[key].state = "COMPLETED"
            case ev.ElementTerminated(key=key):
                self._scopes[key].state = "TERMINATED"
            case ev.ElementMigrated(key=key, element_id=element_id):
                migrated = self._scopes[key]
                if isinstance(migrated, Element):
                    migrated.id = element_id
