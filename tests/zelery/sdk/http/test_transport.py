from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.zelery.sdk.http.test_client import Script, answer
from zelery.sdk.http import wire
from zelery.sdk.http.transport import client


async def test_httpx_speaks_on_our_wire_and_reads_what_comes_back() -> None:
    script = Script(answer(201, gzip.compress(b'{"a":1}'), Content_Encoding="gzip", X="\xe9"))

    found = await client(script, "us").post("https://h:8443/ä b?x=1", json={"b": 2}, timeout=5)

    assert (found.status_code, found.reason_phrase, found.json()) == (201, "R201", {"a": 1})
    (sent,) = script.requests
    assert (sent.method, sent.target.url, sent.data) == ("POST", "https://h:8443/%C3%A4%20b?x=1", b'{"b":2}')
    assert (sent.target.tls, sent.target.host, sent.target.port) == (True, "h", 8443)
    assert (sent.connect_s, sent.read_s) == (5, 5)
    assert {"user-agent": "us", "content-length": "7"}.items() <= {n.lower(): v for n, v in sent.headers}.items()


async def test_a_body_that_httpx_would_stream_goes_out_in_one_piece() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cd"

    script = Script(answer())
    await client(script, "us").post("http://[::1]/", content=pieces())

    (sent,) = script.requests
    assert sent.data == b"abcd"
    assert ("Content-Length", "4") in sent.headers
    assert not any(name.lower() == "transfer-encoding" for name, _ in sent.headers)
    assert (sent.target.host, sent.target.authority) == ("::1", "[::1]")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (wire.UnreachableError("x"), httpx.ConnectError),
        (wire.SlowError("x"), httpx.ReadTimeout),
        (wire.NoAnswerError("x"), httpx.ReadError),
        (wire.ProtocolError("x"), httpx.RemoteProtocolError),
        (wire.BodyError("x"), httpx.ReadError),
    ],
)
async def test_our_errors_are_those_that_users_of_httpx_know(error: wire.WireError, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        await client(Script(error), "us").get("http://h/")


async def test_cookies_are_not_kept_between_jobs() -> None:
    script = Script(answer(Set_Cookie="sid=1; Path=/"))
    shared = client(script, "us")

    await shared.get("http://h.example/")
    await shared.get("http://h.example/")

    assert not any(name.lower() == "cookie" for name, _ in script.requests[1].headers)
    assert not shared.cookies


async def test_urls_with_their_keys_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    await client(Script(answer()), "us").get("http://h/?key=hidden")

    assert "hidden" not in caplog.text
