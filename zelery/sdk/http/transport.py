"""httpx on the worker's connections, for connectors that speak to an API in their own way.

The one module that imports httpx.
"""

from __future__ import annotations

import http.cookiejar
import logging

import httpx

from zelery.sdk.http import wire
from zelery.sdk.http.exchange import Exchange
from zelery.sdk.http.request import Request
from zelery.sdk.http.target import Target

Client = httpx.AsyncClient
#: httpx says how long a body is by itself; a body that it would stream is read before it goes out.
_FRAMING = ("content-length", "transfer-encoding")


def client(exchange: Exchange, agent: str) -> httpx.AsyncClient:
    """An httpx client that neither keeps cookies (a worker serves many models) nor reads proxies of the environment."""
    # httpx logs each URL that it calls, and URLs carry keys.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        transport=Transport(exchange), cookies=no_cookies, trust_env=False, headers={"User-Agent": agent}
    )


class Transport(httpx.AsyncBaseTransport):
    """Our exchange as an httpx transport: bounded bodies, the operator's blocks and proxies, the same connections."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer. Raises httpx's exceptions, and InputError for a blocked address."""
        built = _built(request, await request.aread())
        try:
            head, body = await self._exchange(built)
        except wire.WireError as error:
            raise _translated(error) from error
        return httpx.Response(
            head.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers],
            content=body,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": head.reason.encode("latin-1")},
        )


def _built(request: httpx.Request, data: bytes) -> Request:
    url = request.url
    tls = url.scheme == "https"
    limits = request.extensions.get("timeout", {})
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    framed = any(name.lower() in _FRAMING for name, _ in headers)
    headers = [header for header in headers if header[0].lower() not in _FRAMING]
    return Request(
        method=request.method,
        target=Target(
            tls=tls,
            host=url.raw_host.decode("ascii").strip("[]"),
            port=url.port or (443 if tls else 80),
            authority=url.netloc.decode("ascii"),
            path=url.raw_path.decode("ascii"),
        ),
        headers=(*headers, *([("Content-Length", str(len(data)))] if framed else [])),
        data=data,
        connect_s=limits.get("connect"),
        read_s=limits.get("read"),
    )


def _translated(error: wire.WireError) -> httpx.TransportError:
    match error:
        case wire.UnreachableError():
            return httpx.ConnectError(str(error))
        case wire.SlowError():
            return httpx.ReadTimeout(str(error))
        case wire.ProtocolError():
            return httpx.RemoteProtocolError(str(error))
        case _:
            return httpx.ReadError(str(error) or type(error).__name__)
