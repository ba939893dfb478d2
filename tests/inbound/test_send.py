"""One command for an event, once where that is asked for, and what each end of it is called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from inbound.correlate import Publish, Start
from inbound.send import send
from tests.fakes import FakeGateway
from zelery.camunda.gateway import Message
from zelery.correlation import (
    AlreadyCorrelated,
    EngineRefused,
    Handling,
    MessagePublished,
    ProcessInstanceCreated,
)
from zelery.errors import GatewayError, PushbackError
from zelery.redis import STARTED, connect
from zelery.settings import Settings

ONCE = Start(process_id="order", version=3, tenant_id="t", variables={"a": 1}, once=("order|e|1", 60_000))
KEY = f"{STARTED}order|e|1"


class Away:
    """A Redis that goes away after so many commands."""

    def __init__(self, redis: Redis | None, commands: int) -> None:
        self._redis, self._left = redis, commands

    def __getattr__(self, name: str) -> Any:
        async def command(*args: Any, **given: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise RedisConnectionError("refused")
            return await getattr(self._redis, name)(*args, **given)

        return command


async def sent(command: Start | Publish, gateway: FakeGateway, redis: Any = None) -> Any:
    return await send(command, gateway, redis)  # which is asked for nothing where nothing is to be remembered


def start(**given: Any) -> Start:
    return Start(**{"process_id": "order", "version": 3, "tenant_id": "t", "variables": {"a": 1}, **given})


def message(message_id: str = "") -> Publish:
    return Publish(
        message=Message(
            name="paid", correlation_key="k", message_id=message_id, ttl_ms=5, variables={"b": 2}, tenant_id="t"
        )
    )


# -- errors


@pytest.mark.parametrize("command", [start(), message(), start(wait=True)])
async def test_a_cluster_that_is_busy_or_away_is_waited_for(command: Start | Publish) -> None:
    gateway = FakeGateway(refusal=PushbackError("…", status="UNAVAILABLE", details="no leader"))
    result = await sent(command, gateway)
    assert result == EngineRefused(status="UNAVAILABLE", message="no leader", later=True)
    assert result.handling is Handling.WAIT


@pytest.mark.parametrize("command", [start(), message(), start(wait=True)])
async def test_a_refusal_has_zeebes_words(command: Start | Publish) -> None:
    gateway = FakeGateway(refusal=GatewayError("…", status="NOT_FOUND", details="no such process"))
    result = await sent(command, gateway)
    assert result == EngineRefused(status="NOT_FOUND", message="no such process", later=False)
    assert result.handling is Handling.RETRY


async def test_a_redis_that_is_away_before_it_is_waited_for_and_zeebe_is_told_nothing() -> None:
    gateway = FakeGateway()
    result = await sent(ONCE, gateway, Away(None, 0))
    assert (result.status, result.later) == ("UNAVAILABLE", True)
    assert gateway.started == []


# -- without remembering


async def test_a_start_names_its_version_and_needs_no_redis() -> None:
    gateway = FakeGateway()
    assert await sent(start(), gateway) == ProcessInstanceCreated(process_instance_key=1, tenant_id="t")
    assert gateway.started == [("order", 3, "t", {"a": 1})]


async def test_who_waits_for_the_end_gets_the_instances_variables() -> None:
    result = await sent(start(wait=True), FakeGateway())
    assert result == ProcessInstanceCreated(process_instance_key=1, tenant_id="t", variables={"a": 1})


async def test_the_same_message_again_is_a_success_and_no_second_message() -> None:
    gateway = FakeGateway()
    assert await sent(message("1"), gateway) == MessagePublished(message_key=1, tenant_id="t")
    assert await sent(message("1"), gateway) == AlreadyCorrelated()
    assert len(gateway.published) == 1


# -- once


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


@pytest.mark.integration
async def test_an_event_that_comes_again_starts_no_second_instance(client: Redis) -> None:
    gateway = FakeGateway()
    assert isinstance(await sent(ONCE, gateway, client), ProcessInstanceCreated)
    assert await sent(ONCE, gateway, client) == AlreadyCorrelated()
    assert len(gateway.started) == 1
    assert 0 < await client.pttl(KEY) <= 60_000


class Slow(FakeGateway):
    """It takes its time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked_once, self.goes_on = asyncio.Event(), asyncio.Event()

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = "<default>"
    ) -> int:
        self.asked_once.set()
        await self.goes_on.wait()
        return await super().start(process_id, variables, version=version, tenant_id=tenant_id)


@pytest.mark.integration
async def test_two_at_once_start_one_and_the_other_comes_again(client: Redis) -> None:
    gateway = Slow()
    first = asyncio.create_task(sent(ONCE, gateway, client))
    await gateway.asked_once.wait()
    late = await sent(ONCE, gateway, client)
    gateway.goes_on.set()
    assert isinstance(await first, ProcessInstanceCreated)
    assert (late.status, late.later) == ("ABORTED", True)
    assert len(gateway.started) == 1


@pytest.mark.integration
async def test_an_event_that_zeebe_refused_may_start_the_next_time(client: Redis) -> None:
    gateway = FakeGateway(refusal=GatewayError("…", status="NOT_FOUND", details="no such process"))
    assert isinstance(await sent(ONCE, gateway, client), EngineRefused)
    gateway.refusal = None
    assert isinstance(await sent(ONCE, gateway, client), ProcessInstanceCreated)


class Dies(FakeGateway):
    """Its caller dies when Zeebe has taken the command."""

    async def start(
        self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = "<default>"
    ) -> int:
        await super().start(process_id, variables, version=version, tenant_id=tenant_id)
        raise asyncio.CancelledError


@pytest.mark.integration
async def test_who_is_cancelled_in_between_leaves_the_event_to_others(client: Redis) -> None:
    with pytest.raises(asyncio.CancelledError):
        await sent(ONCE, Dies(), client)
    assert isinstance(await sent(ONCE, FakeGateway(), client), ProcessInstanceCreated)


@pytest.mark.integration
async def test_who_is_killed_in_between_leaves_it_after_a_while(client: Redis) -> None:
    await client.set(KEY, "telling", px=30_000)  # what a killed one leaves
    assert (await sent(ONCE, FakeGateway(), client)).status == "ABORTED"
    await client.delete(KEY)  # as when it has ended
    assert isinstance(await sent(ONCE, FakeGateway(), client), ProcessInstanceCreated)


@pytest.mark.integration
async def test_a_start_that_zeebe_took_is_a_success_though_redis_went_away(client: Redis) -> None:
    gateway = FakeGateway()
    assert isinstance(await sent(ONCE, gateway, Away(client, 1)), ProcessInstanceCreated)
    assert len(gateway.started) == 1


@pytest.mark.integration
async def test_what_is_remembered_shortly_is_told_no_longer_than_that(client: Redis) -> None:
    seen: list[int] = []

    class Looks(FakeGateway):
        async def start(
            self, process_id: str, variables: Mapping[str, Any], *, version: int = -1, tenant_id: str = "<default>"
        ) -> int:
            seen.append(await client.pttl(KEY))
            return 1

    await sent(start(once=("order|e|1", 2_000)), Looks(), client)
    assert 0 < seen[0] <= 2_000
