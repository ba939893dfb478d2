"""HTTP as it comes and goes: what callers and models may write, and what they may not."""

from __future__ import annotations

from typing import Any

import pytest

from inbound.http import GoneError, TooLargeError, body_of, caller_url, header_map, respond, written
from zelery.sdk import Response

LATIN = [(b"X-Name", "Jürgen".encode("latin-1")), (b"x-name", b"second"), (b"X-OTHER", b"1")]


def scope(host: str | None = "h.example", scheme: str = "http", path: bytes = b"/inbound/x", **given: Any) -> Any:
    headers = [(name.encode(), value.encode()) for name, value in given.pop("headers", {}).items()]
    told = [(b"host", host.encode())] if host is not None else []
    return {
        "type": "http",
        "method": "POST",
        "scheme": scheme,
        "raw_path": path,
        "headers": [*told, *headers],
        "client": ("10.0.0.9", 1),
        **given,
    }


# -- bodies


def coming(*messages: dict[str, Any]) -> Any:
    found = iter(messages)

    async def receive() -> Any:
        return next(found)

    return receive


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    asked = scope(headers={"content-length": "11"})
    with pytest.raises(TooLargeError, match=r"larger than 10 bytes \(ZELERY_WEBHOOK_BODY_BYTES_MAX\)"):
        await body_of(asked, coming(), bytes_max=10)


async def test_a_body_that_lies_about_its_size_is_read_no_further_than_the_limit() -> None:
    asked = scope(headers={"content-length": "2"})
    with pytest.raises(TooLargeError):
        await body_of(asked, coming(part(b"123456"), part(b"78901")), bytes_max=10)


@pytest.mark.parametrize("told", ["-1", "ten", "", "²", "9" * 5_000])
async def test_a_length_that_is_no_number_counts_for_nothing(told: str) -> None:
    asked = {**scope(), "headers": [(b"content-length", told.encode("latin-1", "replace"))]}
    assert await body_of(asked, coming(part(b"1", more=False)), bytes_max=10) == b"1"


async def test_a_caller_that_hangs_up_is_gone() -> None:
    with pytest.raises(GoneError):
        await body_of(scope(), coming(part(b"1"), {"type": "http.disconnect"}), bytes_max=10)


async def test_a_body_in_parts_is_one() -> None:
    received = coming(part(b"12345"), part(b""), part(b"67890", more=False))
    assert await body_of(scope(), received, bytes_max=10) == b"1234567890"


# -- headers and the address


def test_of_two_headers_of_one_name_the_first_counts_and_names_are_lower_case() -> None:
    assert header_map({"headers": LATIN}) == {"x-name": "Jürgen", "x-other": "1"}


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        (scope("h"), "http://h/inbound/x"),
        (scope("h:80"), "http://h/inbound/x"),  # a port that goes without saying
        (scope("h:443"), "http://h:443/inbound/x"),
        (scope("h:443", scheme="https"), "https://h/inbound/x"),
        (scope("h:8080"), "http://h:8080/inbound/x"),
        (scope("[::1]:8080"), "http://[::1]:8080/inbound/x"),
        (scope("[::1]"), "http://[::1]/inbound/x"),
        (scope("[::80]"), "http://[::80]/inbound/x"),
        (scope(None), "http:///inbound/x"),
        (scope("h", path=b"/inbound/a%20b"), "http://h/inbound/a%20b"),
    ],
)
def test_the_address_is_the_one_that_the_caller_wrote(asked: Any, url: str) -> None:
    assert caller_url(asked, ()) == url


FORWARDED = {"x-forwarded-proto": "https, http", "x-forwarded-host": "public.example:443, inner"}


@pytest.mark.parametrize(
    ("proxies", "client", "url"),
    [
        ((), ("10.0.0.9", 1), "http://h/inbound/x"),
        (("10.0.0.1",), ("10.0.0.9", 1), "http://h/inbound/x"),
        (("10.0.0.0/8",), None, "http://h/inbound/x"),  # a Unix socket
        (("10.0.0.0/8",), ("testclient", 1), "http://h/inbound/x"),
        (("::1",), ("10.0.0.9", 1), "http://h/inbound/x"),
        (("10.0.0.9",), ("10.0.0.9", 1), "https://public.example/inbound/x"),
        (("10.0.0.5/8",), ("10.0.0.9", 1), "https://public.example/inbound/x"),
    ],
)
def test_what_a_proxy_says_of_the_address_counts_only_where_the_settings_name_it(
    proxies: tuple[str, ...], client: Any, url: str
) -> None:
    assert caller_url(scope("h", headers=FORWARDED, client=client), proxies) == url


