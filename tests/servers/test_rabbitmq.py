from __future__ import annotations

from collections.abc import Callable

import pytest
from aio_pika import DeliveryMode, Message, connect

from tests.servers.rabbitmq import RabbitMQServer

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("end", [RabbitMQServer.stop, RabbitMQServer.kill])
async def test_a_stored_message_outlives_a_restart(
    rabbitmq: RabbitMQServer, end: Callable[[RabbitMQServer], None]
) -> None:
    async with await connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        await channel.declare_queue("outlives", durable=True)
        rabbitmq.ctl("eval", "mnesia:sync_log().")  # Else that there is such a queue is on disk some 2 s later.
        stored = Message(b"kept", delivery_mode=DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(stored, "outlives")

    end(rabbitmq)
    rabbitmq.start()

    async with await connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("outlives", passive=True)
        message = await queue.get(no_ack=True)
        assert message.body == b"kept"
        await queue.delete()


def test_rabbitmqctl_speaks_to_it(rabbitmq: RabbitMQServer) -> None:
    assert rabbitmq.ctl("list_vhosts").split() == ["name", "/"]
