"""Many messages in one round trip, and nothing else than kombu's transport has on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import Any

import pytest
import redis as redis_client
from kombu import Connection, Consumer, Queue
from kombu.transport import resolve_transport
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from tasks.celery import create
from tasks.transport import REFUSED_S, TAKE_MAX, Transport
from tests.servers.proxy import Proxy, proxied
from tests.servers.redis import refusing_writes
from zelery.errors import SettingError
from zelery.local import redis as local_redis
from zelery.settings import Settings

QUEUE = Queue("numbers")


def connect(url: str, *, plain: bool = False) -> Connection:
    """With our transport, or with kombu's own; with options as the application has them."""
    transport = "kombu.transport.redis:Transport" if plain else "tasks.transport:Transport"
    return Connection(url, transport=transport, transport_options={"ack_emulation": False})


def send(connection: Connection, numbers: Iterable[int]) -> None:
    producer = connection.Producer()
    for number in numbers:
        producer.publish(number, exchange="", routing_key=QUEUE.name, declare=[QUEUE])


def receive(connection: Connection, count: int, *, prefetch: int = 0, patience_s: float = 10) -> list[int]:
    """So many numbers, unacknowledged where `prefetch` bounds them."""
    got: list[int] = []

    def come(body: int, message: Any) -> None:
        got.append(body)
        if not prefetch:
            message.ack()

    consumer = Consumer(connection.default_channel, [QUEUE], callbacks=[come], prefetch_count=prefetch or None)
    with consumer:
        while len(got) < count:
            connection.drain_events(timeout=patience_s)
        return got


def waiting(url: str) -> int:
    with redis_client.Redis.from_url(url) as client:
        return int(client.llen(QUEUE.name))


def test_redis_with_tls_and_without_is_served_by_it() -> None:
    create(Settings())
    found: list[Any] = [resolve_transport(scheme) for scheme in ("redis", "rediss")]
    assert found == [Transport, Transport]


@pytest.mark.integration
@pytest.mark.parametrize(("sender_plain", "receiver_plain"), [(False, False), (True, False), (False, True)])
def test_messages_come_in_the_order_in_which_they_were_sent(
    redis_url: str, *, sender_plain: bool, receiver_plain: bool
) -> None:
    count = 3 * TAKE_MAX + 1
    with connect(redis_url, plain=sender_plain) as sender, connect(redis_url, plain=receiver_plain) as receiver:
        send(sender, range(count))
        assert receive(receiver, count) == list(range(count))


@pytest.mark.integration
def test_each_message_has_a_tag_of_its_own_whoever_sent_it(redis_url: str) -> None:
    for _ in range(2):
        with connect(redis_url) as connection:
            send(connection, range(3))
    with redis_client.Redis.from_url(redis_url) as client:
        texts = client.lrange(QUEUE.name, 0, -1)
    tags = {json.loads(text)["properties"]["delivery_tag"] for text in texts}
    assert len(tags) == len(texts) == 6


@pytest.mark.integration
def test_no_more_is_taken_than_may_be_unacknowledged(redis_url: str) -> None:
    with connect(redis_url) as connection:
        send(connection, range(10))
        assert receive(connection, 3, prefetch=3) == [0, 1, 2]
        assert waiting(redis_url) == 7


@pytest.mark.integration
def test_an_idle_worker_is_left_its_share(redis_url: str) -> None:
    with connect(redis_url) as connection:
        send(connection, range(5 * TAKE_MAX))
        assert receive(connection, 1, prefetch=1000) == list(range(TAKE_MAX))
        assert waiting(redis_url) == 4 * TAKE_MAX


@pytest.mark.integration
def test_who_waits_gets_a_message_that_comes(redis_url: str) -> None:
    with connect(redis_url) as sender, connect(redis_url) as receiver:
        later = threading.Timer(0.1, send, (sender, [7]))
        later.start()
        assert receive(receiver, 1) == [7]
        later.join()


@pytest.mark.integration
def test_a_command_whose_answer_was_lost_is_not_sent_again(redis: local_redis.Redis, redis_url: str) -> None:
    with proxied(redis.port) as proxy, connect(f"redis://127.0.0.1:{proxy.port}/0") as connection:
        channel: Any = connection.default_channel
        with channel.conn_or_acquire() as client:
            assert client.ping()
            proxy.freeze()
            healing = threading.Timer(0.2, _heal, (proxy,))
            healing.start()
            with pytest.raises(RedisConnectionError):
                client.lpush(QUEUE.name, "once")
            healing.join()
            assert client.llen(QUEUE.name) == 0


@pytest.mark.integration
def test_a_redis_that_takes_no_writes_is_asked_again_and_not_at_once(redis_url: str) -> None:
    """It is a replica for the moment, or its disk is full. The worker would end by the error."""
    with connect(redis_url) as sender, connect(redis_url) as connection:
        send(sender, range(3))
        with refusing_writes(redis_url), pytest.raises(TimeoutError), capture_logs() as lines:
            receive(connection, 3, patience_s=REFUSED_S * 1.5)
        assert 1 <= len(lines) <= 2, lines
        assert "NOREPLICAS" in lines[0]["why"]
        assert receive(connection, 3) == [0, 1, 2]


@pytest.mark.integration
def test_a_redis_without_the_command_is_told_of_in_words(redis_url: str) -> None:
    with redis_client.Redis.from_url(redis_url) as admin:
        admin.acl_setuser("old", enabled=True, nopass=True, keys=["*"], channels=["*"], commands=["+@all", "-blmpop"])
        try:
            with (
                connect(redis_url.replace("redis://", "redis://old:any@")) as connection,
                pytest.raises(SettingError, match=r"from 7\.0 on: .*blmpop"),
            ):
                receive(connection, 1)
        finally:
            admin.acl_deluser("old")


def _heal(proxy: Proxy) -> None:
    proxy.cut()
    proxy.restore()
