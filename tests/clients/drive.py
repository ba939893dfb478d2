"""The facts of `facts.py` as clients written in Python see them, each through an adapter with the same few calls."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

JSON = Mapping[str, Any]
Found = Sequence[Any]

#: How long a poll waits for a job that is there, and for one that is not.
_WAIT_MS, _SHORT_MS = 10_000, 300

#: How long searches may take to hear of something, and how often they are asked, seconds.
_PATIENCE_S, _PAUSE_S = 10, 0.2

_JOBS = 12


class Job(Protocol):
    """What a worker's handler is given."""

    variables: JSON
    key: str

    async def fail(self, retries: int, backoff_ms: int) -> None: ...


class Client(Protocol):
    """What an adapter does: plain answers, keys as text, `StatusError` for a status that is none of success."""

    async def topology(self) -> JSON: ...
    async def deploy(self, file: Path) -> Sequence[tuple[str, int]]: ...
    async def start(self, process: str, variables: JSON) -> str: ...
    async def result(self, process: str, variables: JSON, *, fetch: Sequence[str] = (), ms: int = 20_000) -> JSON: ...
    async def activate(self, job_type: str, most: int, wait_ms: int) -> Sequence[JSON]: ...
    async def complete(self, key: str, variables: JSON) -> None: ...
    async def fail(self, key: str, *, retries: int, backoff_ms: int, message: str, variables: JSON) -> None: ...
    async def throw(self, key: str, code: str, variables: JSON) -> None: ...
    async def publish(self, name: str, key: str, message_id: str, variables: JSON) -> None: ...
    async def signal(self, name: str, variables: JSON) -> None: ...
    async def cancel(self, key: str) -> None: ...
    def work(
        self, job_type: str, handle: Callable[[Job], Awaitable[None]], *, stream: bool
    ) -> AbstractAsyncContextManager[None]: ...


class FullClient(Client, Protocol):
    """What an adapter does whose client has every call of REST v2."""

    async def complete_ad_hoc(self, key: str, activate: Sequence[JSON], *, done: bool) -> None: ...
    async def update_job(self, key: str, changeset: JSON) -> None: ...
    async def correlate(self, name: str, key: str) -> str: ...
    async def set_variables(self, scope: str, variables: JSON) -> None: ...
    async def resolve(self, incident: str) -> None: ...
    async def assign(self, task: str, assignee: str) -> None: ...
    async def complete_task(self, task: str, variables: JSON) -> None: ...
    async def remove(self, resource: str) -> None: ...
    async def search(self, kind: str, request: JSON) -> JSON: ...
    async def xml(self, definition: str) -> str: ...
    async def definition(self, key: str) -> JSON: ...
    async def get(self, kind: str, key: str) -> JSON: ...


class StatusError(Exception):
    """A call that was answered by a status."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """The model as one client deploys it."""

    client: Any
    """A `Client`, or a `FullClient` for the facts that need one."""
    prefix: str
    model: Path

    def id(self, name: str) -> str:
        """A name of the model's, as this client deployed it."""
        return f"{self.prefix}-{name}"

    def plain(self, name: str) -> str:
        """A name as the model has it."""
        return name.removeprefix(f"{self.prefix}-")

    async def job(self, name: str) -> JSON:
        """The next job of a type."""
        jobs: Sequence[JSON] = await self.client.activate(self.id(name), 1, _WAIT_MS)
        return jobs[0]

    async def found(self, kind: str, filters: JSON, count: int = 1, **request: Any) -> Found:
        """What a search finds, when it finds at least so many (0: none); else what it found at last."""

        async def ask() -> Found:
            answer: JSON = await self.client.search(kind, {"filter": filters, **request})
            return list(answer["items"])

        found: Found = await until(ask, lambda items: len(items) >= count if count else not items)
        return found


async def until(ask: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    """Asks until the answer is as wanted, for searches hear of what happens a moment later; else the last answer."""
    end = asyncio.get_running_loop().time() + _PATIENCE_S
    while not wanted(answer := await ask()) and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_PAUSE_S)
    return answer


async def refusal(call: Awaitable[Any]) -> str:
    """The status with which a call is refused; "OK" when it is not."""
    try:
        await call
    except StatusError as refused:
        return str(refused)
    return "OK"


Step = Callable[[Shop], Awaitable[Any]]


async def seen(shop: Shop, steps: Mapping[str, Step], without: Collection[str] = ()) -> JSON:
    """What a client saw, by fact. A call that is refused is a fact too."""
    found: dict[str, Any] = {}
    for name, step in steps.items():
        if name not in without:
            try:
                found[name] = await step(shop)
            except StatusError as refused:
                found[name] = str(refused)
    return found


