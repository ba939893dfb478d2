"""Messages as workers get them, through either broker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import Celery
from celery.beat import BeatLazyFunc, ScheduleEntry
from celery.schedules import crontab

from beat_schedule.sender import Fired, Sender
from tests.servers.rabbitmq import RabbitMQServer
from zelery.errors import UnavailableError
from zelery.fencing import Firing
from zelery.local import ports
from zelery.schedule import Entry

pytestmark = pytest.mark.integration

#: A message that has expired would not arrive, and this is read when tests are collected, long before they run.
NOW_MS = int(time.time()) * 1000 + 3 * 3_600_000


def application(broker: str) -> Celery:
    app = Celery("tests", broker=broker, set_as_current=False)
    app.conf.update(task_default_queue="tests.default", timezone="UTC")
    return app


@contextlib.contextmanager
def sender(app: Celery) -> Iterator[Sender]:
    opened = Sender(app)
    opened.connect()
    try:
        yield opened
    finally:
        opened.close()


def fired(entry: Entry | ScheduleEntry, due_ms: int = NOW_MS, lasts_ms: int = 5000) -> Fired:
    firing = Firing(entry=str(entry.name), due_ms=due_ms, token=7, lasts_ms=lasts_ms)
    return Fired(entry=entry, firing=firing, now_ms=NOW_MS)


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> str:
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    server: RabbitMQServer = request.getfixturevalue("rabbitmq")
    return server.url


def test_a_batch_arrives_in_its_order_with_its_headers_and_arguments(broker: str) -> None:
    app = application(broker)
    # Longer than AMQP lets an id be: it is only the text that people see.
    entries = [
        Entry(name=f"{'long' * 100} {n}", task="inbound.poll", interval_ms=60_000, args=({"n": n}, "ä"))
        for n in range(3)
    ]
    with sender(app) as opened, app.connection_for_read() as connection:
        opened.send([fired(entry) for entry in entries])
        queue = connection.SimpleQueue("tests.default")
        messages = [queue.get(timeout=10) for _ in entries]
        for message in messages:
            message.ack()
        queue.close()
    assert [message.headers["argsrepr"] for message in messages] == [entry.name for entry in entries]
    assert [message.payload[0] for message in messages] == [[{"n": n}, "ä"] for n in range(3)]
    assert [Firing.of(message.headers) for message in messages] == [fired(entry).firing for entry in entries]
    assert len({message.headers["id"] for message in messages}) == 3


def test_the_same_due_time_has_the_same_id_and_another_has_another(broker: str) -> None:
    app, entry = application(broker), Entry(name="a", task="t", interval_ms=60_000, queue="tests.ids")
    with sender(app) as opened, app.connection_for_read() as connection:
        opened.send([fired(entry), fired(entry), fired(entry, NOW_MS + 1)])
        queue = connection.SimpleQueue("tests.ids")
        first, second, third = (queue.get(timeout=10) for _ in range(3))
        for message in (first, second, third):
            message.ack()
        queue.close()
    assert first.headers["id"] == second.headers["id"] != third.headers["id"]


def test_an_entry_in_celerys_form_keeps_its_options_and_its_lazy_arguments(broker: str) -> None:
    app = application(broker)
    plain = ScheduleEntry(
        name="report",
        task="report",
        schedule=crontab(),
        args=(BeatLazyFunc(str.upper, "lazy"), 2),
        kwargs={"to": "ann"},
        options={"queue": "tests.theirs", "headers": {"x-theirs": "1"}, "priority": 3},
        app=app,
    )
    with sender(app) as opened, app.connection_for_read() as connection:
        opened.send([fired(plain)])
        queue = connection.SimpleQueue("tests.theirs")
        message = queue.get(timeout=10)
        message.ack()
        queue.close()
    assert message.payload[:2] == [["LAZY", 2], {"to": "ann"}]
    assert message.headers["x-theirs"] == "1"
    assert message.headers["argsrepr"] == "report"
    assert message.headers["expires"] == datetime.fromtimestamp(NOW_MS / 1000 + 5, UTC).isoformat()
    assert str(message.properties["priority"]) == "3"


def test_what_ticks_once_a_year_is_sent_too(broker: str) -> None:
    app = application(broker)
    year_ms = 366 * 24 * 3600 * 1000  # longer than RabbitMQ keeps a message
    yearly = ScheduleEntry(
        name="b", task="t", schedule=crontab(0, 0, "*", 1, 1), options={"queue": "tests.yearly"}, app=app
    )
    entry = Entry(name="a", task="t", interval_ms=year_ms, queue="tests.yearly")
    with sender(app) as opened, app.connection_for_read() as connection:
        opened.send([fired(entry, lasts_ms=year_ms), fired(yearly, lasts_ms=year_ms)])
        queue = connection.SimpleQueue("tests.yearly")
        messages = [queue.get(timeout=10) for _ in range(2)]
        for message in messages:
            message.ack()
        queue.close()
    assert [message.headers["argsrepr"] for message in messages] == ["a", "b"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_an_error_that_may_heal(scheme: str) -> None:
    (port,) = ports.free(1)
    opened = Sender(application(f"{scheme}://ann:hunter2@127.0.0.1:{port}//"))
    with pytest.raises(UnavailableError) as raised:
        opened.connect()
    assert not opened.connected
    assert "hunter2" not in f"{raised.value} {opened.address}"
    with pytest.raises(UnavailableError, match="not reached yet"):
        opened.send([])


def test_a_connection_that_breaks_is_noticed_and_made_anew(redis_url: str) -> None:
    app, entry = application(redis_url), Entry(name="a", task="t", interval_ms=60_000, queue="tests.again")
    with sender(app) as opened:
        opened.send([fired(entry)])
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            channel.client.client_kill_filter(_type="normal", skipme=True)
            with contextlib.suppress(UnavailableError):  # kombu's client may notice and connect again by itself
                opened.send([fired(entry)])
        opened.connect()
        opened.send([fired(entry)])
        assert opened.connected
