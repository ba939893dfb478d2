"""Celery's consumer and request, as they are but for two things: nobody is shown the body of a message, and events wait
for one another.

Celery writes bodies into its log when it cannot use a message, and answers remote control (`celery inspect active`)
with the arguments of what runs. A job's variables are in there. Both show where the job comes from instead. (Flower
asks for the sender's texts by itself.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.request import Request as CeleryRequest

from zelery.logs import logger

log = logger(__name__)

#: How long events wait for others to go with: no longer than who watches Flower notices.
EVENTS_S = 0.2

#: As many events go out sooner; Celery's own bound is 24.
EVENTS_MAX = 1000


class Request(CeleryRequest):
    """A request that describes itself by the texts its sender chose (`tasks.dispatch.message`)."""

    def info(self, safe: bool = False) -> Any:  # noqa: ARG002 - Celery's signature
        return super().info(safe=True)


class Consumer(CeleryConsumer):
    """A consumer that drops what it cannot use, and says so without its body. Zeebe offers the job again."""

    _waiting: Any = None
    """The timer's entry at which waiting events go out. Celery cancels it when it connects anew."""
    _flush_events: Callable[[], None]
    connection_errors: tuple[type[Exception], ...]
    event_dispatcher: Any
    hub: Any

    def on_send_event_buffered(self) -> None:  # type: ignore[override]  # the stubs are mistaken
        """Events go out in groups. Celery sends those of each turn of its loop, which is one or two at a time."""
        if self.hub and (self._waiting is None or self._waiting.canceled):
            self.event_dispatcher.buffer_limit = EVENTS_MAX
            self._waiting = self.hub.call_later(EVENTS_S, self._send_events)

    def _send_events(self) -> None:
        self._waiting = None
        self._flush_events()

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ARG002 - Celery's signature
        headers = message.headers
        log.error(
            "message for a connector that is not installed here; its job comes back when its lease ends",
            task=headers.get("task"),
            id=headers.get("id"),
        )
        if self.event_dispatcher:
            self.event_dispatcher.send("task-failed", uuid=headers.get("id"), exception="no such connector here")
        message.reject_log_error(log, self.connection_errors)

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ARG002 - as above
        self._drop(message, "no Celery message")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ARG002 - as above
        self._drop(message, type(exc).__name__)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._drop(message, type(exc).__name__)

    def _drop(self, message: Any, why: str) -> None:
        log.error("message that cannot be read; it is dropped", why=why, content_type=message.content_type)
        message.reject_log_error(log, self.connection_errors)
