"""Requests over real sockets: what goes out, and what trouble on the way becomes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web

from zelery.camunda.definitions import transport
from zelery.camunda.definitions.transport import Request, Response, proxy, sender
from zelery.errors import SourceUnavailableError

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback that answers everything with `handler`; its address."""
    server = web.Server(handler)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def sent(request: Request, tls: ssl.SSLContext | None = None) -> Response:
    async with sender(tls or ssl.create_default_context()) as send:
        return await send(request)


@pytest.mark.integration
async def test_json_and_forms_go_out_as_they_are_and_every_status_comes_back() -> None:
    seen: list[tuple[str, str | None, bytes]] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.method, request.headers.get("Content-Type"), await request.read()))
        return web.Response(status=418, headers={"Set-Cookie": "a=1", "X-Y": "z"}, body=b"body")

    async with serving(handler) as url:
        answer = await sent(Request(method="POST", url=url, json={"k": 2**60}))
        await sent(Request(method="POST", url=url, form={"username": "ä", "password": "a&b"}))
        await sent(Request(method="GET", url=url))
    assert (answer.status, answer.body, answer.all("set-cookie"), answer.all("x-y")) == (418, b"body", ["a=1"], ["z"])
    assert seen[0] == ("POST", "application/json", b'{"k": 1152921504606846976}')
    assert seen[1] == ("POST", "application/x-www-form-urlencoded", b"username=%C3%A4&password=a%26b")
    assert (seen[2][0], seen[2][2]) == ("GET", b"")


@pytest.mark.integration
async def test_no_cookie_is_kept_and_no_redirect_is_followed() -> None:
    seen: list[str | None] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.headers.get("Cookie"))
        return web.Response(status=302, headers={"Set-Cookie": "a=1", "Location": "/login"})

    async with serving(handler) as url, sender(ssl.create_default_context()) as send:
        statuses = [(await send(Request(method="GET", url=url))).status for _ in range(2)]
    assert (statuses, seen) == ([302, 302], [None, None])


@pytest.mark.integration
async def test_a_server_that_is_not_there_is_unavailable_and_is_named_without_a_password() -> None:
    with pytest.raises(SourceUnavailableError, match="cannot be reached") as raised:
        await sent(Request(method="GET", url="http://me:hunter2@127.0.0.1:9/v1"))
    assert "hunter2" not in str(raised.value)


@pytest.mark.integration
async def test_a_server_that_hangs_up_is_unavailable() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(SourceUnavailableError, match="cannot be reached"):
            await sent(Request(method="POST", url=url, json={}))


@pytest.mark.integration
async def test_an_answer_that_is_cut_off_is_unavailable() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return answer

    async with serving(handler) as url:
        with pytest.raises(SourceUnavailableError):
            await sent(Request(method="GET", url=url))


@pytest.mark.integration
async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT_S", 0.2)
    done = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await done.wait()
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(SourceUnavailableError, match="did not answer in time"):
            await sent(Request(method="GET", url=url))
        done.set()


@pytest.mark.integration
async def test_an_answer_without_an_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BODY_BYTES_MAX", 1024 * 1024)

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"x" * (3 * 1024 * 1024))

    async with serving(handler) as url:
        with pytest.raises(SourceUnavailableError, match="answered with more than 1 MiB"):
            await sent(Request(method="GET", url=url))


@pytest.mark.integration
async def test_a_certificate_counts_by_who_signed_it() -> None:
    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusting)

    async def handler(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"safe")

    async with serving(handler, served) as url:
        assert (await sent(Request(method="GET", url=url), trusting)).body == b"safe"
        with pytest.raises(SourceUnavailableError, match="certificate"):
            await sent(Request(method="GET", url=url))


def test_the_environment_names_the_proxy_and_who_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    assert proxy("http://operate/v1") is None
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "internal")
    assert proxy("https://operate/v1") == "http://proxy:3128"
    assert proxy("https://internal:8443/v1") is None
    assert proxy("http://operate/v1") is None
