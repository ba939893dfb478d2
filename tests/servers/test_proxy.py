from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.servers.proxy import Proxy, proxied
from zelery.local import ports

pytestmark = pytest.mark.integration

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def before_an_echo() -> AsyncIterator[Proxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(ended := asyncio.Event())
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1000):
                writer.write(data)
        writer.close()
        ended.set()

    ends: list[asyncio.Event] = []
    server = await asyncio.start_server(echo, ports.HOST, 0)
    async with server:
        with proxied(server.sockets[0].getsockname()[1]) as proxy:
            yield proxy
        for ended in ends:
            await ended.wait()


async def connect(proxy: Proxy) -> Connection:
    return await asyncio.open_connection(ports.HOST, proxy.port)


async def answer(connection: Connection, said: bytes) -> bytes:
    reader, writer = connection
    writer.write(said)
    return await reader.read(1000)


async def end(connection: Connection) -> None:
    connection[1].close()


async def test_it_passes_on_what_it_gets_and_the_end_too() -> None:
    async with before_an_echo() as proxy:
        connection = await connect(proxy)
        assert await answer(connection, b"a") == b"a"
        connection[1].write_eof()
        assert await connection[0].read() == b""
        await end(connection)


async def test_a_cut_resets_what_is_there_and_welcomes_what_comes() -> None:
    async with before_an_echo() as proxy:
        connection = await connect(proxy)
        assert await answer(connection, b"a") == b"a"
        proxy.cut()
        assert proxy.connections == 0
        assert await connection[0].read() == b""
        await end(connection)

        connection = await connect(proxy)
        assert await answer(connection, b"b") == b"b"
        await end(connection)


async def test_refused_until_it_is_restored() -> None:
    async with before_an_echo() as proxy:
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await connect(proxy)

        proxy.restore()
        connection = await connect(proxy)
        assert await answer(connection, b"a") == b"a"
        await end(connection)


async def test_what_was_sent_while_it_was_frozen_arrives_later() -> None:
    async with before_an_echo() as proxy:
        connection = await connect(proxy)
        assert await answer(connection, b"a") == b"a"
        proxy.freeze()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer(connection, b"b"), 0.05)

        proxy.restore()
        assert await connection[0].read(1000) == b"b"
        await end(connection)
