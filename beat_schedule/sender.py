"""From a due entry to a Celery message, a thousand times a second.

Celery's `send_task` works out for each message what is the same for all messages of a task and a queue. Here that is
done once, and messages leave in kombu's batches: one pipeline to Redis; an AMQP broker gets them one by one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from celery.beat import BeatLazyFunc, ScheduleEntry
from kombu import Connection, Producer, Queue
from kombu.exceptions import BatchPublishError, OperationalError, SerializationError  # type: ignore[attr-defined]  # 5.7

from zelery.errors import UnavailableError
from zelery.fencing import Firing
from zelery.logs import logger
from zelery.schedule import Entry
from zelery.settings import mask_url

log = logger(__name__)

#: What kombu raises beside what the transport does, when the broker is gone.
_LOST: tuple[type[BaseException], ...] = (BatchPublishError, OperationalError, OSError)

#: What sending raises when a user's entry is at fault: its arguments are no JSON, its options are wrong.
_FAULTS = (SerializationError, LookupError, TypeError, ValueError)

#: What RabbitMQ takes as a message's time to live, milliseconds: 32 bits.
_TTL_MS_MAX = 2**32 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fired:
    """An entry to be sent for one of its due times."""

    entry: Entry | ScheduleEntry
    firing: Firing
    now_ms: int
    """From when on its message lasts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Template:
    """What messages of one task in one queue have in common."""

    queue: Queue
    headers: dict[str, Any]
    embedded: dict[str, Any]


class Sender:
    """Sends messages over one connection, which is made by `connect` and gone after an error."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._templates: dict[tuple[str, str | None], _Template] = {}

    @property
    def connected(self) -> bool:
        """Whether there is a broker, as far as is known."""
        return self._producer is not None

    @property
    def address(self) -> str:
        """The broker's, without its password."""
        return mask_url(str(self._app.conf.broker_write_url or self._app.conf.broker_url))

    def connect(self) -> None:
        """Reach the broker, once. Raises UnavailableError."""
        self.close()
        self._connection = self._app.connection_for_write()
        try:
            self._connection.connect()
            self._producer = self._app.amqp.Producer(self._connection, auto_declare=False)
        except _errors(self._connection) as error:
            raise self._away(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.release()
        self._connection = self._producer = None
        self._templates.clear()  # Its queues are declared again on another connection.

    def send(self, batch: Sequence[Fired]) -> None:
        """Send all of them. Raises UnavailableError when the broker went away; how many it got is not known then."""
        producer, connection = self._producer, self._connection
        if producer is None or connection is None:
            raise UnavailableError("the broker was not reached yet")
        try:
            with producer.batch():  # type: ignore[attr-defined]  # new in kombu 5.7
                for fired in batch:
                    self._send(producer, fired)
        except _errors(connection) as error:
            raise self._away(error) from error

    def _away(self, error: BaseException) -> UnavailableError:
        self.close()
        return UnavailableError(f"{error}" or type(error).__name__)

    def _send(self, producer: Producer, fired: Fired) -> None:
        if isinstance(fired.entry, Entry):
            self._send_entry(producer, fired.entry, fired)
            return
        try:
            self._send_plain(producer, fired.entry, fired)
        except _FAULTS as error:
            log.warning("cannot send an entry", entry=fired.entry.name, task=fired.entry.task, why=str(error))

    def _send_entry(self, producer: Producer, entry: Entry, fired: Fired) -> None:
        template = self._template(producer, entry)
        task_id = _task_id(fired.firing)
        producer.publish(
            (entry.args, {}, template.embedded),
            exchange="",
            routing_key=template.queue.name,
            serializer="json",
            headers={
                **template.headers,
                **fired.firing.headers(),
                "id": task_id,
                "root_id": task_id,
                "argsrepr": entry.name,
                "expires": _date(fired.now_ms + entry.lasts_ms).isoformat(),
            },
            delivery_mode=template.queue.exchange.delivery_mode or self._app.conf.task_default_delivery_mode,
            expiration=min(entry.lasts_ms, _TTL_MS_MAX) / 1000,
            correlation_id=task_id,
        )

    def _template(self, producer: Producer, entry: Entry) -> _Template:
        key = entry.task, entry.queue
        if (found := self._templates.get(key)) is None:
            queue = self._app.amqp.queues[entry.queue or self._app.conf.task_default_queue]
            producer.maybe_declare(queue)
            sample = self._app.amqp.create_task_message(
                "", entry.task, (), {}, argsrepr="", kwargsrepr="", ignore_result=True
            )
            found = _Template(queue=queue, headers=sample.headers, embedded=sample.body[2])
            self._templates[key] = found
        return found

    def _send_plain(self, producer: Producer, entry: ScheduleEntry, fired: Fired) -> None:
        """An entry in Celery's own form, with all the options that `send_task` knows."""
        options = dict(entry.options or {})
        options["headers"] = {**options.get("headers", {}), "celery_beat_task": True, **fired.firing.headers()}
        options.setdefault("expires", _date(fired.now_ms + min(fired.firing.lasts_ms, _TTL_MS_MAX)))
        options.setdefault("argsrepr", entry.name)
        options.setdefault("kwargsrepr", "")
        options.setdefault("ignore_result", self._app.conf.task_ignore_result)
        options.setdefault("retry", False)
        args = [_value(each) for each in entry.args or ()]
        kwargs = {name: _value(each) for name, each in (entry.kwargs or {}).items()}
        self._app.send_task(str(entry.task), args, kwargs, producer=producer, **options)


def _task_id(firing: Firing) -> str:
    """Of one due time always the same; short, as an AMQP broker takes no more than 255 bytes, and names may be long."""
    return hashlib.blake2b(f"{firing.due_ms}|{firing.entry}".encode(), digest_size=16).hexdigest()


def _errors(connection: Connection) -> tuple[type[BaseException], ...]:
    """What the broker's client raises when the broker is gone, or refuses what it is told."""
    return *connection.connection_errors, *connection.channel_errors, *_LOST


def _value(given: Any) -> Any:
    """An argument; Celery lets a user write a function that makes it."""
    return given() if isinstance(given, BeatLazyFunc) else given


def _date(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
