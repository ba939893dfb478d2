"""What running a connector takes: one for each worker process, and for every command that runs one."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Self

from zelery.resources import Resources
from zelery.secrets import Secrets, open_secrets
from zelery.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runtime:
    """Open for as long as jobs run: `async with Runtime.open(settings) as runtime`."""

    settings: Settings
    secrets: Secrets
    resources: Resources
    threads: ThreadPoolExecutor
    """For connectors that block."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, never going back."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, variables: Mapping[str, str] | None = None) -> AsyncIterator[Self]:
        """A runtime with these settings; environment secrets are the process's own when no `variables` are given.

        Raises SettingError when a secret provider cannot be opened.
        """
        threads = ThreadPoolExecutor(settings.worker_threads, thread_name_prefix="connector")
        try:
            async with open_secrets(settings, variables) as secrets, Resources(settings) as resources:
                yield cls(settings=settings, secrets=secrets, resources=resources, threads=threads)
        finally:
            # A blocking connector cannot be stopped; one that hangs must not keep the process.
            threads.shutdown(wait=False, cancel_futures=True)