async def _topology(shop: Shop) -> JSON:
    topology = await shop.client.topology()
    partitions = [partition for broker in topology["brokers"] for partition in broker["partitions"]]
    return {
        "brokers": len(topology["brokers"]) == topology["clusterSize"],
        "healthy": all(partition["health"] == "healthy" for partition in partitions),
    }


async def _deployed(shop: Shop) -> list[str]:
    return sorted(shop.plain(process) for process, _ in await shop.client.deploy(shop.model))


async def _deployed_again(shop: Shop) -> list[int]:
    return sorted({version for _, version in await shop.client.deploy(shop.model)})


async def _broken_model(shop: Shop) -> str:
    broken = shop.model.with_name("broken.bpmn")
    broken.write_text("<definitions>", encoding="utf-8")
    return await refusal(shop.client.deploy(broken))


async def _activated(shop: Shop) -> JSON:
    key = await shop.client.start(shop.id("order"), {"orderId": "j-1", "total": 12.5})
    job = dict(await shop.job("charge"))
    await shop.client.cancel(key)
    own = job.pop("instance") == key
    del job["key"]
    return {**job, "type": shop.plain(job["type"]), "process": shop.plain(job["process"]), "own_instance": own}


async def _failed(shop: Shop) -> JSON:
    key = await shop.client.start(shop.id("bulk"), {"n": 0})
    job = await shop.job("pack")
    await shop.client.fail(job["key"], retries=1, backoff_ms=1000, message="no box", variables={"tried": True})
    at_once = await shop.client.activate(shop.id("pack"), 1, _SHORT_MS)
    again = await shop.job("pack")
    await shop.client.cancel(key)
    return {"at_once": len(at_once), "retries": again["retries"], "variables": again["variables"]}


async def _thrown(shop: Shop) -> JSON:
    async with asyncio.TaskGroup() as group:
        result = group.create_task(shop.client.result(shop.id("order"), {"orderId": "j-2"}))
        await shop.client.throw((await shop.job("charge"))["key"], "DECLINED", {"why": "poor"})
    return result.result()  # type: ignore[no-any-return]


async def _completed_twice(shop: Shop) -> str:
    await shop.client.start(shop.id("bulk"), {"n": 2})
    job = await shop.job("pack")
    await shop.client.complete(job["key"], {})
    return await refusal(shop.client.complete(job["key"], {}))


def _worked(*, stream: bool) -> Step:
    """Each job once; the first of them fails once, and comes again."""

    async def step(shop: Shop) -> list[int]:
        done: set[str] = set()
        failed: set[str] = set()

        async def handle(job: Job) -> None:
            if job.variables["n"] == 0 and job.key not in failed:
                failed.add(job.key)
                await job.fail(1, _SHORT_MS)
            else:
                done.add(job.key)

        async def count() -> int:
            return len(done)

        async with shop.client.work(shop.id("pack"), handle, stream=stream):
            for n in range(_JOBS):
                await shop.client.start(shop.id("bulk"), {"n": n})
            await until(count, lambda size: size == _JOBS)
        return [len(done), len(failed)]

    return step


async def _shipped(shop: Shop) -> JSON:
    async with asyncio.TaskGroup() as group:
        result = group.create_task(shop.client.result(shop.id("order"), {"orderId": "m-1"}))
        await shop.client.complete((await shop.job("charge"))["key"], {"receipt": 7})
        await shop.client.publish(shop.id("paid"), "m-1", "one", {"by": "card"})
        await shop.client.complete((await shop.job("ship"))["key"], {"parcel": {"weight": 1.5}})
    return result.result()  # type: ignore[no-any-return]


async def _published_twice(shop: Shop) -> str:
    await shop.client.publish(shop.id("paid"), "m-2", "same", {})
    return await refusal(shop.client.publish(shop.id("paid"), "m-2", "same", {}))


#: Facts for which a `Client` is enough.
STEPS: Mapping[str, Step] = {
    "topology": _topology,
    "deployed": _deployed,
    "deployed_again": _deployed_again,
    "broken_model": _broken_model,
    "unknown_process": lambda shop: refusal(shop.client.start(shop.id("nowhere"), {})),
    "result": lambda shop: shop.client.result(shop.id("double"), {"a": 21}),
    "result_fetched": lambda shop: shop.client.result(shop.id("double"), {"a": 21}, fetch=["doubled"]),
    "result_late": lambda shop: refusal(shop.client.result(shop.id("ask"), {}, ms=500)),
    "activated": _activated,
    "failed": _failed,
    "thrown": _thrown,
    "completed_twice": _completed_twice,
    "worked": _worked(stream=False),
    "worked_by_stream": _worked(stream=True),
    "shipped": _shipped,
    "published_twice": _published_twice,
}
