from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest

from tasks.execute import execute
from zelery.model import Completed, Failed, Job, Outcome, to_json
from zelery.runtime import Runtime
from zelery.sdk import ConnectorError, Context, Input, OutboundConnector, Settings, outbound
from zelery.sdk.types import NOT_BLANK, Must, Text

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment", "ZELERY_WORKER_THREADS": "2"})


class Greeting(Input):
    name: Annotated[Text, Must(NOT_BLANK)]


@outbound(type="greet", name="Greeter")
async def greet(greeting: Greeting) -> dict[str, Any]:
    return {"said": f"hello {greeting.name}"}


def raising(error: BaseException) -> OutboundConnector:
    @outbound(type="raise", name="Raiser")
    async def run(greeting: Greeting) -> None:
        raise error

    return run


def a_job(variables: str = '{"name": "Ada"}', **headers: str) -> Job:
    return Job(key=1, type="greet", variables=variables, headers={"resultVariable": "r", **headers})


async def outcome_of(job: Job, connector: OutboundConnector, *, timeout_s: float | None = None) -> Outcome:
    async with Runtime.open(SETTINGS, {"SECRET_TOKEN": "t0p"}) as runtime:
        return await execute(job, connector, runtime, timeout_s=timeout_s)


async def test_a_connector_runs_on_the_job_s_input_and_its_response_is_mapped() -> None:
    assert await outcome_of(a_job(), greet) == Completed(variables={"r": {"said": "hello Ada"}})


async def test_secrets_are_in_the_input() -> None:
    found = await outcome_of(a_job('{"name": "{{secrets.TOKEN}}"}'), greet)
    assert found == Completed(variables={"r": {"said": "hello t0p"}})


async def test_secrets_are_in_no_message() -> None:
    found = await outcome_of(a_job('{"name": "{{secrets.TOKEN}}"}'), raising(ValueError("cannot greet t0p")))
    assert isinstance(found, Failed)
    assert found.message == "cannot greet ***"


@pytest.mark.parametrize(
    ("job", "retries", "message"),
    [
        (a_job('{"name": "{{secrets.NOPE}}"}'), 0, "Secret with name 'NOPE' is not available"),
        (a_job('{"name": ""}'), 0, "name: Validation failed. Original message: must not be blank"),
        (a_job('{"name": {}}'), 0, "name. It Must be `String`, not an object"),
        (a_job("{"), 0, "This is not a JSON object"),
        (a_job("null"), 2, "must not be null"),
        (a_job(retryBackoff="soon"), 0, "Failed to parse retry backoff header"),
        (a_job(jobTimeout="soon"), 0, "Failed to parse job timeout header"),
    ],
)
async def test_what_goes_wrong_before_the_run_is_a_failure_and_the_connector_is_not_run(
    job: Job, retries: int, message: str
) -> None:
    found = await outcome_of(job, raising(AssertionError("it was run")))
    assert isinstance(found, Failed)
    assert found.retries == retries
    assert message in found.message


