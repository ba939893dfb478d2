"""The whole way without Operate: `zelery deploy`, a webhook lives, a call moves an instance; and what comes between."""

from __future__ import annotations

import asyncio
import os
import pathlib
import sys
from asyncio.subprocess import PIPE, STDOUT

import pytest

from tests.conftest import Cluster
from tests.inbound.whole import Way, orders, way
from tests.servers.proxy import proxied

pytestmark = [pytest.mark.integration, pytest.mark.timeout(480)]


async def deploy(of: Way, engine: str, folder: pathlib.Path, mark: int) -> None:
    """As an operator types it; again when Zeebe is busy."""
    file = folder / "orders.bpmn"
    file.write_bytes(orders(of.process_id, mark))
    command = [sys.executable, "-m", "zelery", "deploy", str(file)]
    environment = {**os.environ, **of.environment, "ZEEBE_ADDRESS": engine}

    async def deployed() -> bool:
        child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=STDOUT)
        said = (await child.communicate())[0].decode()
        assert (of.process_id if child.returncode == 0 else "DEADLINE_EXCEEDED") in said, said
        return child.returncode == 0

    await of.until(deployed, "Zeebe takes no model")


async def test_what_is_deployed_answers_and_moves_instances_also_after_a_new_version_and_without_zeebe_for_a_while(
    zeebe: Cluster, redis_url: str, tmp_path: pathlib.Path
) -> None:
    with proxied(int(zeebe.gateway.rpartition(":")[2])) as network:
        async with way(f"127.0.0.1:{network.port}", redis_url, tmp_path, ZELERY_DEFINITIONS="deployed") as of:
            assert await of.call("start", key="early") == 404
            await deploy(of, zeebe.gateway, tmp_path, 1)

            await of.answers("start", 200, key="a")
            await of.takes("paid", key="a", amount=5)
            assert await of.arrived() == {"key": "a", "mark": 1, "paid": 5}

            async with of.client.get("/inbound") as response:
                shown = {each["data"].get("path"): each["health"]["status"] for each in await response.json()}
            assert shown == {f"{of.process_id}-start": "UP", f"{of.process_id}-paid": "UP"}

            await deploy(of, zeebe.gateway, tmp_path, 2)
            marks, number = {1}, 0
            while 2 not in marks:
                number += 1
                await of.takes("start", key=f"b{number}")
                await of.takes("paid", key=f"b{number}", amount=6)
                marks.add((await of.arrived())["mark"])

            network.refuse()
            await of.answers("start", 503, key="down")
            network.restore()
            await of.answers("start", 200, key="up")
            await of.takes("paid", key="up", amount=7)
            assert await of.arrived() == {"key": "up", "mark": 2, "paid": 7}
