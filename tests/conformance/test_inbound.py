"""Every recorded inbound case through the real roles, the engine and a real RabbitMQ."""

from __future__ import annotations

import pytest

from tests.conformance import inbound
from tests.conftest import Cluster
from tests.servers.rabbitmq import RabbitMQServer
from zelery.local import redis as local_redis

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(inbound.missing() is not None, reason=str(inbound.missing())),
]


@pytest.fixture(scope="module")
def disagreeing(
    camunda: Cluster,
    rabbitmq: RabbitMQServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[str]]:
    """Cases that end otherwise than recorded, with each place."""
    found = inbound.cases()
    with local_redis.running() as redis:
        observed = inbound.observe_all(
            found,
            engine=camunda.gateway,
            operate=camunda.operate,
            redis_url=redis.url,
            amqp=rabbitmq.url,
            folder=tmp_path_factory.mktemp("inbound"),
        )
    differing = {case["id"]: list(inbound.differences(case, observed[case["id"]])) for case in found}
    return {name: lines for name, lines in differing.items() if lines}


def test_every_recorded_inbound_case_ends_as_in_the_java_runtime_but_those_listed(
    disagreeing: dict[str, list[str]],
) -> None:
    unlisted = {name: lines for name, lines in disagreeing.items() if name not in inbound.INBOUND}
    assert not unlisted, "\n".join(f"{name}: {lines}" for name, lines in unlisted.items())


def test_every_listed_deviation_is_one(disagreeing: dict[str, list[str]]) -> None:
    assert sorted(set(inbound.INBOUND) - set(disagreeing) - inbound.OF_CHANCE) == []
