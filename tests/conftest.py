"""What the tests stand on: real servers for those marked `integration`, and no sockets at all for the others.

A server that cannot be had skips its tests and says why; with `ZELERY_TEST_REQUIRE=all` it fails them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TypeVar

import pytest
import pytest_socket
import redis as redis_client

from tests.servers import kafka as local_kafka
from tests.servers.aws import aws_of_session, aws_server, no_aws_of_this_machine
from tests.servers.kafka import KafkaServer, kafka_server
from tests.servers.mail import MailServer, mail_server
from tests.servers.rabbitmq import RabbitMQServer, rabbitmq_server
from zelery.local import camunda as local_camunda
from zelery.local import redis as local_redis
from zelery.local import zeebe as local_zeebe
from zelery.local.download import Progress
from zelery.local.errors import LocalServerError

#: Fixtures of other modules.
__all__ = ["aws_of_session", "aws_server", "no_aws_of_this_machine"]

T = TypeVar("T")

#: What is downloaded for a fixture.
INSTALLS = {
    "camunda_installed": local_camunda.install,
    "kafka": local_kafka.install,
    "zeebe": local_zeebe.install,
}

#: How long a test may take that may have to wait for Camunda's start, seconds.
CAMUNDA_S = 480


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Unix sockets stay: an event loop wakes itself through a pair of them."""
    if item.get_closest_marker("integration") is None:
        pytest_socket.disable_socket(allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Camunda takes a minute to start, and a test's time limit counts its fixtures too."""
    for item in items:
        if "camunda_installed" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(CAMUNDA_S))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Downloads before the first test that needs it, for the same reason."""
    needed = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    for name, install in INSTALLS.items():
        if name in needed and not session.config.option.collectonly:
            with contextlib.suppress(LocalServerError):  # the fixture meets it again, and skips or fails
                install(_percents())


@pytest.fixture(scope="session")
def zeebe() -> Iterator[local_zeebe.Zeebe]:
    """A real Zeebe for the whole session: tests use process ids of their own, and leave no jobs behind."""
    with started(local_zeebe.running()) as server:
        yield server


@pytest.fixture(scope="session")
def camunda_installed() -> None:
    """Camunda and its OpenSearch, not started: for tests that start their own."""
    with _required():
        local_camunda.install()


@pytest.fixture(scope="session")
def camunda(camunda_installed: None) -> Iterator[local_camunda.Camunda]:
    """A real Zeebe with Operate for the whole session, for what Zeebe by itself cannot do: it takes a minute to start.

    What is deployed is in Operate some 2 s later: wait for it with a deadline.
    """
    with started(local_camunda.running()) as server:
        yield server


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


def _percents() -> Progress:
    """Progress in steps of ten percent, a line each: readable in the log of a CI."""
    told: set[tuple[str, int]] = set()

    def report(step: str, done: int, total: int) -> None:
        line = step, done * 10 // total
        if line not in told:
            told.add(line)
            print(f"{step}: {line[1] * 10} %", file=sys.stderr, flush=True)

    return report
