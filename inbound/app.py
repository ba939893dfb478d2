"""`zelery webhooks`: the ASGI application, and the role that serves it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from inbound.host import Host, follow
from inbound.http import respond
from inbound.management import Management
from inbound.webhooks import Webhooks, problem, unreadable
from zelery.connected import Connected
from zelery.errors import SettingError
from zelery.garbage import settle
from zelery.logs import logger
from zelery.settings import Settings

log = logger(__name__)

#: How often the store is read: what the reconciler has written is live a moment later, seconds.
FOLLOW_S = 0.25

#: How long requests may take to end when the role stops, seconds.
GRACE_S = 15

#: How long an idle connection stays open, seconds: longer than proxies keep theirs, so that none sends a request into
#: one that is just being closed.
KEEP_ALIVE_S = 75

#: Connections that wait to be taken.
BACKLOG = 2048

#: Models answer with any status of three digits; the server would fail at those that it has no line for.
STATUS_LINE.update({status: b"HTTP/1.1 %d \r\n" % status for status in range(600, 1000)})


async def serve(settings: Settings) -> None:
    """The role: serve webhooks until SIGINT or SIGTERM. Raises SettingError when it cannot listen where it should."""
    async with Connected.open(settings) as connected, Host.open(connected) as host, application(host) as app:
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        with listening(settings) as listener:
            address, port = listener.getsockname()[:2]
            settle()
            log.info("serving webhooks", url=f"http://{address}:{port}/inbound")
            await _Server(config).serve(sockets=[listener])


def listening(settings: Settings) -> socket.socket:
    """A socket at the webhooks' address. Raises SettingError when it cannot be had."""
    address, port = settings.webhook_address, settings.webhook_port
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingError(
            f"ZELERY_WEBHOOK_ADDRESS and ZELERY_WEBHOOK_PORT={address}:{port}: cannot listen there: {error.strerror}"
        ) from error
    # Connections have it from here; asyncio sets it only where a socket's protocol was named. Without it each answer
    # waits 40 ms for the caller's acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Server(uvicorn.Server):
    """Ends in peace when it is asked to: uvicorn would raise the signal again, as if something had gone wrong."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


@asynccontextmanager
async def application(host: Host) -> AsyncIterator[ASGIApp]:
    """The application over a host; its paths follow the store while the block runs."""
    webhooks = Webhooks(host)
    following = asyncio.create_task(follow(host, FOLLOW_S, webhooks.changed))
    app = Starlette(
        routes=[
            *Management(host).routes(),
            Route("/inbound/{path}", endpoint=webhooks),
        ]
    )
    app.router.redirect_slashes = False
    app.router.default = _not_found
    try:
        yield app
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await respond(unreadable(scope) or problem(scope, 404, "Not Found"), scope, receive, send)
