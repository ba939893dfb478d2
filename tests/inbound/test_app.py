"""The role over real sockets: what only a server can get wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import uvicorn

from inbound.app import listening, serve
from inbound.executables import claim_of
from tests.inbound.calls import serving
from tests.inbound.elements import element, executable
from tests.inbound.hosts import Hook, path_of
from zelery.errors import SettingError
from zelery.local import ports
from zelery.sdk import InboundContext, Request, Response, webhook
from zelery.settings import Settings

pytestmark = pytest.mark.integration


@webhook(type="tests:hook:1", name="Echo", path=path_of)
async def echo(properties: Hook, request: Request, context: InboundContext) -> Response:
    """Answers with the status that its body says."""
    return Response(status=int(request.body), headers={"X-A": "a\x01b"}, body={"a": 1})


@pytest.fixture
async def url(redis_url: str) -> AsyncIterator[str]:
    async with serving(redis_url, echo) as served:
        await served.write(executable(element(properties={"inbound.context": "x"}), claim=claim_of("x")))
        (port,) = ports.free(1)
        config = uvicorn.Config(
            served.app, host="127.0.0.1", port=port, http="httptools", lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await task


@pytest.mark.parametrize(
    ("status", "sent"),
    [(200, 200), (204, 204), (304, 304), (418, 418), (599, 599), (799, 799), (100, 500), (1000, 500)],
)
async def test_whatever_a_model_answers_reaches_the_caller_and_leaves_the_connection_good(
    url: str, status: int, sent: int
) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for _ in range(2):
            async with session.post(f"{url}/inbound/x", data=str(status)) as response:
                assert response.status == sent
                await response.read()


async def test_an_address_that_is_taken_is_named(redis_url: str) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(redis_url=redis_url, webhook_port=port)
        with pytest.raises(SettingError, match=rf"ZELERY_WEBHOOK_PORT=127.0.0.1:{port}: cannot listen there: Address"):
            await serve(settings)


def test_no_answer_waits_for_the_callers_acknowledgement() -> None:
    (port,) = ports.free(1)
    with (
        listening(Settings(webhook_port=port)) as listener,
        socket.create_connection(("127.0.0.1", port)),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
