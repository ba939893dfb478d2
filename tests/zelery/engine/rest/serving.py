"""REST v2 of an engine in this process; no socket is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from zelery.engine.engine import Engine
from zelery.engine.history.history import History
from zelery.engine.metrics import Metrics
from zelery.engine.rest.app import app
from zelery.engine.rest.context import Context
from zelery.engine.rest.documents import Documents


@asynccontextmanager
async def served(line: str, model: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engine of a line, on which a model is deployed."""
    engine = Engine()
    history = History(engine.state.definitions)
    engine.listen(history.on)
    context = Context(engine=engine, history=history, documents=Documents(None), line=line, version=f"{line}.0")
    transport = httpx.ASGITransport(app=app(context, Metrics()))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
            deployed = await client.post("/v2/deployments", files={"resources": ("model.bpmn", model)})
            assert deployed.status_code == 200, deployed.text
            yield client
    finally:
        engine.close()
