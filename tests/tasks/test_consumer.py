"""What becomes of messages that cannot be used, in a real worker on a real broker."""

from __future__ import annotations

import asyncio
import pathlib
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from tasks.celery import QUEUE, create
from tasks.consumer import EVENTS_S, Consumer, Request
from tests.roles import role
from zelery.settings import Settings

HIDDEN = "card-4111-8222"


def test_a_request_describes_itself_by_the_texts_that_its_sender_chose() -> None:
    message = SimpleNamespace(
        headers={"task": "t", "id": "1-2", "argsrepr": "type | process", "kwargsrepr": ""},
        body=b"",
        content_type="application/json",
        content_encoding="utf-8",
        delivery_info={},
        properties={},
        payload=([{"variables": HIDDEN}], {}, {}),
    )
    task: Any = SimpleNamespace(name="t", ignore_result=True)
    request: Any = Request(message, task=task, app=create(Settings.read({})), hostname="h", on_ack=print)
    for safe in (True, False):  # remote control asks for the unsafe one
        assert (request.info(safe=safe)["args"], request.info(safe=safe)["kwargs"]) == ("type | process", "")


class Hub:
    """Celery's loop, which only remembers what it is to call later."""

    def __init__(self) -> None:
        self.later: list[Any] = []

    def call_later(self, delay_s: float, call: Any) -> Any:
        entry = SimpleNamespace(delay_s=delay_s, call=call, canceled=False)
        self.later.append(entry)
        return entry


def consumer(hub: Hub, flushed: list[str]) -> Any:
    made: Any = object.__new__(Consumer)
    made.hub, made.event_dispatcher = hub, SimpleNamespace(flush=lambda: flushed.append("out"))
    return made


def test_events_wait_for_one_another_and_go_out_together() -> None:
    hub, flushed = Hub(), list[str]()
    of = consumer(hub, flushed)
    for _ in range(3):
        of.on_send_event_buffered()
    assert [entry.delay_s for entry in hub.later] == [EVENTS_S]
    hub.later.pop().call()
    assert flushed == ["out"]
    of.on_send_event_buffered()
    assert len(hub.later) == 1


def test_events_are_sent_also_after_a_new_connection_has_cancelled_all_timers() -> None:
    hub = Hub()
    of = consumer(hub, [])
    of.on_send_event_buffered()
    hub.later[0].canceled = True
    of.on_send_event_buffered()
    assert len(hub.later) == 2


@pytest.mark.integration
async def test_a_message_that_cannot_be_used_is_dropped_and_its_body_is_not_logged(
    redis_url: str, tmp_path: pathlib.Path
) -> None:
    headers = {"lang": "py", "task": "connectors.tests:echo:1", "id": "1-2", "argsrepr": "", "kwargsrepr": ""}
    environment = {"ZELERY_REDIS_URL": redis_url, "ZEEBE_ADDRESS": "127.0.0.1:9", "ZELERY_LOG_LEVEL": "DEBUG"}
    with role("worker", environment, tmp_path) as worker, Connection(redis_url) as connection:
        app = create(Settings.read(environment))
        app.send_task("connectors.not-here:1", args=[{"variables": HIDDEN}], queue=QUEUE, argsrepr="", kwargsrepr="")
        to_queue: dict[str, Any] = {"exchange": "", "routing_key": QUEUE}
        producer = connection.Producer()
        producer.publish({"variables": HIDDEN}, **to_queue)  # no task at all
        producer.publish(  # no JSON
            HIDDEN, headers=headers, content_type="application/json", content_encoding="utf-8", **to_queue
        )
        producer.publish(  # a kind that is not accepted
            HIDDEN.encode(), headers=headers, content_type="application/x-python-serialize", **to_queue
        )
        async with asyncio.timeout(30):
            while worker.said.count("message that cannot be read") < 3 or "not installed here" not in worker.said:
                assert worker.exit_code is None, worker.said
                await asyncio.sleep(0.1)
        assert "connectors.not-here:1" in worker.said
        assert HIDDEN not in worker.said
        assert worker.stop() == 0
