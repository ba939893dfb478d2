"""Kombu's Redis transport, but for one thing: many messages come and go in one round trip.

Kombu takes one message, handles it, and asks for the next; on a busy queue that is most of what taking costs. Messages
are what Celery and kombu send everywhere, so a sender with the plain transport and a worker with this one get along.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from kombu.utils.json import loads
from kombu.utils.uuid import uuid
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, ResponseError
from redis.retry import Retry

from zelery.errors import SettingError
from zelery.logs import logger

log = logger(__name__)

#: Most messages that a worker takes at once: it must not hold what an idle one could run.
TAKE_MAX = 16

#: From a refusal until the server is asked again, seconds, and until the hub's next turn after that.
REFUSED_S = 1.0


class Channel(kombu_redis.Channel):
    """A channel that takes messages with BLMPOP, which Redis has since 7.0."""

    #: Of kombu's; its stubs do not know them.
    client: Any
    sep: str
    priority_steps: list[int]
    global_keyprefix: str
    _queue_cycle: Any
    _q_for_pri: Any
    _flush_brpop_reauth: Any
    connection: Any
    qos: Any
    active_queues: set[str]
    brpop_timeout: int
    connection_errors: tuple[type[Exception], ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tags, self._tag = uuid(), itertools.count()
        self._refused_until = 0.0

    @property
    def supports_batch_publish(self) -> bool:
        """A batch that failed is not sent again, see `_connparams`."""
        return True

    def _next_delivery_tag(self) -> str:
        """One for each message: a random one for each channel, and a number. Kombu reads 16 random bytes each time."""
        return f"{self._tags}.{next(self._tag)}"

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        """redis-py would send commands again whose answer was lost, and jobs would be in the queue twice."""
        return {**super()._connparams(asynchronous), "retry": Retry(NoBackoff(), 0)}  # type: ignore[misc]

    def _brpop_start(self, timeout: int | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues or time.monotonic() < self._refused_until:
            return
        keys = [self._q_for_pri(queue, priority) for priority in self.priority_steps for queue in queues]
        most = min(self.qos.can_consume_max_estimate() or TAKE_MAX, TAKE_MAX)
        self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        command = ["BLMPOP", timeout or self.brpop_timeout or 0, len(keys), *keys, "RIGHT", "COUNT", most]
        if self.global_keyprefix:
            command = self.client._prefix_args(command)  # noqa: SLF001 - as kombu does
        self.client.connection.send_command(*command)

    def _brpop_read(self, **options: Any) -> bool:
        key, messages = self._answer(options)
        queue = key.decode().rsplit(self.sep, 1)[0]
        self._queue_cycle.rotate(queue)
        for message in messages:
            self.connection._deliver(loads(message.decode()), queue)  # noqa: SLF001 - as kombu does
        return True

    def _answer(self, options: dict[str, Any]) -> tuple[bytes, Sequence[bytes]]:
        """What BLMPOP gave: a key, and messages.

        Raises Empty when there were none in time, or the server refused, and SettingError when it has no such command
        for us.
        """
        try:
            answer = self.client.parse_response(self.client.connection, "BLMPOP", **options)
        except self.connection_errors:
            self.client.connection.disconnect()  # Kombu connects anew at its next turn.
            raise
        except ResponseError as error:
            if isinstance(error, NoPermissionError) or "unknown command" in str(error):
                raise SettingError(f"the broker refuses BLMPOP; Zelery needs a Redis from 7.0 on: {error}") from error
            # It is full, or a replica for the moment: what it holds is still there when it gives again.
            log.warning("broker refuses to give messages; trying again", why=str(error), pause_s=REFUSED_S)
            self._refused_until = time.monotonic() + REFUSED_S
            raise Empty from error
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if not answer:
            raise Empty
        key, messages = answer
        return key, messages


class Transport(kombu_redis.Transport):
    """The transport of `redis://` and `rediss://`."""

    Channel = Channel


def use() -> None:
    """Have kombu use it for its scheme, with TLS and without."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
