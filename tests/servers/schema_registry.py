"""A schema registry that keeps schemas, and what it was asked: the part of its HTTP API that clients need."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


@dataclasses.dataclass
class SchemaRegistry:
    """Schemas by id, and their subjects' versions."""

    url: str = ""
    schemas: dict[int, dict[str, Any]] = dataclasses.field(default_factory=dict)
    subjects: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)
    """`POST /subjects/orders-value/versions` and the like, in order."""
    login: str = ""
    """Who may ask, `user:password`; everybody when empty."""

    def put(self, subject: str, schema: Any, **fields: Any) -> int:
        """Keep a schema; its id, the same for the same schema."""
        kept = {"schema": schema if isinstance(schema, str) else json.dumps(schema), **fields}
        schema_id = next((known for known, each in self.schemas.items() if each == kept), len(self.schemas) + 1)
        self.schemas[schema_id] = kept
        versions = self.subjects.setdefault(subject, [])
        if schema_id not in versions:
            versions.append(schema_id)
        return schema_id

    async def register(self, request: web.Request) -> web.Response:
        return web.json_response({"id": self.put(request.match_info["subject"], **await request.json())})

    async def look_up(self, request: web.Request) -> web.Response:
        given = await request.json()
        subject = request.match_info["subject"]
        for schema_id in self.subjects.get(subject, []):
            if self.schemas[schema_id]["schema"] == given["schema"]:
                return web.json_response({"subject": subject, "id": schema_id, **self.schemas[schema_id]})
        return _refusal(40403, "Schema not found")

    async def version(self, request: web.Request) -> web.Response:
        versions = self.subjects.get(request.match_info["subject"])
        if versions is None:
            return _refusal(40401, f"Subject '{request.match_info['subject']}' not found.")
        asked = request.match_info["version"]
        schema_id = versions[-1 if asked == "latest" else int(asked) - 1]
        return web.json_response({"id": schema_id, **self.schemas[schema_id]})

    async def by_id(self, request: web.Request) -> web.Response:
        found = self.schemas.get(int(request.match_info["id"]))
        return _refusal(40403, "Schema not found") if found is None else web.json_response(found)

    @web.middleware
    async def admit(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        login = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if self.login and login != self.login:
            return web.json_response({"error_code": 40101, "message": "Unauthorized"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer


@asynccontextmanager
async def schema_registry() -> AsyncIterator[SchemaRegistry]:
    """The registry, on a free port."""
    registry = SchemaRegistry()
    app = web.Application(middlewares=[registry.admit])
    app.router.add_post("/subjects/{subject}/versions", registry.register)
    app.router.add_post("/subjects/{subject}", registry.look_up)
    app.router.add_get("/subjects/{subject}/versions/{version}", registry.version)
    app.router.add_get("/schemas/ids/{id}", registry.by_id)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        registry.url = f"http://{host}:{port}"
        yield registry
    finally:
        await runner.cleanup()


def _refusal(code: int, message: str) -> web.Response:
    return web.json_response({"error_code": code, "message": message}, status=404)
