"""Camunda's clients for Node (Apache-2.0): `@camunda8/sdk` over gRPC and REST, `@camunda8/orchestration-cluster-api`.

The last checks each answer against Camunda's schema of the line 8.9: a field that is missing, unknown or of another
type fails the call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.clients import programs
from tests.clients.conftest import Model
from tests.clients.facts import FACTS, each_fact, named
from tests.conftest import Cluster, started

#: The first run installs the packages.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Seen = Mapping[str, Any]


@pytest.fixture(scope="module")
def sdk_by_grpc(cluster_88: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    """What the SDK's client of the gateway saw."""
    with started(_running("sdk-grpc", cluster_88, new_model)) as seen:
        yield seen


@pytest.fixture(scope="module")
def sdk_by_rest(cluster_88: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    """What the SDK's client of the REST API saw."""
    with started(_running("sdk-rest", cluster_88, new_model)) as seen:
        yield seen


@pytest.fixture(scope="module")
def api(cluster_89: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    """What the client that checks answers saw."""
    with started(_running("api", cluster_89, new_model)) as seen:
        yield seen


@contextlib.contextmanager
def _running(adapter: str, cluster: Cluster, new_model: Callable[[], Model]) -> Iterator[Seen]:
    prefix, model = new_model()
    program = programs.node_folder() / "main.mjs"
    yield programs.node(program, [adapter, cluster.gateway, cluster.rest, prefix, str(model)])


@pytest.mark.xdist_group("node-sdk")
@each_fact(without={"agent", "correlated", "correlated_nobody", "waiting"})
def test_the_sdk_sees_over_grpc(sdk_by_grpc: Seen, fact: str) -> None:
    assert named(sdk_by_grpc[fact]) == FACTS[fact]


@pytest.mark.xdist_group("node-sdk")
@each_fact(without={"agent", "waiting", "worked_by_stream", "streamed"})
def test_the_sdk_sees_over_rest(sdk_by_rest: Seen, fact: str) -> None:
    assert named(sdk_by_rest[fact]) == FACTS[fact]


@pytest.mark.xdist_group("node-api")
@each_fact(without={"worked_by_stream", "streamed"})
def test_the_client_that_checks_answers_sees(api: Seen, fact: str) -> None:
    assert named(api[fact]) == FACTS[fact]
