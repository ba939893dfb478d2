"""The sample service that the demo's models call: a bookshop with good days and bad ones, on loopback."""

from __future__ import annotations

import asyncio
import collections
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from zelery.local import ports

#: How often a reservation fails before it succeeds.
FAILURES = 2

#: At which look a parcel has been delivered.
DELIVERED = 3


class Bookshop:
    """The service, and the calls that it has had."""

    def __init__(self, token: str, *, slow_s: float = 3.0) -> None:
        self.calls: collections.Counter[str] = collections.Counter()
        """By the name of the scenario that makes them."""
        self._token = token
        self._slow_s = slow_s
        self._failed: collections.Counter[str] = collections.Counter()
        self._looked: collections.Counter[str] = collections.Counter()

    def application(self) -> web.Application:
        """The routes. A route's name is its scenario's."""
        application = web.Application(middlewares=[self._count])
        application.add_routes(
            [
                web.get("/price", self.price, name="price"),
                web.get("/orders/{order}", self.unknown_order, name="unknown-order"),
                web.post("/reservations", self.reserve, name="reservation"),
                web.get("/customer", self.customer, name="customer"),
                web.get("/report", self.report, name="report"),
                web.get("/parcels/{order}", self.parcel, name="parcel"),
            ]
        )
        return application

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls[request.match_info.route.name or request.path] += 1
        return await handler(request)

    async def price(self, request: web.Request) -> web.Response:
        """Always well."""
        price = {"amount": 12.5, "currency": "EUR"}
        return web.json_response({"book": request.query.get("book", ""), "price": price, "stock": 7})

    async def unknown_order(self, request: web.Request) -> web.Response:
        """No order is ever known."""
        return web.json_response({"order": request.match_info["order"], "why": "there is no such order"}, status=404)

    async def reserve(self, request: web.Request) -> web.Response:
        """An order fails twice, then it succeeds."""
        order = str((await request.json())["order"])
        if self._failed[order] < FAILURES:
            self._failed[order] += 1
            return web.json_response({"why": "the stock is being counted"}, status=500)
        return web.json_response({"order": order, "attempt": self._failed.pop(order) + 1})

    async def customer(self, request: web.Request) -> web.Response:
        """For those who know the token, which no answer says."""
        if not hmac.compare_digest(request.headers.get("X-Token", "").encode(), self._token.encode()):
            return web.json_response({"why": "a wrong token"}, status=401)
        return web.json_response({"name": "Herman Melville"})

    async def report(self, _request: web.Request) -> web.Response:
        """It takes its time."""
        await asyncio.sleep(self._slow_s)
        report: Mapping[str, Any] = {"title": "The Whale", "pages": 720}
        return web.json_response(report)

    async def parcel(self, request: web.Request) -> web.Response:
        """Under way at first, then delivered."""
        order = request.match_info["order"]
        self._looked[order] += 1
        look = self._looked[order]
        state = "delivered" if look >= DELIVERED else "under way"
        return web.json_response({"parcel": order, "look": look, "state": state})


@asynccontextmanager
async def serving(shop: Bookshop) -> AsyncIterator[str]:
    """Serves it on a free port of loopback until the block ends; the base URL."""
    runner = web.AppRunner(shop.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        (port,) = ports.free(1)
        await web.TCPSite(runner, ports.HOST, port).start()
        yield f"http://{ports.HOST}:{port}"
    finally:
        await runner.cleanup()
