"""HTTP to the cluster as values: a request goes out, a response comes back, and errors of aiohttp end here."""

from __future__ import annotations

import dataclasses
import json
import ssl
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from zelery.errors import SourceUnavailableError
from zelery.settings import mask_url

#: Until a connection stands, and between two pieces of an answer, seconds. Operate's searches can take long.
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 30.0
#: One whole call, seconds, with its waiting for a connection.
TIMEOUT_S = 60.0
#: A page of 1000 definitions is a quarter of a megabyte, a large model one or two; what is longer is a mistake.
BODY_BYTES_MAX = 64 * 1024 * 1024
#: Calls at once: the cluster's searches are for people too.
CONNECTIONS_MAX = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One call."""

    method: str
    url: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    json: Any = None
    """The body, if any, as JSON."""
    form: Mapping[str, str] | None = dataclasses.field(default=None, repr=False)
    """The body as a form, instead."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Response:
    """Its answer, whatever the status."""

    status: int
    headers: Sequence[tuple[str, str]] = dataclasses.field(default=(), repr=False)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """The values of a header, which may have several lines."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


#: Sends a request. Raises SourceUnavailableError when no answer came.
Send = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def sender(tls: ssl.SSLContext) -> AsyncIterator[Send]:
    """A sender over aiohttp. Cookies are the caller's, and no redirect is followed: both may carry who we are."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, ssl=tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S),
    )

    async def send(request: Request) -> Response:
        body: dict[str, Any] = {}
        headers = dict(request.headers)
        if request.json is not None:
            body, headers["Content-Type"] = {"data": json.dumps(request.json).encode()}, "application/json"
        elif request.form is not None:
            body = {"data": dict(request.form)}
        try:
            async with session.request(
                request.method, request.url, headers=headers, allow_redirects=False, proxy=proxy(request.url), **body
            ) as answer:
                return Response(
                    status=answer.status,
                    headers=tuple(answer.headers.items()),
                    body=await _body(answer, request.url),
                )
        except TimeoutError:
            raise SourceUnavailableError(f"{mask_url(request.url)} did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            why = mask_url(str(error)) or type(error).__name__
            raise SourceUnavailableError(f"{mask_url(request.url)} cannot be reached: {why}") from error

    async with session:
        yield send


def proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL. aiohttp would read it too, but `.netrc` with it, at each call."""
    parts = urlsplit(url)
    found = urllib.request.getproxies().get(parts.scheme)
    return None if found is None or urllib.request.proxy_bypass(parts.hostname or "") else found


async def _body(answer: aiohttp.ClientResponse, url: str) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise SourceUnavailableError(f"{mask_url(url)} answered with more than {BODY_BYTES_MAX // 2**20} MiB")
    return bytes(body)
