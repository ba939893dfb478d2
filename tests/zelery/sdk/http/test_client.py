from __future__ import annotations

import asyncio
import dataclasses
import gzip
from typing import Any

import pytest

from zelery.errors import ConnectorError, InputError
from zelery.sdk.http import Call, HttpClient, wire
from zelery.sdk.http.authentication import OAuthAuthentication
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.http.request import Request

Answered = tuple[wire.Head, bytes]

CLIENT = OAuthAuthentication(
    type="oauth-client-credentials-flow",
    oauth_token_endpoint="http://h/token",
    client_id="cid",
    client_secret="sec",
    client_authentication="credentialsBody",
)
GRANTED = b'{"access_token":"t1","expires_in":3600}'
BUSY = 503


@dataclasses.dataclass
class Deadline:
    remaining_s: float = 100.0


class Script:
    """The other side: answers in their order, the last again and again."""

    def __init__(self, *answers: Answered | wire.WireError) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.closed = False

    async def __call__(self, request: Request) -> Answered:
        await asyncio.sleep(0)
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, wire.WireError):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


def answer(status: int = 200, body: bytes = b'{"ok":true}', **headers: str) -> Answered:
    spelled = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return wire.Head(status=status, reason=f"R{status}", headers=spelled), body


def client(script: Script, **blocks: str) -> HttpClient:
    return HttpClient(script, blocks=Blocks.read(blocks), bytes_max=1000)


def get(**changes: Any) -> Call:
    return Call(**{"method": "GET", "url": "http://h/api", **changes})


async def test_an_answer_below_400_is_the_response() -> None:
    found = await client(Script(answer(302, Location="/x"))).call(get(), Deadline())

    assert found.variables() == {
        "status": 302,
        "headers": {"Location": "/x"},
        "body": {"ok": True},
        "reason": "R302",
        "document": None,
    }


async def test_a_coded_body_is_decoded_once_and_its_headers_go() -> None:
    body = gzip.compress(b"[1]")

    found = await client(Script(answer(200, body, Content_Encoding="gzip", X="1"))).call(get(), Deadline())

    assert (found.body, found.headers) == ([1], {"X": "1"})


async def test_an_empty_body_was_never_coded() -> None:
    found = await client(Script(answer(200, b"", Content_Encoding="gzip"))).call(get(), Deadline())

    assert (found.body, found.headers) == (None, {"Content-Encoding": "gzip"})


@pytest.mark.parametrize(("body", "code"), [(b"no zip", "500"), (gzip.compress(b"\0" * 100_000), "RESPONSE_TOO_LARGE")])
async def test_a_body_that_cannot_be_decoded_fails_the_job(body: bytes, code: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        await client(Script(answer(200, body, Content_Encoding="gzip"))).call(get(), Deadline())

    assert caught.value.code == code


@pytest.mark.parametrize("status", [400, 404, 500, 600])
async def test_an_answer_from_400_on_is_an_error_with_the_answer_in_it(status: int) -> None:
    script = Script(answer(status))

    with pytest.raises(ConnectorError) as caught:
        await client(script).call(get(), Deadline())

    assert (caught.value.code, caught.value.message) == (str(status), f"R{status}")
    assert caught.value.variables == {"response": {"headers": {}, "body": {"ok": True}}}
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("method", "answers", "sent", "outcome"),
    [
        ("GET", [wire.NoAnswerError(), answer()], 2, 200),  # twice is as good as once
        ("PUT", [wire.NoAnswerError(), answer()], 2, 200),
        ("DELETE", [wire.NoAnswerError(), answer()], 2, 200),
        ("POST", [wire.NoAnswerError(), answer()], 1, "408"),  # … but not for these
        ("PATCH", [wire.NoAnswerError(), answer()], 1, "408"),
        ("GET", [wire.NoAnswerError()], 2, "408"),  # once is all
        ("GET", [wire.NoAnswerError(), answer(BUSY)], 2, "503"),  # … whatever the reason
        ("GET", [wire.SlowError()], 1, "408"),
        ("GET", [wire.UnreachableError()], 1, "408"),
        ("GET", [wire.ProtocolError()], 1, "500"),
        ("GET", [wire.BodyError("cut")], 1, "500"),
    ],
)
async def test_a_broken_connection_is_repeated_once_where_that_does_no_harm(
    method: str, answers: list[Answered | wire.WireError], sent: int, outcome: int | str
) -> None:
    script = Script(*answers)

    result = await _outcome(client(script), get(method=method))

    assert (len(script.requests), result) == (sent, outcome)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("answers", "outcome"),
    [([answer(BUSY), answer()], 200), ([answer(429)], "429"), ([answer(BUSY), wire.NoAnswerError()], "408")],
)
async def test_a_busy_server_is_asked_once_more_after_the_time_it_wants(
    method: str,
    answers: list[Answered | wire.WireError],
    outcome: int | str,
) -> None:
    slept: list[float] = []
    script = Script(*answers)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    shared = HttpClient(script, blocks=Blocks(), bytes_max=1000, sleep=sleep)
    result = await _outcome(shared, get(method=method))

    assert (len(script.requests), result) == (2, outcome)
    assert slept == [1.0]


