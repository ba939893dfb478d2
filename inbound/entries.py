"""From executables to entries of the schedule. Pure: the clock fires them, `polling` works on them."""

from __future__ import annotations

import dataclasses

from inbound.executables import Element, Executable, State
from zelery.camunda.definitions.port import ElementInstance
from zelery.schedule import INTERVAL_MS_MIN, Entry
from zelery.sdk.inbound import Kind

#: The Celery tasks: look once; search for waiting instances; look once for one of them.
POLL, LOOKUP, POLL_INSTANCE = "inbound.poll", "inbound.lookup", "inbound.poll_instance"

#: The queue of looks, and that of the reconciler, which must not wait behind them. Workers serve both beside the
#: connectors' own.
QUEUE, CONTROL_QUEUE = "zelery.inbound", "zelery.control"

#: How long a message may wait for a worker at least, milliseconds. With short intervals and busy workers, messages that
#: expired sooner would each be too old by the time that a worker comes to them: nothing would run any more.
PATIENCE_MS = 10_000


def name_of(executable: Executable) -> str:
    """What the names of an executable's entries begin with: another one when its elements are others."""
    return f"{executable.describe()} | {executable.id[:12]}"


def entry_of(executable: Executable) -> Entry | None:
    """The one entry of an executable that polls: it looks, or where it looks once for each, it searches for those."""
    if executable.kind != Kind.POLLING or executable.state is not State.ACTIVE:
        return None
    per_instance = executable.lookup_ms is not None
    interval_ms = executable.lookup_ms if per_instance else executable.every_ms
    return Entry(
        name=name_of(executable),
        task=LOOKUP if per_instance else POLL,
        interval_ms=max(interval_ms or 0, INTERVAL_MS_MIN),
        args=(executable.id,),
        queue=QUEUE,
        expires_ms=max(interval_ms or 0, PATIENCE_MS),
    )


def entry_of_instance(executable: Executable, element: Element, waiting: ElementInstance) -> Entry:
    """The entry of one instance that waits at an element."""
    return Entry(
        name=f"{name_of(executable)} | {element.element_id} | {waiting.key}",
        task=POLL_INSTANCE,
        interval_ms=max(executable.every_ms or 0, INTERVAL_MS_MIN),
        args=(executable.id, element.element_id, dataclasses.asdict(waiting)),
        queue=QUEUE,
        expires_ms=max(executable.every_ms or 0, PATIENCE_MS),
    )
