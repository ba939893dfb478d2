"""A queue as its consumer uses it: each call one of SQS's, on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from zelery.sdk import ConnectorError
from zelery.sdk.aws import SQS, Account, Aws

#: Messages that one call takes at most.
BATCH = 10

#: Hosts whose address follows from the region alone.
_AWS = (".amazonaws.com", ".amazonaws.com.cn")

Message = Mapping[str, Any]


def endpoint(url: str) -> str | None:
    """The server of a queue that is not AWS's own: models from before there was a field for it name it only there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None  # SQS says what is wrong with it.
    if parts.scheme not in ("http", "https") or not host or host.endswith(_AWS):
        return None
    return f"{parts.scheme}://{parts.netloc}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Queue:
    """One queue, for one account."""

    aws: Aws
    who: Account
    url: str

    async def check(self) -> None:
        """Raise ConnectorError when the queue is not there, or not for this account."""
        try:
            await self._call("get_queue_attributes", AttributeNames=["ApproximateNumberOfMessages"])
        except ConnectorError as error:
            if error.error_type.endswith(".QueueDoesNotExistException"):
                raise ConnectorError(
                    f"Queue does not exist: {self.url}", error_type="java.lang.RuntimeException"
                ) from None
            raise

    async def receive(
        self, *, wait_s: int, hidden_s: int, attributes: Sequence[str], message_attributes: Sequence[str]
    ) -> list[Message]:
        """Up to ten messages, as soon as there is one; nobody else gets them for `hidden_s` seconds.

        A FIFO queue gives one: nothing behind it in its group is delivered, and so counted, before that is decided.
        It waits in a thread of its own, because a wait that is no longer wanted cannot be ended: what it still brings
        is given back at once, and a process that stops does not wait for it. Raises ConnectorError.
        """
        ask = partial(
            self.aws.ask,
            SQS,
            self.who,
            "receive_message",
            QueueUrl=self.url,
            MaxNumberOfMessages=1 if self.url.endswith(".fifo") else BATCH,
            WaitTimeSeconds=wait_s,
            VisibilityTimeout=hidden_s,
            MessageSystemAttributeNames=attributes,
            MessageAttributeNames=message_attributes,
        )
        answer: Future[dict[str, Any]] = Future()
        threading.Thread(target=self._wait, args=(ask, answer), name="sqs-wait", daemon=True).start()
        messages: list[Message] = (await asyncio.wrap_future(answer)).get("Messages") or []
        return messages

    def _wait(self, ask: partial[dict[str, Any]], answer: Future[dict[str, Any]]) -> None:
        found: dict[str, Any] | ConnectorError = ConnectorError("SQS's answer could not be read")
        try:
            found = ask()
        except ConnectorError as error:
            found = error
        finally:
            wanted = answer.set_running_or_notify_cancel()
            if isinstance(found, ConnectorError):
                if wanted:
                    answer.set_exception(found)
            elif wanted:
                answer.set_result(found)
            elif found.get("Messages"):
                entries = _entries(found["Messages"], VisibilityTimeout=0)
                with contextlib.suppress(ConnectorError):  # Then they come back by themselves, later.
                    self.aws.ask(SQS, self.who, "change_message_visibility_batch", QueueUrl=self.url, Entries=entries)

    async def delete(self, messages: Sequence[Message]) -> None:
        """Take messages out of the queue, up to ten. Raises ConnectorError."""
        _complete(await self._call("delete_message_batch", Entries=_entries(messages)))

    async def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Let nobody get messages, up to ten, for so long from now on. Raises ConnectorError."""
        entries = _entries(messages, VisibilityTimeout=seconds)
        _complete(await self._call("change_message_visibility_batch", Entries=entries))

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return await self.aws.call(SQS, self.who, operation, QueueUrl=self.url, **parameters)


def _entries(messages: Sequence[Message], **fields: Any) -> list[dict[str, Any]]:
    return [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"], **fields}
        for index, message in enumerate(messages)
    ]


def _complete(answer: Mapping[str, Any]) -> None:
    """Raise ConnectorError when a call did not do all that it was asked."""
    for failed in answer.get("Failed") or ():
        raise ConnectorError(f"SQS refused it: {failed.get('Message') or failed.get('Code')}")
