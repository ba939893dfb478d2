"""The engine: commands in, answers out; its journal, its clock, and those who wait for something.

One event loop, no threads: a command is executed at once and whole. What takes time is waiting, and that is in the
coroutines here: for jobs, for an instance's end, for what is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zelery.engine import commands as cmd
from zelery.engine import events as ev
from zelery.engine.apply import apply
from zelery.engine.bpmn.model import Process
from zelery.engine.bpmn.read import read
from zelery.engine.clock import Clock
from zelery.engine.errors import Code, Rejected
from zelery.engine.expressions import Expressions
from zelery.engine.journal import Journal, JournalError, replay
from zelery.engine.processor import execute
from zelery.engine.state import State
from zelery.engine.transaction import ACTIVATIONS_MAX, Transaction

_LOG = logging.getLogger("zelery.engine")

#: Compiled files that are kept for those who deploy the same again.
_COMPILED_MAX = 64

#: Events after which a job may be activatable that was not before.
_JOBS_AVAILABLE = (ev.JobCreated, ev.JobTimedOut, ev.JobYielded, ev.JobRecurred, ev.JobReopened, ev.JobFailed)

#: Seconds to wait after a fault in what is due, which may still be due.
_FAULT_S = 1.0

Listener = Callable[[int, Any], None]


class Engine:
    """A process engine in this process, in memory; `open` gives it a journal.

    Args:
        clock: Its time.
        activations_max: How many elements one command may activate.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        activations_max: int = ACTIVATIONS_MAX,
    ) -> None:
        self.clock = clock or Clock()
        self.expressions = Expressions(self.clock.now, self._cluster_variables)
        self._compiled = functools.lru_cache(maxsize=_COMPILED_MAX)(self._read)
        self.state = State(self._process)
        self.activations_max = activations_max
        self.tenants: frozenset[str] | None = None
        """The tenants that there are beside the default one; None: multi-tenancy is disabled."""
        self._listeners: list[Listener] = []
        self._journal: Journal | None = None
        self._ended: dict[int, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._due_changed = asyncio.Event()
        self._jobs_changed: dict[str, asyncio.Event] = {}

    def open(self, journal: Path, *, fsync: bool = False) -> None:
        """Replay a journal, for listeners too, and append to it what follows. Called before the first command.

        Args:
            journal: The file, made if it is not there.
            fsync: Whether a command is answered only when it is on the disk.

        Raises:
            JournalError: The journal cannot be read or written.
        """
        if journal.exists():
            for now, next_key, events in replay(journal):
                for event in events:
                    apply(self.state, event)
                    for listener in self._listeners:
                        listener(now, event)
                self.state.next_key = next_key
        self._journal = Journal(journal, fsync=fsync)

    def _read(self, xml: bytes, resource: str) -> Sequence[Process]:
        return tuple(read(xml, resource, self.expressions.feel))

    def _process(self, xml: str, resource: str, process_id: str) -> Process:
        processes = self._compiled(xml.encode("utf-8", "surrogateescape"), resource)
        return next(each for each in processes if each.id == process_id)

    def _cluster_variables(self, tenant_id: str) -> Mapping[str, Any] | None:
        there = self.state.cluster_variables
        if not there:
            return None
        cluster = {name: value for (tenant, name), value in there.items() if not tenant}
        tenant = {name: value for (owner, name), value in there.items() if owner and owner == tenant_id}
        return {"vars": {"cluster": cluster, "tenant": tenant, "env": {**cluster, **tenant}}}

    def listen(self, listener: Listener) -> None:
        """Call with the time and the event, after it was applied, from now on."""
        self._listeners.append(listener)

    def execute(self, command: Any) -> Any:
        """Execute a command; its answer, by the command's docstring.

        Raises:
            Rejected: It is refused; nothing has changed. Or the journal cannot be written, now or before: a restart
                then goes on from what is written.
        """
        self._check_tenants(command)
        if self._journal is not None and self._journal.failed:
            raise Rejected(Code.UNAVAILABLE, self._journal.failed)
        tx = Transaction(self.state, self.clock.now_ms(), self.expressions, self._emitted, self.activations_max)
        due = self.state.due[0] if self.state.due else None
        try:
            return execute(tx, command, self._compiled)
        finally:
            if tx.events:
                self._write(tx)
                if self.state.due and self.state.due[0] != due:
                    self._due_changed.set()

    def _write(self, tx: Transaction) -> None:
        """Write what a command has come to. Raises Rejected: it is answered as one that may not have happened."""
        if self._journal is None:
            return
        try:
            self._journal.append(tx.now, self.state.next_key, tx.events)
        except JournalError as error:
            raise Rejected(Code.UNAVAILABLE, str(error)) from error

    def _check_tenants(self, command: Any) -> None:
        """Refuse a command for a tenant that there is not. Raises Rejected."""
        tenant_id = getattr(command, "tenant_id", cmd.DEFAULT_TENANT)
        for each in getattr(command, "tenant_ids", (tenant_id,)):
            if each in ("", cmd.DEFAULT_TENANT) or (self.tenants and each in self.tenants):
                continue
            why = "multi-tenancy is disabled" if self.tenants is None else "there is no such tenant"
            raise Rejected(
                Code.INVALID_ARGUMENT,
                f"Expected to handle {type(command).__name__} with tenant identifier '{each}', but {why}",
            )

    def _emitted(self, now: int, event: Any) -> None:
        kind = type(event)
        if kind in _JOBS_AVAILABLE:
            job = self.state.jobs[event.key]
            if (waiting := self._jobs_changed.get(job.type)) is not None:
                waiting.set()
        elif self._ended and kind in (ev.ElementCompleted, ev.ElementTerminated) and event.key in self._ended:
            self._end(event.key, completed=kind is ev.ElementCompleted)
        for listener in self._listeners:
            listener(now, event)

    def _end(self, key: int, *, completed: bool) -> None:
        waiting = self._ended.pop(key)
        if not waiting.done():
            waiting.set_result(self.state.ended_variables if completed else None)

    # Waiting.

    async def run(self) -> None:
        """Let pass what is due when it is due, until cancelled."""
        while True:
            try:
                self.pass_due()
            except Exception:  # noqa: BLE001 - a role's outermost loop: one timer's fault stops no other
                _LOG.exception("what was due could not pass")
                await asyncio.sleep(_FAULT_S)
            self._due_changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_due_s()):
                    await self._due_changed.wait()

    def pass_due(self) -> None:
        """Let pass all that is due by now."""
        while self.state.due and self.state.due[0][0] <= self.clock.now_ms():
            self.execute(cmd.Tick())

    def _until_due_s(self) -> float | None:
        if not self.state.due:
            return None
        return max((self.state.due[0][0] - self.clock.now_ms()) / 1000, 0)

    def clock_changed(self) -> None:
        """Look again at what is due, after the clock was moved."""
        self._due_changed.set()
        self.pass_due()

    async def activate_jobs(self, command: cmd.ActivateJobs, wait_ms: int) -> Sequence[cmd.ActivatedJob]:
        """Lease jobs; with none at hand, wait for the first. Empty when none came in time."""
        try:
            async with asyncio.timeout(wait_ms / 1000):
                while True:
                    changed = self._changed(command.type)
                    if jobs := self.execute(command):
                        return list(jobs)
                    await changed.wait()
                    await asyncio.sleep(0)  # A job is pushed before it can be polled: open streams come first.
        except TimeoutError:
            return []

    def _changed(self, job_type: str) -> asyncio.Event:
        """Set, once, when a job of the type may have become activatable."""
        waiting = self._jobs_changed.get(job_type)
        if waiting is None or waiting.is_set():
            waiting = self._jobs_changed[job_type] = asyncio.Event()
        return waiting

    async def stream_jobs(self, command: cmd.ActivateJobs) -> AsyncGenerator[cmd.ActivatedJob]:
        """Jobs as they become activatable, one at a time and no faster than they are taken.

        A job that was leased and not taken, because the stream ended, is given back.
        """
        one = command._replace(most=1)
        while True:
            changed = self._changed(command.type)
            for job in self.execute(one):
                try:
                    yield job
                except GeneratorExit:
                    self.execute(cmd.YieldJob(job.key))
                    raise
                break
            else:
                await changed.wait()

    async def create_and_wait(
        self, command: cmd.CreateInstance, wait_ms: int, fetch: Sequence[str] = ()
    ) -> tuple[cmd.Created, Mapping[str, Any]]:
        """Start an instance and wait for its end: its variables, or those of `fetch`.

        Raises:
            Rejected: It cannot be started, did not end in time (it goes on), or was canceled.
        """
        waiting: asyncio.Future[Mapping[str, Any] | None] = asyncio.get_running_loop().create_future()
        # Whoever ends within the command has ended before its key is known here: the next key is the instance's.
        self._ended[self.state.next_key] = waiting
        expected = self.state.next_key
        try:
            created: cmd.Created = self.execute(command)
            async with asyncio.timeout(wait_ms / 1000):
                variables = await waiting
        except TimeoutError:
            raise Rejected(
                Code.TIMEOUT,
                f"Expected the process instance to end within {wait_ms} ms, but it has not; it goes on",
            ) from None
        finally:
            self._ended.pop(expected, None)
        if variables is None:
            raise Rejected(
                Code.NOT_FOUND, f"Process instance with key '{created.key}' was terminated before it completed"
            )
        return created, {name: variables[name] for name in fetch if name in variables} if fetch else variables

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
