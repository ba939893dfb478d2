"""Connections that are kept and reused, per host: plain, through TLS, and through a proxy."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import ssl
import time
from collections import deque

from zelery.sdk.http import wire
from zelery.sdk.http.channel import Channel

#: A connection that nobody used for this long is not used again; many servers close theirs after 15 s or more.
IDLE_S_MAX = 10.0
#: Idle connections kept for one host.
IDLE_MAX = 100
#: A TLS handshake ends after this even where a model sets no connection timeout.
HANDSHAKE_S_MAX = 60.0

_SUCCESS = range(200, 300)


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
        """`host:port`, as CONNECT writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Connections:
    """The idle connections of a worker process, by origin."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._idle: dict[Origin, deque[tuple[float, Channel]]] = {}
        self._pruned = time.monotonic()

    async def take(self, origin: Origin, *, connect_s: float | None) -> Channel:
        """A connection for one exchange, a kept one if there is one. Afterwards it is closed or given to `keep`.

        Raises UnreachableError when it cannot be made, SlowError when not within `connect_s` seconds.
        """
        return self._kept(origin) or await self._open(origin, connect_s)

    def keep(self, origin: Origin, channel: Channel) -> None:
        """Take back a connection whose answer has been read to its end."""
        now = time.monotonic()
        waiting = self._idle.setdefault(origin, deque())
        waiting.append((now, channel))
        if len(waiting) > IDLE_MAX:
            waiting.popleft()[1].close()
        if now - self._pruned > IDLE_S_MAX:
            self._prune(now)

    def close(self) -> None:
        """Hang up everything that is idle."""
        for waiting in self._idle.values():
            for _, channel in waiting:
                channel.close()
        self._idle.clear()

    def _kept(self, origin: Origin) -> Channel | None:
        """The connection that was used last: the others may then grow old and go."""
        waiting = self._idle.get(origin)
        oldest = time.monotonic() - IDLE_S_MAX
        while waiting:
            since, channel = waiting.pop()
            if since >= oldest and channel.quiet:
                return channel
            channel.close()
        return None

    def _prune(self, now: float) -> None:
        """Hang up what has been idle for too long; servers close what is left when nobody calls any more."""
        self._pruned = now
        for origin, waiting in list(self._idle.items()):
            while waiting and (waiting[0][0] < now - IDLE_S_MAX or not waiting[0][1].quiet):
                waiting.popleft()[1].close()
            if not waiting:
                del self._idle[origin]

    async def _open(self, origin: Origin, connect_s: float | None) -> Channel:
        try:
            async with asyncio.timeout(connect_s):
                if origin.proxy is None:
                    return await self._dial(origin.host, origin.port, tls=origin.tls)
                channel = await self._dial(origin.proxy.host, origin.proxy.port, tls=origin.proxy.tls)
                return await self._tunnel(channel, origin, origin.proxy) if origin.tls else channel
        except TimeoutError as error:
            raise wire.SlowError(f"no connection to {origin.authority} in time") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name with an impossible label.
            raise wire.UnreachableError(f"no connection to {origin.authority}: {error}") from error

    async def _dial(self, host: str, port: int, *, tls: bool) -> Channel:
        _, channel = await asyncio.get_running_loop().create_connection(
            Channel,
            host,
            port,
            ssl=self._tls if tls else None,
            ssl_handshake_timeout=HANDSHAKE_S_MAX if tls else None,
        )
        return channel

    async def _tunnel(self, channel: Channel, origin: Origin, proxy: Proxy) -> Channel:
        """Ask the proxy for a way to the origin, then speak TLS through it."""
        try:
            await _connect(channel, origin, proxy)
            inner = Channel()
            transport = await asyncio.get_running_loop().start_tls(
                channel.transport,
                inner,
                self._tls,
                server_hostname=origin.host,
                ssl_handshake_timeout=HANDSHAKE_S_MAX,
            )
        except BaseException:
            channel.close()
            raise
        if transport is None:
            raise wire.UnreachableError(f"{origin.authority} was gone during the TLS handshake")
        inner.connection_made(transport)
        return inner


async def _connect(channel: Channel, origin: Origin, proxy: Proxy) -> None:
    headers = [("Host", origin.authority)]
    if proxy.authorization:
        headers.append(("Proxy-Authorization", proxy.authorization))
    await channel.write(wire.request("CONNECT", origin.authority, headers))
    answer = await wire.read_head(channel, wait_s=None)
    if answer.status not in _SUCCESS:
        raise wire.UnreachableError(f"the proxy {proxy.host}:{proxy.port} answered {answer.status} to CONNECT")
