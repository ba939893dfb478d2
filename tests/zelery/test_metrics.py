"""Counters of all processes together, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from tests.servers.redis import refusing_writes
from zelery.metrics import Metrics, exposition
from zelery.redis import METRICS, connect
from zelery.settings import Settings

TRIGGERS = "camunda_connector_inbound_triggers"
CHECKED = "camunda_connector_inbound_process_definitions_checked"


class Away:
    """A Redis that is not there."""

    def pipeline(self, **_: Any) -> Any:
        raise ConnectionRefusedError("refused")


async def test_what_is_counted_while_redis_is_away_is_kept() -> None:
    metrics = Metrics(Away())  # type: ignore[arg-type]  # the one method that is asked
    metrics.count(TRIGGERS, "triggered", "t:1")
    await metrics.write()
    metrics.count(TRIGGERS, "triggered", "t:1")
    await metrics.write()
    assert metrics._sums == {(TRIGGERS, ("triggered", "t:1")): 2}


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(Settings(redis_url=redis_url)) as client:
        yield client


async def samples(client: Redis) -> dict[tuple[str, tuple[str, ...]], float]:
    """What a scraper reads: values by name and label values."""
    text = (await exposition(client)).decode()
    return {
        (each.name, tuple(each.labels.values())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


@pytest.mark.integration
async def test_what_came_while_redis_was_away_is_written_when_it_is_back(client: Redis) -> None:
    metrics = Metrics(Away())  # type: ignore[arg-type]  # as above
    metrics.count(CHECKED, by=2)
    await metrics.write()
    metrics._redis = client
    await metrics.write()
    await metrics.write()
    assert await samples(client) == {(f"{CHECKED}_total", ()): 2}


@pytest.mark.integration
async def test_what_came_while_redis_took_no_writes_is_written_when_it_does(client: Redis, redis_url: str) -> None:
    metrics = Metrics(client)
    with refusing_writes(redis_url):
        metrics.count(TRIGGERS, "triggered", "t:1")
        await metrics.write()
    metrics.count(TRIGGERS, "triggered", "t:1")
    await metrics.write()
    assert await client.hgetall(METRICS) == {f'["{TRIGGERS}", "triggered", "t:1"]': "2"}


@pytest.mark.integration
async def test_two_processes_add_up(client: Redis) -> None:
    for _ in range(2):
        async with Metrics(client).writing() as metrics:
            metrics.count(TRIGGERS, "triggered", "t:1")
            metrics.count(TRIGGERS, "correlated", "t:1", by=3)
    assert await samples(client) == {
        (f"{TRIGGERS}_total", ("triggered", "t:1")): 2,
        (f"{TRIGGERS}_total", ("correlated", "t:1")): 6,
    }


@pytest.mark.integration
async def test_labels_may_hold_what_the_text_format_minds(client: Redis) -> None:
    metrics = Metrics(client)
    metrics.count(TRIGGERS, "triggered", 'a"b\\c\nd | {e}')
    await metrics.write()
    assert await samples(client) == {(f"{TRIGGERS}_total", ("triggered", 'a"b\\c\nd | {e}')): 1}


@pytest.mark.integration
async def test_every_counter_has_its_meaning_before_anything_is_counted(client: Redis) -> None:
    text = (await exposition(client)).decode()
    families = {each.name: each for each in text_string_to_metric_families(text)}
    assert families[TRIGGERS].type == "counter"
    assert "correlation-failed" in families[TRIGGERS].documentation


@pytest.mark.integration
async def test_nothing_counted_costs_nothing(client: Redis) -> None:
    await Metrics(client).write()
    assert not await client.exists(METRICS)


@pytest.mark.integration
async def test_a_timer_is_shown_as_how_often_and_how_long(redis_url: str) -> None:
    async with connect(Settings(redis_url=redis_url)) as redis:
        metrics = Metrics(redis)
        for seconds in (0.25, 0.5):
            metrics.time("camunda_connector_outbound_execution_time_seconds", "a:1", seconds=seconds)
        await metrics.write()
        text = (await exposition(redis)).decode()
    assert 'camunda_connector_outbound_execution_time_seconds_count{type="a:1"} 2.0' in text
    assert 'camunda_connector_outbound_execution_time_seconds_sum{type="a:1"} 0.75' in text
