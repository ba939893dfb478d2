"""The HTTP client that the jobs of a worker process share. The one module that imports httpx.

`HttpClient.call` is what a protocol connector needs: it authenticates, builds, sends, repeats and reads as the Java
runtime does, and raises what becomes of the job. `HttpClient.httpx` is the same connections as a plain
`httpx.AsyncClient`, for a connector that speaks to an API in its own way.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.cookiejar
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Protocol, Self

import httpx

from zelery.errors import ConnectorError
from zelery.sdk.http import errors, repeat, response, wire
from zelery.sdk.http.authentication import OAuthAuthentication, granted, token_form
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.http.connections import Connection, Connections, Origin
from zelery.sdk.http.request import Call, ProtocolViolationError, Request, request
from zelery.sdk.http.routes import Routes, tls_context
from zelery.sdk.http.target import ForeignUrlError
from zelery.sdk.http.tokens import Tokens
from zelery.settings import Settings

#: Status codes from here on are errors.
_ERRORS_FROM = 400
_UNAUTHORIZED = 401
#: Idle connections are looked through this often, seconds.
_PRUNE_S = 5.0


class Deadline(Protocol):
    """What the client asks a connector's context for."""

    @property
    def remaining_s(self) -> float:
        """Seconds until the run is cancelled."""


class Answer:
    """An answer below 400."""

    def __init__(self, head: wire.Head, data: bytes, *, coded: bool) -> None:
        self.status = head.status
        self.reason = head.reason
        self.headers = response.header_map(head.headers, coded=coded)
        self.body = response.body(data)

    def variables(self) -> dict[str, Any]:
        """The response as result expressions see it."""
        return response.variables(self.status, self.reason, self.headers, self.body)


class HttpClient:
    """Opened once in a worker process: `client = await context.use(HttpClient.open)`."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: Settings) -> None:
        # A worker serves many models: what one server tells one model to remember is nobody else's.
        no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self.httpx = httpx.AsyncClient(transport=transport, cookies=no_cookies, trust_env=False)
        self._agent = f"Zelery/{version('zelery')} (python-httpx/{httpx.__version__})"
        self._blocks = Blocks.read(settings.http_blocks)
        self._bytes_max = settings.http_response_bytes_max
        self._tokens = Tokens()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """The client, closed with the worker. Raises SettingError for files and rules that cannot be used."""
        # httpx logs each URL it calls, and URLs carry keys.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        client = cls(Transport(settings), settings)
        try:
            yield client
        finally:
            await client.close()

    async def close(self) -> None:
        """Hang up."""
        await self._tokens.close()
        await self.httpx.aclose()

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """The answer to a call.

        Raises ConnectorError with the code and the variables that the Java runtime gives for answers from 400 on, for
        answers that do not come, and for calls that cannot be built; InputError when the operator blocks the URL.
        """
        token = None
        try:
            if isinstance(call.authentication, OAuthAuthentication):
                token = await self._token(call, call.authentication, deadline)
            built = request(call, agent=self._agent, token=token)
        except errors.UnbuildableError as error:
            raise errors.unbuildable(error, str(call)) from None
        except (ForeignUrlError, ProtocolViolationError) as error:
            raise errors.broken_protocol() from error
        self._blocks.check(call.url, built.target)
        head, data, coded = await self._exchange(built, deadline)
        answer = Answer(head, data, coded=coded)
        if head.status < _ERRORS_FROM:
            return answer
        if head.status == _UNAUTHORIZED and token is not None and isinstance(call.authentication, OAuthAuthentication):
            self._tokens.forget(call.authentication.key, token)
        raise errors.answered(answer.status, answer.reason, answer.headers, answer.body)

    async def _token(self, call: Call, client: OAuthAuthentication, deadline: Deadline) -> str:
        headers, body = token_form(client)
        asking = Call(
            method="POST",
            url=client.oauth_token_endpoint,
            headers=headers,
            body=body,
            connect_s=call.connect_s,
            read_s=call.read_s,
        )

        async def ask() -> tuple[str, float]:
            return granted((await self.call(asking, deadline)).body)

        return await self._tokens.get(client.key, ask)

    async def _exchange(self, built: Request, deadline: Deadline) -> tuple[wire.Head, bytes, bool]:
        """Head and decoded body of the final answer, and whether the body was coded."""
        repeated = False
        while True:
            try:
                answer = await self._send(built)
            except httpx.ReadError:
                if repeated or built.method not in repeat.IDEMPOTENT:
                    raise errors.aborted() from None
                repeated = True
                continue
            try:
                head = _head(answer)
                pause = None
                if not repeated:
                    pause = repeat.wait_s(
                        head.status,
                        head.find("retry-after"),
                        remaining_s=deadline.remaining_s,
                        now=datetime.now(UTC),
                    )
                data, coded = await self._read(answer, head)
            finally:
                await answer.aclose()
            if pause is None:
                return head, data, coded
            repeated = True
            await asyncio.sleep(pause)

    async def _send(self, built: Request) -> httpx.Response:
        """The answer's head. Raises httpx.ReadError when the connection broke before it, ConnectorError for the rest."""
        try:
            return await self.httpx.send(_outgoing(built), stream=True)
        except httpx.ReadError:
            raise
        except (httpx.TimeoutException, TimeoutError):
            raise errors.timed_out() from None
        except httpx.RemoteProtocolError as error:
            raise errors.broken_protocol() from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise errors.aborted() from error

    async def _read(self, answer: httpx.Response, head: wire.Head) -> tuple[bytes, bool]:
        """The decoded body, and whether it was coded."""
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in answer.aiter_raw():
                size += len(piece)
                if size > self._bytes_max:
                    raise errors.too_large(self._bytes_max)
                pieces.append(piece)
        except httpx.ReadTimeout:
            raise errors.unreadable("Read timed out") from None
        except httpx.RemoteProtocolError as error:
            raise errors.unreadable(str(error)) from None
        except httpx.TransportError as error:
            raise _broken_body(error) from error
        data = b"".join(pieces)
        codings = response.codings(head.headers) if data else []
        try:
            for coding in reversed(codings):
                data = response.decoded(data, coding, bytes_max=self._bytes_max)
        except response.UndecodableError as error:
            raise errors.unreadable(str(error)) from None
        except response.TooLargeError:
            raise errors.too_large(self._bytes_max) from None
        return data, bool(codings)


