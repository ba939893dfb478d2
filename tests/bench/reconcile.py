"""What one look at the cluster costs, for 10 to 10,000 deployed definitions: `python -m tests.bench reconcile`.

One definition in ten holds a webhook. The source is a script, Redis is real; CPU is this process's, and a request is a
call of the source. `first` is everything until all of it lives, in as many ticks as that takes; `idle` is a tick in
which nothing has changed, `ten` one in which ten definitions have new versions.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from inbound.activity import Activity
from inbound.reconcile import Reconciler
from tests.fakes import FakeGateway
from zelery.camunda.definitions.port import Definition, ElementInstance, Snapshot, Variables
from zelery.connected import Connected
from zelery.errors import SourceRefusedError
from zelery.local import redis as local_redis
from zelery.logs import configure
from zelery.metrics import Metrics
from zelery.redis import connect
from zelery.runtime import Runtime
from zelery.sdk import InboundContext, Input, InputError, Request, Response, webhook
from zelery.settings import Settings

SIZES = (10, 100, 1_000, 10_000)

#: One definition in so many holds an inbound connector.
INBOUND_EACH = 10

#: How many definitions have new versions in the last tick.
CHANGED = 10

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="bench">
<bpmn:process id="{id}" isExecutable="true"><bpmn:startEvent id="s">{properties}</bpmn:startEvent>{tasks}</bpmn:process>
</bpmn:definitions>"""
_PROPERTIES = (
    '<bpmn:extensionElements><zeebe:properties><zeebe:property name="inbound.type" value="bench:hook:1"/>'
    '<zeebe:property name="path" value="{id}"/></zeebe:properties></bpmn:extensionElements>'
)
_TASKS = "".join(f'<bpmn:serviceTask id="t{n}" name="A task of a model of some size"/>' for n in range(50))


class Hook(Input):
    """Where it answers."""

    path: str


def path_of(hook: Hook) -> str:
    """Its path."""
    if not hook.path:
        raise InputError("no path")
    return hook.path


@webhook(type="bench:hook:1", name="Bench", path=path_of)
async def hook(properties: Hook, request: Request, context: InboundContext) -> Response:
    """Nobody calls it."""
    return Response()


class Source:
    """So many definitions, which are what the test says that they are."""

    def __init__(self, count: int) -> None:
        self.requests = 0
        self._versions = dict.fromkeys(range(count), 1)
        self._snapshot: Snapshot | None = None

    def change(self, count: int) -> None:
        """Deploy new versions of the first `count` that hold a connector."""
        for number in range(0, count * INBOUND_EACH, INBOUND_EACH):
            self._versions[number % len(self._versions)] += 1
        self._snapshot = None

    async def deployed(self) -> Snapshot:
        self.requests += 1
        if self._snapshot is None:
            count = len(self._versions)
            found = [
                Definition(
                    key=1_000_000 + version * count + number, process_id=f"p{number}", version=version, tenant_id="t"
                )
                for number, version in self._versions.items()
            ]
            self._snapshot = Snapshot(definitions=sorted(found, key=lambda each: -each.key))
        return self._snapshot

    async def xml(self, key: int) -> bytes:
        self.requests += 1
        number = key % len(self._versions) if len(self._versions) else 0
        process_id = f"p{(key - 1_000_000) % len(self._versions)}"
        properties = _PROPERTIES.format(id=process_id) if number % INBOUND_EACH == 0 else ""
        return _MODEL.format(id=process_id, properties=properties, tasks=_TASKS).encode()

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:
        return None

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        raise SourceRefusedError(f"nobody waits at {element_id} of {definition_key}")

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:
        raise SourceRefusedError(f"{process_instance_key} has no variables")

    async def check(self) -> None:
        """It is always there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What one size cost."""

    definitions: int
    live: int
    first_cpu_s: float
    first_ticks: int
    idle_cpu_ms: float
    idle_requests: int
    ten_cpu_ms: float
    ten_requests: int


def main(options: Sequence[str] = ()) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench reconcile", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write it")
    wanted = parser.parse_args(options)
    configure(Settings(log_level="ERROR"))
    costs = []
    print(f"{'definitions':>12}{'live':>7}{'first':>10}{'ticks':>7}{'idle':>10}{'req.':>6}{'ten':>10}{'req.':>6}")
    for size in SIZES:
        with local_redis.running() as server:
            cost = asyncio.run(measured(size, server.url))
        costs.append(cost)
        print(
            f"{cost.definitions:>12}{cost.live:>7}{cost.first_cpu_s:>8.2f} s{cost.first_ticks:>7}"
            f"{cost.idle_cpu_ms:>7.1f} ms{cost.idle_requests:>6}{cost.ten_cpu_ms:>7.1f} ms{cost.ten_requests:>6}",
            flush=True,
        )
    if wanted.json:
        wanted.json.write_text(json.dumps([dataclasses.asdict(each) for each in costs], indent=2))
    return 0


async def measured(size: int, redis_url: str) -> Cost:
    """The cost of one size, from an empty Redis."""
    settings = Settings(redis_url=redis_url)
    source = Source(size)
    async with Runtime.open(settings, {}) as runtime, connect(settings) as redis:
        connected = Connected(runtime=runtime, gateway=FakeGateway(), redis=redis)
        reconciler = Reconciler(
            connected,
            source,
            name="bench",
            connectors={hook.type: hook},
            absent={},
            activity=Activity(redis, keep=10),
            metrics=Metrics(redis),
        )
        live = len([number for number in range(size) if number % INBOUND_EACH == 0])
        began, ticks = time.process_time(), 0
        while await redis.hlen("zelery:inbound:executables") < live:
            await reconciler.tick()
            ticks += 1
        first_s = time.process_time() - began
        await reconciler.tick()
        idle_ms, idle_requests = await _tick(reconciler, source)
        source.change(min(CHANGED, live))
        ten_ms, ten_requests = await _tick(reconciler, source)
    return Cost(
        definitions=size,
        live=live,
        first_cpu_s=first_s,
        first_ticks=ticks,
        idle_cpu_ms=idle_ms,
        idle_requests=idle_requests,
        ten_cpu_ms=ten_ms,
        ten_requests=ten_requests,
    )


async def _tick(reconciler: Reconciler, source: Source) -> tuple[float, int]:
    """One tick: milliseconds of CPU, and requests."""
    requests, began = source.requests, time.process_time()
    await reconciler.tick()
    return (time.process_time() - began) * 1000, source.requests - requests
