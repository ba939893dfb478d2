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
#: Seconds between signs of life: a connection without any for about three times as long is lost.
HEARTBEAT_S = 10

#: What aio-pika and aiormq log is in the errors of who it concerns; at DEBUG they would log messages.
for _name in ("aio_pika", "aiormq"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

dialect.speak()

_SHUT_DOWN = "com.rabbitmq.client.ShutdownSignalException"
_IO = "java.io.IOException"

#: Errors of aio-pika and aiormq. The last is a RuntimeError: of a channel that is closed.
ERRORS = (exceptions.AMQPError, OSError, exceptions.ChannelInvalidStateError)


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
    with explained(to):
        async with asyncio.timeout(CONNECT_S):
            return await aio_pika.connect(_url(to), ssl_context=tls if to.tls else None)


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
    message, java_type = _told(cause, to)
    return ConnectorError(message, error_type=java_type)


def _told(error: BaseException, to: Address) -> tuple[str, str]:
    """What people read, and the Java client's class; the most specific first."""
    found = f"No connection to RabbitMQ at {to}: {_why(error)}", _IO
    match error:
        case exceptions.ProbableAuthenticationError():
            found = str(error), "com.rabbitmq.client.AuthenticationFailureException"
        case exceptions.ChannelClosed() | exceptions.ConnectionClosed():
            found = str(error.args[-1]), _SHUT_DOWN
        case exceptions.InvalidFrameError():  # Asked for a virtual host, it closed the connection; why, aiormq hides.
            found = f"RabbitMQ at {to} has no virtual host {to.virtual_host!r}, or does not let {to.user!r} in", _IO
        case exceptions.DeliveryError():
            found = "RabbitMQ did not take the message (nack)", _IO
        case exceptions.ChannelInvalidStateError() | asyncio.CancelledError():
            found = f"The connection to RabbitMQ at {to} was lost", _SHUT_DOWN
        case gaierror():
            found = f"RabbitMQ's host is unknown: {to.host}: {error.strerror}", "java.net.UnknownHostException"
        case ConnectionRefusedError():
            found = f"Connection refused: RabbitMQ at {to}", "java.net.ConnectException"
        case TimeoutError():
            found = f"RabbitMQ at {to} did not answer in time", "java.net.SocketTimeoutException"
        case ssl.SSLError():
            found = f"No TLS connection to RabbitMQ at {to}: {_why(error)}", "javax.net.ssl.SSLException"
    return found


def _why(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


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
