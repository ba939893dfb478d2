"""The queue of the demo's letters, on a RabbitMQ that the user names."""

from __future__ import annotations

from zelery.errors import UnavailableError
from zelery.local.errors import LocalServerError
from zelery.settings import mask_url

#: The exchange and the queue, by one name.
NAME = "zelery-demo"

#: What is left behind goes by itself after so long without use, milliseconds.
EXPIRES_MS = 600_000

_CONNECT_S = 10.0


async def prepare(url: str) -> None:
    """Declare the queue, and an exchange that leads to it.

    Raises UnavailableError when RabbitMQ does not answer or refuses, LocalServerError without the extra `rabbitmq`.
    """
    try:
        import aio_pika  # noqa: PLC0415 - only in the extra `rabbitmq`
    except ImportError as error:
        raise LocalServerError("--rabbitmq needs the extra: pip install 'zelery[rabbitmq]'") from error
    try:
        connection = await aio_pika.connect(url, timeout=_CONNECT_S)
        async with connection:
            channel = await connection.channel()
            exchange = await channel.declare_exchange(NAME, auto_delete=True)
            queue = await channel.declare_queue(NAME, arguments={"x-expires": EXPIRES_MS})
            await queue.bind(exchange, NAME)
    except (aio_pika.exceptions.AMQPError, OSError, TimeoutError) as error:
        raise UnavailableError(f"RabbitMQ at {mask_url(url)}: {error or type(error).__name__}") from error
