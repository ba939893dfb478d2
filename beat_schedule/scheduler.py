"""The scheduler as Celery's beat knows it: `celery -A tasks.celery beat -S beat_schedule.scheduler:Scheduler`.

Beat asks for a tick, sleeps for as long as that says, and asks again. A tick here is a turn of `clockwork.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, TypeVar

from celery import Celery, beat

from beat_schedule import static
from beat_schedule.clockwork import Clockwork
from beat_schedule.leader import LASTS_S, NAME, Leader
from beat_schedule.rhythm import rhythm_of
from beat_schedule.sender import Sender
from zelery.lease import Lease
from zelery.redis import connect
from zelery.settings import Settings, mask_url

T = TypeVar("T")


class Scheduler(beat.Scheduler):
    """Many entries, many beats: see the package."""

    _runner: asyncio.Runner | None = None

    def __init__(self, app: Celery, *args: Any, **kwargs: Any) -> None:
        given = getattr(app, "settings", None)
        self._settings = given if isinstance(given, Settings) else Settings.read()
        super().__init__(app, *args, **kwargs)

    def setup_schedule(self) -> None:
        """The entries of `static.py` and of the application's `beat_schedule`. Nothing is connected yet."""
        always: dict[str, Any] = {
            **static.entries(reconcile_interval=self._settings.reconcile_interval),
            **self.app.conf.beat_schedule,
        }
        self.merge_inplace(always)
        for entry in self.schedule.values():
            rhythm_of(entry)  # What cannot tick is said at start, not when it is due.

    def tick(self, *_: Any, **__: Any) -> float:
        """One turn; returns the pause after it, seconds."""
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._clockwork = self._runner.run(self._open())
        return whole(self._runner, self._clockwork.turn()) or 0.0

    def should_sync(self) -> bool:
        """Never: what is to be remembered is written before it is done."""
        return False

    def close(self) -> None:
        """Let another lead. Celery calls this at a signal, and once more when it ends."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        with runner:
            runner.run(self._clockwork.leave())
        super().close()

    @property
    def info(self) -> str:
        """A line for beat's banner."""
        return f"    . redis -> {mask_url(self._settings.redis_url)}"

    async def _open(self) -> Clockwork:
        redis = connect(self._settings)
        owner = f"{os.environ.get('ZELERY_LABEL', 'beat')}-{os.getpid()}@{socket.gethostname()}|{uuid.uuid4().hex[:8]}"
        return Clockwork(
            redis=redis,
            leader=Leader(Lease(redis, NAME, owner, lasts_s=LASTS_S)),
            sender=Sender(self.app),
            plain=self.schedule,
            address=mask_url(self._settings.redis_url),
        )


def whole(runner: asyncio.Runner, turn: Coroutine[Any, Any, T]) -> T | None:
    """The result of a turn; None when a signal ended it, which is raised again then.

    A signal's exception that is raised in a step of the loop stays with what it met there, and comes up again when that
    is waited for: beat ended by it, and did not give its lease back. So the signal cancels the turn, where that waits.
    """
    loop = runner.get_loop()
    task = loop.create_task(turn)
    came: list[int] = []

    def cancel(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        loop.call_soon_threadsafe(task.cancel)

    with _handled(cancel):
        runner.run(asyncio.wait({task}))
    if came:
        signal.raise_signal(came[0])
    return None if task.cancelled() else task.result()


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have it handle the signals that end a beat. In another thread than the main one, they are another's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
