"""One request to its answer, on a connection of its host."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Protocol

from zelery.errors import ConnectorError
from zelery.sdk.http import wire
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.http.connections import Connections
from zelery.sdk.http.request import Request
from zelery.sdk.http.routes import Routes
from zelery.sdk.watch import Answered, Exchanged, watcher


class Exchange(Protocol):
    """What the client stands on: sockets in a worker, a script in a test."""

    async def __call__(self, request: Request) -> tuple[wire.Head, bytes]:
        """The answer's head and its body as it was sent. Raises wire.WireError."""

    def close(self) -> None:
        """Hang up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wire:
    """Exchanges over sockets."""

    connections: Connections
    routes: Routes
    blocks: Blocks
    bytes_max: int
    """Largest body, bytes."""

    async def __call__(self, request: Request) -> tuple[wire.Head, bytes]:
        """The answer's head and its body as it was sent.

        Raises wire.WireError, and InputError when the operator blocks the address.
        """
        target = request.target
        self.blocks.check(target.url, target.port)
        origin = self.routes.origin(target.host, target.port, tls=target.tls)
        path, headers = target.path, request.headers
        if origin.proxy and not target.tls:
            path = target.url
            if origin.proxy.authorization:
                headers = (*headers, ("Proxy-Authorization", origin.proxy.authorization))
        data = wire.request(request.method, path, headers, request.data or b"")
        channel = await self.connections.take(origin, connect_s=request.connect_s)
        try:
            try:
                await channel.write(data)
            except OSError as error:
                raise wire.NoAnswerError(f"the connection broke before the answer: {error}") from error
            head = await wire.read_head(channel, wait_s=request.read_s)
            frame = wire.framing(request.method, head)
            body = await wire.read_body(channel, frame, wait_s=request.read_s, bytes_max=self.bytes_max)
        except BaseException:
            channel.close()
            raise
        if head.keeps_alive and not frame.by_close and channel.quiet:
            self.connections.keep(origin, channel)
        else:
            channel.close()
        return head, body

    def close(self) -> None:
        """Hang up everything that is idle."""
        self.connections.close()


def watched(exchange: Exchange) -> Exchange:
    """The exchange, and who looks on is told of each; in a worker nobody does, and it is the exchange itself."""
    told = watcher.get()
    return exchange if told is None else Watched(exchange=exchange, told=told)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """Another exchange that somebody looks at."""

    exchange: Exchange
    told: Callable[[Exchanged], None]

    async def __call__(self, request: Request) -> tuple[wire.Head, bytes]:
        """What the other gives. Raises what the other raises."""
        try:
            head, body = await self.exchange(request)
        except (wire.WireError, ConnectorError, asyncio.CancelledError) as error:
            self._tell(request, f"no answer: {str(error) or type(error).__name__}")
            raise
        self._tell(request, Answered(status=head.status, reason=head.reason, headers=head.headers, body=body))
        return head, body

    def close(self) -> None:
        """Hang up."""
        self.exchange.close()

    def _tell(self, request: Request, answer: Answered | str) -> None:
        headers, url = request.headers, request.target.url
        self.told(Exchanged(method=request.method, url=url, headers=headers, body=request.data or b"", answer=answer))
