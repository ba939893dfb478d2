"""What is left of jobs when things break under load: processes killed, servers restarted, an endpoint that refuses.

`python -m tests.chaos jobs [--json FILE] [--jobs N] [--faults A,B]` takes about half an hour with 10,000 jobs a fault.

An instance has two tasks: the first calls an HTTP endpoint, the second is counted here, so that what is counted is what
Zeebe itself knows to be done. While the jobs run, one thing breaks. Then all of them must be done (`lost` is 0); called
twice may be what was under way (`open` calls, and calls whose outcome had not been taken); and what was under way must
be done at latest a lease and ten seconds after things are whole again (`recovered_s`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench import endpoint
from tests.bench.load import Load, model, until
from tests.chaos.stand import Restartable
from tests.roles import RoleProcess, role
from tests.servers.redis import refusing_writes
from zelery.camunda.gateway import Gateway, Lease, ZeebeGateway
from zelery.errors import GatewayError, PushbackError
from zelery.local import engine as local_engine
from zelery.local import ports
from zelery.local import redis as local_redis
from zelery.model import Completed, Job
from zelery.settings import Settings

#: What each lease is.
LEASE_S = 30

#: What recovery may take beside a lease.
GRACE_S = 10

#: How long the endpoint takes, milliseconds: calls are under way when something breaks.
DELAY_MS = 100

FROZEN_S, REFUSED_S, READ_ONLY_S = 60, 30, 15

#: How long all of it may take, a thousand jobs, and at least; seconds.
LIMIT_S_PER_1000, LIMIT_S = 60, 300

ROLES = ("worker", "worker", "fetch", "beat", "webhooks", "consume")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a fault left."""

    fault: str
    jobs: int
    lost: int
    twice: int
    """Calls of an instance that had called before."""
    under_way: int
    """Instances that had called when it broke, or was whole again, and were not done: as many may call twice."""
    recovered_s: float
    """From whole again until the last of what was under way was done."""

    @property
    def good(self) -> bool:
        """Whether it is as it must be."""
        return self.lost == 0 and self.twice <= self.under_way and self.recovered_s <= LEASE_S + GRACE_S


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stand:
    """Everything that can break."""

    zeebe: Restartable[local_engine.EngineServer]
    redis: Restartable[local_redis.Redis]
    roles: Sequence[RoleProcess]
    called: endpoint.Endpoint

    def kill(self, name: str) -> None:
        """One process of a role dies, or all of all; a supervisor starts it again."""
        victims = [each for each in self.roles if name in (each.name, "all")]
        for each in victims if name == "all" else victims[:1]:
            each.kill()
            each.restart()


Fault = Callable[[Stand], Awaitable[None]]


def _killed(name: str) -> Fault:
    async def fault(stand: Stand) -> None:
        await asyncio.to_thread(stand.kill, name)

    return fault


async def _redis_emptied(stand: Stand) -> None:
    await asyncio.to_thread(stand.redis.kill)
    await asyncio.to_thread(stand.redis.start)


async def _redis_refuses(stand: Stand) -> None:
    with refusing_writes(stand.redis.server.url):
        await asyncio.sleep(READ_ONLY_S)


async def _broker_frozen(stand: Stand) -> None:
    os.kill(stand.redis.server.pid, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_S)
    os.kill(stand.redis.server.pid, signal.SIGCONT)


async def _zeebe_restarted(stand: Stand) -> None:
    await asyncio.to_thread(stand.zeebe.stop)
    await asyncio.to_thread(stand.zeebe.start)


async def _endpoint_refuses(stand: Stand) -> None:
    stand.called.refuse(REFUSED_S)
    await asyncio.sleep(REFUSED_S)
    await until(stand.called.answers, LIMIT_S, every_s=0.05)


FAULTS: Mapping[str, Fault] = {
    **{f"{name}-killed": _killed(name) for name in ("worker", "fetch", "beat", "webhooks", "consume", "all")},
    "redis-emptied": _redis_emptied,
    "redis-refuses": _redis_refuses,
    "broker-frozen": _broker_frozen,
    "zeebe-restarted": _zeebe_restarted,
    "endpoint-refuses": _endpoint_refuses,
}


class Count:
    """Instances whose first task is done: their ids."""

    def __init__(self, gateway: Gateway, job_type: str) -> None:
        self._gateway = gateway
        self._lease = Lease(type=job_type, worker="count", lease_ms=30_000, variables=("id",))
        self.done: set[str] = set()

    async def go_on(self) -> None:
        """Until cancelled."""
        while True:
            try:
                jobs = await self._gateway.activate(self._lease, most=200, wait_s=1)
            except GatewayError:  # Zeebe is away.
                await asyncio.sleep(0.2)
                continue
            self.done |= {str(json.loads(job.variables)["id"]) for job in jobs}
            await asyncio.gather(*(self._complete(job) for job in jobs))

    async def _complete(self, job: Job) -> None:
        with contextlib.suppress(GatewayError):  # Then it comes again, with the same id.
            await self._gateway.report(job, Completed())


