"""Camunda's Java client (Apache-2.0), 8.8 and 8.9, over gRPC and over REST."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.clients import programs
from tests.clients.conftest import Model
from tests.clients.facts import FACTS, each_fact, named
from tests.conftest import Cluster, started

#: The first run compiles the program, with what Maven brings.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

#: The versions of the client.
JAVA_88, JAVA_89 = "8.8.14", "8.9.0"

Seen = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def java_88(cluster_88: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    """What the client of 8.8 saw, by protocol."""
    with started(_running(JAVA_88, cluster_88, new_model)) as seen:
        yield seen


@pytest.fixture(scope="module")
def java_89(cluster_89: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    """What the client of 8.9 saw, by protocol."""
    with started(_running(JAVA_89, cluster_89, new_model)) as seen:
        yield seen


@contextlib.contextmanager
def _running(version: str, cluster: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    class_path = programs.java_class_path(version)
    models = [str(part) for _ in ("grpc", "rest") for part in new_model()]
    yield programs.java(class_path, [f"http://{cluster.gateway}", cluster.rest, *models])


@pytest.mark.xdist_group("java-8.8")
@each_fact()
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_client_of_8_8_sees(java_88: Seen, protocol: str, fact: str) -> None:
    assert named(java_88[protocol][fact]) == FACTS[fact]


@pytest.mark.xdist_group("java-8.9")
@each_fact()
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_client_of_8_9_sees(java_89: Seen, protocol: str, fact: str) -> None:
    assert named(java_89[protocol][fact]) == FACTS[fact]