async def test_a_server_that_wants_more_time_than_the_job_has_fails_it_with_its_answer() -> None:
    script = Script(answer(BUSY, b"busy", Retry_After="3600"))

    assert await _outcome(client(script), get(), Deadline(remaining_s=300)) == "503"
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (get(url="http://h/100%"), "Failed to execute request: HttpRequest{url='http://h/100%'"),
        (get(connect_s=-1), "Failed to execute request: "),
        (get(url="http://user@h/"), "500"),
        (get(headers={"Content-Length": "1"}), "500"),
    ],
)
async def test_what_cannot_be_built_is_never_sent(call: Call, code: str) -> None:
    script = Script(answer())

    with pytest.raises(ConnectorError) as caught:
        await client(script).call(call, Deadline())

    assert (caught.value.code or "").startswith(code)
    assert not script.requests


async def test_a_blocked_url_is_never_called_not_even_for_a_token() -> None:
    script = Script(answer())
    blocked = client(script, CAMUNDA_CONNECTOR_HTTP_BLOCK_URL_X="token")

    with pytest.raises(InputError, match="Block Name: X"):
        await blocked.call(get(url="http://h/token"), Deadline())
    with pytest.raises(InputError, match="Block Name: X"):
        await blocked.call(get(authentication=CLIENT), Deadline())
    assert not script.requests


async def test_a_token_is_asked_for_once_by_many_jobs_and_kept() -> None:
    script = Script(answer(body=GRANTED), answer())
    shared = client(script)

    await asyncio.gather(*(shared.call(get(authentication=CLIENT), Deadline()) for _ in range(20)))
    await shared.call(get(authentication=CLIENT), Deadline())

    token, *calls = script.requests
    assert (token.method, token.target.path, len(calls)) == ("POST", "/token", 21)
    assert all(("Authorization", "Bearer t1") in call.headers for call in calls)


async def test_a_token_that_a_server_refuses_is_asked_for_anew_by_the_next_job() -> None:
    script = Script(answer(body=GRANTED), answer(401), answer(body=GRANTED.replace(b"t1", b"t2")), answer())
    shared = client(script)

    assert await _outcome(shared, get(authentication=CLIENT)) == "401"
    assert await _outcome(shared, get(authentication=CLIENT)) == 200
    assert ("Authorization", "Bearer t2") in script.requests[-1].headers


@pytest.mark.parametrize(
    ("answered", "code"),
    [
        (answer(500, b"oops"), "500"),
        (answer(200, b"hello"), "OAUTH_TOKEN_ERROR"),
        (answer(302, b""), "OAUTH_TOKEN_ERROR"),
        (wire.NoAnswerError(), "408"),
    ],
)
async def test_without_a_token_the_call_is_not_made(answered: Answered | wire.WireError, code: str) -> None:
    script = Script(answered)

    assert await _outcome(client(script), get(authentication=CLIENT)) == code
    assert len(script.requests) == 1


async def test_a_token_is_asked_for_within_the_jobs_own_timeouts() -> None:
    script = Script(answer(body=GRANTED), answer())

    await client(script).call(get(authentication=CLIENT, connect_s=3, read_s=4), Deadline())

    assert (script.requests[0].connect_s, script.requests[0].read_s) == (3, 4)


async def test_closing_the_client_hangs_up() -> None:
    script = Script(answer())

    await client(script).close()

    assert script.closed


async def _outcome(shared: HttpClient, call: Call, deadline: Deadline | None = None) -> int | str | None:
    """The status of an answer, the code of an error."""
    try:
        return (await shared.call(call, deadline or Deadline())).status
    except ConnectorError as error:
        return error.code
