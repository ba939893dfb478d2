from __future__ import annotations

import pytest

from tests.zelery.sdk.http.wires import connected, received
from zelery.sdk.http import wire

OK = b"HTTP/1.1 200 OK\r\n"


async def answer(*pieces: bytes, bytes_max: int = 1000, method: str = "GET") -> tuple[wire.Head, bytes]:
    channel = received(*pieces)
    head = await wire.read_head(channel, wait_s=None)
    frame = wire.framing(method, head)
    return head, await wire.read_body(channel, frame, wait_s=None, bytes_max=bytes_max)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("café\t~", "café\t~"),  # Latin-1 and tabs pass
        ("a\r\nX-Injected: 1", "a  X-Injected: 1"),  # a value can never become two headers
        ("a\n\f\vb", "a   b"),
        ("żółć", "?ó??"),  # the rest is a question mark a character
        ("🎉", "??"),  # … or two, as Java counts
        ("a\0\x1f\x7f\x9fb", "a????b"),
        ("\ud800", "?"),  # half a character
    ],
)
def test_what_goes_out_is_visible_latin1(text: str, sent: str) -> None:
    assert wire.request("GET", f"/{text}", [(text, text)]) == (
        f"GET /{sent} HTTP/1.1\r\n{sent}: {sent}\r\n\r\n".encode("latin-1")
    )


def test_a_request_is_its_head_and_then_its_body() -> None:
    assert wire.request("POST", "/", [("A", "1"), ("a", "")], b"\r\n") == b"POST / HTTP/1.1\r\nA: 1\r\na: \r\n\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 200, "OK"),
        (b"HTTP/1.1 404", 404, ""),  # no reason, and no blank before it
        (b"HTTP/1.1 404 ", 404, ""),
        (b"HTTP/1.0 600 Beyond it all", 600, "Beyond it all"),
        (b"HTTP/1.1  999  x ", 999, "x"),
        ("HTTP/1.1 200 Très".encode(), 200, "TrÃ¨s"),  # Latin-1 whatever was meant
        (b"\r\nHTTP/1.1 200 OK", 200, "OK"),  # an empty line before it is forgiven
    ],
)
def test_a_status_line_has_three_digits_and_perhaps_a_reason(line: bytes, status: int, reason: str) -> None:
    head = wire.parse_head(line)

    assert (head.status, head.reason) == (status, reason)


async def test_headers_keep_their_spelling_their_order_and_their_repetitions() -> None:
    head, _ = await answer(OK + b"X-A:  1 \r\nx-a:2\r\nX-Fold: a\r\n  b\r\nX-Sp: a  b\r\nSpaced : \xe9\r\n\r\n")

    assert head.headers == [("X-A", "1"), ("x-a", "2"), ("X-Fold", "a b"), ("X-Sp", "a  b"), ("Spaced", "é")]


async def test_interim_answers_are_skipped() -> None:
    head, body = await answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n", OK + b"\r\n", b"x")

    assert (head.status, body) == (200, b"x")


