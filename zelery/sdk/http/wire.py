"""HTTP/1.1 as bytes: what goes out for a request, and how an answer is read from a stream.

Written here, and not taken from a client library, because what remote sides receive and what models see of their answers
is a contract down to the byte: header names keep their spelling, values and targets go out as Latin-1, reason phrases
come back as Latin-1, and each way in which an answer can be broken has its own outcome. The libraries at hand write
UTF-8, refuse odd names, or tell broken answers apart by nothing but their message.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator, Sequence

Headers = Sequence[tuple[str, str]]

#: An answer's status line and headers are refused beyond this many bytes. It is also the stream's buffer.
HEAD_BYTES_MAX = 256 * 1024
#: Interim answers (1xx) that are skipped before an answer is refused.
INTERIM_MAX = 20
#: A body is read in pieces of at most this many bytes.
PIECE_BYTES = 64 * 1024

_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) +([0-9]{3})(?: (.*))?", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
#: What the Java client's header formatter makes of line breaks: a header can never become two.
_BREAKS = str.maketrans(dict.fromkeys("\r\n\f\v", " "))
#: Everything that is not visible in Latin-1, nor a tab.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\xa0-\xff\t]")
#: No body follows whatever the headers say.
_BODILESS = (204, 304)


class WireError(Exception):
    """An answer that is no HTTP."""


class NoAnswerError(WireError):
    """The other side left before it answered, or answered something else than HTTP."""


class ProtocolError(WireError):
    """An answer began as HTTP and then broke its rules."""


class CutError(WireError):
    """The other side left before the end of its body."""


class ChunkError(WireError):
    """A chunked body that breaks the rules of chunks."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What comes before an answer's body."""

    status: int
    """Status code, any three digits."""
    reason: str
    """Reason phrase as Latin-1; empty when there is none."""
    headers: Headers
    """In the order and the spelling of the wire."""
    minor: int
    """The version's last digit: 1 for HTTP/1.1."""

    def find(self, name: str) -> str | None:
        """The first value of a header, whatever its case (`name` is lower case)."""
        return next((value for spelled, value in self.headers if spelled.lower() == name), None)

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow on the same connection."""
        wish = (self.find("connection") or "").lower()
        return "close" not in wish if self.minor else "keep-alive" in wish


def head(method: str, target: str, headers: Headers) -> bytes:
    """The bytes of a request up to its body.

    A line break in a value becomes a blank, and what Latin-1 cannot show becomes `?`, one for each UTF-16 unit: as the
    Java client does, and no value can smuggle in a header.
    """
    lines = [f"{method} {visible(target)} HTTP/1.1"]
    lines += [f"{visible(name)}: {visible(value)}" for name, value in headers]
    lines.append("\r\n")
    return "\r\n".join(lines).encode("latin-1")


def visible(text: str) -> str:
    """A text that can stand in a request's head, one character a byte."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSENDABLE.sub(lambda found: "??" if found[0] > "\uffff" else "?", text.translate(_BREAKS))


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The head of the final answer; interim answers before it are skipped.

    Raises NoAnswerError when nothing that is HTTP came, and ProtocolError when it broke off or broke the rules.
    """
    for _ in range(INTERIM_MAX):
        found = parse_head(await _head_bytes(reader))
        if found.status >= 200 or found.status == 101:  # noqa: PLR2004 - RFC 9110: 1xx is interim; 101 is final
            return found
    raise ProtocolError(f"more than {INTERIM_MAX} interim answers")


async def _head_bytes(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not _STATUS_LINE.match(error.partial):
            raise NoAnswerError("the connection was closed without an answer") from None
        raise ProtocolError("the connection was closed within the answer's headers") from None
    except asyncio.LimitOverrunError:
        raise ProtocolError(f"the answer's headers are larger than {HEAD_BYTES_MAX} bytes") from None


def parse_head(data: bytes) -> Head:
    """The head that these bytes are, to the empty line. Raises NoAnswerError or ProtocolError."""
    line, *rest = data[:-4].lstrip(b"\r\n").split(b"\r\n")
    found = _STATUS_LINE.fullmatch(line)
    if not found:
        raise NoAnswerError("the answer does not begin with an HTTP status line")
    headers: list[tuple[str, str]] = []
    for text in b"\r\n".join(rest).decode("latin-1").split("\r\n") if rest else ():
        if text[:1] in (" ", "\t") and headers:  # A folded line belongs to the header before it.
            name, value = headers.pop()
            headers.append((name, f"{value} {text.strip()}".strip()))
            continue
        name, colon, value = text.partition(":")
        if not colon:
            raise ProtocolError("a header without a colon")
        headers.append((name.rstrip(" \t"), value.strip(" \t")))
    reason = (found[3] or b"").decode("latin-1").strip()
    return Head(status=int(found[2]), reason=reason, headers=tuple(headers), minor=int(found[1]))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Framing:
    """How the end of a body is known."""

    length: int | None = None
    """Its bytes; None when the end of the connection ends it, or chunks do."""
    chunked: bool = False
    """Whether it comes in chunks."""

    @property
    def by_close(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return self.length is None and not self.chunked


def framing(method: str, head: Head) -> Framing:
    """How the body of an answer ends. Raises ProtocolError when its headers contradict themselves."""
    if method == "HEAD" or head.status in _BODILESS:
        return Framing(length=0)
    coding = head.find("transfer-encoding")
    if coding is not None and coding.lower() != "identity":
        if coding.lower().rpartition(",")[2].strip() != "chunked":
            raise ProtocolError("a transfer encoding other than chunked")
        return Framing(chunked=True)
    lengths = {value for name, value in head.headers if name.lower() == "content-length"}
    if not lengths:
        return Framing()
    if len(lengths) > 1 or not _LENGTH.fullmatch(next(iter(lengths))):
        raise ProtocolError("a Content-Length that is no number")
    return Framing(length=int(lengths.pop()))


async def read_body(reader: asyncio.StreamReader, frame: Framing) -> AsyncIterator[bytes]:
    """The pieces of a body. Raises CutError or ChunkError when it breaks off."""
    if frame.chunked:
        async for piece in _chunks(reader):
            yield piece
        return
    missing = frame.length
    while missing is None or missing > 0:
        piece = await reader.read(PIECE_BYTES if missing is None else min(missing, PIECE_BYTES))
        if not piece:
            if missing is None:
                return
            raise CutError("the body is shorter than its Content-Length")
        missing = None if missing is None else missing - len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := await _chunk_size(reader):
        missing = size
        while missing:
            piece = await reader.read(min(missing, PIECE_BYTES))
            if not piece:
                raise ChunkError(f"Truncated chunk (expected size: {size}; actual size: {size - missing})")
            missing -= len(piece)
            yield piece
        if await _line(reader, "Unexpected end of chunk") != b"":
            raise ChunkError("CRLF expected at end of chunk")
    while await _line(reader, "Unexpected end of trailers"):  # Trailers are nothing that a model sees.
        pass


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    try:
        line = await _line(reader)
    except EOFError:
        raise CutError("the body ended without its closing chunk") from None
    found = _CHUNK_SIZE.fullmatch(line)
    if not found:
        raise ChunkError(f"Bad chunk header: {line[:40].decode('latin-1')}")
    return int(found[1], 16)


async def _line(reader: asyncio.StreamReader, cut: str | None = None) -> bytes:
    try:
        return (await reader.readuntil(b"\n"))[:-1].removesuffix(b"\r")
    except asyncio.LimitOverrunError:
        raise ChunkError("a line between chunks that does not end") from None
    except asyncio.IncompleteReadError:
        if cut is None:
            raise EOFError from None
        raise ChunkError(cut) from None
