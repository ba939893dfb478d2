"""The engine as a process: its gateway over gRPC and its REST APIs, on loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette

from zelery.engine.auth import Authenticate
from zelery.engine.engine import Engine
from zelery.engine.faults import Faults
from zelery.engine.grpc.server import Gateway, serving
from zelery.engine.history.history import History
from zelery.engine.metrics import Metrics
from zelery.engine.rest.app import app
from zelery.engine.rest.context import Context
from zelery.engine.rest.documents import Documents
from zelery.garbage import settle

#: The file of the journal, in the folder of the data.
JOURNAL = "journal.jsonl"

#: The version that each line tells.
VERSIONS = {"8.8": "8.8.0", "8.9": "8.9.0", "8.10": "8.10.0"}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How an engine is served."""

    address: str = "127.0.0.1"
    port: int = 26500
    """Of the gateway; 0 takes a free one."""
    rest_port: int = 8088
    """Of the REST APIs; 0 takes a free one."""
    data: Path | None = None
    """The folder of the journal and the documents. None: in memory only."""
    fsync: bool = False
    tenants: frozenset[str] | None = None
    """Tenants beside the default one; None: multi-tenancy is disabled."""
    line: str = "8.10"
    lag_ms: int = 0
    faults: bool = False
    authenticate: Authenticate | None = None
    login: tuple[str, str] = ("demo", "demo")
    """Of Operate's API v1."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """An engine that is served."""

    engine: Engine
    history: History
    port: int
    rest_port: int
    faults: Faults | None


@contextlib.asynccontextmanager
async def serve(options: Options) -> AsyncIterator[Serving]:
    """Serves an engine until the block ends.

    Raises:
        OSError: An address cannot be listened on.
        JournalError: The journal cannot be read.
    """
    engine, metrics = Engine(), Metrics()
    history = History(engine.state.definitions, lag_ms=options.lag_ms)
    engine.tenants = options.tenants
    engine.listen(history.on)
    engine.listen(metrics.on)
    if options.data is not None:
        engine.open(options.data / JOURNAL, fsync=options.fsync)
    listening = Listening(engine, options)
    faults = Faults(listening.silence, listening.drop) if options.faults else None
    listening.faults = faults
    context = Context(
        engine=engine,
        history=history,
        documents=Documents(options.data / "documents" if options.data is not None else None),
        line=options.line,
        version=VERSIONS[options.line],
        login=options.login,
        authenticate=options.authenticate,
        faults=faults,
    )
    try:
        async with (
            listening,
            _http(app(context, metrics, faults), options.address, options.rest_port) as rest_port,
            _running(engine),
        ):
            yield Serving(engine=engine, history=history, port=listening.port, rest_port=rest_port, faults=faults)
    finally:
        engine.close()


class Listening:
    """The gateway's server, which can be silent for a while.

    Args:
        engine: What executes its calls.
        options: Where it listens, and for whom.
    """

    def __init__(self, engine: Engine, options: Options) -> None:
        self.port = options.port
        self.faults: Faults | None = None
        self._engine = engine
        self._options = options
        self._held = contextlib.AsyncExitStack()
        self._gateway: Gateway | None = None
        self._silence: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._silence is not None:
            self._silence.cancel()
        await self._held.aclose()

    async def _open(self) -> None:
        """Listen. Raises OSError."""
        options = self._options
        self._gateway = Gateway(
            self._engine,
            version=VERSIONS[options.line],
            authenticate=options.authenticate,
            faults=self.faults,
            port=self.port,
        )
        address = f"{options.address}:{self.port}"
        self.port = await self._held.enter_async_context(serving(self._gateway, address))

    async def silence(self, seconds: float) -> None:
        """Stop listening, and begin again on the same port after so many seconds."""
        await self._held.aclose()
        self._silence = asyncio.create_task(self._open_after(seconds))

    async def _open_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._open()

    def drop(self) -> None:
        """End all open streams of jobs."""
        if self._gateway is not None:
            self._gateway.drop_streams()


@contextlib.asynccontextmanager
async def _running(engine: Engine) -> AsyncIterator[None]:
    """Lets pass what is due until the block ends."""
    task = asyncio.create_task(engine.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def _http(application: Starlette, address: str, port: int) -> AsyncIterator[int]:
    """Serves HTTP until the block ends; yields the port. Raises OSError."""
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
    except OSError:
        listening.close()
        raise
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = _Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Capture none."""
        yield


async def run(options: Options, started: Callable[[Serving], None]) -> None:
    """Serves until SIGINT or SIGTERM comes.

    Args:
        options: How.
        started: Called when it can be used.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with serve(options) as served:
        # 100,000 waiting instances are millions of objects: garbage is looked for seldom.
        settle()
        started(served)
        await ended.wait()
