"""Webhooks over the store: what each request comes to, and what callers are never told."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog

from inbound.executables import Executable, Point, State, claim_of
from tests.fakes import FakeGateway
from tests.inbound.calls import Served, serving
from tests.inbound.elements import element, executable
from tests.inbound.hosts import Hook, path_of
from zelery.errors import GatewayError, PushbackError
from zelery.sdk import InboundContext, InputError, RefusalError, Request, Response, webhook
from zelery.sdk.expressions import evaluate

pytestmark = pytest.mark.integration

SECRETS = {"SECRET_TOKEN": "hunter2"}


def hooked(path: str = "orders", element_id: str = "e1", key: int = 1, **given: Any) -> Executable:
    """A live webhook that starts `order`."""
    properties = {"inbound.context": path, "inbound.token": "{{secrets.TOKEN}}", "resultVariable": "event"}
    return executable(
        element(element_id, key=key, version=key, properties={**properties, **given.pop("properties", {})}),
        claim=claim_of(path),
        **given,
    )


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def served(redis_url: str, gateway: FakeGateway) -> AsyncIterator[Served]:
    async with serving(redis_url, gateway=gateway, variables=SECRETS) as served:
        yield served


async def post(served: Served, path: str = "/inbound/orders", **given: Any) -> httpx.Response:
    return await served.client.post(path, **given)


# -- what no connector is asked


@pytest.mark.parametrize("path", ["/inbound/none", "/inbound/ORDERS", "/inbound/orders%20"])
async def test_a_path_that_leads_nowhere_is_404_without_a_word(served: Served, path: str) -> None:
    await served.write(hooked())
    response = await post(served, path)
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("path", ["/", "/other", "/inbound/", "/inbound/orders/", "/inbound/orders/more"])
async def test_what_is_no_path_of_ours_says_so_in_json(served: Served, path: str) -> None:
    await served.write(hooked())
    response = await post(served, path)
    assert response.status_code == 404
    said = response.json()
    assert (said["status"], said["error"], said["path"]) == (404, "Not Found", path)


@pytest.mark.parametrize("path", ["/inbound/orders%2f", "/inbound/orders%00", "/inbound/orders%2F"])
async def test_a_path_that_no_web_server_takes_is_no_way_to_a_connector(
    served: Served, gateway: FakeGateway, path: str
) -> None:
    await served.write(hooked())
    assert (await post(served, path)).status_code in (400, 404)
    assert gateway.started == []


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("OPTIONS", 200, {"allow": "GET,HEAD,POST,PUT,DELETE,OPTIONS"}),
        ("TRACE", 405, {}),
        ("PATCH", 405, {"allow": "GET, POST, PUT, DELETE"}),
        ("BREW", 405, {"allow": "GET, POST, PUT, DELETE"}),
    ],
)
async def test_other_methods_reach_no_connector(
    served: Served, gateway: FakeGateway, method: str, status: int, headers: dict[str, str]
) -> None:
    await served.write(hooked())
    response = await served.client.request(method, "/inbound/orders")
    assert response.status_code == status
    assert headers.items() <= dict(response.headers).items()
    assert gateway.started == []


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.INVALID, State.UNREGISTERED])
async def test_what_does_not_live_does_not_answer(served: Served, state: State) -> None:
    await served.write(hooked(state=state))
    assert (await post(served)).status_code == 404


async def test_a_type_that_is_not_served_here_does_not_answer(redis_url: str) -> None:
    async with serving(redis_url, breaks) as served:
        await served.write(hooked())
        assert (await post(served)).status_code == 404


# -- what goes wrong in a connector


@webhook(type="tests:breaks:1", name="Breaks", path=path_of)
async def breaks(properties: Hook, request: Request, context: InboundContext) -> Response:
    """Fails as it is told, with the secret that it has."""
    token = properties.inbound.token
    match request.body:
        case b"refuse":
            raise RefusalError(403, f"not with {token}")
        case b"expression":
            evaluate(f'="{token}" +', {})
        case b"input":
            raise InputError(f"bad {token}", code="E1")
        case b"hang":
            await asyncio.Event().wait()
        case b"lie":
            return None  # type: ignore[return-value]  # others' code
        case _:
            raise LookupError(f"{token} and {request.body!r}")
    raise AssertionError


@pytest.fixture
async def broken(redis_url: str) -> AsyncIterator[Served]:
    async with serving(
        redis_url, breaks, variables=SECRETS, webhook_timeout_s=1, webhook_body_bytes_max=1024
    ) as served:
        await served.write(dataclasses.replace(hooked(), type="tests:breaks:1"))
        yield served


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"refuse", 403, {"reason": "not with ***"}),
        (b"input", 422, {"code": "E1", "message": "bad ***"}),
    ],
)
async def test_what_a_connector_refuses_is_told_with_its_secrets_masked(
    broken: Served, body: bytes, status: int, told: dict[str, str]
) -> None:
    response = await post(broken, content=body)
    assert (response.status_code, response.json()) == (status, told)


async def test_an_expression_that_fails_is_shown_with_its_secrets_masked(broken: Served) -> None:
    response = await post(broken, content=b"expression")
    assert response.status_code == 422
    assert response.json()["expression"] == '="***" +'
    assert "hunter2" not in response.text


@pytest.mark.parametrize("body", [b"anything", b"lie"])
async def test_a_connector_that_fails_is_500_without_a_word_and_no_secret_is_logged(
    broken: Served, body: bytes
) -> None:
    with structlog.testing.capture_logs() as lines:
        response = await post(broken, content=body)
    assert (response.status_code, response.content) == (500, b"")
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["a webhook failed"]
    assert "hunter2" not in str(lines)
    assert "anything" not in str(lines)


async def test_a_connector_that_does_not_answer_is_504(broken: Served) -> None:
    response = await post(broken, content=b"hang")
    assert (response.status_code, response.json()) == (504, {"reason": "no answer within 1 s"})


async def test_a_body_that_does_not_come_is_504(broken: Served) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.Event().wait()

    assert (await post(broken, content=slowly())).status_code == 504


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not(broken: Served, told: bool) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    response = await post(broken, content=b"x" * 1500 if told else parts())
    assert response.status_code == 413
    assert "ZELERY_WEBHOOK_BODY_BYTES_MAX" in response.json()["reason"]


async def test_a_caller_that_hangs_up_is_not_answered_and_nothing_fails(broken: Served) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/inbound/orders",
        "raw_path": b"/inbound/orders",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    await broken.app(scope, receive, send)
    assert sent == []


# -- what Zeebe says


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (PushbackError("…", status="UNAVAILABLE", details="no leader"), 503),
        (PushbackError("…", status="RESOURCE_EXHAUSTED", details="busy"), 429),
        (GatewayError("…", status="NOT_FOUND", details="no process"), 404),
        (GatewayError("…", status="INVALID_ARGUMENT", details="bad"), 400),
    ],
)
async def test_what_zeebe_refuses_is_told_and_works_when_it_takes_it_again(
    served: Served, gateway: FakeGateway, refusal: GatewayError, status: int
) -> None:
    await served.write(hooked())
    gateway.refusal = refusal
    response = await post(served)
    assert (response.status_code, response.json()) == (status, {"status": refusal.status, "message": refusal.details})
    gateway.refusal = None
    assert (await post(served)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
async def test_a_request_starts_exactly_the_version_that_has_the_path(
    served: Served, gateway: FakeGateway, method: str
) -> None:
    await served.write(hooked(key=7))
    response = await served.client.request(method, "/inbound/orders", content=b"hello")
    assert response.status_code == 200
    ((process, version, _, variables),) = gateway.started
    assert (process, version, variables["event"]["body"], variables["event"]["method"]) == ("order", 7, "hello", method)
    assert bool(response.content) is (method != "HEAD")


async def test_a_path_may_need_to_be_decoded(served: Served) -> None:
    await served.write(hooked("ord ers ü"))
    assert (await post(served, "/inbound/ord%20ers%20%C3%BC;v=1?x=1")).status_code == 200


# -- what changes meanwhile


async def test_a_secret_that_changed_is_used_when_its_time_is_over(redis_url: str) -> None:
    environment = {"SECRET_TOKEN": "first"}
    async with serving(redis_url, variables=environment, secret_cache_s=0) as served:
        await served.write(hooked())
        assert (await post(served)).json() == {"token": 5}
        environment["SECRET_TOKEN"] = "longer than that"
        assert (await post(served)).json() == {"token": 16}


async def test_a_secret_that_is_gone_is_503_and_the_caller_is_told_nothing_of_it(redis_url: str) -> None:
    environment = {"SECRET_TOKEN": "first"}
    async with serving(redis_url, variables=environment, secret_cache_s=0) as served:
        await served.write(hooked())
        del environment["SECRET_TOKEN"]
        response = await post(served)
        assert (response.status_code, response.json()) == (
            503,
            {"reason": "the connector cannot be used at the moment"},
        )
        environment["SECRET_TOKEN"] = "back"
        assert (await post(served)).status_code == 200


async def test_other_properties_of_the_same_executable_count_at_once(served: Served) -> None:
    await served.write(hooked())
    assert (await post(served)).json() == {"token": 7}
    one = hooked(properties={"inbound.token": "12"})
    await served.write(one)
    async with asyncio.timeout(30):
        while (await post(served)).json() != {"token": 2}:
            await asyncio.sleep(0.01)


async def test_a_path_moves_to_a_new_version_without_a_gap(served: Served, gateway: FakeGateway) -> None:
    old, new = hooked(element_id="old", key=1), hooked(element_id="new", key=2)
    await served.write(old)
    ended = asyncio.Event()

    async def calls() -> set[int]:
        statuses = set()
        while not ended.is_set():
            statuses.add((await post(served)).status_code)
        return statuses

    calling = asyncio.create_task(calls())
    await served.write(new, remove=[old.id])
    async with asyncio.timeout(30):
        while 2 not in {version for _, version, _, _ in gateway.started}:
            await asyncio.sleep(0.01)
    ended.set()
    assert await calling == {200}


async def test_a_request_that_came_before_the_path_moved_is_the_old_versions(
    served: Served, gateway: FakeGateway
) -> None:
    old, new = hooked(element_id="old", key=1), hooked(element_id="new", key=2)
    await served.write(old)
    came, moved = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        came.set()
        yield b"a"
        await moved.wait()
        yield b"b"

    calling = asyncio.create_task(post(served, content=slowly()))
    await came.wait()
    await served.write(new, remove=[old.id])
    moved.set()
    assert (await calling).status_code == 200
    assert [version for _, version, _, _ in gateway.started] == [1]


async def test_a_webhook_that_is_gone_answers_no_more(served: Served) -> None:
    one = hooked()
    await served.write(one)
    assert (await post(served)).status_code == 200
    await served.write(remove=[one.id])
    async with asyncio.timeout(30):
        while (await post(served)).status_code != 404:
            await asyncio.sleep(0.01)


async def test_a_redis_that_was_emptied_is_no_reason_to_stop_answering(served: Served) -> None:
    await served.write(hooked())
    await served.redis.flushall()
    await served.host.store.follow()
    assert (await post(served)).status_code == 200


async def test_a_message_is_published_where_the_model_waits_for_one(served: Served, gateway: FakeGateway) -> None:
    properties = {"inbound.context": "orders", "correlationKeyExpression": "=body"}
    await served.write(
        executable(element(point=Point.MESSAGE, message_name="paid", properties=properties), claim=claim_of("orders"))
    )
    assert (await post(served, content=b"k1")).status_code == 200
    (message,) = gateway.published
    assert (message.name, message.correlation_key) == ("paid", "k1")
