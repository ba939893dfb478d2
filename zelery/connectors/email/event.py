"""A mail as the model's expressions see it (`spec/inbound.md` §5.6). Pure, and for any bytes: senders are strangers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from typing import Any

#: Parts of parts of parts: deeper ones are not looked into.
_DEPTH_MAX = 50

#: Boundaries between parts, times lines: each line is compared with each boundary that it may end. A letter has some
#: ten thousand, a digest of a hundred mails with pictures some millions.
_COMPARED_MAX = 10_000_000


def event(raw: bytes, *, size: int, received: datetime) -> dict[str, Any]:
    """The event of a mail: what it says, its size and when it came as the server says. Without attachments.

    Raises ValueError for a mail whose parts would take too long to tell apart.
    """
    if raw.lower().count(b"boundary") * raw.count(b"\n") > _COMPARED_MAX:
        raise ValueError("it has too many parts for its length")
    try:
        mail = message_from_bytes(raw)
    except RecursionError:
        raise ValueError("its parts are nested too deeply") from None
    headers = [(name, _sent(value)) for name, value in mail.raw_items()]
    return {
        "messageId": _first(headers, "message-id"),
        "fromAddress": parseaddr(_decoded(_first(headers, "from") or ""))[1],
        "headers": [{"key": name, "value": value} for name, value in headers],
        "subject": _subject(headers),
        "size": size,
        "plainTextBody": _text(mail, "text/plain"),
        "htmlBody": _text(mail, "text/html"),
        "attachments": [],
        "receivedDateTime": received.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }


def _first(headers: list[tuple[str, str]], name: str) -> str | None:
    return next((value.strip() for each, value in headers if each.lower() == name), None)


def _sent(value: Any) -> str:
    """A header as it was sent: bytes that are not ASCII are UTF-8, as far as they are."""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _subject(headers: list[tuple[str, str]]) -> str | None:
    subject = _first(headers, "subject")
    return None if subject is None else _decoded("".join(subject.splitlines()))


def _decoded(value: str) -> str:
    """A header with its encoded words as the text that they mean; one that is broken stays as it is."""
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _decode(part, charset or "latin-1") for part, charset in parts)


def _text(mail: Message, kind: str) -> str | None:
    """The first text of a kind that is no attachment; None when there is none."""
    found = next((part for part in _parts(mail, _DEPTH_MAX) if part.get_content_type() == kind), None)
    if found is None:
        return None
    data = found.get_payload(decode=True)
    return _decode(data, found.get_content_charset("utf-8")) if isinstance(data, bytes) else None


def _parts(mail: Message, depth: int) -> Iterator[Message]:
    """What a mail consists of, less attachments; a mail within it is one."""
    parts = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(parts, list):
        for part in parts if depth else ():
            if isinstance(part, Message):
                yield from _parts(part, depth - 1)
    elif mail.get_content_disposition() != "attachment":
        yield mail


def _decode(data: bytes, charset: str) -> str:
    """Text of bytes, whatever charset they claim; what it cannot be is replaced."""
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()  # Some charsets can say half a character.
