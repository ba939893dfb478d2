"""Counts tokens by what the engine tells: how often each flow was taken, and each element activated, in each scope."""

from __future__ import annotations

from collections import Counter
from typing import Any

from zelery.engine import events as ev
from zelery.engine.bpmn.model import Element, Kind
from zelery.engine.engine import Engine
from zelery.engine.records import ElementInstance
from zelery.engine.state import held_by

#: Where tokens wait for others.
_JOINING = (Kind.PARALLEL_GATEWAY, Kind.INCLUSIVE_GATEWAY)


class Flows:
    """The tokens of an engine's scopes, counted from now on.

    Args:
        engine: It is listened to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.taken: Counter[tuple[int, str]] = Counter()
        self.activated: Counter[tuple[int, str]] = Counter()
        self.modified: set[int] = set()
        """Process instances in which elements were activated that no token has come to."""
        self.migrated: set[int] = set()
        """Process instances that are of another definition than the one that they were started by."""
        self.ended: set[int] = set()
        """Element instances that have ended."""
        engine.listen(self._on)

    def _on(self, _time: int, event: Any) -> None:
        match event:
            case ev.FlowTaken():
                self.taken[event.scope_key, event.flow_id] += 1
            case ev.ElementActivated():
                self.activated[event.scope_key, event.element_id] += 1
            case ev.ElementMigrated():
                self.migrated.add(event.key)
            case ev.ElementCompleted() | ev.ElementTerminated():
                assert event.key not in self.ended, f"element instance {event.key} has ended twice"
                self.ended.add(event.key)

    def wrong(self) -> list[str]:
        """Tokens that are lost or doubled, and instances that should have waited for another, in words."""
        state = self._engine.state
        holding = [each for each in state.instances.values() if each.correlation_key and each.key not in self.migrated]
        twice = [name for name, count in Counter(map(held_by, holding)).items() if count > 1]
        return [f"there are several instances of {each}" for each in twice] + [
            each
            for scope in state.elements.values()
            if scope.children is not None and not scope.interrupted_by and scope.instance.key not in self.modified
            for element in _elements_of(scope)
            if (each := self._wrong(scope, element))
        ]

    def _wrong(self, scope: ElementInstance, element: Element) -> str:
        activated = self.activated[scope.key, element.id]
        taken = {flow.id: self.taken[scope.key, flow.id] for flow in element.incoming}
        waiting = {flow_id: (scope.tokens or {}).get(flow_id, 0) for flow_id in taken}
        if element.kind not in _JOINING or len(taken) == 1:
            right = not any(waiting.values()) and sum(taken.values()) == activated
        elif element.kind is Kind.PARALLEL_GATEWAY:
            right = all(taken[each] == activated + waiting[each] for each in taken)
        else:
            right = all(taken[each] - waiting[each] <= activated for each in taken)
        return "" if right else f"{element.id} in {scope.key}: {taken=}, {waiting=}, {activated=}"


def _elements_of(scope: ElementInstance) -> list[Element]:
    """The elements of a scope that flows come to."""
    elements = scope.instance.definition.process.elements.values()
    inside = scope.element.scope if scope.element.kind is Kind.AD_HOC_INNER else scope.element
    return [each for each in elements if each.incoming and each.scope is inside]