@pytest.mark.parametrize(
    "error",
    [
        ConnectorError("m"),
        ValueError("m"),
        RecursionError("m"),
        MemoryError("m"),
        SystemExit("m"),
        StopAsyncIteration("m"),
        TimeoutError("m"),  # the connector's own, not the job's
        asyncio.CancelledError("m"),  # something in the connector was cancelled, not the job
        ExceptionGroup("m", [ValueError("a"), ValueError("b")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_connector_raises_is_its_job_s_failure(error: BaseException) -> None:
    found = await outcome_of(a_job(), raising(error))
    assert isinstance(found, Failed)
    assert found.retries == 2
    assert "m" in found.message


async def test_a_job_that_is_cancelled_from_outside_has_no_outcome() -> None:
    started = asyncio.Event()

    @outbound(type="wait", name="Waiter")
    async def wait(greeting: Greeting) -> None:
        started.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(outcome_of(a_job(), wait))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize(
    ("headers", "timeout_s", "told"),
    [
        ({}, 0.01, "0.01 s"),
        ({"jobTimeout": "PT0.02S"}, 300.0, "0.02 s"),  # the header comes first
    ],
)
async def test_a_run_is_cancelled_when_its_time_is_up(headers: dict[str, str], timeout_s: float, told: str) -> None:
    ended: list[str] = []

    @outbound(type="wait", name="Waiter")
    async def wait(greeting: Greeting) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    found = await outcome_of(a_job(**headers), wait, timeout_s=timeout_s)
    assert isinstance(found, Failed)
    assert (found.retries, ended) == (2, ["cancelled"])
    assert found.message == f"The connector 'Waiter' did not finish within {told}, the job's timeout, and was stopped"
    assert found.variables["error"]["type"] == "java.util.concurrent.TimeoutException"


async def test_a_blocking_connector_runs_in_a_thread_that_sees_the_context_variables() -> None:
    trace = contextvars.ContextVar("trace", default="none")

    @outbound(type="block", name="Blocker")
    def block(greeting: Greeting) -> dict[str, str]:
        return {"thread": threading.current_thread().name.split("_")[0], "trace": trace.get()}

    trace.set("t-1")
    assert await outcome_of(a_job(), block) == Completed(variables={"r": {"thread": "connector", "trace": "t-1"}})


async def test_a_blocking_connector_that_hangs_fails_its_job_and_keeps_nobody() -> None:
    release = threading.Event()

    @outbound(type="hang", name="Hanger")
    def hang(greeting: Greeting) -> None:
        release.wait(10)

    found = await outcome_of(a_job(), hang, timeout_s=0.01)
    release.set()
    assert isinstance(found, Failed)
    assert "did not finish within 0.01 s" in found.message


@pytest.mark.parametrize(
    "error", [StopIteration("m"), ValueError("m"), SystemExit("m")], ids=lambda e: type(e).__name__
)
async def test_whatever_a_blocking_connector_raises_is_its_job_s_failure(error: BaseException) -> None:
    @outbound(type="raise", name="Raiser")
    def run(greeting: Greeting) -> None:
        raise error

    found = await outcome_of(a_job(), run, timeout_s=5)
    assert isinstance(found, Failed)
    assert "m" in found.message


async def test_the_context_gives_the_job_the_time_left_and_shared_resources() -> None:
    opened: list[str] = []

    @asynccontextmanager
    async def counter(settings: Settings) -> AsyncIterator[list[str]]:
        opened.append(settings.secret_prefix)
        yield opened

    @outbound(type="ask", name="Asker")
    async def ask(greeting: Greeting, context: Context) -> dict[str, Any]:
        shared = await context.use(counter)
        return {"key": context.job.key, "left": 0 < context.remaining_s <= 300, "shared": list(shared)}

    async with Runtime.open(SETTINGS, {}) as runtime:
        found = [await execute(a_job(), ask, runtime) for _ in range(2)]
    assert found == [Completed(variables={"r": {"key": 1, "left": True, "shared": ["SECRET_"]}})] * 2


async def test_a_fault_of_ours_is_an_outcome_too_and_leaves_no_attempt() -> None:
    class Odd(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise LookupError("headers that cannot be read")

    job = Job(key=1, type="greet", variables='{"name": "Ada"}', headers=Odd())
    found = await outcome_of(job, greet)
    assert isinstance(found, Failed)
    assert (found.retries, found.message) == (0, "LookupError: headers that cannot be read")


class Anything(Input):
    value: Any = None


@outbound(type="echo", name="Echo")
async def echo(anything: Anything) -> Any:
    return anything.value


@pytest.mark.parametrize("value", ["[" * 300 + "]" * 300, '"' + "x" * 1_000_000 + '"'], ids=["300 deep", "1 MB"])
async def test_large_and_deep_variables_pass_through(value: str) -> None:
    found = await outcome_of(
        Job(key=1, type="echo", variables=f'{{"value": {value}}}', headers={"resultVariable": "r"}), echo
    )
    assert to_json(found.variables) == f'{{"r":{value}}}'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('"' + "x" * 3_000_000 + '"', "exceeds the 1.5 MB safe variable size limit"),
        ("NaN", "This is not a JSON object"),
    ],
    ids=["100,000 deep", "3 MB", "NaN"],
)
async def test_what_is_too_much_fails_with_a_message(value: str, message: str) -> None:
    found = await outcome_of(
        Job(key=1, type="echo", variables=f'{{"value": {value}}}', headers={"resultVariable": "r"}), echo
    )
    assert isinstance(found, Failed)
    assert (found.retries, message in found.message) == (0, True)


async def test_half_of_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    found = await outcome_of(
        Job(key=1, type="echo", variables='{"value": "a\\ud800b"}', headers={"resultVariable": "r"}), echo
    )
    assert to_json(found.variables) == '{"r":"a?b"}'
