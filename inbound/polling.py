"""Polling: what the clock fires, in a worker. One look, or a search for waiting instances and one look for each.

Every waiting instance has an entry of its own in the schedule, so that a slow one holds up nobody and each is looked
for by exactly one worker, however many there are. An entry whose executable or instance is gone takes itself out.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Mapping
from typing import Any

from inbound.activate import Bound, resolve
from inbound.entries import entry_of_instance, name_of
from inbound.executables import Element, Executable, State
from inbound.host import Host, RunContext, attempt
from zelery.camunda.definitions.port import DefinitionSource, ElementInstance
from zelery.errors import ConnectorError, PropertyError, SourceError
from zelery.fencing import Firing
from zelery.followed import Followed
from zelery.properties import connector_level
from zelery.redis import ENTRIES, WAITING
from zelery.secrets import Mask


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Known:
    bound: Bound
    executable: Executable
    until: float


class Poller:
    """What one worker process needs for its looks."""

    def __init__(self, host: Host, source: DefinitionSource) -> None:
        self._host = host
        self._source = source
        self._entries = Followed(host.connected.redis, ENTRIES)
        self._bound: dict[str, _Known] = {}

    async def changed(self, changes: Mapping[str, Executable | None]) -> None:
        """The store has changed: what was bound of these is bound anew."""
        for id_ in changes:
            self._bound.pop(id_, None)

    async def look_up(self, firing: Firing | None, id_: str) -> str:
        """Search for the instances that wait at an executable's elements, and give each its entry."""
        executable = await self._live(firing, id_)
        if executable is None:
            return "gone"
        context = RunContext(host=self._host, executable=executable, mask=Mask(), worked=True)
        try:
            found = await asyncio.gather(*(self._waiting(each) for each in executable.elements))
        except SourceError as error:
            context.down(error)
            return "the cluster did not say who waits"
        entries = {
            entry.name: entry.to_json()
            for element, waiting in zip(executable.elements, found, strict=True)
            for entry in (entry_of_instance(executable, element, each) for each in waiting)
        }
        await self._schedule(id_, entries)
        context.up(**{"Process instances": len(entries)})
        return f"{len(entries)} waiting"

    async def poll(self, firing: Firing | None, id_: str) -> str:
        """Look once for an executable."""
        executable = await self._live(firing, id_)
        if executable is None:
            return "gone"
        return await self._look(RunContext(host=self._host, executable=executable, mask=Mask(), worked=True))

    async def poll_instance(self, firing: Firing | None, id_: str, element_id: str, waiting: Mapping[str, Any]) -> str:
        """Look once for an instance that waits (an `ElementInstance`), with its variables."""
        instance = ElementInstance(**waiting)
        executable = await self._live(firing, id_)
        if executable is None or element_id not in {each.element_id for each in executable.elements}:
            return await self._gone(firing, id_)
        context = RunContext(
            host=self._host, executable=executable, mask=Mask(), element_id=element_id, instance=instance
        )
        return await self._look(context)

    async def _look(self, context: RunContext) -> str:
        connector = self._host.connectors.get(context.executable.type)
        if connector is None:
            return "not served here"
        try:
            bound = await self._resolved(context.executable)
            context.mask = bound.mask
            properties = bound.to(connector.input, await self._variables(context))
        except (SourceError, ConnectorError, PropertyError) as error:
            _failed(context, error, f"Error occurred while binding properties: {error}")
            return "its properties cannot be bound"
        limit_s = self._host.connected.settings.job_timeout.total_seconds()
        outcome = await attempt(_within(limit_s, connector(properties, context)))
        if not isinstance(outcome, Exception):
            return "looked"
        _failed(context, outcome, f"{type(outcome).__name__}: {outcome}")
        return f"failed: {type(outcome).__name__}"

    async def _waiting(self, element: Element) -> list[ElementInstance]:
        return list(await self._source.waiting_elements(element.definition_key, element.waits_at))

    async def _schedule(self, id_: str, entries: Mapping[str, str]) -> None:
        """The names are remembered before their entries are made, and forgotten after: none is left behind."""
        redis, key = self._host.connected.redis, WAITING + id_
        known = {str(name) for name in await redis.smembers(key)}
        found = await redis.hmget(ENTRIES, [*entries]) if entries else []
        new = {name: text for (name, text), there in zip(entries.items(), found, strict=True) if text != there}
        gone = known - entries.keys()
        if added := entries.keys() - known:
            await redis.sadd(key, *added)
        if new or gone:
            await self._entries.apply(new, gone)
        if gone:
            await redis.srem(key, *gone)

    async def _variables(self, context: RunContext) -> Mapping[str, Any]:
        """The instance's variables, where a property may need them. Raises SourceError and ConnectorError."""
        texts, instance = connector_level(context.executable.properties).values(), context.instance
        feel = [text for text in texts if text.lstrip().startswith("=")]
        if instance is None or not feel:
            return {}
        scopes = [instance.process_instance_key, instance.key]
        found = await self._source.variables(instance.process_instance_key, scopes)
        needed = sorted(name for name in found.cut if any(name in text for text in feel))
        if needed:
            raise ConnectorError(
                f"the variable {needed[0]} is longer than the cluster's API shows; give the connector a shorter one"
            )
        return found.values

    async def _resolved(self, executable: Executable) -> Bound:
        """The properties with their secrets, kept for a short time. Raises ConnectorError and PropertyError."""
        known, now = self._bound.get(executable.id), time.monotonic()
        if known is not None and known.executable.properties == executable.properties and known.until > now:
            return known.bound
        runtime = self._host.connected.runtime
        bound = await resolve(executable, runtime.secrets)
        until = now + runtime.settings.secret_cache_s
        self._bound[executable.id] = _Known(bound=bound, executable=executable, until=until)
        return bound

    async def _live(self, firing: Firing | None, id_: str) -> Executable | None:
        """The executable if it lives; the entry goes if it does not, or has another entry by now."""
        executable = self._host.store.live.get(id_)
        if not _fires(firing, executable):
            await self.changed(await self._host.store.follow())
            executable = self._host.store.live.get(id_)
        if executable is None or not _fires(firing, executable):
            await self._gone(firing, id_)
            return None
        return executable if executable.state is State.ACTIVE else None

    async def _gone(self, firing: Firing | None, id_: str) -> str:
        if firing is not None:
            await self._entries.apply({}, [firing.entry])
            await self._host.connected.redis.srem(WAITING + id_, firing.entry)
        return "gone"


async def _within(limit_s: float, run: Awaitable[None]) -> None:
    """Raises TimeoutError when it takes longer."""
    async with asyncio.timeout(limit_s):
        await run


def _fires(firing: Firing | None, executable: Executable | None) -> bool:
    """Whether an entry is of an executable as it is now: its name says which elements it has."""
    return executable is not None and (firing is None or firing.entry.startswith(name_of(executable)))


def _failed(context: RunContext, error: Exception, said: str) -> None:
    context.log("ERROR", "error", said)
    if context.instance is None:  # Whose health is not that of the search for instances.
        context.down(error)
