"""RabbitMQ, Kafka and SQS as the faults use them: a queue is made, filled and looked into; its server dies and is back.

What consumes reaches the server through a proxy, where one is asked for; who fills and looks goes straight to RabbitMQ
and SQS.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import json
import logging
import ssl
import tempfile
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from aio_pika.abc import AbstractChannel
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from pamqp.commands import Basic
from pamqp.common import FieldTable

from tests.servers.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsServer
from tests.servers.kafka import KafkaServer
from tests.servers.proxy import Proxy, proxied
from tests.servers.rabbitmq import RabbitMQServer, rabbitmq_server
from zelery.connectors.kafka.producers import silent
from zelery.connectors.rabbitmq.address import Address
from zelery.connectors.rabbitmq.connection import connected, explained
from zelery.local import ports
from zelery.sdk import ConnectorError

_ANSWER_S = 30.0
_PARTITIONS = 10

#: Deliveries after which SQS moves a message away: a poison after seven seconds. A consumer that dies costs one.
_DELIVERIES = 4


class Queue(Protocol):
    """One queue or topic with a place for what is dead."""

    name: str
    properties: Mapping[str, str]
    """What a model writes to consume from it, poison being moved to that place."""

    async def publish(self, bodies: Sequence[bytes]) -> None:
        """Returns when the server has them all. Raises ConnectorError when it may not have."""

    async def waiting(self) -> int:
        """Messages that are not acknowledged."""

    async def buried(self) -> int:
        """Messages in the place for what is dead."""


class Transport(Protocol):
    """A server with queues."""

    name: str
    body: str
    """Where the event has a message's body, in FEEL."""
    batch: int
    """How many messages are published at once: on a busy disk RabbitMQ needs a second to confirm one or a hundred."""
    backlog: int | None
    """How many messages may wait at once, where there is a bound."""
    proxy: Proxy | None
    """Through which consumers come."""

    def restart(self) -> None:
        """Die as in a power cut, and serve again what it holds."""

    def queue(self) -> contextlib.AbstractAsyncContextManager[Queue]:
        """A new queue, open for the block."""


@dataclasses.dataclass(kw_only=True)
class RabbitMQ:
    """A durable queue; what is published is confirmed."""

    server: RabbitMQServer
    proxy: Proxy | None
    name: str = "rabbitmq"
    body: str = "message.body"
    batch: int = 100
    backlog: int | None = None

    def restart(self) -> None:
        self.server.kill()
        self.server.start()

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        name = _name()
        port = self.proxy.port if self.proxy else self.server.port
        properties = {
            "inbound.type": "io.camunda:connector-rabbitmq-inbound:1",
            "authentication.authType": "uri",
            "authentication.uri": f"amqp://guest:guest@{ports.HOST}:{port}/%2F",
            "queueName": name,
        }
        queue = _RabbitMQQueue(self.server, name, properties)
        try:
            async with queue.channel() as channel:
                await channel.declare_queue(f"{name}-dead", durable=True)
                dead: FieldTable = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{name}-dead"}
                await channel.declare_queue(name, durable=True, arguments=dead)
            yield queue
        finally:
            await queue.close()


class _RabbitMQQueue:
    def __init__(self, server: RabbitMQServer, name: str, properties: Mapping[str, str]) -> None:
        self.name, self.properties = name, properties
        self._server = server
        self._open = contextlib.AsyncExitStack()
        self._channel: AbstractChannel | None = None

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """One that is kept as long as it works."""
        to = Address(host=ports.HOST, port=self._server.port, virtual_host="/", user="guest", password="guest")
        try:
            with explained(to):
                if self._channel is None:
                    connection = await self._open.enter_async_context(connected(to, ssl.create_default_context()))
                    self._channel = await connection.channel()
                yield self._channel
        except ConnectorError:
            await self.close()
            raise

    async def close(self) -> None:
        self._channel = None
        await self._open.aclose()

    async def publish(self, bodies: Sequence[bytes]) -> None:
        async with self.channel() as channel:
            raw = await channel.get_underlay_channel()
            written = Basic.Properties(delivery_mode=2)
            await asyncio.gather(
                *(raw.basic_publish(body, routing_key=self.name, properties=written) for body in bodies)
            )

    async def waiting(self) -> int:
        return await asyncio.to_thread(self._count)

    def _count(self) -> int:
        """With those that are delivered and not acknowledged, which AMQP does not tell."""
        login = {"Authorization": f"Basic {base64.b64encode(b'guest:guest').decode()}"}
        request = urllib.request.Request(f"{self._server.management}/api/queues/%2F/{self.name}", headers=login)
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:
            return int(json.load(answer).get("messages", -1))  # It knows some seconds after its start.

    async def buried(self) -> int:
        async with self.channel() as channel:
            dead = await channel.declare_queue(f"{self.name}-dead", passive=True)
            return dead.declaration_result.message_count or 0


@dataclasses.dataclass(kw_only=True)
class Kafka:
    """A topic of ten partitions, each of which goes in order; producers are idempotent."""

    server: KafkaServer
    proxy: Proxy | None
    name: str = "kafka"
    body: str = "value"
    batch: int = 100
    backlog: int | None = None

    def restart(self) -> None:
        self.server.kill()
        self.server.start()

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        name = _name()
        for topic in (name, f"{name}-dead"):
            await asyncio.to_thread(self.server.create, topic, _PARTITIONS)
        properties = {
            "inbound.type": "io.camunda:connector-kafka-inbound:1",
            "topic.bootstrapServers": f"{ports.HOST}:{self.proxy.port if self.proxy else self.server.port}",
            "topic.topicName": name,
            "groupId": name,
            "autoOffsetReset": "earliest",
            "onPoison": "deadLetterTopic",
            "deadLetterTopic": f"{name}-dead",
        }
        yield _KafkaQueue(self.server, name, properties)


