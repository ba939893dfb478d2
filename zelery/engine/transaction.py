"""A command being executed: what it emits changes the state at once, and steps that follow are done in their order.

Steps are queued, first in first out, so that parallel branches advance side by side as they do in Zeebe, and no model
is deep enough to exhaust the stack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from zelery.engine.apply import apply
from zelery.engine.errors import Code, Rejected
from zelery.engine.expressions import Expressions
from zelery.engine.records import ElementInstance
from zelery.engine.state import State

#: Elements that one command may activate before their instance is suspected of a loop that never waits.
ACTIVATIONS_MAX = 10_000


class Transaction:
    """One command's work.

    Args:
        state: What the events change.
        now: Milliseconds since 1970.
        expressions: Evaluates the model's expressions.
        emitted: Takes each event after it was applied.
        activations_max: How many elements may be activated.
    """

    __slots__ = ("_emitted", "_steps", "activations", "activations_max", "events", "expressions", "now", "state")

    def __init__(
        self,
        state: State,
        now: int,
        expressions: Expressions,
        emitted: Callable[[int, Any], None],
        activations_max: int = ACTIVATIONS_MAX,
    ) -> None:
        self.state = state
        self.now = now
        self.expressions = expressions
        self.events: list[Any] = []
        self.activations = 0
        self.activations_max = activations_max
        self._emitted = emitted
        self._steps: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()

    def emit(self, event: Any) -> None:
        """Decide an event: it is applied to the state at once."""
        apply(self.state, event)
        self.events.append(event)
        self._emitted(self.now, event)

    def key(self) -> int:
        """A new key. Keys rise."""
        key = self.state.next_key
        self.state.next_key = key + 1
        return key

    def keys(self, count: int) -> int:
        """The first of so many new keys."""
        key = self.state.next_key
        self.state.next_key = key + count
        return key

    def later(self, step: Callable[..., object], *arguments: Any) -> None:
        """Do a step after those that are queued already. It must check that what it is about is still there."""
        self._steps.append((step, arguments))

    def run(self) -> None:
        """Do all steps."""
        steps = self._steps
        while steps:
            step, arguments = steps.popleft()
            step(self, *arguments)

    def is_active(self, instance: ElementInstance) -> bool:
        """Whether an element instance has not ended."""
        return instance.key in self.state.elements

    def element(self, key: int, expected: str) -> ElementInstance:
        """An active element instance. Raises Rejected: `expected` begins its reason."""
        found = self.state.elements.get(key)
        if found is None:
            raise Rejected(Code.NOT_FOUND, f"{expected} with key '{key}', but no such element instance is active")
        return found
