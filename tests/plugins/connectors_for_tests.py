"""Connectors that a role process finds when this folder is on its path: a distribution like any other."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from zelery.sdk import Context, Input, outbound


class Echo(Input):
    said: Any = None
    pause_s: float = 0.0
    times: int = 1
    fails: str | None = None


@outbound(type="tests:echo:1", name="Test Echo")
async def echo(given: Echo, context: Context) -> dict[str, Any]:
    """Answers what it was given, after a pause; or raises it."""
    await asyncio.sleep(given.pause_s)
    if given.fails is not None:
        raise LookupError(given.fails)
    return {"said": given.said if given.times == 1 else given.said * given.times, "key": context.job.key}


@outbound(type="tests:block:1", name="Test Block")
def block(given: Echo) -> dict[str, Any]:
    """The same with a client that blocks."""
    time.sleep(given.pause_s)
    return {"said": given.said}
