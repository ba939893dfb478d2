"""The gateway against a real Zeebe, and its twin in memory beside it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from tests.fakes import FakeGateway
from tests.models import line_of_tasks
from zelery.camunda.gateway import Gateway, Lease, Message, ZeebeGateway, _translated
from zelery.errors import DuplicateError, GatewayError, NotFoundError, PushbackError
from zelery.model import Completed, Failed, Job, Thrown
from zelery.settings import Settings

Create = Callable[[dict[str, Any]], Awaitable[None]]


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Gateway, str, Create]]:
    """A gateway, a job type of its own, and what creates a job of it."""
    type_ = f"tests:{uuid.uuid4()}:1"
    if request.param == "fake":
        fake = FakeGateway()

        async def put(variables: dict[str, Any]) -> None:
            await fake.put(type=type_, variables=json.dumps(variables), headers={"h": "1"}, element_id="t0")

        yield fake, type_, put
        return
    server = request.getfixturevalue("zeebe")
    async with ZeebeGateway.open(Settings(zeebe_address=server.gateway)) as real:
        process_id = f"p-{uuid.uuid4()}"
        await real.deploy({f"{process_id}.bpmn": line_of_tasks(process_id, type_, headers={"h": "1"})})

        async def start(variables: dict[str, Any]) -> None:
            await real.start(process_id, variables)

        yield real, type_, start


def lease(type_: str, **fields: Any) -> Lease:
    return Lease(**{"type": type_, "worker": "tests", "lease_ms": 60_000, **fields})


async def one(gateway: Gateway, type_: str, **fields: Any) -> Job:
    (job,) = await gateway.activate(lease(type_, **fields), most=1, wait_s=10)
    return job


async def test_a_job_comes_with_the_wanted_variables_its_headers_and_its_element(
    served: tuple[Gateway, str, Create],
) -> None:
    gateway, type_, create = served
    await create({"a": 1, "b": 2})
    job = await one(gateway, type_, variables=("a",))
    assert json.loads(job.variables) == {"a": 1}
    assert (job.type, job.headers, job.element_id, job.retries) == (type_, {"h": "1"}, "t0", 3)


async def test_no_job_is_an_empty_answer(served: tuple[Gateway, str, Create]) -> None:
    gateway, type_, _ = served
    assert list(await gateway.activate(lease(type_), most=1, wait_s=0)) == []


async def test_a_reported_job_is_gone(served: tuple[Gateway, str, Create]) -> None:
    gateway, type_, create = served
    await create({})
    job = await one(gateway, type_)
    await gateway.extend(job, 60_000)
    await gateway.report(job, Completed(variables={"x": 1}))
    with pytest.raises(NotFoundError, match=str(job.key)):
        await gateway.report(job, Completed())
    with pytest.raises(NotFoundError):
        await gateway.extend(job, 1000)


async def test_a_failed_job_comes_back_with_the_attempts_that_are_left(served: tuple[Gateway, str, Create]) -> None:
    gateway, type_, create = served
    await create({})
    job = await one(gateway, type_)
    await gateway.report(job, Failed(retries=1, message="no"))
    again = await one(gateway, type_)
    assert (again.key, again.retries) == (job.key, 1)


async def test_a_thrown_error_ends_the_job(served: tuple[Gateway, str, Create]) -> None:
    gateway, type_, create = served
    await create({})
    await gateway.report(await one(gateway, type_), Thrown(code="E", message="m"))
    assert list(await gateway.activate(lease(type_), most=1, wait_s=0)) == []


async def test_a_stream_brings_jobs_as_they_are_created(served: tuple[Gateway, str, Create]) -> None:
    gateway, type_, create = served
    stream = gateway.stream(lease(type_))
    coming = asyncio.ensure_future(anext(stream))
    while not coming.done():  # A stream needs a moment to be known in the cluster; jobs before it are not pushed.
        await create({"n": 1})
        await asyncio.wait({coming}, timeout=0.5)
    assert json.loads((await coming).variables) == {"n": 1}
    await stream.aclose()  # type: ignore[attr-defined]  # async generators have it


@pytest.mark.integration
async def test_a_gateway_that_is_not_there_is_a_pushback_that_names_what_was_tried() -> None:
    async with ZeebeGateway.open(Settings(zeebe_address="127.0.0.1:1")) as gateway:
        with pytest.raises(PushbackError, match="asking for the topology: UNAVAILABLE"):
            await gateway.topology()


@pytest.mark.integration
async def test_a_model_that_zeebe_does_not_take_is_refused_with_its_words(zeebe: Any) -> None:
    async with ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway:
        assert await gateway.topology() == "8.10.0" or not zeebe.is_engine
        with pytest.raises(GatewayError, match=r"deploying bad\.bpmn: INVALID_ARGUMENT"):
            await gateway.deploy({"bad.bpmn": b"<no/>"})


@pytest.mark.integration
async def test_who_waits_for_an_instance_gets_its_variables_at_its_end_or_is_told_that_it_goes_on(zeebe: Any) -> None:
    async with ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway:
        ends, waits = f"p-{uuid.uuid4()}", f"p-{uuid.uuid4()}"
        await gateway.deploy({f"{ends}.bpmn": line_of_tasks(ends)})
        await gateway.deploy({f"{waits}.bpmn": line_of_tasks(waits, f"tests:{uuid.uuid4()}:1")})
        ended = await gateway.start_and_wait(ends, {"a": 1, "b": [2]}, wait_s=10, version=1)
        assert (ended.key > 0, ended.variables) == (True, {"a": 1, "b": [2]})
        assert (await gateway.start_and_wait(ends, {"a": 1, "b": [2]}, wait_s=10, fetch=("b",))).variables == {"b": [2]}
        with pytest.raises(PushbackError, match=f"waiting for an instance of {waits}"):
            await gateway.start_and_wait(waits, {}, wait_s=0.2)


async def test_a_message_is_taken_once_while_it_is_buffered(served: tuple[Gateway, str, Create]) -> None:
    gateway, name, _ = served
    message = Message(name=name, correlation_key="k", message_id="m", ttl_ms=60_000, variables={"a": 1})
    assert await gateway.publish(message) > 0
    with pytest.raises(DuplicateError) as refused:
        await gateway.publish(message)
    assert refused.value.status == "ALREADY_EXISTS"
    assert await gateway.publish(dataclasses.replace(message, message_id="")) > 0
    assert await gateway.publish(dataclasses.replace(message, message_id="")) > 0


@pytest.mark.parametrize(
    ("status", "details", "kind"),
    [
        (
            "INTERNAL",
            "Unexpected error occurred: Connection RemoteClientConnection{channel=1} was closed",
            PushbackError,
        ),
        ("INTERNAL", "Unexpected error occurred: something else", GatewayError),
        ("UNAVAILABLE", "no details", PushbackError),
        ("INVALID_ARGUMENT", "the document was closed", GatewayError),
    ],
)
def test_a_broker_that_goes_down_behind_its_gateway_is_no_refusal(
    status: str, details: str, kind: type[GatewayError]
) -> None:
    nothing = Metadata()
    told = AioRpcError(StatusCode[status], nothing, nothing, details)
    assert type(_translated(told, "completing job 1")) is kind
