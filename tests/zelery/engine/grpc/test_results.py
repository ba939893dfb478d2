"""Instances that are started and waited for over the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from tests.zelery.engine.grpc.calling import Called, calling
from tests.zelery.engine.rules.builder import end, process, script, service, start
from zelery.camunda.proto import gateway_pb2 as pb

pytestmark = pytest.mark.integration

_CALL = "CreateProcessInstanceWithResult"


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    async with calling() as called:
        await called.deploy(
            process("p", start(), service("a"), end()), process("q", start(), script("s", "= x + 1", "y"), end())
        )
        yield called


def _request(process_id: str, timeout: int = 20_000, **more: Any) -> pb.CreateProcessInstanceWithResultRequest:
    created = pb.CreateProcessInstanceRequest(bpmnProcessId=process_id, version=-1, variables='{"x": 1}')
    return pb.CreateProcessInstanceWithResultRequest(request=created, requestTimeout=timeout, **more)


async def test_an_instance_that_ends_at_once_is_answered_with_its_variables(called: Called) -> None:
    answer = await called.call(_CALL, _request("q"))
    assert json.loads(answer.variables) == {"x": 1, "y": 2}
    assert (answer.bpmnProcessId, answer.version, answer.tenantId) == ("q", 1, "<default>")
    assert answer.processInstanceKey


async def test_the_variables_that_are_fetched_are_answered(called: Called) -> None:
    answer = await called.call(_CALL, _request("q", fetchVariables=["y", "none"]))
    assert json.loads(answer.variables) == {"y": 2}


async def test_an_instance_that_waits_is_answered_when_it_ends(called: Called) -> None:
    waiting = asyncio.create_task(called.call(_CALL, _request("p")))
    [job] = await called.lease(requestTimeout=20_000)
    assert not waiting.done()
    await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key, variables='{"z": 3}'))
    answer = await waiting
    assert json.loads(answer.variables) == {"x": 1, "z": 3}
    assert answer.processInstanceKey == job.processInstanceKey


async def test_an_instance_that_does_not_end_in_time_goes_on(called: Called) -> None:
    status, details = await called.refusal(_CALL, _request("p", 50))
    assert status == "DEADLINE_EXCEEDED"
    assert "50 ms" in details
    [job] = await called.lease()
    await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key))
    assert not called.engine.state.instances


async def test_an_instance_that_is_canceled_is_answered_with_a_refusal(called: Called) -> None:
    waiting = asyncio.create_task(called.call(_CALL, _request("p")))
    [job] = await called.lease(requestTimeout=20_000)
    cancel = pb.CancelProcessInstanceRequest(processInstanceKey=job.processInstanceKey)
    await called.call("CancelProcessInstance", cancel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await waiting
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert str(job.processInstanceKey) in (refused.value.details() or "")


async def test_an_instance_that_cannot_be_started_is_refused_at_once(called: Called) -> None:
    assert (await called.refusal(_CALL, _request("none")))[0] == "NOT_FOUND"


async def test_many_wait_each_for_its_own(called: Called) -> None:
    waiting = [asyncio.create_task(called.call(_CALL, _request("p"))) for _ in range(20)]
    jobs: list[Any] = []
    while len(jobs) < 20:
        jobs += await called.lease(requestTimeout=20_000, most=20)
    for job in reversed(jobs):
        variables = json.dumps({"mine": job.processInstanceKey})
        await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=job.key, variables=variables))
    for answer in await asyncio.gather(*waiting):
        assert json.loads(answer.variables)["mine"] == answer.processInstanceKey
