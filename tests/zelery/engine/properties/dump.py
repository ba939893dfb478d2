"""The whole state as plain values: what two engines have in common when one has replayed the other's journal."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from zelery.engine.bpmn.model import Element
from zelery.engine.records import Definition, ElementInstance, JobState, ProcessInstance
from zelery.engine.state import State

#: What events do not tell: functions, and the heap, which may hold entries that count no more.
_NOT_COMPARED = frozenset({"compile_process", "due", "next_key", "ended_variables"})

#: Of a definition: what is compiled, and what it is compiled from.
_NOT_OURS = frozenset({"process", "xml"})

#: What a record is named by where another refers to it.
_REFERRED = (Definition, ElementInstance, ProcessInstance)


def dump(state: State) -> dict[str, Any]:
    """All of a state that counts, with its order, as values that can be compared."""
    parts = {name: value for name, value in vars(state).items() if name not in _NOT_COMPARED}
    return {**{name: _plain(value, top=True) for name, value in parts.items()}, "due": due(state)}


def due(state: State) -> list[tuple[int, int, str]]:
    """What is due at some time, as the state's records say it; each must be in the heap."""
    found = [(each.due, each.key, "timer") for each in state.timers.values()]
    found += [(each.deadline, each.key, "lease") for each in state.jobs.values() if each.state is JobState.ACTIVATED]
    found += [(each.recur_at, each.key, "backoff") for each in state.jobs.values() if each.recur_at]
    found += [(each.deadline, key, "message") for waiting in state.buffered.values() for key, each in waiting.items()]
    return sorted(found)


def _plain(value: Any, *, top: bool = False) -> Any:
    match value:
        case Element():
            return value.id, value.kind.value
        case enum.Enum():
            return value.name
        case set():
            return sorted(value)
        case Mapping():
            # Order counts: the first that became activatable is the first that is leased.
            return [(_plain(key), _plain(each, top=top)) for key, each in value.items()]
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return _record(value, top=top) if dataclasses.is_dataclass(value) else value


def _record(value: Any, *, top: bool) -> Any:
    """A record's fields, or only its key where another record refers to it."""
    if isinstance(value, _REFERRED) and not top:
        return f"{type(value).__name__} {value.key}"
    names = [each.name for each in dataclasses.fields(value) if each.name not in _NOT_OURS]
    return {name: _plain(getattr(value, name)) for name in names}