@pytest.mark.parametrize(
    "pieces",
    [
        (),  # closed at once
        (b"hello world\r\n\r\n",),
        (b"HTTP/1.1 abc OK\r\n\r\n",),
        (b"HTTP/1.1 20",),  # closed within the status line
        (b"HTTP/2 200 OK\r\n\r\n",),
    ],
)
async def test_nothing_that_is_http_is_no_answer(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(wire.NoAnswerError):
        await answer(*pieces)


async def test_a_connection_that_breaks_before_the_answer_is_no_answer() -> None:
    with pytest.raises(wire.NoAnswerError, match="reset"):
        await wire.read_head(received(b"HTTP/1.1 200", error=ConnectionResetError("reset")), wait_s=None)


async def test_no_answer_in_time_is_slow() -> None:
    channel, _ = connected()
    with pytest.raises(wire.SlowError):
        await wire.read_head(channel, wait_s=0)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-",  # closed within the headers
        OK + b"no colon\r\n\r\n",
        OK + b"Content-Length: abc\r\n\r\n{}",
        OK + b"Content-Length: -1\r\n\r\n{}",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"X: " + b"x" * wire.HEAD_BYTES_MAX + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 21,
    ],
)
async def test_an_answer_that_breaks_the_rules_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(wire.ProtocolError):
        await answer(*(data[at : at + 100_000] for at in range(0, len(data), 100_000)))


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ((OK + b"Content-Length: 4\r\n\r\nab", b"cd"), b"abcd"),  # in pieces
        ((OK + b"Content-Length: 2\r\n\r\nabcd",), b"ab"),  # what follows is nobody's
        ((OK + b"\r\nab", b"cd"), b"abcd"),  # to the end of the connection
        ((OK + b"Transfer-Encoding: Chunked\r\n\r\n", b"2\r\nab\r", b"\n2;x=y\r\ncd\r\n0\r\nT: 1\r\n\r\n"), b"abcd"),
        ((OK + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab",), b"ab"),
        ((OK + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n1\r\na\r\n0\r\n\r\n",), b"a"),  # chunks count
        ((b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",), b""),
        ((b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",), b""),
        ((OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",), b"ab"),  # said twice alike
    ],
)
async def test_a_body_ends_where_its_headers_say(pieces: tuple[bytes, ...], body: bytes) -> None:
    assert (await answer(*pieces))[1] == body


async def test_the_answer_to_head_has_no_body() -> None:
    assert (await answer(OK + b"Content-Length: 2\r\n\r\n", method="HEAD"))[1] == b""


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (CHUNKED + b'5\r\n{"a"', "Truncated chunk (expected size: 5; actual size: 4)"),
        (CHUNKED + b"zz\r\nab\r\n", "Bad chunk header: zz"),
        (CHUNKED + b"-1\r\n", "Bad chunk header: -1"),
        (CHUNKED + b"1\r\nab\r\n", "CRLF expected at end of chunk"),
        (CHUNKED + b"1\r\na", "Unexpected end of chunk"),
        (CHUNKED + b"1" * (wire.LINE_BYTES_MAX + 1), "a line between chunks that does not end"),
    ],
)
async def test_broken_chunks_are_told(data: bytes, text: str) -> None:
    with pytest.raises(wire.BodyError) as caught:
        await answer(data)

    assert str(caught.value) == text


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 5\r\n\r\nab",
        CHUNKED + b"1\r\na\r\n",  # the closing chunk is missing
    ],
)
async def test_a_body_that_ends_too_early_is_cut(data: bytes) -> None:
    with pytest.raises(wire.CutError):
        await answer(data)


async def test_a_body_that_stalls_or_breaks_is_told() -> None:
    channel, _ = connected()
    with pytest.raises(wire.BodyError, match="Read timed out"):
        await wire.read_body(channel, wire.Framing(length=1), wait_s=0, bytes_max=10)
    with pytest.raises(wire.BodyError, match="Connection reset"):
        await wire.read_body(received(error=OSError()), wire.Framing(), wait_s=None, bytes_max=10)


@pytest.mark.parametrize(
    "pieces",
    [
        (OK + b"Content-Length: 11\r\n\r\n",),  # refused before it comes
        (OK + b"\r\n", b"x" * 6, b"x" * 6),
        (CHUNKED + b"6\r\nabcdef\r\n6\r\n",),
        (CHUNKED + b"fffffffffffffff\r\n",),
    ],
)
async def test_a_body_larger_than_the_limit_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(wire.TooLargeError):
        await answer(*pieces, bytes_max=10)


@pytest.mark.parametrize(
    ("minor", "connection", "keeps"),
    [(1, None, True), (1, "Close", False), (1, "keep-alive", True), (0, None, False), (0, "Keep-Alive", True)],
)
def test_a_connection_is_kept_as_the_answer_says(minor: int, connection: str | None, keeps: bool) -> None:
    headers = [("CONNECTION", connection)] if connection else []

    assert wire.Head(status=200, headers=headers, minor=minor).keeps_alive is keeps
