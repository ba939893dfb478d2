"""Counters of all processes together, in Redis, so that whichever replica is asked says the same.

Names and labels are those of Camunda's connector runtime (Micrometer), because dashboards use them. Each process adds
up what it counts and writes the sums once a second; what a killed process had not written is lost. A scraper asks one
address of `zelery webhooks`, not each replica: the numbers are whole already.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from redis.asyncio import Redis

from zelery.redis import AWAY, METRICS

#: From one write to the next, seconds.
WRITE_S = 1.0

#: Every counter by its name at the runtime's, with its labels and its meaning.
COUNTERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "camunda_connector_inbound_activations": (
        ("action", "type"),
        "Inbound connectors that were activated, deactivated, or failed to be (activation-failed).",
    ),
    "camunda_connector_inbound_triggers": (
        ("action", "type"),
        "Events: triggered, correlated, correlation-failed, activation-condition-failed.",
    ),
    "camunda_connector_inbound_process_definitions_checked": ((), "Process definitions that were new."),
    "camunda_connector_outbound_invocations": (
        ("action", "type"),
        "Jobs: activated, completed, failed, bpmn-error.",
    ),
}

#: Every timer likewise: how often, and how many seconds in all.
TIMERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "camunda_connector_outbound_execution_time_seconds": (("type",), "How long connectors ran."),
}


class Metrics:
    """What one process counts."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sums: collections.Counter[tuple[str, tuple[str, ...]]] = collections.Counter()

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter of `COUNTERS`; labels in the order that it says."""
        self._sums[name, labels] += by  # type: ignore[assignment]  # a Counter counts fractions as well

    def time(self, name: str, *labels: str, seconds: float) -> None:
        """Add to a timer of `TIMERS`."""
        self.count(f"{name}_count", *labels)
        self.count(f"{name}_sum", *labels, by=seconds)

    async def write(self) -> None:
        """Write what has been counted since the last time; while Redis is away it is kept."""
        sums, self._sums = self._sums, collections.Counter()
        if not sums:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (name, labels), by in sums.items():
                    pipe.hincrbyfloat(METRICS, json.dumps([name, *labels]), by)
                await pipe.execute()
        except AWAY:
            self._sums.update(sums)

    @contextlib.asynccontextmanager
    async def writing(self) -> Any:
        """Write every second until the block ends, and once more then."""
        task = asyncio.create_task(self._keep())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.write()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            await self.write()


async def exposition(redis: Redis) -> bytes:
    """All counters, in the text format of Prometheus."""
    found: Any = await redis.hgetall(METRICS)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Stored(found))
    return generate_latest(registry)


class _Stored(Collector):
    """What Redis holds, as Prometheus's library takes it."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        values: dict[str, dict[tuple[str, ...], float]] = collections.defaultdict(dict)
        for field, text in sorted(self._found.items()):
            name, *labels = json.loads(field)
            values[name][tuple(labels)] = float(text)
        for name, (names, meaning) in COUNTERS.items():
            counter = CounterMetricFamily(name, meaning, labels=names)
            for key, value in values[name].items():
                counter.add_metric(key, value)
            yield counter
        for name, (names, meaning) in TIMERS.items():
            timer = SummaryMetricFamily(name, meaning, labels=names)
            for key, count in values[f"{name}_count"].items():
                timer.add_metric(key, count_value=int(count), sum_value=values[f"{name}_sum"].get(key, 0.0))
            yield timer
