"""Camunda's clients for Node (Apache-2.0): `@camunda8/sdk` over gRPC and REST, `@camunda8/orchestration-cluster-api`.

The last checks each answer against Camunda's schema of the line 8.9: a field that is missing, unknown or of another
type fails the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.clients import programs
from tests.clients.conftest import Model
from tests.clients.facts import differences
from tests.conftest import Cluster

#: The first run installs the packages.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def test_the_sdk_sees_every_fact_over_grpc(cluster_88: Cluster, new_model: Callable[[], Model]) -> None:
    seen = _seen("sdk-grpc", cluster_88, new_model)
    assert differences(seen, without={"agent", "correlated", "correlated_nobody", "waiting", "gets"}) == {}


def test_the_sdk_sees_every_fact_over_rest(cluster_88: Cluster, new_model: Callable[[], Model]) -> None:
    seen = _seen("sdk-rest", cluster_88, new_model)
    assert differences(seen, without={"agent", "waiting", "gets", "worked_by_stream", "streamed"}) == {}


def test_the_client_that_checks_answers_sees_every_fact(cluster_89: Cluster, new_model: Callable[[], Model]) -> None:
    seen = _seen("api", cluster_89, new_model)
    assert differences(seen, without={"worked_by_stream", "streamed"}) == {}


def _seen(adapter: str, cluster: Cluster, new_model: Callable[[], Model]) -> Mapping[str, Any]:
    with programs.or_skip():
        program = programs.node_folder() / "main.mjs"
    prefix, model = new_model()
    return programs.node(program, [adapter, cluster.gateway, cluster.rest, prefix, str(model)])
