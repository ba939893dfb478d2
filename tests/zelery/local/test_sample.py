"""The service's routes, called as functions: its socket is tested by the demo itself."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from aiohttp.web import Request, Response

from zelery.local.sample import FAILURES, Bookshop, serving
from zelery.local.scenarios import SCENARIOS


def body(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


class Reservation:
    """A request whose body is there."""

    def __init__(self, order: str) -> None:
        self._order = order

    async def json(self) -> Any:
        return {"order": self._order}


async def reserve(shop: Bookshop, order: str) -> Response:
    request: Any = Reservation(order)
    return await shop.reserve(request)


def asking(path: str, **headers: str) -> Request:
    return make_mocked_request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no token
        {"X_Token": "wrong"},  # another
        {"X_Token": "{{secrets.DEMO_TOKEN}}"},  # nobody resolved it
        {"X_Token": "tök"},  # no ASCII
    ],
)
async def test_a_wrong_token_is_refused_and_the_right_one_not_told(headers: dict[str, str]) -> None:
    response = await Bookshop("right").customer(asking("/customer", **headers))
    assert (response.status, body(response)) == (401, {"why": "a wrong token"})


async def test_the_right_token_is_taken() -> None:
    response = await Bookshop("right").customer(asking("/customer", X_Token="right"))
    assert (response.status, body(response)) == (200, {"name": "Herman Melville"})


async def test_each_order_fails_twice_whatever_the_others_do() -> None:
    shop = Bookshop("t")
    statuses = [(await reserve(shop, order)).status for order in ("a", "b", "a", "a", "b", "b")]
    assert statuses == [500, 500, 500, 200, 500, 200]


async def test_a_reservation_says_its_attempt() -> None:
    shop = Bookshop("t")
    answers = [await reserve(shop, "a") for _ in range(FAILURES + 1)]
    assert body(answers[-1]) == {"order": "a", "attempt": 3}


async def test_a_price_names_its_book() -> None:
    answer = body(await Bookshop("t").price(asking("/price?book=Omoo")))
    assert (answer["book"], answer["price"]) == ("Omoo", {"amount": 12.5, "currency": "EUR"})


def test_every_scenario_has_a_route_of_its_name() -> None:
    assert set(Bookshop("t").application().router.named_resources()) == {
        each.name for each in SCENARIOS if not (each.by_webhook or each.with_rabbitmq)
    }


@pytest.mark.integration
async def test_calls_are_counted_by_scenario_and_an_unknown_order_is_not_found() -> None:
    shop = Bookshop("t", slow_s=0)
    async with serving(shop) as url, aiohttp.ClientSession() as client:
        assert url.startswith("http://127.0.0.1:")
        for path, status in (("/orders/1", 404), ("/orders/2", 404), ("/report", 200), ("/elsewhere", 404)):
            async with client.get(url + path) as response:
                assert response.status == status
    assert shop.calls == {"unknown-order": 2, "report": 1, "/elsewhere": 1}
