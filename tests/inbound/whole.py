"""The whole way: roles as their users start them, over a real cluster, and one who calls their webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import pathlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from tests.roles import RoleProcess, role
from zelery.camunda.gateway import Lease, ZeebeGateway
from zelery.errors import PushbackError
from zelery.local import ports
from zelery.model import Completed
from zelery.settings import Settings

T = TypeVar("T")

DEADLINE_S = 120

#: What callers are told of a cluster that has too much to do.
BUSY = (429, 503, 504)


def orders(process_id: str, mark: int) -> bytes:
    """A webhook starts it, another one continues it by its key, and a job says what it has by then."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="tests">
<bpmn:message id="paid-message" name="{process_id}-paid"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=key"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="{process_id}" isExecutable="true">
<bpmn:startEvent id="start"><bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="tests:hook:1"/>
<zeebe:property name="inbound.context" value="{process_id}-start"/>
<zeebe:property name="resultExpression" value="={{key: body.key, mark: {mark}}}"/>
</zeebe:properties></bpmn:extensionElements></bpmn:startEvent>
<bpmn:intermediateCatchEvent id="paid"><bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="tests:hook:1"/>
<zeebe:property name="inbound.context" value="{process_id}-paid"/>
<zeebe:property name="correlationKeyExpression" value="=body.key"/>
<zeebe:property name="resultExpression" value="={{paid: body.amount}}"/>
</zeebe:properties></bpmn:extensionElements>
<bpmn:messageEventDefinition messageRef="paid-message"/></bpmn:intermediateCatchEvent>
<bpmn:serviceTask id="ship"><bpmn:extensionElements>
<zeebe:taskDefinition type="{process_id}"/></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="paid"/>
<bpmn:sequenceFlow id="f2" sourceRef="paid" targetRef="ship"/>
<bpmn:sequenceFlow id="f3" sourceRef="ship" targetRef="end"/>
</bpmn:process></bpmn:definitions>""".encode()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """Roles that run, and what goes in and comes out."""

    process_id: str
    environment: Mapping[str, str]
    roles: Mapping[str, RoleProcess]
    gateway: ZeebeGateway
    """Straight to the engine."""
    client: aiohttp.ClientSession

    async def call(self, path: str, **body: Any) -> int:
        """A call of `start` or `paid`; its status."""
        async with self.client.post(f"/inbound/{self.process_id}-{path}", json=body) as response:
            await response.read()
            return response.status

    async def takes(self, path: str, **body: Any) -> None:
        """Call until it is taken; only a cluster that is busy may be in the way."""

        async def taken() -> bool:
            status = await self.call(path, **body)
            assert status in (200, *BUSY), status
            return status == 200

        await self.until(taken, f"{path} is not taken")

    async def answers(self, path: str, status: int, **body: Any) -> None:
        """Call until it answers so."""
        await self.until(lambda: self._is(path, status, body), f"{path} does not answer {status}")

    async def _is(self, path: str, status: int, body: Mapping[str, Any]) -> bool:
        return await self.call(path, **body) == status

    async def arrived(self) -> Any:
        """What the next instance has that got as far as the job."""
        lease = Lease(type=self.process_id, worker="test", lease_ms=60_000)
        found: list[Any] = []

        async def one() -> bool:
            with contextlib.suppress(PushbackError):
                for job in await self.gateway.activate(lease, most=1, wait_s=1):
                    found.append(json.loads(job.variables))
                    await self.gateway.report(job, Completed(variables={}))
            return bool(found)

        await self.until(one, "no instance moved on")
        return found[0]

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for something; what the roles said is shown when it does not come."""
        ends = time.monotonic() + DEADLINE_S
        while not await holds():
            said = "\n".join(f"--- {name}\n{process.said[-1500:]}" for name, process in self.roles.items())
            assert time.monotonic() < ends, f"{what}\n{said}"
            await asyncio.sleep(0.1)


@asynccontextmanager
async def way(engine: str, redis_url: str, folder: pathlib.Path, **environment: str) -> AsyncIterator[Way]:
    """`zelery worker`, `beat` and `webhooks` on an engine; the environment says where definitions come from."""
    (port,) = ports.free(1)
    given = {
        "ZEEBE_ADDRESS": engine,
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_WEBHOOK_PORT": str(port),
        "CAMUNDA_CONNECTOR_POLLING_INTERVAL": "1000",
        "CONNECTOR_OUTBOUND_DISABLED": "tests:echo:1,tests:block:1",
        **environment,
    }
    with contextlib.ExitStack() as stack:
        roles = {name: stack.enter_context(role(name, given, folder)) for name in ("webhooks", "worker", "beat")}
        async with (
            ZeebeGateway.open(Settings(zeebe_address=engine)) as gateway,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
        ):
            found = Way(
                process_id=f"orders-{uuid.uuid4().hex}", environment=given, roles=roles, gateway=gateway, client=client
            )
            await found.until(lambda: _says(roles["webhooks"], "serving webhooks"), "webhooks are not served")
            yield found


async def patiently(command: Callable[[], Awaitable[T]]) -> T:
    """Give a command until a Zeebe that is busy takes it."""
    ends = time.monotonic() + DEADLINE_S
    while True:
        try:
            return await command()
        except PushbackError:
            assert time.monotonic() < ends, "Zeebe takes nothing"
            await asyncio.sleep(1)


async def _says(process: RoleProcess, words: str) -> bool:
    return words in process.said
