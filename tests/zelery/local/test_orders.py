"""Orders are sent to webhooks and shipped by jobs; what goes wrong is said in the webhook's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.fakes import FakeGateway
from zelery.local import ports
from zelery.local.orders import SHIP, OrderError, Orders

pytestmark = pytest.mark.integration

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def webhooks(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/inbound/{path}", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    (port,) = ports.free(1)
    await web.TCPSite(runner, ports.HOST, port).start()
    try:
        yield f"http://{ports.HOST}:{port}/inbound"
    finally:
        await runner.cleanup()


async def test_a_webhook_that_refuses_an_order_is_quoted() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"reason": "closed"}, status=403)

    async with webhooks(refuse) as url:
        with pytest.raises(OrderError, match=r'the webhook order answered 403: \{"reason": "closed"\}'):
            await Orders(FakeGateway(), url).place("1", within_s=30)


async def test_an_order_that_nobody_ships_is_given_up() -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response(status=201 if request.path.endswith("order") else 202)

    async with webhooks(take) as url:
        with pytest.raises(OrderError, match="was not shipped within 0 s"):
            await Orders(FakeGateway(), url).place("1", within_s=0.2)


async def test_an_order_is_sent_until_its_webhook_is_there_then_paid_and_shipped() -> None:
    gateway, asked = FakeGateway(), list[str]()

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        if len(asked) == 1:
            return web.Response(status=404)
        if request.path.endswith("payment"):
            body = await request.json()
            await gateway.put(type=SHIP, variables=json.dumps({"order": body["order"], "outcome": "paid"}))
            return web.Response(status=202)
        return web.Response(status=201)

    async with webhooks(take) as url:
        orders = Orders(gateway, url)
        shipping = asyncio.create_task(orders.ship())
        try:
            assert await orders.place("7", within_s=30) == {"order": "7", "outcome": "paid"}
        finally:
            shipping.cancel()
    assert asked == ["/inbound/order", "/inbound/order", "/inbound/payment"]
