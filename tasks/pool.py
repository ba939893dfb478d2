"""Celery's door for a pool of one's own: tasks that are coroutines run on an event loop.

The work is I/O, so a worker process is one loop, and a core is one process. Celery's consumer stays on its thread and
its hub; coroutines run on the pool's thread and loop. Neither touches the other's things: tasks go over through a
queue that the loop empties, and what Celery has to hear (accepted, ended) comes back through one that its hub empties.
Who fills a queue wakes the other only when it has not been woken yet: waking is what costs when tasks are short. A
Celery task ends when its coroutine ends, so acknowledgement, prefetch, events, Flower and a warm shutdown mean what
they say. Tasks that are plain functions run in threads.

Celery's time limits do not fire here: a coroutine is given its deadline by who wrote it.
"""

from __future__ import annotations

import asyncio
import collections
import functools
import inspect
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any

from billiard.einfo import ExceptionInfo
from celery.concurrency.base import BasePool, apply_target

from zelery.fencing import HEADERS

#: How many plain functions run at once; coroutines are the rule.
THREADS_MAX = 8

Call = Callable[[], object]


class Handover:
    """Calls that one thread has another make, in their order. `wake` has the other call what it is given, soon."""

    def __init__(self, wake: Callable[[Call], object]) -> None:
        self._wake = wake
        self._calls: collections.deque[Call] = collections.deque()
        self._woken = False

    def put(self, call: Call) -> None:
        """Have it called."""
        self._calls.append(call)
        if not self._woken:
            self._woken = True
            self._wake(self.deliver)

    def deliver(self) -> None:
        """Call what is there."""
        # First: what is put from here on wakes again, whether or not it is still met below.
        self._woken = False
        while self._calls:
            self._calls.popleft()()


class TaskPool(BasePool):
    """The pool. `limit` coroutines run at once; more wait, not yet accepted."""

    body_can_be_buffer = True
    signal_safe = False

    def on_start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._slots = asyncio.Semaphore(self.limit)
        self._running: set[asyncio.Task[None]] = set()
        self._hub: Any = None
        self._arrivals = Handover(self._loop.call_soon_threadsafe)
        self._reports = Handover(lambda deliver: self._hub.call_soon(deliver) if self._hub else deliver())
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="plain-task")
        self._lifespan: AbstractAsyncContextManager[Any] = self.app.lifespan()
        self._thread = threading.Thread(target=self._loop.run_forever, name="connectors", daemon=True)
        self._thread.start()
        self._await(self._lifespan.__aenter__())

    def register_with_event_loop(self, loop: Any) -> None:
        """Celery's hub is there: from now on it is told by its own means.

        Called again when Celery has connected anew. What the hub was to call by then it may have forgotten.
        """
        self._hub = loop
        self._reports.deliver()

    def on_stop(self) -> None:
        """Warm: what runs, ends. New work has stopped coming by now."""
        self._await(self._drained())
        self._await(self._lifespan.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._reports.deliver()
        self._threads.shutdown(cancel_futures=True)

    def on_terminate(self) -> None:
        """Cold: what runs is left; Zeebe offers its jobs again when their leases end."""
        self._loop.call_soon_threadsafe(self._cancel)

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        callback: Any = None,
        accept_callback: Any = None,
        **_: Any,
    ) -> None:
        """Take a task from Celery's consumer. `args` are those of Celery's tracer: name, id, request, …"""
        task = self.app.tasks[args[0]]
        if inspect.iscoroutinefunction(task.run):
            self._arrivals.put(functools.partial(self._spawn, task, args[2], callback, accept_callback))
        else:
            self._threads.submit(apply_target, target, args, kwargs, callback, accept_callback)

    @property
    def num_processes(self) -> int:
        """What Celery multiplies its prefetch by: coroutines at once."""
        return int(self.limit)

    # -- on the loop's thread

    def _spawn(
        self, task: Any, request: dict[str, Any], callback: Callable[..., Any], accept: Callable[..., Any]
    ) -> None:
        running = self._loop.create_task(self._run(task, request, callback, accept))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run(
        self, task: Any, request: dict[str, Any], callback: Callable[..., Any], accept: Callable[..., Any]
    ) -> None:
        async with self._slots:
            began = time.monotonic()
            HEADERS.set(request)
            self._reports.put(lambda: accept(os.getpid(), began))
            try:
                result = await task.run(*request["args"], **request["kwargs"])
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - the outermost loop of a task: Celery is told, whatever it was
                failure = ExceptionInfo((type(error), error, error.__traceback__))
                self._reports.put(lambda: callback((1, failure, time.monotonic() - began)))
            else:
                self._reports.put(lambda: callback((0, repr(result), time.monotonic() - began)))

    def _cancel(self) -> None:
        for task in self._running:
            task.cancel()

    async def _drained(self) -> None:
        while self._running:
            await asyncio.wait(self._running)

    # -- between the threads

    def _await(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result()
