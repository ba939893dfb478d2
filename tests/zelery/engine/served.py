"""An engine and its HTTP APIs in this process, without a socket."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from tests.zelery.engine.rules.builder import Process, model
from zelery.engine import commands as cmd
from zelery.engine.clock import Clock
from zelery.engine.engine import Engine
from zelery.engine.history.history import History
from zelery.engine.metrics import Metrics
from zelery.engine.rest.app import app
from zelery.engine.rest.context import Context
from zelery.engine.rest.documents import Documents

#: When each engine begins.
NOW = 1_790_000_000_000


@dataclasses.dataclass(frozen=True)
class Served:
    """An engine, what it knows of the past, and a client of its APIs."""

    engine: Engine
    history: History
    client: httpx.AsyncClient

    def deploy(self, *processes: Process, name: str = "a.bpmn") -> list[int]:
        """The keys of the definitions, in the order of the processes."""
        made: cmd.Deployment = self.engine.execute(cmd.Deploy({name: model(*processes)}))
        return [each.key for each in made.processes]

    def start(self, process_id: str = "p", **variables: Any) -> int:
        """The key of a new instance."""
        created: cmd.Created = self.engine.execute(cmd.CreateInstance(process_id, variables=variables))
        return created.key

    def job(self, element_id: str) -> int:
        """The key of an element's open job."""
        return next(each.key for each in self.engine.state.jobs.values() if each.element.element.id == element_id)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.client.post(path, json=body)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def search(self, path: str, filter_: Mapping[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
        """The items of a search of REST v2."""
        answer = await self.post(f"/v2/{path}/search", {"filter": filter_ or {}, **more})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@contextlib.asynccontextmanager
async def served(line: str = "8.10", *, lag_ms: int = 0, **context: Any) -> AsyncIterator[Served]:
    """Serves an engine whose clock stands still.

    Args:
        line: The line that REST v2 speaks.
        lag_ms: How late searches are.
        context: More of `Context`.
    """
    clock = Clock()
    clock.pin(NOW)
    engine, metrics = Engine(clock=clock), Metrics()
    history = History(engine.state.definitions, lag_ms=lag_ms)
    engine.listen(history.on)
    engine.listen(metrics.on)
    given: dict[str, Any] = {"documents": Documents(), **context}
    application = app(Context(engine=engine, history=history, line=line, version=f"{line}.0", **given), metrics)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        yield Served(engine, history, client)
