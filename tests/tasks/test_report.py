"""One command, tried again while the lease is ours."""

from __future__ import annotations

import pytest

from tasks import report
from tests.fakes import FakeGateway
from zelery.model import Completed, Failed, Job, Outcome


@pytest.fixture
async def gateway() -> FakeGateway:
    return FakeGateway()


async def leased(gateway: FakeGateway, **fields: object) -> Job:
    job = await gateway.put(**fields)
    gateway.waiting.remove(job)
    gateway.leased[job.key] = job
    return job


async def test_a_command_that_zeebe_pushes_back_is_sent_again(gateway: FakeGateway) -> None:
    job = await leased(gateway)
    gateway.busy = 3
    await report.Reporter(gateway).report(job, Completed(), held=lambda: True)
    assert gateway.told == [(job.key, Completed())]


async def test_a_command_is_given_up_when_the_lease_has_ended(gateway: FakeGateway) -> None:
    job = await leased(gateway)
    gateway.busy = 10
    await report.Reporter(gateway).report(job, Completed(), held=lambda: False)
    assert gateway.told == []
    assert gateway.busy == 9


async def test_the_outcome_of_a_job_that_is_gone_is_dropped(gateway: FakeGateway) -> None:
    await report.Reporter(gateway).report(Job(key=77, type="x"), Completed(), held=lambda: True)
    assert gateway.told == []


@pytest.mark.parametrize(
    ("retries", "left"),
    [
        (3, 2),  # an attempt like any other
        (0, 0),  # never below none
    ],
)
async def test_a_refused_outcome_becomes_a_failure_with_zeebes_words(
    gateway: FakeGateway, retries: int, left: int
) -> None:
    job = await leased(gateway, retries=retries)
    gateway.refuses = Completed
    await report.Reporter(gateway).report(job, Completed(), held=lambda: True)
    failure = Failed(retries=left, message="Zeebe refused the outcome: INVALID_ARGUMENT: refused")
    assert gateway.told == [(job.key, failure)]


async def test_a_refused_failure_ends_quietly(gateway: FakeGateway) -> None:
    job = await leased(gateway)
    gateway.refuses = Failed
    outcome: Outcome = Failed(retries=1, message="m")
    await report.Reporter(gateway).report(job, outcome, held=lambda: True)
    assert gateway.told == []
