"""Camunda's Java client (Apache-2.0), 8.8 and 8.9, over gRPC and over REST."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import programs
from tests.clients.conftest import Model
from tests.clients.facts import differences
from tests.conftest import Cluster

#: The first run compiles the program, with what Maven brings.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

#: The versions of the client.
JAVA_88, JAVA_89 = "8.8.14", "8.9.0"


def test_the_java_client_of_8_8_sees_every_fact(cluster_88: Cluster, new_model: Callable[[], Model]) -> None:
    _sees_every_fact(JAVA_88, cluster_88, new_model)


def test_the_java_client_of_8_9_sees_every_fact(cluster_89: Cluster, new_model: Callable[[], Model]) -> None:
    _sees_every_fact(JAVA_89, cluster_89, new_model)


def _sees_every_fact(version: str, cluster: Cluster, new_model: Callable[[], Model]) -> None:
    with programs.or_skip():
        class_path = programs.java_class_path(version)
    models = [str(part) for _ in ("grpc", "rest") for part in new_model()]
    seen = programs.java(class_path, [f"http://{cluster.gateway}", cluster.rest, *models])
    assert differences(seen["grpc"]) == {}
    assert differences(seen["rest"]) == {}
