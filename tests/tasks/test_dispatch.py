"""What a job becomes on the broker."""

from __future__ import annotations

import contextlib
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
import redis as redis_client

from tasks import dispatch as module
from tasks.celery import QUEUE, create
from tasks.dispatch import BatchPublishError, Dispatcher, message
from zelery.model import Job
from zelery.settings import Settings


def job(**fields: object) -> Job:
    deadline_ms = int((time.time() + 60) * 1000)
    known = {
        "key": 7,
        "type": "tests:echo:1",
        "process_id": "order",
        "element_id": "call",
        "process_instance_key": 42,
        "variables": '{"card":"4111-1111"}',
        "deadline_ms": deadline_ms,
    }
    return Job(**{**known, **fields})  # type: ignore[arg-type]  # a table of fields


def test_a_message_is_named_by_the_connector_and_expires_with_the_lease() -> None:
    sent = message(job(deadline_ms=1_800_000_000_123))
    assert sent["name"] == "connectors.tests:echo:1"
    assert sent["task_id"] == "7-1800000000123"
    assert sent["expires"].timestamp() == pytest.approx(1_800_000_000.123)


def test_what_people_see_of_a_message_holds_no_variable() -> None:
    sent = message(job())
    assert sent["argsrepr"] == "tests:echo:1 | order | call | 42 | <default>"
    assert "4111" not in repr({key: value for key, value in sent.items() if key != "args"})


@pytest.mark.integration
async def test_dispatched_jobs_are_messages_in_the_queue_in_their_order(redis_url: str) -> None:
    dispatcher = Dispatcher(create(Settings(redis_url=redis_url)))
    await dispatcher.dispatch([job(key=1), job(key=2)])
    dispatcher.close()
    with redis_client.Redis.from_url(redis_url) as client:
        raw = [json.loads(each) for each in client.lrange(QUEUE, 0, -1)]
    assert [each["headers"]["id"].split("-")[0] for each in reversed(raw)] == ["1", "2"]
    assert all("4111" not in json.dumps(each["headers"]) for each in raw)


class LosesWhatIsSent:
    """An application whose broker goes away as a batch is sent."""

    def __init__(self, cause: Exception) -> None:
        self.batches = 0
        self._cause = cause

    def producer_or_acquire(self) -> Any:
        return contextlib.nullcontext(self)

    supports_batch_publish = True

    def batch(self, max_size: int) -> Any:
        return contextlib.nullcontext(self)

    def send_task(self, **_: Any) -> None: ...

    def flush(self) -> None:
        self.batches += 1
        if self.batches == 1:
            raise BatchPublishError("uncertain") from self._cause

    def connection(self) -> Any:
        return SimpleNamespace(as_uri=lambda: "redis://broker")


@pytest.mark.parametrize(
    ("cause", "batches"),
    [
        (ConnectionResetError("after it was sent"), 1),  # they may be in the queue
        (ConnectionRefusedError("nobody listens"), 2),  # they cannot be
    ],
)
async def test_jobs_that_may_be_in_the_queue_are_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, cause: Exception, batches: int
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    app: Any = LosesWhatIsSent(cause)
    dispatcher = Dispatcher(app)
    await dispatcher.dispatch([job(key=1), job(key=2)])
    dispatcher.close()
    assert app.batches == batches


@pytest.mark.integration
async def test_jobs_whose_leases_end_while_the_broker_is_away_are_left_to_zeebe() -> None:
    dispatcher = Dispatcher(create(Settings(redis_url="redis://127.0.0.1:1/0")))
    await dispatcher.dispatch([job(deadline_ms=int(time.time() * 1000) + 50)])
    dispatcher.close()
