"""Customers of the demo: they send an order and its payment to webhooks, and wait until it is shipped.

Shipping is a job of the demo's own, so that what a customer of one's own sends with curl comes to its end too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from zelery.camunda.gateway import Gateway, Lease
from zelery.errors import GatewayError, ZeleryError
from zelery.model import Completed

#: The job type of the model's last task.
SHIP = "demo-ship"

#: What every order costs.
PAID = 12.5

#: Pauses between attempts while a webhook is not there yet, and between questions for jobs, seconds.
PAUSE_S = 0.5

_CREATED, _ACCEPTED, _NOT_YET = 201, 202, 404


class OrderError(ZeleryError):
    """An order was not taken, or not shipped in time."""


class Orders:
    """The orders of one demo.

    Args:
        gateway: Where shipping's jobs are.
        url: Base URL of the webhooks: `http://127.0.0.1:8080/inbound`.
    """

    def __init__(self, gateway: Gateway, url: str) -> None:
        self._gateway = gateway
        self._url = url
        self._shipped: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def place(self, order: str, *, within_s: float) -> Mapping[str, Any]:
        """Send an order and its payment; the instance's variables when it is shipped. Raises OrderError."""
        shipped = self._shipped.setdefault(order, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(within_s), aiohttp.ClientSession() as session:
                await self._send(session, "order", {"order": order}, _CREATED)
                await self._send(session, "payment", {"order": order, "paid": PAID}, _ACCEPTED)
                return await shipped
        except TimeoutError:
            raise OrderError(f"the order was not shipped within {within_s:.0f} s") from None
        finally:
            self._shipped.pop(order, None)

    async def _send(self, session: aiohttp.ClientSession, path: str, body: Mapping[str, Any], wanted: int) -> None:
        """One request, again while the webhook is not there yet. Raises OrderError for another answer."""
        while True:
            try:
                async with session.post(f"{self._url}/{path}", json=body) as response:
                    if response.status == wanted:
                        return
                    if response.status != _NOT_YET:
                        said = (await response.text())[:200]
                        raise OrderError(f"the webhook {path} answered {response.status}: {said}")
            except aiohttp.ClientConnectionError:
                pass  # It starts.
            await asyncio.sleep(PAUSE_S)

    async def ship(self) -> None:
        """Complete shipping's jobs, whoever ordered, until cancelled."""
        lease = Lease(type=SHIP, worker="demo", lease_ms=30_000)
        while True:
            try:
                for job in await self._gateway.activate(lease, most=20, wait_s=5):
                    variables = json.loads(job.variables)
                    await self._gateway.report(job, Completed())
                    shipped = self._shipped.get(str(variables.get("order")))
                    if shipped and not shipped.done():
                        shipped.set_result(variables)
            except GatewayError:
                await asyncio.sleep(PAUSE_S)
