"""The whole way with Operate: deployed over gRPC, seen in Operate, a webhook lives, a call moves an instance."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cluster
from tests.inbound.whole import orders, patiently, way
from zelery.local.engine import PASSWORD, USERNAME

pytestmark = pytest.mark.integration


async def test_what_operate_shows_answers_and_moves_instances(
    camunda: Cluster, redis_url: str, tmp_path: pathlib.Path
) -> None:
    environment = {
        "CAMUNDA_OPERATE_CLIENT_URL": camunda.operate,
        "CAMUNDA_OPERATE_CLIENT_USERNAME": USERNAME,
        "CAMUNDA_OPERATE_CLIENT_PASSWORD": PASSWORD,
    }
    async with way(camunda.gateway, redis_url, tmp_path, **environment) as of:
        await patiently(lambda: of.gateway.deploy({"orders.bpmn": orders(of.process_id, 1)}))
        await of.answers("start", 200, key="a")
        await of.takes("paid", key="a", amount=5)
        assert await of.arrived() == {"key": "a", "mark": 1, "paid": 5}
