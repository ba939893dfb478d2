"""The health check of containers, on real servers and without them."""

from __future__ import annotations

import re

import pytest

from tasks.credit import Capacity
from tests.conftest import Cluster
from zelery.errors import GatewayError, UnavailableError
from zelery.health import check
from zelery.redis import connect
from zelery.settings import Settings

pytestmark = pytest.mark.integration

NOWHERE = "127.0.0.1:9"


async def test_all_is_well_when_both_answer(zeebe: Cluster, redis_url: str) -> None:
    settings = Settings(zeebe_address=zeebe.gateway, redis_url=redis_url)
    said = await check(settings, worker=False, host="here")
    assert re.fullmatch(r"Zeebe 8\.\d+\.\d+ and Redis answer; workers on here: 0", said)


async def test_a_worker_is_alive_by_its_heartbeat_and_only_on_its_own_host(zeebe: Cluster, redis_url: str) -> None:
    settings = Settings(zeebe_address=zeebe.gateway, redis_url=redis_url)
    with pytest.raises(UnavailableError, match="no worker on here"):
        await check(settings, worker=True, host="here")
    async with connect(settings) as redis:
        await Capacity(redis, "worker-1@here", 250).heartbeat((), 1)
    assert "workers on here: 1" in await check(settings, worker=True, host="here")
    with pytest.raises(UnavailableError, match="no worker on there"):
        await check(settings, worker=True, host="there")


async def test_a_redis_that_is_away_is_named_without_its_password(zeebe: Cluster) -> None:
    settings = Settings(zeebe_address=zeebe.gateway, redis_url=f"redis://:hunter2@{NOWHERE}/0")
    with pytest.raises(UnavailableError, match=r"Redis at redis://:\*\*\*@127.0.0.1:9/0 does not answer") as raised:
        await check(settings, worker=False, host="here")
    assert "hunter2" not in str(raised.value)


async def test_a_zeebe_that_is_away_is_an_error(redis_url: str) -> None:
    with pytest.raises(GatewayError, match="topology"):
        await check(Settings(zeebe_address=NOWHERE, redis_url=redis_url), worker=False, host="here")
