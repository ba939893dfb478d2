"""The client on real sockets: connections, TLS, proxies, and other sides that mean no good."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.zelery.sdk.http.servers import OK, Server, answering, once, serving, tunnelling
from zelery.errors import ConnectorError
from zelery.sdk.http import Answer, Call, HttpClient
from zelery.settings import Settings

pytestmark = pytest.mark.integration


@dataclasses.dataclass
class Deadline:
    remaining_s: float = 100.0


@contextlib.asynccontextmanager
async def opened(**variables: object) -> AsyncIterator[HttpClient]:
    settings = Settings.read({name: str(value) for name, value in variables.items()})
    async with HttpClient.open(settings) as client:
        yield client


async def call(client: HttpClient, server: Server, **changes: Any) -> Answer:
    url = f"http://127.0.0.1:{server.port}/"
    return await client.call(Call(**{"method": "GET", "url": url, **changes}), Deadline())


async def failure(client: HttpClient, server: Server, **changes: Any) -> str | None:
    with pytest.raises(ConnectorError) as caught:
        await call(client, server, **changes)
    return caught.value.code


async def test_a_connection_is_used_again() -> None:
    async with serving(answering) as server, opened() as client:
        for _ in range(5):
            assert (await call(client, server)).body == {"ok": True}

        assert (server.connections, len(server.requests)) == (1, 5)


async def test_calls_at_the_same_time_have_a_connection_each_and_give_it_back() -> None:
    async with serving(answering) as server, opened() as client:
        await asyncio.gather(*(call(client, server) for _ in range(20)))
        await asyncio.gather(*(call(client, server) for _ in range(20)))

        assert server.connections == 20


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\n" + OK[-11:],
        b"HTTP/1.1 200 OK\r\n\r\n" + OK[-11:],  # the end of the connection is the end of the body
        OK,  # the other side hangs up without a word
        OK + b"HTTP/1.1 408 Request Timeout\r\n\r\n",  # … or with one that nobody asked for
    ],
)
async def test_a_connection_that_is_over_is_not_used_again(answer: bytes) -> None:
    async with serving(once(answer)) as server, opened() as client:
        for _ in range(3):
            assert (await call(client, server, method="POST")).body == {"ok": True}
            await asyncio.sleep(0.01)

        assert server.connections == 3


async def test_a_value_cannot_smuggle_in_a_header_or_a_request() -> None:
    evil = "x\r\nX-Injected: 1\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"
    async with serving(answering) as server, opened() as client:
        url = f"http://127.0.0.1:{server.port}/a?{evil.replace(chr(13), '').replace(chr(10), '')}"
        await call(client, server, url=url, headers={"X": evil, evil: "y"}, parameters={evil: evil})

        (sent,) = server.requests
        assert b"\r\nX-Injected" not in sent
        assert sent.count(b"\r\n\r\n") == 1


async def test_a_response_of_200_mb_is_refused_without_filling_memory() -> None:
    megabyte = b"x" * 2**20
    async with serving(once(b"HTTP/1.1 200 OK\r\n\r\n", *[megabyte] * 200)) as server, opened() as client:
        tracemalloc.start()
        try:
            code = await failure(client, server)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert code == "RESPONSE_TOO_LARGE"
    assert peak < 60 * 2**20


async def test_a_server_that_announces_too_much_is_refused_at_once() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"
    async with serving(once(answer, wait_s=30)) as server, opened(ZELERY_HTTP_RESPONSE_BYTES_MAX=1999) as client:
        assert await failure(client, server) == "RESPONSE_TOO_LARGE"


async def test_a_server_that_sends_a_byte_at_a_time_is_read_until_the_run_is_cancelled() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 10_000]
    async with serving(once(*pieces, wait_s=0.02)) as server, opened() as client:
        running = asyncio.create_task(call(client, server, read_s=1))
        done, _ = await asyncio.wait([running], timeout=1.5)  # longer than the read timeout: it is for each piece
        running.cancel()

        assert not done
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_silence_before_and_within_the_answer_are_two_timeouts() -> None:
    async with (
        serving(once(b"", wait_s=30)) as silent,
        serving(once(OK[:-1], wait_s=30)) as stalled,
        opened() as client,
    ):
        assert await failure(client, silent, read_s=1) == "408"
        assert await failure(client, stalled, read_s=1) == "500"


async def test_a_large_body_goes_out_to_a_slow_reader() -> None:
    async def slow(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.2)  # longer than the read timeout: that is for the answer
        await answering(server, reader, writer)

    body = "x" * 20_000_000
    async with serving(slow) as server, opened() as client:
        assert (await call(client, server, method="POST", body=body, read_s=1)).status == 200
        assert server.requests[0].endswith(body.encode())


async def test_an_answer_before_the_end_of_the_request_is_the_answer() -> None:
    async def hasty(_: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(30)

    async with serving(hasty) as server, opened() as client:
        assert await failure(client, server, method="POST", body="x" * 20_000_000) == "413"


async def test_a_redirect_is_an_answer_and_is_not_followed_to_a_blocked_host() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    blocks = {"CAMUNDA_CONNECTOR_HTTP_BLOCK_URL_META": "169.254"}
    async with serving(once(answer)) as server, opened(**blocks) as client:
        assert (await call(client, server)).headers["Location"] == "http://169.254.169.254/"
        await asyncio.sleep(0.01)  # for the end of that connection to be seen
        with pytest.raises(ConnectorError, match="Block Name: META"):
            await client.httpx.get(f"http://127.0.0.1:{server.port}/", follow_redirects=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", f"http://{'x' * 70}.example/"])
async def test_a_host_that_cannot_be_reached_is_408(url: str) -> None:
    async with serving(answering) as server, opened() as client:
        assert await failure(client, server, url=url) == "408"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *, asks: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_tls_needs_an_authority_that_is_trusted_and_the_right_name(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with serving(answering, server_side(authority)) as server:
        right, wrong = f"https://localhost:{server.port}/", f"https://127.0.0.1:{server.port}/"
        async with opened() as strange:
            assert await failure(strange, server, url=right) == "408"
        async with opened(ZELERY_HTTP_CA_FILE=tmp_path / "ca.pem") as client:
            for _ in range(2):
                assert (await call(client, server, url=right)).status == 200
            assert server.connections == 1
            assert await failure(client, server, url=wrong) == "408"


async def test_a_client_certificate_is_shown_to_who_asks(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client_side = authority.issue_cert("client")
    client_side.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    client_side.private_key_pem.write_to_path(tmp_path / "client.key")
    trust = {"ZELERY_HTTP_CA_FILE": tmp_path / "ca.pem"}
    shown = {"ZELERY_HTTP_CERTIFICATE_FILE": tmp_path / "client.pem", "ZELERY_HTTP_KEY_FILE": tmp_path / "client.key"}
    async with serving(answering, server_side(authority, asks=True)) as server:
        url = f"https://localhost:{server.port}/"
        async with opened(**trust) as nobody:
            assert await failure(nobody, server, url=url) == "408"
        async with opened(**trust, **shown) as client:
            assert (await call(client, server, url=url)).status == 200


async def test_https_to_a_plain_server_is_408() -> None:
    async def plain(_: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as server, opened() as client:
        assert await failure(client, server, url=f"https://localhost:{server.port}/") == "408"


def proxied(proxy: Server, kind: str, **more: object) -> dict[str, object]:
    named = {"HOST": "127.0.0.1", "PORT": proxy.port, **more}
    return {f"CONNECTOR_{kind}_PROXY_{name}": value for name, value in named.items()}


async def test_a_proxy_for_http_is_asked_for_the_whole_address() -> None:
    async with serving(answering) as proxy, opened(**proxied(proxy, "HTTP", USER="u", PASSWORD="p")) as client:
        await call(client, proxy, url="http://far.invalid:81/a b?x=1")

        lines = proxy.requests[0].split(b"\r\n")
        assert lines[0] == b"GET http://far.invalid:81/a%20b?x=1 HTTP/1.1"
        assert {b"Host: far.invalid:81", b"Proxy-Authorization: Basic dTpw"} <= set(lines)


async def test_a_proxy_for_https_is_a_tunnel(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with serving(tunnelling) as proxy, serving(answering, server_side(authority)) as server:
        way = proxied(proxy, "HTTPS", USER="u", PASSWORD="p")
        async with opened(ZELERY_HTTP_CA_FILE=tmp_path / "ca.pem", **way) as client:
            for _ in range(2):
                found = await call(client, server, url=f"https://localhost:{server.port}/", headers={"X": "hidden"})
                assert found.body == {"ok": True}

        assert (proxy.connections, server.connections) == (1, 1)
        assert proxy.requests[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic dTpw" in proxy.requests[0]
        assert b"hidden" not in proxy.requests[0]
        assert b"Proxy-Authorization" not in server.requests[0]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"garbage\r\n\r\n", b""])
async def test_a_proxy_that_opens_no_tunnel_is_408(answer: bytes) -> None:
    async with serving(once(answer)) as proxy, opened(**proxied(proxy, "HTTPS")) as client:
        assert await failure(client, proxy, url="https://far.invalid/") == "408"


async def test_a_proxy_that_says_nothing_is_a_connection_timeout() -> None:
    async with serving(once(b"", wait_s=30)) as proxy, opened(**proxied(proxy, "HTTPS")) as client:
        with pytest.raises(ConnectorError, match="timed out"):
            await call(client, proxy, url="https://far.invalid/", connect_s=1)


async def test_hosts_without_a_proxy_are_called_directly() -> None:
    async with serving(answering) as server, serving(once(b"")) as proxy:
        async with opened(**proxied(proxy, "HTTP"), CONNECTOR_HTTP_NON_PROXY_HOSTS="localhost|127.*") as client:
            assert (await call(client, server)).status == 200
        assert not proxy.connections
