"""What the tests stand on: real servers for those marked `integration`, and no sockets at all for the others.

A server that cannot be had skips its tests and says why; with `ZELERY_TEST_REQUIRE=all` it fails them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from typing import TypeVar

import pytest
import pytest_socket
import redis as redis_client

from tests.servers import kafka as local_kafka
from tests.servers import mail as local_mail
from tests.servers.aws import aws_of_session, aws_server, no_aws_of_this_machine
from tests.servers.kafka import KafkaServer, kafka_server
from tests.servers.mail import MailServer, mail_server
from tests.servers.rabbitmq import RabbitMQServer, rabbitmq_server
from zelery.local import engine as local_engine
from zelery.local import redis as local_redis
from zelery.local.errors import LocalServerError

#: Fixtures of other modules.
__all__ = ["aws_of_session", "aws_server", "no_aws_of_this_machine"]

T = TypeVar("T")

#: What is fetched for a fixture.
INSTALLS = {"kafka": local_kafka.install, "mail": local_mail.install}

#: Servers that take seconds to start: one process of the tests has each.
SLOW_SERVERS = ("kafka", "rabbitmq", "mail")

#: A cluster of one's own, instead of the engine: its gateway, `host:port`, and the base URL of its REST API.
CLUSTER, CLUSTER_REST = "ZELERY_TEST_CLUSTER", "ZELERY_TEST_CLUSTER_REST"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Where Zeebe's protocol is spoken: the engine, or a cluster that the environment names."""

    gateway: str
    """`host:port`, gRPC without TLS."""
    rest: str
    """The base URL of REST v2 and of Operate's API v1."""
    is_engine: bool

    @property
    def operate(self) -> str:
        """The base URL of Operate's API v1."""
        return self.rest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Unix sockets stay: an event loop wakes itself through a pair of them."""
    if item.get_closest_marker("integration") is None:
        pytest_socket.disable_socket(allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share a server that takes long to start, or a module's fixtures, run in one process after another.

    The others are spread over the processes (pytest-xdist, `--dist loadgroup`).
    """
    for item in items:
        if item.get_closest_marker("integration") is not None:
            shared = next((name for name in SLOW_SERVERS if name in getattr(item, "fixturenames", ())), item.path.name)
            # The demo's webhooks take the port that the README names, so one demo runs at a time.
            item.add_marker(pytest.mark.xdist_group("demo" if "demo" in item.name + item.path.name else shared))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetches before the first test that needs it: a test's time limit counts its fixtures too."""
    needed = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    for name, install in INSTALLS.items():
        if name in needed and not session.config.option.collectonly:
            with contextlib.suppress(LocalServerError):  # the fixture meets it again, and skips or fails
                install()


@pytest.fixture(scope="session")
def zeebe() -> Iterator[Cluster]:
    """A gateway for the whole session: tests use process ids of their own, and leave no jobs behind."""
    with _cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def camunda() -> Iterator[Cluster]:
    """A cluster with REST v2 and Operate for the whole session, which hear of what happens a moment later."""
    with _cluster(lag_s=0.3) as cluster:
        yield cluster


@pytest.fixture
def engine_only() -> None:
    """For tests of what only the engine can do: turn its clock, refuse on request, be killed."""
    if os.environ.get(CLUSTER):
        pytest.skip(f"only the engine can do this, and {CLUSTER} names a cluster")


@contextlib.contextmanager
def _cluster(lag_s: float = 0) -> Iterator[Cluster]:
    if gateway := os.environ.get(CLUSTER):
        rest = os.environ.get(CLUSTER_REST)
        if lag_s and not rest:
            pytest.skip(f"{CLUSTER} names a cluster, {CLUSTER_REST} does not: set it to the address of its REST API")
        yield Cluster(gateway=gateway, rest=rest or "", is_engine=False)
        return
    with started(local_engine.running(lag_s=lag_s)) as server:
        yield Cluster(gateway=server.gateway, rest=server.rest, is_engine=True)


@pytest.fixture(scope="session")
def redis() -> Iterator[local_redis.Redis]:
    """A real Redis for the whole session."""
    with started(local_redis.running()) as server:
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A real Kafka for the whole session: tests use topics and groups of their own, and leave it up."""
    with started(kafka_server()) as server:
        yield server


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    """A real mail server for the whole session: tests use accounts of their own, and leave it up."""
    with started(mail_server()) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQServer]:
    """A real RabbitMQ for the whole session: tests use queues of their own, and leave it up."""
    with started(rabbitmq_server()) as server:
        yield server


@pytest.fixture
def redis_url(redis: local_redis.Redis) -> str:
    """The URL of the session's Redis, emptied for this test."""
    with redis_client.Redis.from_url(redis.url) as client:
        client.flushall()
    return redis.url


@contextlib.contextmanager
def started(running: contextlib.AbstractContextManager[T]) -> Iterator[T]:
    with contextlib.ExitStack() as held:
        with _required():
            server = held.enter_context(running)
        yield server


@contextlib.contextmanager
def _required() -> Iterator[None]:
    """What cannot be had here skips what needs it, or fails it."""
    try:
        yield
    except LocalServerError as error:
        if os.environ.get("ZELERY_TEST_REQUIRE") == "all":
            raise
        pytest.skip(str(error))
