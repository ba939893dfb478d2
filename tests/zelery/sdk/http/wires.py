"""The other side of a channel, played by hand: no sockets."""

from __future__ import annotations

import asyncio

from zelery.sdk.http.channel import Channel


class Transport(asyncio.Transport):
    """Keeps what is written, and what else is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def connected() -> tuple[Channel, Transport]:
    """A channel to a transport of ours."""
    channel, transport = Channel(), Transport()
    channel.connection_made(transport)
    return channel, transport


def received(*pieces: bytes, error: Exception | None = None) -> Channel:
    """A channel on which these pieces come one by one, and then the end, or an error."""
    channel, _ = connected()
    loop = asyncio.get_running_loop()

    def deliver(remaining: tuple[bytes, ...]) -> None:
        if remaining:
            channel.data_received(remaining[0])
            loop.call_soon(deliver, remaining[1:])
        else:
            channel.connection_lost(error)

    deliver(pieces)
    return channel
