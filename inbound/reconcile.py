"""The reconciler: what lives is made what the deployed models ask for, again and again (`inbound.reconcile`).

It recomputes, it does not react: each tick reads what is deployed, plans (`plan.py`), and writes the plan to the one
store, under a lease with a fencing token. Hosts follow the store. A failed or doubtful answer of the cluster never
deactivates anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from inbound.activate import activate
from inbound.activity import Activity, purge
from inbound.definitions import Models, Version, chosen, newest
from inbound.entries import entry_of
from inbound.executables import Executable, Executables, State
from inbound.plan import Plan, Process, inherited, plan, settled, wanted
from zelery.camunda.definitions.port import Definition, DefinitionSource, Snapshot
from zelery.connected import Connected
from zelery.errors import LostLeaseError, SourceError
from zelery.followed import Followed
from zelery.lease import Held, Lease
from zelery.logs import logger
from zelery.metrics import Metrics
from zelery.redis import ENTRIES, IMPORT
from zelery.sdk.inbound import InboundConnector

log = logger(__name__)

#: How long one tick is alone without saying that it still works, seconds: what a killed one costs at most.
LEASE_S = 8.0

#: Activations at once: each may ask a secret provider.
ACTIVATIONS_AT_ONCE = 16

#: Models of older versions that one tick asks for at most: they tell whether an instance can wait there at all.
OLDER_MAX = 20


class Reconciler:
    """What one worker process keeps from tick to tick, so that one in which nothing changed costs next to nothing."""

    def __init__(
        self,
        connected: Connected,
        source: DefinitionSource,
        *,
        name: str,
        connectors: Mapping[str, InboundConnector],
        absent: Mapping[str, str],
        activity: Activity,
        metrics: Metrics,
        clock_ms: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self._connected = connected
        self._source = source
        self._connectors = connectors
        self._absent = absent
        self._activity = activity
        self._metrics = metrics
        self._clock_ms = clock_ms
        self._lease = Lease(connected.redis, "reconcile", name, lasts_s=LEASE_S)
        self._store = Executables(connected.redis)
        self._models = Models(connected.redis)
        self._entries = Followed(connected.redis, ENTRIES)
        self._snapshot: Snapshot | None = None
        self._waiting: Mapping[int, bool] | None = {}
        self._done: tuple[Snapshot, Mapping[int, bool]] | None = None
        self._told: set[str] = set()

    async def tick(self) -> str:
        """One look at the cluster and what follows from it; returns what was done, in a few words."""
        async with self._alone() as held:
            if held is None:
                return "another worker is at it"
            try:
                return await self._tick(held)
            except SourceError as error:
                await self._report(ok=False, why=str(error))
                log.warning("what is deployed cannot be read; what lives stays", why=str(error))
                return "the cluster did not say what is deployed"
            except LostLeaseError:
                log.warning("a tick took so long that another worker took over")
                return "another worker took over"

    async def _tick(self, held: Held) -> str:
        changed = await self._store.follow()
        snapshot = await self._source.deployed()
        waiting = await self._look_for_waiting(snapshot)
        if self._done == (snapshot, waiting) and not changed and not self._retries():
            await self._report(ok=True, definitions=len(snapshot.definitions), unread=0)
            return "nothing changed"
        self._done = None
        versions = chosen(snapshot.definitions, waiting)
        models = await self._models.read(self._source, [each.definition for each in versions])
        asked, faults = wanted(versions, models)
        self._tell(faults)
        todo = plan(
            asked,
            self._store.live,
            connectors=self._connectors,
            absent=self._absent,
            unread=_unread(versions, models, snapshot, self._store.live.values()),
            now_ms=self._clock_ms(),
        )
        before = dict(self._store.live)
        written = await self._apply(todo, held)
        await self._schedule(before, held)
        await self._forget(snapshot)
        await self._report(ok=True, definitions=len(snapshot.definitions), unread=len(versions) - len(models))
        if len(models) == len(versions):
            self._done = snapshot, waiting
        return f"{len(written)} changed, {len(todo.remove)} removed, {len(self._store.live)} live"

    def _retries(self) -> bool:
        """Whether something that failed is to be tried again."""
        now_ms = self._clock_ms()
        return any(each.state is State.FAILED and each.retry_ms <= now_ms for each in self._store.live.values())

    async def _look_for_waiting(self, snapshot: Snapshot) -> Mapping[int, bool]:
        """Older versions in which something waits, where the source can tell; what it has not told of stays as it is.

        It is asked about those alone at whose elements an instance can wait.
        """
        latest = {each.key for each in newest(snapshot.definitions).values()}
        older = [each for each in snapshot.definitions if each.key not in latest]
        if not older or self._waiting is None or not self._connected.settings.active_versions:
            return {}
        live = {key for each in self._store.live.values() for key in each.definition_keys}
        try:
            await self._ask_for_waiting(older)
        except SourceError as error:
            log.warning("which older versions instances wait in is not known; those that live stay", why=str(error))
        told = self._waiting
        return {} if told is None else {each.key: told.get(each.key, each.key in live) for each in older}

    async def _ask_for_waiting(self, older: Sequence[Definition]) -> None:
        models = await self._models.read(self._source, older, most=OLDER_MAX)
        keys = {each.key for each in older}
        known = {key: waits for key, waits in (self._waiting or {}).items() if key in keys}
        possible = [each.key for each in older if each.key in models and models[each.key].waited_at]
        nowhere = dict.fromkeys(models.keys() - set(possible), False)
        answers = await self._source.waiting(possible)
        self._waiting = None if answers is None else {**known, **nowhere, **answers}

    async def _apply(self, todo: Plan, held: Held) -> Sequence[Executable]:
        slots = asyncio.Semaphore(ACTIVATIONS_AT_ONCE)
        activated = await asyncio.gather(*(self._activate(each, slots) for each in todo.activate))
        live = self._store.live
        put = {each.id: each for each in (*todo.put, *(inherited(each, live.values()) for each in activated))}
        after = {id_: each for id_, each in {**live, **put}.items() if id_ not in todo.remove}
        for each in settled(after.values()):
            put[each.id] = each
        if put or todo.remove:
            await self._store.apply(put.values(), todo.remove, held=held)
            self._log(put.values(), todo.remove, dict(live))
            await self._store.follow()
            await purge(self._connected.redis, todo.remove)
        return list(put.values())

    async def _schedule(self, before: Mapping[str, Executable], held: Held) -> None:
        """What polls is in the schedule, whatever a crash or an empty Redis left there.

        An entry that a crash left behind takes itself out when it fires (`polling`).
        """
        entries = {each.name: each.to_json() for each in map(entry_of, self._store.live.values()) if each}
        found = await self._connected.redis.hmget(ENTRIES, [*entries]) if entries else []
        put = {name: text for (name, text), there in zip(entries.items(), found, strict=True) if text != there}
        gone = [each.name for each in map(entry_of, before.values()) if each and each.name not in entries]
        if put or gone:
            await self._entries.apply(put, gone, held=held)

    async def _activate(self, executable: Executable, slots: asyncio.Semaphore) -> Executable:
        async with slots:
            return await activate(
                executable, self._connectors[executable.type], self._connected.runtime.secrets, self._clock_ms()
            )

    def _log(self, put: Iterable[Executable], removed: Sequence[str], live: Mapping[str, Executable]) -> None:
        for each in put:
            self._log_one(each, live.get(each.id))
        for id_ in removed:
            self._metrics.count("camunda_connector_inbound_activations", "deactivated", live[id_].type)
            log.info("deactivated", executable=live[id_].describe())

    def _log_one(self, now: Executable, before: Executable | None) -> None:
        was = before.state if before else None
        match now.state:
            case State.ACTIVE if was is State.ACTIVE:
                if before and before.definition_keys != now.definition_keys:
                    self._activity.log(
                        now.id, "INFO", "Lifecycle", "Updated configuration due to new process version deployment"
                    )
            case State.ACTIVE if was is State.QUEUED:
                path = now.properties.get("inbound.context", "")
                said = f'Path "{path}" is now available. executable has been activated.'
                self._activity.log(now.id, "INFO", "Queueing", said)
            case State.ACTIVE:
                self._metrics.count("camunda_connector_inbound_activations", "activated", now.type)
                self._activity.log(now.id, "INFO", "Lifecycle", "Activated")
                if now.warning:
                    self._activity.log(now.id, "WARNING", "Warning", now.warning)
                log.info("activated", executable=now.describe())
            case State.QUEUED:
                self._activity.log(now.id, "WARNING", "Queueing", now.reason or "")
                log.warning("waits for its webhook path", executable=now.describe(), why=now.reason)
            case _ if before is None or (was, before.reason) != (now.state, now.reason):
                self._metrics.count("camunda_connector_inbound_activations", "activation-failed", now.type)
                self._activity.log(now.id, "ERROR", "Activation", now.reason or "")
                log.warning("not activated", executable=now.describe(), state=str(now.state), why=now.reason)

    def _tell(self, faults: Sequence[str]) -> None:
        """Each fault once, not at every tick."""
        for fault in set(faults) - self._told:
            log.warning("an inbound element cannot be used", why=fault)
        self._told = set(faults)

    async def _forget(self, snapshot: Snapshot) -> None:
        """What is deployed no more, and how many definitions are new."""
        if snapshot is self._snapshot:
            return
        known = {each.key for each in self._snapshot.definitions} if self._snapshot else set()
        keys = frozenset(each.key for each in snapshot.definitions)
        self._metrics.count("camunda_connector_inbound_process_definitions_checked", by=len(keys - known))
        if snapshot.doubt is None:
            await self._models.forget(keys)
        self._snapshot = snapshot

    async def _report(self, *, ok: bool, **facts: object) -> None:
        """How it went, for health checks: the same from every replica."""
        await self._connected.redis.set(IMPORT, json.dumps({"ok": ok, "at_ms": self._clock_ms(), **facts}))

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[Held | None]:
        """Hold the lease while the block runs; None when another does."""
        held = await self._lease.take()
        if held is None:
            yield None
            return
        renewing = asyncio.create_task(self._renew())
        try:
            yield held
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._lease.give()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 4)
            await self._lease.take()


def _unread(
    versions: Sequence[Version],
    models: Mapping[int, object],
    snapshot: Snapshot,
    live: Iterable[Executable],
) -> frozenset[Process]:
    """Processes of which it is not known what they ask for: a model could not be read, or the answer is in doubt."""
    found = {_of(each.definition) for each in versions if each.definition.key not in models}
    if snapshot.doubt is not None:
        known = {_of(each.definition) for each in versions}
        found |= {(each.tenant_id, each.process_id) for each in live} - known
    return frozenset(found)


def _of(definition: Definition) -> Process:
    return definition.tenant_id, definition.process_id
