"""A network that can fail: a TCP proxy on loopback, before any server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from zelery.local import ports

T = TypeVar("T")
_CHUNK = 65_536


class Proxy:
    """Passes on what it gets, unless a test says otherwise. It runs in a thread of its own; made by `proxied`."""

    def __init__(self, target: int, loop: asyncio.AbstractEventLoop) -> None:
        self.port = ports.free(1)[0]
        self._target = target
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    def restore(self) -> None:
        """Let everything through again."""
        self._run(self._listen())

    def cut(self) -> None:
        """Reset all connections; new ones are welcome."""
        self._run(self._reset())

    def refuse(self) -> None:
        """Reset all connections and refuse new ones."""
        self._run(self._close())

    def freeze(self) -> None:
        """Keep all connections, and let new ones in, but let nothing through, as a network does that loses packets."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._connections)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, ports.HOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _reset(self) -> None:
        ending = list(self._connections)
        for connection in ending:
            for writer in self._connections[connection]:
                writer.transport.abort()
            connection.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections[connection] = [writer]
        connection.add_done_callback(self._connections.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(ports.HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        this = asyncio.current_task()
        assert this is not None
        self._connections[this].append(back)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back))
                both.create_task(self._pass_on(there, writer))
        except* OSError:
            pass  # One side has reset its connection, so does the other.
        finally:
            for side in (writer, back):
                side.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        await self._flows.wait()
        writer.write_eof()


@contextlib.contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy before a port on loopback, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"proxy to {target}", daemon=True)
    thread.start()
    proxy = Proxy(target, loop)
    try:
        proxy.restore()
        yield proxy
    finally:
        proxy.refuse()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
