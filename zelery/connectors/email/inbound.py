"""Mail polling: each mail of a folder is an event, and is marked, deleted or moved after Zeebe has it.

A mail that cannot be correlated stays as it is, and is tried again with the next look. The message id is the mail's
own, so that one that is looked at twice does nothing twice.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from zelery.connectors.email.input import Mail, MailIntervals
from zelery.connectors.email.mailbox import Folder, opened
from zelery.sdk import Handling, InboundContext, polling


@polling(type="io.camunda:connector-email-inbound:1", name="Email Consumer", intervals=MailIntervals)
async def mail(given: Mail, context: InboundContext) -> None:
    """Look once. Raises MailError when the server does not answer as it should."""
    stack = ExitStack()
    try:
        folder = await asyncio.to_thread(stack.enter_context, opened(given))
        uids = await asyncio.to_thread(folder.waiting)
        for uid in uids:
            await _take(folder, uid, context)
    finally:
        await asyncio.to_thread(stack.close)  # The library blocks, at the end too.
    context.up(mails=len(uids))


async def _take(folder: Folder, uid: str, context: InboundContext) -> None:
    event = await asyncio.to_thread(folder.read, uid)
    if event is None:
        return
    context.log("INFO", "new-email", f"Processing mail {event['messageId']}")
    result = await context.correlate(event, message_id=event["messageId"] or None)
    if result.handling in (Handling.ACCEPT, Handling.IGNORE):
        await asyncio.to_thread(folder.done, uid)
