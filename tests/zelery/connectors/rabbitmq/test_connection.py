from __future__ import annotations

import asyncio
import gc
import socket
import ssl

import pytest
from aiormq import exceptions

from zelery.connectors.rabbitmq.address import Address
from zelery.connectors.rabbitmq.connection import connect, explained, failure
from zelery.errors import ConnectorError
from zelery.local import ports

THERE = Address(host="mq", port=5672, virtual_host="orders", user="me", password="s3cret")
LOST = "The connection to RabbitMQ at mq:5672 was lost"


def caused(error: BaseException) -> exceptions.AMQPConnectionError:
    """As aiormq raises what happened on the socket."""
    found = exceptions.AMQPConnectionError(*error.args)
    found.__cause__ = error
    return found


@pytest.mark.parametrize(
    ("error", "message", "java_type"),
    [
        (
            exceptions.ProbableAuthenticationError("ACCESS_REFUSED - no"),
            "ACCESS_REFUSED - no",
            "com.rabbitmq.client.AuthenticationFailureException",
        ),
        (
            exceptions.ChannelNotFoundEntity("NOT_FOUND - no queue '{x}'"),
            "NOT_FOUND - no queue '{x}'",
            "com.rabbitmq.client.ShutdownSignalException",
        ),
        (
            exceptions.ConnectionClosed(320, "CONNECTION_FORCED - bye"),
            "CONNECTION_FORCED - bye",
            "com.rabbitmq.client.ShutdownSignalException",
        ),
        (
            exceptions.InvalidFrameError("Expected one of"),
            "RabbitMQ at mq:5672 has no virtual host 'orders', or does not let 'me' in",
            "java.io.IOException",
        ),
        (exceptions.ChannelInvalidStateError("closed"), LOST, "com.rabbitmq.client.ShutdownSignalException"),
        (caused(ConnectionResetError(104, "reset")), LOST, "com.rabbitmq.client.ShutdownSignalException"),
        (
            exceptions.AMQPConnectionError("unexpectedly closed"),
            f"{LOST}: unexpectedly closed",
            "com.rabbitmq.client.ShutdownSignalException",
        ),
        (
            caused(socket.gaierror(-2, "Name or service not known")),
            "RabbitMQ's host is unknown: mq: Name or service not known",
            "java.net.UnknownHostException",
        ),
        (
            caused(ConnectionRefusedError(111, "refused")),
            "Connection refused: RabbitMQ at mq:5672",
            "java.net.ConnectException",
        ),
        (
            caused(OSError("Multiple exceptions: [Errno 111], [Errno 111]")),
            "No connection to RabbitMQ at mq:5672: Multiple exceptions: [Errno 111], [Errno 111]",
            "java.net.ConnectException",
        ),
        (TimeoutError(), "RabbitMQ at mq:5672 did not answer in time", "java.net.SocketTimeoutException"),
        (
            caused(ssl.SSLCertVerificationError(1, "self-signed certificate")),
            "No TLS connection to RabbitMQ at mq:5672: self-signed certificate",
            "javax.net.ssl.SSLException",
        ),
        (exceptions.AMQPError(), "No connection to RabbitMQ at mq:5672: AMQPError", "java.net.ConnectException"),
    ],
)
def test_each_error_has_words_and_java_s_class(error: BaseException, message: str, java_type: str) -> None:
    found = failure(error, THERE)
    assert (found.message, found.error_type) == (message, java_type)


async def test_who_is_cancelled_is_cancelled_and_who_is_told_so_by_the_library_has_lost_the_connection() -> None:
    async def waits(news: asyncio.Future[None]) -> None:
        with explained(THERE):
            await news

    loop = asyncio.get_running_loop()
    cancelled = asyncio.create_task(waits(loop.create_future()))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    news: asyncio.Future[None] = loop.create_future()
    told = asyncio.create_task(waits(news))
    await asyncio.sleep(0)
    news.cancel()
    with pytest.raises(ConnectorError, match=LOST):
        await told


@pytest.mark.integration
async def test_a_server_of_another_kind_is_no_rabbitmq_and_nothing_is_left_open() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hello, ports.HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        there = Address(host=ports.HOST, port=port, virtual_host="/", user="me", password="s3cret")
        with pytest.raises(ConnectorError) as caught:
            await connect(there, ssl.create_default_context())
    gc.collect()
    assert "s3cret" not in str(caught.value)
    assert f"{ports.HOST}:{port}" in caught.value.message
