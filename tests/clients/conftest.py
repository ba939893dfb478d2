"""A cluster for each line of Camunda, and the model with names of each client's own."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.programs import HERE
from tests.conftest import CLUSTER, Cluster, started
from zelery.local import engine

#: How much later searches know of what has happened, seconds, as with a real cluster.
_LAG_S = 0.3

#: `(prefix, file)`: the model, whose names begin with a prefix that nobody else has.
Model = tuple[str, Path]


@pytest.fixture(scope="session")
def cluster_88(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of the line 8.8."""
    with _of_line("8.8", request) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def cluster_89(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of the line 8.9."""
    with _of_line("8.9", request) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def new_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Model]:
    """Makes the model with names of its own."""
    text = (HERE / "shop.bpmn").read_text(encoding="utf-8")

    def make() -> Model:
        prefix = f"shop-{secrets.token_hex(4)}"
        file = tmp_path_factory.mktemp("shop") / f"{prefix}.bpmn"
        file.write_text(text.replace("PREFIX", prefix), encoding="utf-8")
        return prefix, file

    return make


@contextlib.contextmanager
def _of_line(line: str, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The engine as that line; where the environment names a cluster that one, whatever its line."""
    if os.environ.get(CLUSTER):
        yield request.getfixturevalue("camunda")
        return
    with started(engine.running(line=line, lag_s=_LAG_S)) as server:
        yield Cluster(gateway=server.gateway, rest=server.rest, is_engine=True)
