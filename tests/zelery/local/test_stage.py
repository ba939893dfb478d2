from __future__ import annotations

import asyncio
import collections
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from rich.console import Console

from tests.fakes import FakeGateway
from zelery.camunda.gateway import Deployed, Ended
from zelery.errors import GatewayError, PushbackError
from zelery.local import stage as stage_module
from zelery.local.orders import Orders
from zelery.local.scenarios import SCENARIOS
from zelery.local.stage import Stage
from zelery.model import DEFAULT_TENANT

#: Those that are started by a command, and end by themselves.
COMMANDED = tuple(each for each in SCENARIOS if not each.by_webhook)
RIGHT = {each.process_id: {"outcome": each.outcome} for each in COMMANDED}


class Engine(FakeGateway):
    """Instances end at once, with what is given here; a missing one does not end in time."""

    def __init__(self, ends: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self.ends = ends
        self.given: list[Mapping[str, Any]] = []

    async def start_and_wait(
        self,
        process_id: str,
        variables: Mapping[str, Any],
        *,
        wait_s: float,
        fetch: Sequence[str] = (),
        version: int = -1,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Ended:
        await asyncio.sleep(0)
        self.given.append(variables)
        if process_id not in self.ends:
            raise PushbackError(f"waiting for an instance of {process_id}: DEADLINE_EXCEEDED")
        return Ended(key=len(self.given), variables=self.ends[process_id])


class Refusing(FakeGateway):
    """Refuses that many deployments."""

    def __init__(self, refusals: int, error: GatewayError) -> None:
        super().__init__()
        self.refusals = refusals
        self.error = error
        self.deployed: list[set[str]] = []

    async def deploy(self, resources: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Deployed]:
        self.deployed.append(set(resources))
        if len(self.deployed) <= self.refusals:
            raise self.error
        return []


def called(instances: int) -> collections.Counter[str]:
    return collections.Counter({each.name: (each.attempts or 7) * instances for each in COMMANDED})


def stage(engine: FakeGateway, calls: Mapping[str, int]) -> Stage:
    return Stage(
        gateway=engine,
        service="http://s",
        calls=calls,
        secret="hidden",
        scenarios=COMMANDED,
        orders=Orders(engine, "http://w"),
        clock=lambda: 7.0,
    )


def shown(given: Stage) -> str:
    written = io.StringIO()
    Console(file=written, width=160).print(given.table())
    return written.getvalue()


async def test_an_engine_that_is_slow_at_first_is_given_the_models_again() -> None:
    engine = Refusing(stage_module.DEPLOYMENTS - 1, PushbackError("slow"))
    await stage(engine, called(0)).deploy()
    assert engine.deployed == [{each.resource for each in COMMANDED}] * stage_module.DEPLOYMENTS


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(PushbackError("still slow"), stage_module.DEPLOYMENTS), (GatewayError("not a model"), 1)],
)
async def test_models_that_are_not_taken_are_an_error(error: GatewayError, attempts: int) -> None:
    engine = Refusing(99, error)
    with pytest.raises(GatewayError, match=str(error)):
        await stage(engine, called(0)).deploy()
    assert len(engine.deployed) == attempts


async def test_an_instance_that_does_not_end_is_a_complaint_with_the_engine_s_words() -> None:
    ends = {process: end for process, end in RIGHT.items() if process != "demo-report"}
    run = stage(Engine(ends), called(1))
    await run.once(1)
    assert list(run.complaints()) == ["report: waiting for an instance of demo-report: DEADLINE_EXCEEDED"]
    assert "✗ 1 wrong" in shown(run)


async def test_one_wrong_instance_is_remembered_after_a_right_one() -> None:
    engine = Engine({**RIGHT, "demo-price": {"outcome": "free"}})
    run = stage(engine, called(2))
    await run.once(1)
    engine.ends = RIGHT
    await run.once(1)
    price = run.tallies[0]
    assert (price.started, price.completed, price.wrong) == (2, 2, 1)
    assert len(run.complaints()) == 1


async def test_a_job_that_ran_too_often_is_a_complaint() -> None:
    run = stage(Engine(RIGHT), called(1) + collections.Counter({"price": 1}))
    await run.once(1)
    assert list(run.complaints()) == ["price: the service was called 2 times, expected 1"]


async def test_right_instances_are_no_complaint_and_each_is_shown_with_its_outcome() -> None:
    run = stage(Engine(RIGHT), called(3))
    await run.once(3)
    assert not run.complaints()
    assert run.first_s == 7.0
    assert all(f"✓ {each.outcome}" in shown(run) for each in COMMANDED)


async def test_every_instance_has_an_order_of_its_own_and_knows_the_service() -> None:
    engine = Engine(RIGHT)
    await stage(engine, called(2)).once(2)
    assert {given["service"] for given in engine.given} == {"http://s"}
    assert len({given["order"] for given in engine.given}) == 2 * len(COMMANDED)


async def test_instances_are_started_again_and_again_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "PERIOD_S", 0)
    run = stage(Engine(RIGHT), called(3))
    running = asyncio.create_task(run.forever())
    while run.tallies[0].started < 3:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_before_anything_ran_there_is_no_first_instance_and_a_table_all_the_same() -> None:
    run = stage(Engine(RIGHT), {})
    assert run.first_s is None
    assert shown(run).count("…") == len(COMMANDED)