# -- responses


@pytest.mark.parametrize("status", [-1, 0, 99, 100, 199, 1000, 10**9])
def test_a_status_that_ends_nothing_in_http_is_the_models_fault(status: int) -> None:
    assert written(Response(status=status, body="x"), None) == (500, [], b"")


@pytest.mark.parametrize("status", [200, 299, 418, 599, 600, 999])
def test_any_other_status_of_three_digits_is_sent(status: int) -> None:
    assert written(Response(status=status), None)[0] == status


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_that_has_no_body_is_sent_without(status: int) -> None:
    head, body = await responded(Response(status=status, body={"a": 1}))
    assert (head["status"], head["headers"], body) == (status, [], b"")


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"X-A": "a\r\nSet-Cookie: b=1"}, {b"x-a": b"a Set-Cookie: b=1"}),
        ({"X-A": "a\x00\x01\x7fb\tc"}, {b"x-a": b"a b\tc"}),
        ({"X-A": "\n a \r"}, {b"x-a": b"a"}),
        ({"X-A: 1\r\nX-B": "x"}, {}),
        ({"": "x", "X A": "x", "Ü": "x", "X:": "x"}, {}),
        ({"Content-Length": "999", "Transfer-Encoding": "chunked", "Connection": "close"}, {}),
        ({"X-A": 5}, {b"x-a": b"5"}),
        ({"X-A": "Jürgen €"}, {b"x-a": "Jürgen ?".encode("latin-1")}),
    ],
)
def test_no_header_of_a_model_can_write_another_or_break_the_server(headers: Any, sent: dict[bytes, bytes]) -> None:
    assert dict(written(Response(headers=headers), None)[1]) == sent


@pytest.mark.parametrize(
    ("body", "kind", "sent"),
    [
        ("text ü", b"text/plain;charset=UTF-8", "text ü".encode()),
        ("\ud800", b"text/plain;charset=UTF-8", b"?"),
        (b"\x00\x01", b"application/octet-stream", b"\x00\x01"),
        ({"a": "ü"}, b"application/json", '{"a":"ü"}'.encode()),
        ([], b"application/json", b"[]"),
        (0, b"application/json", b"0"),
        (False, b"application/json", b"false"),
    ],
)
def test_a_body_is_what_it_is_and_no_browser_guesses_otherwise(body: Any, kind: bytes, sent: bytes) -> None:
    status, headers, found = written(Response(body=body), None)
    assert (status, found) == (200, sent)
    text = {b"x-content-type-options": b"nosniff"} if isinstance(body, str) else {}
    assert dict(headers) == {b"content-type": kind, **text}


def test_a_model_may_say_what_its_body_is() -> None:
    found = dict(written(Response(headers={"content-TYPE": "text/html"}, body="<b>"), None)[1])
    assert found == {b"content-type": b"text/html", b"x-content-type-options": b"nosniff"}


def test_no_body_has_no_type() -> None:
    assert written(Response(), None) == (200, [], b"")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.1", 200),
        ("application/*", 200),
        ("application/problem+json", 200),
        ("TEXT/HTML, APPLICATION/JSON", 200),
        ("text/html", 406),
        ("", 406),
    ],
)
def test_json_that_the_caller_does_not_accept_is_not_sent(accept: str | None, status: int) -> None:
    found = written(Response(body={"a": 1}), accept)
    assert found[0] == status
    assert bool(found[2]) is (status == 200)
    # What is no JSON of ours is the model's own affair.
    assert written(Response(body="text"), accept)[0] == 200
    assert written(Response(headers={"Content-Type": "application/json"}, body={"a": 1}), accept)[0] == 200


async def responded(response: Response, method: str = "POST") -> tuple[dict[str, Any], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await respond(response, scope(method=method), coming(), send)
    return sent[0], b"".join(each["body"] for each in sent[1:])


async def test_head_is_told_the_length_and_gets_no_body() -> None:
    head, body = await responded(Response(body="12345"), "HEAD")
    assert dict(head["headers"])[b"content-length"] == b"5"
    assert body == b""


async def test_a_response_says_how_long_it_is() -> None:
    head, body = await responded(Response(body="12345"))
    assert dict(head["headers"])[b"content-length"] == b"5"
    assert body == b"12345"
    head, _ = await responded(Response())
    assert head["headers"] == [(b"content-length", b"0")]
