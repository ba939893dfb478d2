"""The scheduler as Celery's beat knows it: `celery -A tasks.celery beat -S beat_schedule.scheduler:Scheduler`.

Beat asks for a tick, sleeps for as long as that says, and asks again. A tick here is a turn of `clockwork.py`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from typing import Any

from celery import Celery, beat

from beat_schedule import static
from beat_schedule.clockwork import Clockwork
from beat_schedule.leader import LASTS_S, NAME, Leader
from beat_schedule.rhythm import rhythm_of
from beat_schedule.sender import Sender
from zelery.lease import Lease
from zelery.redis import connect
from zelery.settings import Settings, mask_url


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
        return self._runner.run(self._clockwork.turn())

    def should_sync(self) -> bool:
        """Never: what is to be remembered is written before it is done."""
        return False

    def close(self) -> None:
        """Let another lead. Celery calls this at a signal, whatever runs then, and once more when that has ended."""
        if self._runner is None or self._runner.get_loop().is_running():
            return
        runner, self._runner = self._runner, None
        with runner:
            runner.run(self._leave())
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

    async def _leave(self) -> None:
        """A signal may have left a turn half done: it is not to go on while this runs."""
        turns = asyncio.all_tasks() - {asyncio.current_task()}
        for turn in turns:
            turn.cancel()
        await asyncio.gather(*turns, return_exceptions=True)
        await self._clockwork.leave()
