"""Connections that are kept and reused, per host: plain, through TLS, and through a proxy."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import ssl
import time
from collections import deque

from zelery.sdk.http import wire

#: A connection that nobody used for this long is not used again; many servers close theirs after 15 s or more.
IDLE_S_MAX = 10.0
#: Idle connections kept for one host.
IDLE_MAX = 100
#: A TLS handshake ends after this even where a model sets no connection timeout.
HANDSHAKE_S_MAX = 60.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """A server that calls another one for us."""

    host: str
    """Its name or address."""
    port: int
    """Its TCP port."""
    tls: bool = False
    """Whether it is itself called through TLS."""
    authorization: str | None = dataclasses.field(default=None, repr=False)
    """Value of Proxy-Authorization."""

    @staticmethod
    def basic(user: str, password: str) -> str:
        """The authorization of a user with a password."""
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a connection leads: two requests for the same origin may share one."""

    host: str
    """Name or address, without brackets."""
    port: int
    """TCP port."""
    tls: bool
    """Whether the other side speaks TLS."""
    proxy: Proxy | None = None
    """The proxy on the way, if any."""

    @property
    def authority(self) -> str:
        """`host:port`, as CONNECT and Host write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclasses.dataclass(slots=True)
class Connection:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether the other side has neither closed it nor said anything unasked."""
        return not (self.writer.is_closing() or self.reader.at_eof() or self.reader._buffer)  # type: ignore[attr-defined] # noqa: SLF001 - a stream has no other word for "bytes are waiting"

    def close(self) -> None:
        """Hang up. Nothing is waited for: there is nothing left to say."""
        self.writer.transport.abort()


class Connections:
    """The idle connections of a worker process, by origin."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._idle: dict[Origin, deque[Connection]] = {}

    async def take(self, origin: Origin, *, connect_s: float | None) -> Connection:
        """A connection for one exchange, a kept one if there is one. Afterwards it is closed or given to `keep`.

        Raises TimeoutError when none is made within `connect_s` seconds, and OSError when it cannot be made.
        """
        return self._kept(origin) or await self._open(origin, connect_s)

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection whose answer has been read to its end."""
        waiting = self._idle.setdefault(origin, deque())
        connection.idle_since = time.monotonic()
        waiting.append(connection)
        if len(waiting) > IDLE_MAX:
            waiting.popleft().close()

    def prune(self) -> None:
        """Hang up what has been idle for too long."""
        oldest = time.monotonic() - IDLE_S_MAX
        for origin, waiting in list(self._idle.items()):
            while waiting and (waiting[0].idle_since < oldest or not waiting[0].usable):
                waiting.popleft().close()
            if not waiting:
                del self._idle[origin]

    def close(self) -> None:
        """Hang up everything that is idle."""
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()

    def _kept(self, origin: Origin) -> Connection | None:
        """The connection that was used last: the others may then grow old and go."""
        waiting = self._idle.get(origin)
        oldest = time.monotonic() - IDLE_S_MAX
        while waiting:
            connection = waiting.pop()
            if connection.idle_since >= oldest and connection.usable:
                return connection
            connection.close()
        return None

    async def _open(self, origin: Origin, connect_s: float | None) -> Connection:
        async with asyncio.timeout(connect_s):
            if origin.proxy is None:
                return await self._dial(origin.host, origin.port, tls=origin.tls)
            connection = await self._dial(origin.proxy.host, origin.proxy.port, tls=origin.proxy.tls)
            if origin.tls:
                try:
                    await self._tunnel(connection, origin, origin.proxy)
                except BaseException:
                    connection.close()
                    raise
            return connection

    async def _dial(self, host: str, port: int, *, tls: bool) -> Connection:
        reader, writer = await asyncio.open_connection(
            host,
            port,
            limit=wire.HEAD_BYTES_MAX,
            ssl=self._tls if tls else None,
            ssl_handshake_timeout=HANDSHAKE_S_MAX if tls else None,
        )
        return Connection(reader, writer)

    async def _tunnel(self, connection: Connection, origin: Origin, proxy: Proxy) -> None:
        """Ask the proxy for a way to the origin, then speak TLS through it."""
        headers = [("Host", origin.authority)]
        if proxy.authorization:
            headers.append(("Proxy-Authorization", proxy.authorization))
        connection.writer.write(wire.head("CONNECT", origin.authority, headers))
        answer = await wire.read_head(connection.reader)
        if answer.status // 100 != 2:  # noqa: PLR2004 - any 2xx opens the tunnel
            raise ConnectionRefusedError(f"the proxy {proxy.host}:{proxy.port} answered {answer.status} to CONNECT")
        if self._tls is None:
            raise ConnectionRefusedError("TLS is not set up")
        await connection.writer.start_tls(self._tls, server_hostname=origin.host, ssl_handshake_timeout=HANDSHAKE_S_MAX)
