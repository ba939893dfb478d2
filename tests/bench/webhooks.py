"""Webhook requests a second, and how long they take, on one process: `python -m tests.bench webhooks`.

A thousand models with a webhook each, one `zelery webhooks`, a real Zeebe that takes a message for each request, and a
client in a process of its own that keeps so many requests under way. CPU is that of the webhooks process.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from tests.roles import RoleProcess, role
from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.definitions.port import Definition
from zelery.camunda.gateway import ZeebeGateway
from zelery.local import engine as local_engine
from zelery.local import ports
from zelery.local import redis as local_redis
from zelery.redis import connect
from zelery.settings import Settings

ROUTES = 1_000
WARM_S, WINDOW_S = 3.0, 10.0

#: Requests under way at once.
AT_ONCE = (1, 16, 64)

#: Models deployed by one command: Zeebe takes 4 MB.
_BATCH = 50

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="bench">
<bpmn:process id="bench{n}" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:intermediateCatchEvent id="c">
<bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="io.camunda:webhook:1"/>
<zeebe:property name="inbound.context" value="bench{n}"/>
<zeebe:property name="inbound.auth.type" value="BASIC"/>
<zeebe:property name="inbound.auth.username" value="u"/>
<zeebe:property name="inbound.auth.password" value="{{{{secrets.BENCH}}}}"/>
<zeebe:property name="activationCondition" value="= request.body.n &gt; 0"/>
<zeebe:property name="correlationKeyExpression" value="= request.body.key"/>
<zeebe:property name="messageTtl" value="PT0S"/>
<zeebe:property name="resultExpression" value="= {{n: request.body.n, agent: request.headers.agent}}"/>
<zeebe:property name="inbound.responseExpression" value="= {{body: {{key: request.body.key}}}}"/>
</zeebe:properties></bpmn:extensionElements><bpmn:messageEventDefinition id="m" messageRef="M"/>
</bpmn:intermediateCatchEvent><bpmn:endEvent id="e"/>
<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="c"/><bpmn:sequenceFlow id="g" sourceRef="c" targetRef="e"/>
</bpmn:process><bpmn:message id="M" name="bench{n}"><bpmn:extensionElements>
<zeebe:subscription correlationKey="= key"/></bpmn:extensionElements></bpmn:message></bpmn:definitions>"""

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """What came of one load."""

    at_once: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """A request."""
    failed: int


def main(options: Sequence[str] = ()) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench webhooks", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write it")
    parser.add_argument("--load", nargs=2, metavar=("URL", "AT_ONCE"), help=argparse.SUPPRESS)
    wanted = parser.parse_args(options)
    if wanted.load:
        print(json.dumps(asyncio.run(load(wanted.load[0], int(wanted.load[1])))))
        return 0
    with local_engine.running() as zeebe, local_redis.running() as redis, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(zeebe.gateway, redis.url, Path(folder)))
    print(f"{'at once':>8}{'requests/s':>12}{'p50':>10}{'p99':>10}{'CPU':>10}{'failed':>8}")
    for each in found:
        print(
            f"{each.at_once:>8}{each.requests_per_s:>12.0f}{each.p50_ms:>7.1f} ms{each.p99_ms:>7.1f} ms"
            f"{each.cpu_ms:>7.2f} ms{each.failed:>8}"
        )
    if wanted.json:
        wanted.json.write_text(json.dumps([dataclasses.asdict(each) for each in found], indent=2))
    return 0


async def measured(gateway: str, redis_url: str, folder: Path) -> list[Load]:
    """Deploy, wait until all paths answer, and load them."""
    (port,) = ports.free(1)
    environment = {
        "ZEEBE_ADDRESS": gateway,
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_WEBHOOK_PORT": str(port),
        "SECRET_BENCH": "s3cret",
    }
    await _deploy(Settings.read(environment))
    with (
        role("beat", environment, folder),
        role("worker", environment, folder) as worker,
        role("webhooks", environment, folder) as webhooks,
    ):
        url = f"http://127.0.0.1:{port}/inbound"
        await _until_all_live(url, worker)
        return [await _loaded(url, at_once, webhooks) for at_once in AT_ONCE]


async def _deploy(settings: Settings) -> None:
    async with ZeebeGateway.open(settings) as zeebe, connect(settings) as redis:
        source = DeployedSource(redis)
        for begin in range(0, ROUTES, _BATCH):
            models = {f"bench{n}.bpmn": _MODEL.format(n=n).encode() for n in range(begin, begin + _BATCH)}
            for each in await zeebe.deploy(models):
                definition = Definition(
                    key=each.key, process_id=each.process_id, version=each.version, tenant_id="<default>"
                )
                await source.record(definition, models[each.resource])


async def _until_all_live(url: str, worker: RoleProcess) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(url) as response:
                    live = len(await response.json())
            except aiohttp.ClientError:
                live = 0
            if live == ROUTES:
                return
            await asyncio.sleep(0.5)
    raise AssertionError(f"{live} of {ROUTES} live\n{worker.said[-2000:]}")


async def _loaded(url: str, at_once: int, webhooks: RoleProcess) -> Load:
    command = [sys.executable, "-m", "tests.bench", "webhooks", "--load", url, str(at_once)]
    client = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(WARM_S)
    before_s = _cpu_s(webhooks.pid)
    assert client.stdout is not None
    await asyncio.sleep(WINDOW_S)
    cpu_s = _cpu_s(webhooks.pid) - before_s
    told: Mapping[str, float] = json.loads((await client.communicate())[0])
    return Load(
        at_once=at_once,
        requests_per_s=told["requests"] / WINDOW_S,
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        cpu_ms=cpu_s * 1000 / max(told["requests"], 1),
        failed=int(told["failed"]),
    )


async def load(url: str, at_once: int) -> dict[str, float]:
    """Keep so many requests under way, and report those of the window, in the client's process."""
    took: list[float] = []
    failed = 0
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=at_once)

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal failed
        while (at := time.monotonic()) < began + WARM_S + WINDOW_S:
            number = random.randrange(ROUTES)
            async with session.post(f"{url}/bench{number}", json={"key": "k", "n": 1}) as response:
                await response.read()
            if at >= began + WARM_S:
                took.append(time.monotonic() - at)
                failed += response.status != 200

    login = aiohttp.BasicAuth("u", "s3cret")
    async with aiohttp.ClientSession(connector=connector, auth=login) as session:
        await asyncio.gather(*(one(session) for _ in range(at_once)))
    percentiles = statistics.quantiles(took, n=100)
    return {
        "requests": len(took),
        "p50_ms": percentiles[49] * 1000,
        "p99_ms": percentiles[98] * 1000,
        "failed": failed,
    }


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