def main(options: Sequence[str] = ()) -> int:
    """Break everything once, and print what was left; exit status 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos jobs", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what each fault left there")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs a fault")
    parser.add_argument("--faults", default=",".join(FAULTS), help="only these, comma-separated")
    given = parser.parse_args(options)
    wanted = given.faults.split(",")
    if unknown := set(wanted) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    results = asyncio.run(break_all(wanted, given.jobs, given.json))
    return 0 if all(each.good for each in results) else 1


async def break_all(faults: Sequence[str], jobs: int, file: Path | None = None) -> list[Result]:
    """One after the other, on the same servers and roles; what is left so far is in the file."""
    results: list[Result] = []
    print(f"{'fault':<18}{'jobs':>8}{'lost':>6}{'twice':>7}{'under way':>11}{'recovered s':>13}")
    with tempfile.TemporaryDirectory(prefix="zelery-chaos-") as folder, standing(Path(folder)) as stand:
        async with ZeebeGateway.open(Settings(zeebe_address=stand.zeebe.server.gateway)) as gateway:
            for fault in faults:
                each = await break_one(stand, gateway, fault, jobs)
                results.append(each)
                print(
                    f"{each.fault:<18}{each.jobs:>8}{each.lost:>6}{each.twice:>7}{each.under_way:>11}"
                    f"{each.recovered_s:>13.1f}{'' if each.good else '  FAILED'}",
                    flush=True,
                )
                if file:
                    told = {left.pop("fault"): left for left in map(dataclasses.asdict, results)}
                    await asyncio.to_thread(file.write_text, json.dumps(told, indent=2) + "\n")
    return results


async def break_one(stand: Stand, gateway: Gateway, fault: str, jobs: int) -> Result:
    """Jobs under load, a fault when a tenth of them is done, and what was left."""
    done_type = f"chaos:{fault}:1"
    headers = {"resultExpression": "={ok: response.status = 200}", "retryBackoff": "PT5S"}
    xml = model(fault, "io.camunda:http-json:1", stand.called.url, headers, then=done_type, retries=20)
    await _patiently(lambda: gateway.deploy({f"{fault}.bpmn": xml}))
    stand.called.begin(DELAY_MS)
    count = Count(gateway, done_type)
    making = asyncio.create_task(Load(gateway).backlog(fault, jobs))
    counting = asyncio.create_task(count.go_on())
    limit_s = max(LIMIT_S, jobs * LIMIT_S_PER_1000 / 1000)
    try:
        await until(lambda: len(count.done) >= jobs // 10, limit_s, every_s=0.05)
        under_way = await _under_way(stand, count)
        await FAULTS[fault](stand)
        whole = time.monotonic()
        under_way |= await _under_way(stand, count)
        await until(lambda: under_way <= count.done, limit_s, every_s=0.05)
        recovered_s = time.monotonic() - whole
        await until(lambda: len(count.done) >= jobs, limit_s)
        await making
        twice = (await asyncio.to_thread(stand.called.tell))["twice"]
    finally:
        making.cancel()
        counting.cancel()
        await asyncio.gather(making, counting, return_exceptions=True)
    return Result(
        fault=fault,
        jobs=jobs,
        lost=jobs - len(count.done),
        twice=twice,
        under_way=len(under_way),
        recovered_s=round(recovered_s, 1),
    )


async def _under_way(stand: Stand, count: Count) -> set[str]:
    """Instances that have called, and are not done."""
    return set(await asyncio.to_thread(stand.called.ids)) - count.done


@contextlib.contextmanager
def standing(folder: Path) -> Iterator[Stand]:
    """Servers that keep their ports, and all roles."""
    gateway_port, redis_port, webhook_port = ports.free(3)
    environment = {
        "ZEEBE_ADDRESS": f"{ports.HOST}:{gateway_port}",
        "ZELERY_REDIS_URL": f"redis://{ports.HOST}:{redis_port}/0",
        "ZELERY_LEASE_S": str(LEASE_S),
        "ZELERY_WEBHOOK_PORT": str(webhook_port),
        "ZELERY_WORKER_CONCURRENCY": "50",
    }
    logs = folder / "logs"
    logs.mkdir()
    with contextlib.ExitStack() as held:
        zeebe = Restartable(lambda: local_engine.running(folder / "zeebe", gateway_port))
        held.callback(zeebe.stop)
        redis = Restartable(lambda: local_redis.running(redis_port))
        held.callback(redis.stop)
        called = held.enter_context(endpoint.running())
        roles = [held.enter_context(role(name, environment, logs)) for name in ROLES]
        yield Stand(zeebe=zeebe, redis=redis, roles=roles, called=called)


async def _patiently(call: Callable[[], Awaitable[object]]) -> None:
    """Again while Zeebe pushes back or is not there yet."""
    while True:
        try:
            await call()
        except PushbackError:
            await asyncio.sleep(0.5)
        else:
            return
