"""Connectors that a role process finds when this folder is on its path: a distribution like any other."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import timedelta
from typing import Any

from zelery.sdk import (
    Context,
    InboundContext,
    Input,
    InputError,
    Request,
    Response,
    answer,
    outbound,
    polling,
    subscription,
    webhook,
)


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


class Inbound(Input):
    context: str | None = None
    token: str = ""


class Hook(Input):
    inbound: Inbound


def path_of(hook: Hook) -> str:
    if not hook.inbound.context:
        raise InputError("no path")
    return hook.inbound.context


@webhook(type="tests:hook:1", name="Test Hook", path=path_of)
async def hook(properties: Hook, request: Request, context: InboundContext) -> Response:
    """Correlates a JSON body, and answers with what it came to; a body that asks for it fails."""
    body = json.loads(request.body or b"{}")
    if body.get("fails"):
        raise LookupError(f"{body['fails']} {properties.inbound.token}")
    result = await context.correlate({"body": body, "method": request.method, "url": request.url})
    return answer(result, Response(body={"token": len(properties.inbound.token)}))


class Every(Input):
    seconds: float = 1.0

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    @property
    def lookup(self) -> None:
        return None


class Feed(Input):
    fails: str | None = None


@polling(type="tests:feed:1", name="Test Feed", intervals=Every)
async def feed(properties: Feed, context: InboundContext) -> None:
    """Correlates the time in seconds, once each; or fails as it is told."""
    if properties.fails is not None:
        raise LookupError(properties.fails)
    await context.correlate({"second": int(time.time())}, message_id=str(int(time.time())))
    context.up()


class Ticks(Input):
    pause_s: float = 0.05
    fails: str | None = None


@subscription(type="tests:ticks:1", name="Test Ticks")
async def ticks(properties: Ticks, context: InboundContext) -> None:
    """Correlates a number and who counts, again and again, until it is cancelled; or fails as it is told."""
    if properties.fails is not None:
        raise LookupError(properties.fails)
    context.up()
    number = 0
    while True:
        number += 1
        event = {"number": number, "pid": os.getpid()}
        await context.correlate(event, message_id=f"{context.executable_id}-{number}")
        await asyncio.sleep(properties.pause_s)
