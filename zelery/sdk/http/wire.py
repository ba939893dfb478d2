"""HTTP/1.1 as bytes: what goes out for a request, and how an answer is read.

Written here, and not taken from a client library, because what remote sides receive and what models see of answers is a
contract down to the byte: header names keep their spelling, values and targets go out as Latin-1, reason phrases come
back as Latin-1, and each way in which an answer can be broken has its own outcome. The libraries at hand write UTF-8,
refuse odd names, or tell broken answers apart by nothing but their message. It costs no more than the fastest of them:
about 0.1 ms of CPU for a whole call, as aiohttp alone; httpx over aiohttp takes 0.28 ms (same server and machine).

    WireError
    ├── UnreachableError  no connection: refused, unknown, not trusted
    ├── SlowError         no connection, or no answer, in time
    ├── NoAnswerError     the other side left before it answered, or answered something else than HTTP
    ├── ProtocolError     an answer that began as HTTP and then broke its rules
    └── BodyError         an answer whose body could not be read
        ├── CutError      … because the other side left before its end
        └── TooLargeError … because it is larger than allowed
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from zelery.sdk.http.channel import Channel

Headers = Sequence[tuple[str, str]]

#: An answer's status line and headers are refused beyond this many bytes.
HEAD_BYTES_MAX = 256 * 1024
#: A line between chunks is refused beyond this many bytes.
LINE_BYTES_MAX = 16 * 1024
#: Interim answers (1xx) that are skipped before an answer is refused.
INTERIM_MAX = 20

_HEAD_END = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) +([0-9]{3})(?: (.*))?", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
#: What the Java client's header formatter makes of line breaks: a header can never become two.
_BREAKS = str.maketrans(dict.fromkeys("\r\n\f\v", " "))
#: Everything that is not visible in Latin-1, nor a tab.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\xa0-\xff\t]")
#: No body follows whatever the headers say.
_BODILESS = (204, 304)
_SWITCHING, _FINAL_FROM = 101, 200


class WireError(Exception):
    """A request that came to no answer."""


class UnreachableError(WireError):
    """There is no connection."""


class SlowError(WireError):
    """No connection, or no answer, in time."""


class NoAnswerError(WireError):
    """The connection was closed without an answer."""


class ProtocolError(WireError):
    """The answer breaks HTTP's rules."""


class BodyError(WireError):
    """The answer's body could not be read."""


class CutError(BodyError):
    """The answer's body is shorter than announced."""


class TooLargeError(BodyError):
    """The answer's body is larger than allowed."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What comes before an answer's body."""

    status: int
    """Status code, any three digits."""
    reason: str = ""
    """Reason phrase as Latin-1; empty when there is none."""
    headers: Headers = ()
    """In the order and the spelling of the wire."""
    minor: int = 1
    """The version's last digit: 1 for HTTP/1.1."""

    def find(self, name: str) -> str | None:
        """The first value of a header, whatever its case (`name` is lower case)."""
        return next((value for spelled, value in self.headers if spelled.lower() == name), None)

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow on the same connection."""
        wish = (self.find("connection") or "").lower()
        return "close" not in wish if self.minor else "keep-alive" in wish


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


def request(method: str, target: str, headers: Headers, data: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {visible(target)} HTTP/1.1", *[f"{visible(name)}: {visible(value)}" for name, value in headers]]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + data


def visible(text: str) -> str:
    """A text as it can stand in a request's head, so that no value can smuggle in a header.

    A line break becomes a blank, and what Latin-1 cannot show becomes `?`, one for each UTF-16 unit, as the Java client
    writes it.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSENDABLE.sub(lambda found: "??" if found[0] > "\uffff" else "?", text.translate(_BREAKS))


async def read_head(channel: Channel, *, wait_s: float | None) -> Head:
    """The head of the final answer; interim answers before it are skipped. `wait_s` is for each piece that arrives.

    Raises SlowError, NoAnswerError when nothing that is HTTP came, and ProtocolError when it broke the rules.
    """
    for _ in range(INTERIM_MAX):
        found = parse_head(await _head_bytes(channel, wait_s))
        if found.status >= _FINAL_FROM or found.status == _SWITCHING:
            return found
    raise ProtocolError(f"more than {INTERIM_MAX} interim answers")