class _KafkaQueue:
    def __init__(self, server: KafkaServer, name: str, properties: Mapping[str, str]) -> None:
        self.name, self.properties = name, properties
        self._server = server
        self._producer = Producer(
            {"bootstrap.servers": server.bootstrap, "enable.idempotence": True, "linger.ms": 1, "logger": silent}
        )

    async def publish(self, bodies: Sequence[bytes]) -> None:
        await asyncio.to_thread(self._publish, bodies)

    def _publish(self, bodies: Sequence[bytes]) -> None:
        refused: list[KafkaError] = []

        def told(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                refused.append(error)

        for body in bodies:
            self._producer.produce(self.name, body, on_delivery=told)
        self._producer.flush()
        if refused:
            raise ConnectorError(f"Kafka: {refused[0]}")

    async def waiting(self) -> int:
        return await asyncio.to_thread(self._uncommitted)

    def _uncommitted(self) -> int:
        committed = self._server.committed(self.name, self.name)
        return sum(end - committed.get(partition, 0) for partition, end in self._ends(self.name).items())

    async def buried(self) -> int:
        return sum((await asyncio.to_thread(self._ends, f"{self.name}-dead")).values())

    def _ends(self, topic: str) -> dict[int, int]:
        consumer = Consumer({"bootstrap.servers": self._server.bootstrap, "group.id": "looks"})
        try:
            return {
                each: consumer.get_watermark_offsets(TopicPartition(topic, each), _ANSWER_S)[1]
                for each in range(_PARTITIONS)
            }
        finally:
            consumer.close()


@dataclasses.dataclass(kw_only=True)
class Sqs:
    """A standard queue of moto's, which needs a second for each receive while hundreds of messages wait."""

    server: AwsServer
    proxy: Proxy | None
    name: str = "sqs"
    body: str = "body"
    batch: int = 10
    backlog: int | None = 60

    def restart(self) -> None:
        self.server.stop()
        self.server.start()

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        name, client = _name(), self.server.client("sqs")
        made = await asyncio.to_thread(self._make, name)
        url = made.replace(self.server.url, f"http://{ports.HOST}:{self.proxy.port}") if self.proxy else made
        properties = {
            "inbound.type": "io.camunda:aws-sqs-inbound:1",
            "authentication.type": "credentials",
            "authentication.accessKey": ACCESS_KEY,
            "authentication.secretKey": SECRET_KEY,
            "configuration.region": REGION,
            "queue.url": url,
            "queue.pollingWaitTime": "1",
        }
        yield _SqsQueue(name, client, made, properties)

    def _make(self, name: str) -> str:
        client = self.server.client("sqs")
        dead = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": _DELIVERIES})
        return str(client.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"])


class _SqsQueue:
    def __init__(self, name: str, client: Any, url: str, properties: Mapping[str, str]) -> None:
        self.name, self.properties = name, properties
        self._client, self._url = client, url

    async def publish(self, bodies: Sequence[bytes]) -> None:
        entries = [{"Id": str(at), "MessageBody": body.decode()} for at, body in enumerate(bodies)]
        try:
            await asyncio.to_thread(self._client.send_message_batch, QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            raise ConnectorError(f"SQS: {error}") from error

    async def waiting(self) -> int:
        return await asyncio.to_thread(self._count, self._url)

    async def buried(self) -> int:
        return await asyncio.to_thread(self._count, f"{self._url}-dead")

    def _count(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@contextmanager
def rabbitmq(*, through_proxy: bool) -> Iterator[Transport]:
    """A RabbitMQ until the block ends. Raises LocalServerError when it cannot be had."""
    with rabbitmq_server() as server, _before(server.port, through_proxy) as proxy:
        yield RabbitMQ(server=server, proxy=proxy)


@contextmanager
def kafka(*, through_proxy: bool) -> Iterator[Transport]:
    """A Kafka until the block ends, which sends its clients through the proxy. Raises LocalServerError."""
    with (
        tempfile.TemporaryDirectory(prefix="zelery-kafka-", ignore_cleanup_errors=True) as folder,
        contextlib.ExitStack() as held,
    ):
        server = KafkaServer(Path(folder))
        proxy = held.enter_context(_before(server.port, through_proxy))
        if proxy:
            settings = server.folder / "server.properties"
            told = f"advertised.listeners=PLAINTEXT://{ports.HOST}:"
            settings.write_text(settings.read_text().replace(f"{told}{server.port}", f"{told}{proxy.port}"))
        server.start()
        held.callback(server.stop)
        yield Kafka(server=server, proxy=proxy)


@contextmanager
def sqs(*, through_proxy: bool) -> Iterator[Transport]:
    """An SQS until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # It would tell of each request.
    server = AwsServer()
    try:
        with _before(int(server.url.rpartition(":")[2]), through_proxy) as proxy:
            yield Sqs(server=server, proxy=proxy)
    finally:
        server.close()


TRANSPORTS = {"rabbitmq": rabbitmq, "kafka": kafka, "sqs": sqs}


def _name() -> str:
    return f"q{uuid.uuid4().hex[:10]}"


def _before(port: int, wanted: bool) -> contextlib.AbstractContextManager[Proxy | None]:
    return proxied(port) if wanted else contextlib.nullcontext()
