from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tests.zelery.engine.grpc.calling import Called, calling
from tests.zelery.engine.rules.builder import end, process, service, start
from zelery.camunda.proto import gateway_pb2 as pb
from zelery.engine.engine import Engine
from zelery.engine.errors import Code, Rejected
from zelery.engine.faults import SILENCE_MAX_S, Faults
from zelery.engine.grpc.server import Gateway
from zelery.engine.server import Options, serve

_PROCESS = process("p", start(), service("a"), end())


async def refused(faults: Faults, name: str, times: int = 1) -> int:
    """How many of so many calls are refused."""
    count = 0
    for _ in range(times):
        try:
            await faults(name)
        except Rejected:
            count += 1
    return count


async def test_without_a_fault_all_goes_well() -> None:
    assert await refused(Faults(), "CompleteJob", 10) == 0


async def test_a_fault_refuses_with_its_code_and_reason() -> None:
    faults = Faults()
    faults.add(code="UNAVAILABLE", reason="gone")
    with pytest.raises(Rejected) as found:
        await faults("CompleteJob")
    assert (found.value.code, found.value.reason) == (Code.UNAVAILABLE, "gone")


async def test_a_fault_is_a_busy_broker_unless_it_says_else() -> None:
    faults = Faults()
    faults.add()
    with pytest.raises(Rejected) as found:
        await faults("CompleteJob")
    assert found.value.code is Code.EXCEEDED
    assert "busy" in found.value.reason


async def test_a_fault_is_about_the_calls_that_it_names() -> None:
    faults = Faults()
    faults.add(calls=["CompleteJob"])
    assert await refused(faults, "FailJob", 5) == 0
    assert await refused(faults, "CompleteJob", 5) == 5


async def test_a_fault_is_over_after_the_next_calls() -> None:
    faults = Faults()
    faults.add(next=2, calls=["CompleteJob"])
    assert await refused(faults, "FailJob", 5) == 0
    assert await refused(faults, "CompleteJob", 5) == 2


async def test_a_fault_refuses_a_share_of_the_calls() -> None:
    faults = Faults(seed=1)
    faults.add(share=0.3)
    assert 200 < await refused(faults, "CompleteJob", 1_000) < 400


@pytest.mark.parametrize(("share", "count"), [(0, 0), (1, 20)])
async def test_a_share_of_nothing_or_all_is_just_that(share: float, count: int) -> None:
    faults = Faults()
    faults.add(share=share)
    assert await refused(faults, "CompleteJob", 20) == count


async def test_a_fault_delays_without_refusing() -> None:
    faults = Faults()
    faults.add(delay_ms=60, refuse=False)
    began = time.monotonic()
    assert await refused(faults, "CompleteJob") == 0
    assert time.monotonic() - began >= 0.05


async def test_faults_that_are_cleared_are_over() -> None:
    faults = Faults()
    faults.add()
    faults.clear()
    assert await refused(faults, "CompleteJob") == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"chance": 1}, "chance: no such option of a fault; there are calls, code, delay_ms"),
        ({"code": "TEAPOT"}, "code 'TEAPOT' is none of INVALID_ARGUMENT"),
        ({"share": 1.5}, "share 1.5 is not between 0 and 1"),
        ({"share": -1}, "share -1 is not between 0 and 1"),
        ({"share": float("nan")}, "is not between 0 and 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    faults = Faults()
    with pytest.raises(ValueError, match=re.escape(words)):
        faults.add(**options)
    assert faults.rules == []


async def test_silence_is_no_longer_than_may_be() -> None:
    asked: list[float] = []

    async def silence(seconds: float) -> None:
        asked.append(seconds)

    await Faults(silence).silence(1e9)
    assert asked == [SILENCE_MAX_S]


@pytest.mark.integration
async def test_a_call_over_the_gateway_is_refused_as_the_fault_says() -> None:
    faults = Faults()
    async with calling(faults=faults) as called:
        await called.deploy(_PROCESS)
        faults.add(calls=["CreateProcessInstance"], next=1)
        request = pb.CreateProcessInstanceRequest(bpmnProcessId="p", version=-1)
        status, details = await called.refusal("CreateProcessInstance", request)
        assert status == "RESOURCE_EXHAUSTED"
        assert "busy" in details
        assert not called.engine.state.instances
        await called.start()
        faults.add(calls=["StreamActivatedJobs", "ActivateJobs"], code="UNAVAILABLE")
        pushed = pb.StreamActivatedJobsRequest(type="a", timeout=1_000)
        assert (await called.refusal("StreamActivatedJobs", pushed))[0] == "UNAVAILABLE"


@pytest.mark.integration
async def test_an_engine_that_is_silent_listens_again_on_the_same_port() -> None:
    async with serve(Options(port=0, rest_port=0, faults=True)) as served:
        assert served.faults is not None
        port = served.port
        await served.faults.silence(0.3)
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)
        async with _channel(served.engine, port) as called:
            assert await called.call("Topology", pb.TopologyRequest())


@asynccontextmanager
async def _channel(engine: Engine, port: int) -> AsyncIterator[Called]:
    """A client that waits until the port is listened on."""
    async with grpc.aio.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_reconnect_backoff_ms", 200)]
    ) as channel:
        async with asyncio.timeout(20):
            await channel.channel_ready()
        yield Called(engine, Gateway(engine, version=""), channel)


class Child:
    """An engine in a process of its own, with a journal.

    Args:
        data: The folder of its journal.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.process: asyncio.subprocess.Process
        self.port = 0
        self.rest = ""

    async def start(self) -> None:
        """Start the process, and wait until it has printed its addresses."""
        arguments = ("--port", "0", "--rest-port", "0", "--data", str(self._data), "--faults")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "zelery.engine", *arguments, stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                if found := re.match(r"Gateway +\S+:(\d+) ", line):
                    self.port = int(found[1])
                if found := re.match(r"REST +(http\S+)/v2", line):
                    self.rest = found[1]
                if line.startswith("Journal"):
                    return
        raise AssertionError("the engine has not started")

    async def end(self) -> int:
        """Wait for the end of the process: its exit code."""
        async with asyncio.timeout(20):
            return await self.process.wait()


@pytest.mark.integration
@pytest.mark.parametrize("how", ["crash", "kill"])
async def test_what_was_answered_is_there_after_a_crash(tmp_path: Path, how: str) -> None:
    child = Child(tmp_path)
    await child.start()
    try:
        async with _channel(Engine(), child.port) as called:
            await called.deploy(_PROCESS)
            keys = [await called.start(number=number) for number in range(20)]
            [done, leased] = await called.lease(most=2)
            await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=done.key))
        if how == "crash":
            async with httpx.AsyncClient() as client:
                with pytest.raises(httpx.HTTPError):
                    await client.post(f"{child.rest}/faults/crash", json={})
        else:
            child.process.send_signal(signal.SIGKILL)
        assert await child.end() == (137 if how == "crash" else -signal.SIGKILL)
        await child.start()
        async with _channel(Engine(), child.port) as called:
            jobs = await called.lease(most=50)
            assert [each.processInstanceKey for each in jobs] == keys[2:]
            # The lease outlives the crash, and its worker may still answer.
            await called.call("CompleteJob", pb.CompleteJobRequest(jobKey=leased.key))
            assert (await called.start()) > max(each.key for each in jobs)
    finally:
        if child.process.returncode is None:
            child.process.terminate()
            await child.end()