def parse_head(data: bytes) -> Head:
    """The head that these bytes are, up to the empty line. Raises NoAnswerError or ProtocolError."""
    line, _, rest = data.lstrip(b"\r\n").partition(b"\r\n")
    found = _STATUS_LINE.fullmatch(line)
    if not found:
        raise NoAnswerError("the answer does not begin with an HTTP status line")
    headers: list[tuple[str, str]] = []
    for text in rest.decode("latin-1").split("\r\n") if rest else ():
        name, colon, value = text.partition(":")
        if text[0] in " \t" and headers:  # A folded line belongs to the header before it.
            name, value = headers.pop()
            headers.append((name, f"{value} {text.strip()}".strip()))
        elif colon:
            headers.append((name.rstrip(" \t"), value.strip(" \t")))
        else:
            raise ProtocolError("a header without a colon")
    reason = (found[3] or b"").decode("latin-1").strip()
    return Head(status=int(found[2]), reason=reason, headers=headers, minor=int(found[1]))


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


async def read_body(channel: Channel, frame: Framing, *, wait_s: float | None, bytes_max: int) -> bytes:
    """The whole body. `wait_s` is for each piece that arrives. Raises BodyError when it cannot be read to its end."""
    try:
        if frame.chunked:
            return await _read_chunks(channel, wait_s, bytes_max)
        if frame.length is not None and frame.length > bytes_max:
            raise TooLargeError
        body = bytearray()
        while frame.length is None or len(body) < frame.length:
            if not channel.data and not await channel.more(wait_s):
                if frame.length is None:
                    break
                raise CutError
            body += _take(channel, len(channel.data) if frame.length is None else frame.length - len(body))
            if len(body) > bytes_max:
                raise TooLargeError
        return bytes(body)
    except TimeoutError:
        raise BodyError("Read timed out") from None
    except OSError as error:
        raise BodyError("Connection reset") from error


async def _head_bytes(channel: Channel, wait_s: float | None) -> bytes:
    data = channel.data
    searched = 0
    try:
        while (end := data.find(_HEAD_END, searched)) < 0 and len(data) <= HEAD_BYTES_MAX:
            searched = max(0, len(data) - len(_HEAD_END))
            if not await channel.more(wait_s):
                raise _broken_off(bytes(data))
    except TimeoutError:
        raise SlowError("no answer in time") from None
    except OSError as error:
        raise NoAnswerError(f"the connection broke before the answer: {error}") from error
    if not 0 <= end <= HEAD_BYTES_MAX:
        raise ProtocolError(f"the answer's headers are larger than {HEAD_BYTES_MAX} bytes")
    return _take(channel, end + len(_HEAD_END))[: -len(_HEAD_END)]


def _broken_off(data: bytes) -> WireError:
    if _STATUS_LINE.match(data):
        return ProtocolError("the connection was closed within the answer's headers")
    return NoAnswerError("the connection was closed without an answer")


async def _read_chunks(channel: Channel, wait_s: float | None, bytes_max: int) -> bytes:
    body = bytearray()
    while size := await _chunk_size(channel, wait_s):
        if len(body) + size > bytes_max:
            raise TooLargeError
        end = len(body) + size
        while len(body) < end:
            if not channel.data and not await channel.more(wait_s):
                raise BodyError(f"Truncated chunk (expected size: {size}; actual size: {size - end + len(body)})")
            body += _take(channel, end - len(body))
        if (rest := await _line(channel, wait_s)) != b"":
            raise BodyError("Unexpected end of chunk" if rest is None else "CRLF expected at end of chunk")
    while await _line(channel, wait_s):  # Trailers are nothing that a model sees.
        pass
    return bytes(body)


async def _chunk_size(channel: Channel, wait_s: float | None) -> int:
    line = await _line(channel, wait_s)
    if line is None:
        raise CutError("the body ended without its closing chunk")
    found = _CHUNK_SIZE.fullmatch(line)
    if not found:
        raise BodyError(f"Bad chunk header: {line[:40].decode('latin-1')}")
    return int(found[1], 16)


async def _line(channel: Channel, wait_s: float | None) -> bytes | None:
    """The next line without its end; None when the connection ended before it."""
    data = channel.data
    while (end := data.find(b"\n")) < 0:
        if len(data) > LINE_BYTES_MAX:
            raise BodyError("a line between chunks that does not end")
        if not await channel.more(wait_s):
            return None
    return _take(channel, end + 1)[:-1].removesuffix(b"\r")


def _take(channel: Channel, size: int) -> bytes:
    """Up to so many of the bytes that have come."""
    taken = bytes(channel.data[:size])
    del channel.data[:size]
    return taken
