"""A Slack that answers from a script, and keeps what it was asked."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


@dataclasses.dataclass
class Asked:
    """One call as it arrived."""

    verb: str
    method: str
    token: str
    arguments: dict[str, Any]
    proxy_login: str = ""


@dataclasses.dataclass
class ScriptedSlack:
    """Answers by method, in order; the last one repeats. A method without a script is unknown to it."""

    answers: Mapping[str, list[Any]]
    base_url: str = ""
    asked: list[Asked] = dataclasses.field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await request.json() if request.can_read_body else dict(request.query)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        earlier = sum(each.method == method for each in self.asked)
        login = request.headers.get("Proxy-Authorization", "").removeprefix("Basic ")
        self.asked.append(
            Asked(
                verb=request.method,
                method=method,
                token=token,
                arguments=arguments,
                proxy_login=base64.b64decode(login).decode(),
            )
        )
        script = self.answers.get(method, [{"ok": False, "error": "unknown_method"}])
        answer = script[min(earlier, len(script) - 1)]
        if answer == "hang up" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if isinstance(answer, dict):
            answer = {"text": json.dumps(answer), "content_type": "application/json"} if "ok" in answer else answer
        return web.Response(**answer)


@asynccontextmanager
async def scripted_slack(answers: Mapping[str, list[Any]]) -> AsyncIterator[ScriptedSlack]:
    """The server, on a free port; an answer without `ok` is the keywords of an aiohttp response; or "hang up"."""
    slack = ScriptedSlack(answers)
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        slack.base_url = f"http://{host}:{port}/api/"
        yield slack
    finally:
        await runner.cleanup()
