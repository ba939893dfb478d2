"""Bytes to and from one other side: an asyncio protocol that says when more has come, and when nothing does."""

from __future__ import annotations

import asyncio
from typing import cast

#: Beyond this many bytes that nobody has taken, the other side is made to wait.
WAITING_BYTES_MAX = 256 * 1024


class Channel(asyncio.Protocol):
    """One connection's bytes. `data` is what has come; whoever reads removes what it has read."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._full = False

    @property
    def quiet(self) -> bool:
        """Whether the other side is there and has said nothing that was not asked for."""
        return not (self.data or self._ended)

    @property
    def transport(self) -> asyncio.Transport:
        """What the bytes travel through."""
        if self._transport is None:
            raise ConnectionError("not connected")
        return self._transport

    async def more(self, wait_s: float | None) -> bool:
        """Wait until more has come; False when nothing more will.

        Raises TimeoutError when nothing came for `wait_s` seconds, OSError when the connection broke.
        """
        if self._ended:
            if self._error:
                raise self._error
            return False
        if self._full:
            self._full = False
            self.transport.resume_reading()
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        timer = loop.call_later(wait_s, _expire, self._reader) if wait_s is not None else None
        before = len(self.data)
        try:
            await self._reader
        finally:
            self._reader = None
            if timer:
                timer.cancel()
        return len(self.data) > before or await self.more(wait_s)

    async def write(self, data: bytes) -> None:
        """Send bytes; back when nearly all of them are on their way. Raises OSError when the connection broke."""
        self.transport.write(data)
        # An other side that has answered already may never read the rest.
        while self._writer and not self._ended and not self.data:
            await self._writer

    def close(self) -> None:
        """Hang up at once: there is nothing left to say."""
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's call: the connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio's call: bytes have come."""
        self.data += data
        if len(self.data) > WAITING_BYTES_MAX and not self._full:
            self._full = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Asyncio's call: the other side has said all."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's call: the connection is gone."""
        if not self._ended:
            self._error = exc
        self._ended = True
        self._wake()

    def pause_writing(self) -> None:
        """Asyncio's call: too much is waiting to be sent."""
        self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Asyncio's call: it has been sent."""
        waiting, self._writer = self._writer, None
        if waiting and not waiting.done():
            waiting.set_result(None)

    def _wake(self) -> None:
        for waiting in (self._reader, self._writer):
            if waiting and not waiting.done():
                waiting.set_result(None)


def _expire(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError("nothing came in time"))
