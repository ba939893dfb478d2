"""Connections to RabbitMQ by aio-pika, and what goes wrong with them in words and in the Java client's classes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from socket import gaierror

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq import exceptions
from yarl import URL

from zelery.connectors.rabbitmq import dialect
from zelery.connectors.rabbitmq.address import Address
from zelery.sdk import ConnectorError

#: Seconds for a connection and its login.
CONNECT_S = 20
#: Seconds for a farewell; who does not answer within them is left.
CLOSE_S = 2
#: Seconds between signs of life: a connection without any for about four times as long is lost.
HEARTBEAT_S = 5

#: What aio-pika and aiormq log is in the errors of who it concerns; at DEBUG they would log messages.
for _name in ("aio_pika", "aiormq"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

dialect.speak()

#: Errors of aio-pika and aiormq. The last is a RuntimeError: of a channel that is closed.
ERRORS = (exceptions.AMQPError, OSError, exceptions.ChannelInvalidStateError)

_SHUT_DOWN = "com.rabbitmq.client.ShutdownSignalException"
_LOST = "The connection to RabbitMQ at {to} was lost"

#: Errors, what people read of them, and the Java client's classes, because models compare them. The first that fits.
_TOLD: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (exceptions.ProbableAuthenticationError, "{said}", "com.rabbitmq.client.AuthenticationFailureException"),
    ((exceptions.ChannelClosed, exceptions.ConnectionClosed), "{said}", _SHUT_DOWN),
    (
        exceptions.InvalidFrameError,  # Asked for a virtual host, the broker hung up; why, aiormq hides.
        "RabbitMQ at {to} has no virtual host {to.virtual_host!r}, or does not let {to.user!r} in",
        "java.io.IOException",
    ),
    (exceptions.DeliveryError, "RabbitMQ did not take the message (nack)", "java.io.IOException"),
    ((asyncio.CancelledError, exceptions.ChannelInvalidStateError), _LOST, _SHUT_DOWN),
    ((ConnectionResetError, BrokenPipeError), _LOST, _SHUT_DOWN),
    (exceptions.AMQPConnectionError, f"{_LOST}: {{said}}", _SHUT_DOWN),
    (gaierror, "RabbitMQ's host is unknown: {to.host}: {said}", "java.net.UnknownHostException"),
    (ConnectionRefusedError, "Connection refused: RabbitMQ at {to}", "java.net.ConnectException"),
    (TimeoutError, "RabbitMQ at {to} did not answer in time", "java.net.SocketTimeoutException"),
    (ssl.SSLError, "No TLS connection to RabbitMQ at {to}: {said}", "javax.net.ssl.SSLException"),
    (BaseException, "No connection to RabbitMQ at {to}: {said}", "java.net.ConnectException"),
)


@asynccontextmanager
async def connected(to: Address, tls: ssl.SSLContext) -> AsyncIterator[AbstractConnection]:
    """A connection until the block ends. Raises ConnectorError when there is none."""
    connection = await connect(to, tls)
    try:
        yield connection
    finally:
        await farewell(connection)


async def connect(to: Address, tls: ssl.SSLContext) -> AbstractConnection:
    """A connection, which whoever gets it closes. Raises ConnectorError."""
    connection = aio_pika.Connection(_url(to), ssl_context=tls if to.tls else None)
    try:
        with explained(to):
            async with asyncio.timeout(CONNECT_S):
                await connection.connect()
    except BaseException:
        await connection.close()  # It was never open, and says so to nobody who asks.
        raise
    return connection


async def farewell(to: AbstractConnection | AbstractChannel) -> None:
    """Close it, if need be without the other side."""
    with suppress(*ERRORS):
        async with asyncio.timeout(CLOSE_S):
            await to.close()


@contextmanager
def explained(to: Address) -> Iterator[None]:
    """Raises the errors of the block as ConnectorError."""
    try:
        yield
    except ERRORS as error:
        raise failure(error, to) from None
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise failure(error, to) from None  # So aiormq tells who waits that it gave up a connection.


def failure(error: BaseException, to: Address) -> ConnectorError:
    """An error of aio-pika as a connector's."""
    # What happened on the socket is behind the library's own class.
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    said = (cause.strerror if isinstance(cause, OSError) else None) or (cause.args or (type(cause).__name__,))[-1]
    message, java_type = next(told for classes, *told in _TOLD if isinstance(cause, classes))
    return ConnectorError(message.format(to=to, said=said), error_type=java_type)


def _url(to: Address) -> URL:
    return URL.build(
        scheme="amqps" if to.tls else "amqp",
        user=to.user,
        password=to.password,
        host=to.host,
        port=to.port,
        path="/" + to.virtual_host.replace("%", "%25"),
        query={"heartbeat": str(HEARTBEAT_S), "name": "zelery"},
    )
