"""The HTTP client that the jobs of a worker process share.

`HttpClient.call` is what a protocol connector needs: it authenticates, builds, sends, repeats and reads as the Java
runtime does, and raises what becomes of the job. `HttpClient.httpx` is a plain `httpx.AsyncClient` on the same
connections, for a connector that speaks to an API in its own way.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, Self

from zelery.sdk.http import errors, repeat, response, wire
from zelery.sdk.http.authentication import OAuthAuthentication, granted, token_form
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.http.connections import Connections
from zelery.sdk.http.exchange import Exchange, Wire, watched
from zelery.sdk.http.request import Call, ProtocolViolationError, Request, request
from zelery.sdk.http.routes import Routes, tls_context
from zelery.sdk.http.target import ForeignUrlError
from zelery.sdk.http.tokens import Tokens
from zelery.settings import Settings

if TYPE_CHECKING:
    from zelery.sdk.http.transport import Client

#: Names us to the other side, and what we speak like.
AGENT = f"Zelery/{version('zelery')} (python-httpx/{version('httpx')})"

#: How the client waits: seconds.
Sleep = Callable[[float], Awaitable[None]]

#: Status codes from here on are errors.
_ERRORS_FROM = 400
_UNAUTHORIZED = 401


class Deadline(Protocol):
    """What the client asks a connector's context for."""

    @property
    def remaining_s(self) -> float:
        """Seconds until the run is cancelled."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer as models see it."""

    status: int
    """Status code."""
    reason: str
    """Reason phrase, empty when there is none."""
    headers: dict[str, Any]
    """By name as it was spelled; cookies are a list."""
    body: Any
    """JSON where it is an object or a list, else text; None when there is none."""

    def variables(self) -> dict[str, Any]:
        """The response as result expressions see it."""
        return {
            "status": self.status,
            "headers": self.headers,
            "body": self.body,
            "reason": self.reason,
            "document": None,
        }


class HttpClient:
    """Opened once in a worker process: `client = await context.use(HttpClient.open)`."""

    def __init__(self, exchange: Exchange, *, blocks: Blocks, bytes_max: int, sleep: Sleep = asyncio.sleep) -> None:
        self._exchange = exchange
        self._blocks = blocks
        self._bytes_max = bytes_max
        self._sleep = sleep
        self._tokens = Tokens()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """The client, closed with the worker. Raises SettingError for files and rules that cannot be used."""
        exchange = Wire(
            connections=Connections(tls_context(settings)),
            routes=Routes.read(settings),
            blocks=Blocks.read(settings.http_blocks),
            bytes_max=settings.http_response_bytes_max,
        )
        client = cls(watched(exchange), blocks=exchange.blocks, bytes_max=exchange.bytes_max)
        try:
            yield client
        finally:
            await client.close()

    @cached_property
    def httpx(self) -> Client:
        """An httpx client on the same connections."""
        from zelery.sdk.http import transport  # noqa: PLC0415 - a quarter of a second that few connectors need

        return transport.client(self._exchange, AGENT)

    async def close(self) -> None:
        """Hang up."""
        await self._tokens.close()
        if "httpx" in self.__dict__:
            await self.httpx.aclose()
        self._exchange.close()

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """The answer to a call.

        Raises ConnectorError with the code and the variables that the Java runtime gives for answers from 400 on, for
        answers that do not come, and for calls that cannot be built; InputError when the operator blocks the URL.
        """
        token = None
        try:
            if isinstance(call.authentication, OAuthAuthentication):
                token = await self._token(call, call.authentication, deadline)
            built = request(call, agent=AGENT, token=token)
        except errors.UnbuildableError as error:
            raise errors.unbuildable(error, str(call)) from None
        except (ForeignUrlError, ProtocolViolationError) as error:
            raise errors.broken_protocol() from error
        self._blocks.check(call.url, built.target.port)
        answer = self._answer(*await self._final(built, deadline))
        if answer.status < _ERRORS_FROM:
            return answer
        if answer.status == _UNAUTHORIZED and token is not None:
            self._tokens.forget(token)
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

    async def _final(self, built: Request, deadline: Deadline) -> tuple[wire.Head, bytes]:
        """Head and body of the final answer, after the one repetition that there may be."""
        try:
            head, body = await self._exchange(built)
        except wire.NoAnswerError as error:
            if built.method not in repeat.IDEMPOTENT:
                raise errors.of_wire(error, self._bytes_max) from error
            return await self._once(built)
        except wire.WireError as error:
            raise errors.of_wire(error, self._bytes_max) from error
        pause_s = repeat.wait_s(
            head.status, head.find("retry-after"), remaining_s=deadline.remaining_s, now=datetime.now(UTC)
        )
        if pause_s is None:
            return head, body
        await self._sleep(pause_s)
        return await self._once(built)

    async def _once(self, built: Request) -> tuple[wire.Head, bytes]:
        try:
            return await self._exchange(built)
        except wire.WireError as error:
            raise errors.of_wire(error, self._bytes_max) from error

    def _answer(self, head: wire.Head, data: bytes) -> Answer:
        codings = response.codings(head.headers) if data else ()
        try:
            for coding in reversed(codings):
                data = response.decoded(data, coding, bytes_max=self._bytes_max)
        except wire.BodyError as error:
            raise errors.of_wire(error, self._bytes_max) from None
        return Answer(
            status=head.status,
            reason=head.reason,
            headers=response.header_map(head.headers, coded=bool(codings)),
            body=response.body(data),
        )
