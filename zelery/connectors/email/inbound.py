"""Mail polling: each mail of a folder is an event, and is marked, deleted or moved after Zeebe has it.

A mail that cannot be correlated stays as it is, and is tried again with the next look. The message id is the mail's
own, so that one that is looked at twice does nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, Self, TypeVar, TypeVarTuple

from zelery.connectors.email.event import event
from zelery.connectors.email.input import Mail, MailIntervals
from zelery.connectors.email.mailbox import Mailbox, Waiting, trusted
from zelery.sdk import Handling, InboundContext, Settings, polling

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: How long one look begins with further mails, seconds. The others are first with the next.
LOOK_S = 60.0

#: The largest mail that is read, bytes: what most servers take at most.
MAIL_BYTES_MAX = 25 * 2**20


class Turns:
    """Where looks of this process ended that took too long: no mail waits for ever behind others that stay."""

    def __init__(self) -> None:
        self._after: dict[str, int] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:  # noqa: ARG003 - a resource's signature
        """Shared by the looks of one process."""
        yield cls()

    def ordered(self, executable_id: str, mails: Sequence[Waiting]) -> list[Waiting]:
        """The mails in the order in which they have their turns."""
        after = self._after.pop(executable_id, 0)
        return sorted(mails, key=lambda mail: (mail.uid <= after, mail.uid))

    def ended(self, executable_id: str, mail: Waiting) -> None:
        """A look ended with this mail, and left others."""
        self._after[executable_id] = mail.uid


@polling(type="io.camunda:connector-email-inbound:1", name="Email Consumer", intervals=MailIntervals)
async def mail(given: Mail, context: InboundContext) -> None:
    """Look once. Raises MailError when the server does not answer as it should."""
    tls, turns = await context.use(trusted), await context.use(Turns.open)
    async with _opened(Mailbox(given, tls)) as (box, run):
        mails = await run(box.waiting)
        until = time.monotonic() + LOOK_S
        for each in turns.ordered(context.executable_id, mails):
            handling = await _take(each, box, run, context)
            if handling is Handling.WAIT:  # The cluster is away, for the others too.
                break
            if time.monotonic() > until:
                turns.ended(context.executable_id, each)
                break
    context.up(mails=len(mails))


async def _take(waiting: Waiting, box: Mailbox, run: _Run, context: InboundContext) -> Handling | None:
    """Correlate a mail, and do with it what the model wants; None for one that is passed over."""
    found = await _read(waiting, box, run, context)
    if found is None:
        return None
    message_id = found["messageId"] or box.id_of(waiting)
    context.log("INFO", "new-email", f"Processing mail {message_id}")
    result = await context.correlate(found, message_id=message_id)
    if result.handling in (Handling.ACCEPT, Handling.IGNORE):
        await run(box.done, waiting)
    return result.handling


async def _read(waiting: Waiting, box: Mailbox, run: _Run, context: InboundContext) -> dict[str, Any] | None:
    """A mail as an event; None for one that is gone, and for one that cannot be read."""
    told = f"Mail {waiting.uid} of {waiting.received:%Y-%m-%d %H:%M} stays as it is: "
    if waiting.size > MAIL_BYTES_MAX:
        context.log("ERROR", "mail-polling", f"{told}it has {waiting.size} bytes, and {MAIL_BYTES_MAX} are read")
        return None
    try:
        return await run(_event, box, waiting)
    except ValueError as error:
        context.log("ERROR", "mail-polling", f"{told}{error}")
        return None


def _event(box: Mailbox, waiting: Waiting) -> dict[str, Any] | None:
    """Reading the parts of a large mail takes time that is the thread's."""
    raw = box.read(waiting)
    return None if raw is None else event(raw, size=waiting.size, received=waiting.received)


class _Run(Protocol):
    def __call__(self, step: Callable[[*Ts], T], *arguments: *Ts) -> Awaitable[T]: ...


@contextlib.asynccontextmanager
async def _opened(box: Mailbox) -> AsyncIterator[tuple[Mailbox, _Run]]:
    """An open mailbox, and a thread of its own for it: a server that hangs holds up no other connector.

    Steps run one after the other, the closing last. So a look that is cancelled leaves nothing open, and does not wait
    for it.
    """
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "mail")

    def run(step: Callable[[*Ts], T], *arguments: *Ts) -> Awaitable[T]:
        return loop.run_in_executor(thread, step, *arguments)

    try:
        await run(box.connect)
        await run(box.enter)
        yield box, run
    except asyncio.CancelledError:
        box.cut()
        raise
    finally:
        closed = thread.submit(box.close)
        thread.shutdown(wait=False)
    await asyncio.wrap_future(closed)
