"""What must live, and what is to be done about it. Pure: each tick works the whole of it out anew.

    wanted(models)                what the deployed models ask for, grouped into executables
    plan(wanted, live, …)         what to remove, to put as it is, and to activate
    settled(executables)          which of those that want one webhook path has it

A missed event costs one tick, and a bad model costs itself: its elements are left out, with a word why.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from inbound.definitions import Model, Version
from inbound.executables import Element, Executable, Point, State
from zelery.deduplication import Group, InvalidGroup, deduplication_id, executable_id, group
from zelery.errors import PropertyError
from zelery.properties import DEDUPLICATION_ID, TYPE
from zelery.sdk.inbound import InboundConnector

#: A tenant's process.
Process = tuple[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """An executable that the models ask for."""

    deduplication_id: str
    elements: tuple[Element, ...]
    contradiction: str | None = None
    """Why its elements cannot share it."""

    @property
    def id(self) -> str:
        """How operators call it."""
        return executable_id(self.deduplication_id)

    @property
    def type(self) -> str:
        """The connector's type."""
        return self.elements[0].properties[TYPE]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a tick does."""

    activate: Sequence[Executable] = ()
    """To be brought to life, for the first time or again."""
    put: Sequence[Executable] = ()
    """To be written as they are."""
    remove: Sequence[str] = ()
    """Ids of what is wanted no more."""


def wanted(versions: Iterable[Version], models: Mapping[int, Model]) -> tuple[list[Wanted], list[str]]:
    """The executables that these versions ask for, and a word on each element that cannot be one.

    Of a version that is not the newest, elements that start instances are left out (`spec/inbound.md` §1.7).
    """
    # An id may read the same for two processes (`p-1` with `x`, `p` with `1-x`): the first that has it keeps it.
    groups: dict[str, list[Element]] = {}
    faults: list[str] = []
    for version in sorted(versions, key=lambda each: -each.definition.key):
        model = models.get(version.definition.key)
        for element in model.elements if model else ():
            if not version.latest and element.point is not Point.MESSAGE:
                continue
            try:
                _join(groups, element)
            except PropertyError as error:
                faults.append(f"{element.process_id}, version {element.version}, {element.element_id}: {error}")
    return [_grouped(id_, elements) for id_, elements in groups.items()], faults


def _join(groups: dict[str, list[Element]], element: Element) -> None:
    """Put an element to those of its deduplication id. Raises PropertyError where it can have none."""
    id_ = deduplication_id(element, element.tenant_id, element.process_id, element.definition_key)
    others = groups.setdefault(id_, [])
    if others and _owner(others[0]) != _owner(element):
        raise PropertyError(DEDUPLICATION_ID, f"{id_!r} is what process {others[0].process_id} calls one of its own")
    others.append(element)


def _owner(each: Element | Executable) -> Process:
    return each.tenant_id, each.process_id


def _grouped(id_: str, elements: Sequence[Element]) -> Wanted:
    """One executable. Where an older version contradicts the newest, the newest counts alone."""
    found = group(elements)
    if isinstance(found, InvalidGroup):
        newest = [each for each in elements if each.definition_key == elements[0].definition_key]
        found = group(newest)
    if isinstance(found, Group):
        return Wanted(deduplication_id=id_, elements=found.elements)
    return Wanted(deduplication_id=id_, elements=found.elements, contradiction=found.reason)


def plan(
    asked: Iterable[Wanted],
    live: Mapping[str, Executable],
    *,
    connectors: Mapping[str, InboundConnector],
    absent: Mapping[str, str],
    unread: Collection[Process],
    now_ms: int,
) -> Plan:
    """From what lives to what must.

    `connectors` are served here, and of those that are `absent` the remedy is known. Processes that are `unread` keep
    what they have: of them it is not known what they ask for.
    """
    activate: list[Executable] = []
    put: list[Executable] = []
    names = set()
    for each in asked:
        names.add(each.id)
        before = live.get(each.id)
        after = _next(each, before, connectors, absent)
        if after.state is State.FAILED:
            if after.retry_ms <= now_ms:
                activate.append(after)
            elif after != before:
                put.append(after)
        elif after != before:
            put.append(after)
    gone = [id_ for id_, each in live.items() if id_ not in names and (each.tenant_id, each.process_id) not in unread]
    return Plan(activate=activate, put=put, remove=gone)


def _next(
    asked: Wanted,
    before: Executable | None,
    connectors: Mapping[str, InboundConnector],
    absent: Mapping[str, str],
) -> Executable:
    """What becomes of one: what it is but for its elements, or something that is to be activated (FAILED, due now)."""
    fresh = Executable(
        id=asked.id,
        deduplication_id=asked.deduplication_id,
        type=asked.type,
        tenant_id=asked.elements[0].tenant_id,
        elements=asked.elements,
        state=State.FAILED,
    )
    if asked.contradiction is not None:
        return dataclasses.replace(fresh, state=State.INVALID, reason=asked.contradiction)
    if asked.type not in connectors:
        remedy = f": {absent[asked.type]}" if asked.type in absent else ""
        return dataclasses.replace(
            fresh, state=State.UNREGISTERED, reason=f"Connector {asked.type} not registered{remedy}"
        )
    if before is None or before.state in (State.INVALID, State.UNREGISTERED) or _differs(fresh, before):
        return fresh
    return dataclasses.replace(before, elements=asked.elements)


def _differs(one: Executable, other: Executable) -> bool:
    """Whether what a connector is activated with has changed."""
    return one.type != other.type or one.configuration != other.configuration


def inherited(executable: Executable, live: Iterable[Executable]) -> Executable:
    """A new version of a process takes over its path, and with it the place in the queue for it."""
    since = [
        each.claimed_ms
        for each in live
        if each.claim == executable.claim and each.claim and _owner(each) == _owner(executable)
    ]
    return dataclasses.replace(executable, claimed_ms=min([executable.claimed_ms, *since]))


def settled(executables: Iterable[Executable]) -> list[Executable]:
    """Those whose state changes with who has a path: the first that claimed it, of one process the newest version."""
    claims: dict[str, list[Executable]] = defaultdict(list)
    for each in executables:
        if each.claim and each.state in (State.ACTIVE, State.QUEUED):
            claims[each.claim].append(each)
    changed: list[Executable] = []
    for queue in claims.values():
        since = {process: min(e.claimed_ms for e in queue if _owner(e) == process) for process in map(_owner, queue)}
        holder, *others = sorted(
            queue, key=lambda e: (since[_owner(e)], _owner(e), -max(e.definition_keys), e.claimed_ms, e.id)
        )
        if holder.state is not State.ACTIVE:
            changed.append(dataclasses.replace(holder, state=State.ACTIVE, reason=None))
        reason = f"already in use by: process {holder.process_id}({holder.elements[0].element_id})"
        for each in others:
            told = f"Context: {each.properties.get('inbound.context', '')} {reason}"
            if (each.state, each.reason) != (State.QUEUED, told):
                changed.append(dataclasses.replace(each, state=State.QUEUED, reason=told))
    return changed
