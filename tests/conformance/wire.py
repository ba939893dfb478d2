"""Every recorded REST job through the real roles: `zelery fetch`, Redis, `zelery worker`.

A recording gateway hands out the jobs and writes down the one command that comes back for each.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

import grpc
from pyzeebe.proto import gateway_pb2_grpc as pbg

from tests.conformance import golden
from tests.roles import role
from zelery.local import redis as local_redis

#: Cases at once: those that wait do it together.
AT_ONCE = 30


async def observe_all(cases: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What came of each case, by its id, in the shape of the recording."""
    record = golden.tool("record")
    async with _gateway(record) as (gateway, address):
        with ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            redis = stack.enter_context(local_redis.running())
            environment = {
                **golden.environment(cases),
                "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX": golden.PREFIX,
                "ZEEBE_ADDRESS": address,
                "ZELERY_REDIS_URL": redis.url,
                "CONNECTOR_OUTBOUND_DISABLED": "tests:echo:1,tests:block:1",
            }
            stack.enter_context(role("fetch", environment, folder))
            stack.enter_context(role("worker", environment, folder))
            found: dict[str, dict[str, Any]] = await record.passes(gateway, cases, AT_ONCE)
            return found


@asynccontextmanager
async def _gateway(record: ModuleType) -> AsyncIterator[tuple[Any, str]]:
    gateway, server = record.Gateway(), grpc.aio.server()
    pbg.add_GatewayServicer_to_server(gateway, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield gateway, f"127.0.0.1:{port}"
    finally:
        gateway.closing = True
        await server.stop(1)