class Transport(httpx.AsyncBaseTransport):
    """Our wire as an httpx transport: requests go out exactly as they are, answers come back as they came."""

    def __init__(self, settings: Settings) -> None:
        self._connections = Connections(tls_context(settings))
        self._routes = Routes.read(settings)
        self._pruning: asyncio.Task[None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer.

        `extensions["target"]` is the request's target where it is not the URL's; `extensions["timeout"]` holds `connect`
        and `read`, seconds. Raises httpx's exceptions.
        """
        if self._pruning is None:
            self._pruning = asyncio.create_task(self._prune())
        limits = request.extensions.get("timeout", {})
        url = request.url
        tls = url.scheme == "https"
        origin = self._routes.origin(url.host, url.port or (443 if tls else 80), tls=tls)
        target = request.extensions.get("target", url.raw_path).decode("latin-1")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        if origin.proxy and not tls:
            target = f"http://{origin.authority}{target}"
            if origin.proxy.authorization:
                headers.append(("Proxy-Authorization", origin.proxy.authorization))
        data = wire.head(request.method, target, headers) + await request.aread()
        connection = await self._connected(origin, limits.get("connect"))
        try:
            head = await self._answer(connection, data, limits.get("read"))
            framing = wire.framing(request.method, head)
        except wire.ProtocolError as error:
            connection.close()
            raise httpx.RemoteProtocolError(str(error)) from error
        except BaseException:
            connection.close()
            raise
        keep = functools.partial(self._connections.keep, origin, connection) if head.keeps_alive else None
        return httpx.Response(
            head.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers],
            stream=Stream(connection, framing, read_s=limits.get("read"), keep=None if framing.by_close else keep),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": head.reason.encode("latin-1")},
        )

    async def aclose(self) -> None:
        """Hang up everything that is idle."""
        if self._pruning:
            self._pruning.cancel()
        self._connections.close()

    async def _connected(self, origin: Origin, connect_s: float | None) -> Connection:
        try:
            return await self._connections.take(origin, connect_s=connect_s)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except (OSError, UnicodeError, wire.WireError) as error:
            raise httpx.ConnectError(str(error)) from error

    async def _answer(self, connection: Connection, data: bytes, read_s: float | None) -> wire.Head:
        connection.writer.write(data)
        try:
            if len(data) > wire.PIECE_BYTES:
                await connection.writer.drain()
            async with asyncio.timeout(read_s):
                return await wire.read_head(connection.reader)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except (OSError, wire.NoAnswerError) as error:
            raise httpx.ReadError(str(error)) from error

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(_PRUNE_S)
            self._connections.prune()


class Stream(httpx.AsyncByteStream):
    """The body of an answer as it arrives; its connection is kept when it was read to its end."""

    def __init__(
        self, connection: Connection, framing: wire.Framing, *, read_s: float | None, keep: Callable[[], None] | None
    ) -> None:
        self._connection: Connection | None = connection
        self._framing = framing
        self._read_s = read_s
        self._keep = keep

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces. Raises httpx's exceptions."""
        if self._connection is None:
            return
        pieces = wire.read_body(self._connection.reader, self._framing)
        try:
            while (piece := await self._next(pieces)) is not None:
                yield piece
        except wire.ChunkError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("Read timed out") from error
        except (OSError, wire.WireError) as error:
            raise httpx.ReadError(str(error)) from error
        if self._keep and self._connection:
            self._keep()
            self._connection = None

    async def aclose(self) -> None:
        """Hang up unless the body was read to its end."""
        if self._connection:
            self._connection.close()
            self._connection = None

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        async with asyncio.timeout(self._read_s):
            return await anext(pieces, None)


@functools.lru_cache(maxsize=1024)
def _base(scheme: str, host: str, port: int) -> httpx.URL:
    """Parsing a URL costs more than all the rest of an httpx request."""
    return httpx.URL(scheme=scheme, host=host, port=port, path="/")


def _outgoing(built: Request) -> httpx.Request:
    target = built.target
    return httpx.Request(
        built.method,
        _base("https" if target.tls else "http", target.host, target.port),
        headers=[(_bytes(name), _bytes(value)) for name, value in built.headers],
        content=built.data,
        extensions={
            "target": wire.visible(target.path).encode("latin-1"),
            "timeout": {"connect": built.connect_s, "read": built.read_s},
        },
    )


def _bytes(text: str) -> bytes:
    return wire.visible(text).encode("latin-1")


def _head(answer: httpx.Response) -> wire.Head:
    reason = answer.extensions.get("reason_phrase", b"").decode("latin-1")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    return wire.Head(status=answer.status_code, reason=reason, headers=headers, minor=1)


def _broken_body(error: httpx.TransportError) -> ConnectorError:
    """A body that ends too early is a connection that was aborted; one that is reset was already being read."""
    return errors.aborted() if isinstance(error.__cause__, wire.WireError) else errors.unreadable("Connection reset")
