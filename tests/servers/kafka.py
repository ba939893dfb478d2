"""A Kafka on this machine: one KRaft node, broker and controller, from its jars. What it holds outlives its restarts.

It listens twice: in the clear without a login, and behind TLS with one (SASL PLAIN), as connectors log in.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import os
import signal
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import trustme
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from cryptography.hazmat.primitives import serialization

from tests.servers import java, maven
from zelery.local import ports

JARS = maven.Jars(
    title="Kafka 4.1.0",
    name="kafka",
    version="4.1.0",
    lock=Path(__file__).with_name("kafka.jars"),
)
USER, PASSWORD = "zelery", "s3cret-word"

#: It is ready in 2 to 4 s on two idle cores; this is for a machine that does ten other things.
_READY_TIMEOUT_S = 120
_ANSWER_S = 30.0


@dataclasses.dataclass
class KafkaServer:
    """The server, up unless a test has stopped it. Topics are not made by using them."""

    folder: Path
    """Its data, its log and its certificate."""

    def __post_init__(self) -> None:
        self.port, self.secure_port, self._controller = ports.free(3)
        self.bootstrap = f"{ports.HOST}:{self.port}"
        self.secure = f"localhost:{self.secure_port}"
        """Where a login is wanted, behind TLS."""
        self.pid = 0
        self._running = contextlib.ExitStack()
        authority = trustme.CA()
        self.authority = authority.cert_pem.bytes().decode()
        """Who signed its certificate, PEM."""
        self._configure(authority.issue_cert("localhost"))

    def start(self) -> None:
        """Serve, at the same addresses, what it holds."""
        for port in (self.port, self.secure_port, self._controller):
            ports.check_free(port, JARS.title)
        command = [
            *java.command(JARS.title, "256m", install().glob("*.jar")),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        child = self._running.enter_context(
            java.running(
                JARS,
                command,
                ["kafka.Kafka", str(self.folder / "server.properties")],
                log=self.folder / "kafka.log",
                ready=lambda: _serves(self.port),
                timeout_s=_READY_TIMEOUT_S,
            )
        )
        self.pid = child.pid

    def stop(self) -> None:
        """End it as an operator does."""
        self._running.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self.pid, signal.SIGKILL)
        self._running.close()

    def create(self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Make a topic, with Kafka's settings of it."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        made = admin.create_topics([NewTopic(topic, partitions, 1, config=dict(config or {}))])
        made[topic].result(_ANSWER_S)

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        """Where a group goes on, by partition; partitions where it has committed nothing are not there."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        try:
            found = consumer.list_topics(topic, _ANSWER_S).topics[topic].partitions
            places = _coordinated(
                lambda: consumer.committed([TopicPartition(topic, each) for each in found], _ANSWER_S)
            )
        finally:
            consumer.close()
        return {place.partition: place.offset for place in places if place.offset >= 0}

    def _configure(self, certificate: trustme.LeafCert) -> None:
        keys = self.folder / "keys.pem"
        key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
        pkcs8 = key.private_bytes(  # The one form of keys that Kafka reads.
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        keys.write_bytes(pkcs8 + b"".join(each.bytes() for each in certificate.cert_chain_pems))
        data = self.folder / "data"
        data.mkdir()
        # What `kafka-storage.sh format` writes, without another JVM.
        ids = f"cluster.id={_short_uuid()}\nnode.id=1\ndirectory.id={_short_uuid()}\n"
        (data / "meta.properties").write_text(f"version=1\n{ids}")
        (self.folder / "server.properties").write_text(
            _PROPERTIES.format(
                host=ports.HOST,
                port=self.port,
                secure=self.secure_port,
                controller=self._controller,
                data=data,
                keys=keys,
                user=USER,
                password=PASSWORD,
            )
        )


def install() -> Path:
    """The folder of its jars, fetched if it is not in the cache. Raises LocalServerError when it cannot be."""
    return maven.collected(JARS)


@contextlib.contextmanager
def kafka_server() -> Iterator[KafkaServer]:
    """A Kafka until the block ends. Raises LocalServerError when it cannot be had."""
    with tempfile.TemporaryDirectory(prefix="zelery-kafka-", ignore_cleanup_errors=True) as folder:
        server = KafkaServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _coordinated(ask: Callable[[], list[TopicPartition]]) -> list[TopicPartition]:
    """The answer of a group's coordinator, which a broker that has just started may not know to be itself yet."""
    deadline = time.monotonic() + _ANSWER_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _serves(port: int) -> bool:
    """Its port is open a moment before it counts among the cluster's brokers, and until then no topic can be made."""
    with socket.create_connection((ports.HOST, port), timeout=1):
        pass
    try:
        return bool(AdminClient({"bootstrap.servers": f"{ports.HOST}:{port}"}).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _short_uuid() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


#: One node that is all there is: each of Kafka's own topics has one partition and one replica.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},SASL_SSL://{host}:{secure},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},SASL_SSL://localhost:{secure}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={keys}
log.dirs={data}
num.network.threads=1
num.io.threads=2
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
controlled.shutdown.enable=false
log.cleaner.dedupe.buffer.size=8000000
"""
