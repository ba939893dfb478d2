"""Tokens on a clock of the test's: how often they are asked for, when they are renewed, what trouble says."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from zelery.camunda.tokens import (
    BODY_BYTES_MAX,
    DROP_PAUSE_S,
    LIFETIME_S,
    PAUSE_MAX_S,
    PAUSE_S,
    SAID_MAX,
    Bearer,
    Granted,
    TokenError,
    configuration_url,
    granted,
    masked,
    token_endpoint,
)
from zelery.errors import PushbackError

SECRET = "s3cr3t of/the=client"


@dataclasses.dataclass
class Endpoint:
    """A token endpoint without a network: token-1, token-2, … while it is not in trouble."""

    lifetime_s: float = 300.0
    trouble: TokenError | None = None
    asked: int = 0
    now: float = 1000.0
    open: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def ask(self) -> Granted:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        if self.trouble:
            raise self.trouble
        return Granted(token=f"token-{number}", lifetime_s=self.lifetime_s)

    def bearer(self) -> Bearer:
        return Bearer(self.ask, "http://idp/token", clock=lambda: self.now, jitter=lambda *_: 1.0)


async def settled() -> None:
    """Let what runs in the background run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_hundred_calls_at_once_ask_for_one_token() -> None:
    endpoint = Endpoint()
    bearer = endpoint.bearer()
    assert set(await asyncio.gather(*(bearer.get() for _ in range(100)))) == {"Bearer token-1"}
    assert await bearer.get() == "Bearer token-1"
    assert endpoint.asked == 1


async def test_a_call_that_is_cancelled_leaves_the_request_to_the_others() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    bearer = endpoint.bearer()
    first, second = asyncio.ensure_future(bearer.get()), asyncio.ensure_future(bearer.get())
    await settled()
    first.cancel()
    await settled()
    endpoint.open.set()
    assert await second == "Bearer token-1"
    assert (first.cancelled(), endpoint.asked) == (True, 1)


async def test_a_token_is_renewed_in_the_background_while_calls_go_on_with_it() -> None:
    endpoint = Endpoint(lifetime_s=300)
    bearer = endpoint.bearer()
    await bearer.get()
    endpoint.now += 239
    assert (await bearer.get(), endpoint.asked) == ("Bearer token-1", 1)
    endpoint.now += 2  # less than a minute of its life is left
    endpoint.open.clear()
    assert await bearer.get() == await bearer.get() == "Bearer token-1"
    await settled()
    assert endpoint.asked == 2
    endpoint.open.set()
    await settled()
    assert (await bearer.get(), endpoint.asked) == ("Bearer token-2", 2)


async def test_an_expired_token_is_not_used_again() -> None:
    endpoint = Endpoint(lifetime_s=300)
    bearer = endpoint.bearer()
    await bearer.get()
    endpoint.now += 291
    assert await bearer.get() == "Bearer token-2"


async def test_a_renewal_that_fails_costs_nothing_while_the_token_is_good() -> None:
    endpoint = Endpoint(lifetime_s=300)
    bearer = endpoint.bearer()
    await bearer.get()
    endpoint.now += 250
    endpoint.trouble = TokenError("away", "away")
    assert await bearer.get() == "Bearer token-1"
    await settled()
    assert await bearer.get() == "Bearer token-1"
    assert endpoint.asked == 2  # and not again before the pause is over


async def test_between_failures_calls_fail_at_once_and_pauses_grow_to_a_bound() -> None:
    endpoint = Endpoint(trouble=TokenError("status 401", "HTTP 401: invalid_client"))
    bearer = endpoint.bearer()
    pauses = []
    for asked in range(1, 10):
        with pytest.raises(PushbackError, match="no token from http://idp/token: HTTP 401: invalid_client"):
            await bearer.get()
        assert endpoint.asked == asked
        began = endpoint.now
        while endpoint.asked == asked:
            endpoint.now += PAUSE_S
            with pytest.raises(PushbackError):
                await bearer.get()
        pauses.append(endpoint.now - began)
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert max(pauses) == PAUSE_MAX_S


async def test_a_trouble_is_said_once_and_its_end_too() -> None:
    endpoint = Endpoint(trouble=TokenError("status 401", "HTTP 401: invalid_client"))
    bearer = endpoint.bearer()
    with capture_logs() as logs:
        for trouble in (endpoint.trouble, endpoint.trouble, TokenError("timeout", "no answer"), None):
            endpoint.trouble, endpoint.now = trouble, endpoint.now + 100
            await asyncio.gather(*(bearer.get() for _ in range(10)), return_exceptions=True)
    assert [(each["log_level"], each.get("why")) for each in logs] == [
        ("error", "HTTP 401: invalid_client"),
        ("error", "no answer"),
        ("info", None),
    ]
    assert {each["endpoint"] for each in logs} == {"http://idp/token"}


async def test_a_refused_token_is_dropped_once_for_all_who_used_it() -> None:
    endpoint = Endpoint()
    bearer = endpoint.bearer()
    used = await bearer.get()
    assert all(bearer.refused(used) for _ in range(100))
    assert (await bearer.get(), endpoint.asked) == ("Bearer token-2", 2)
    assert bearer.refused(used)
    assert (await bearer.get(), endpoint.asked) == ("Bearer token-2", 2)


async def test_a_cluster_that_refuses_every_token_does_not_cost_a_request_a_call() -> None:
    endpoint = Endpoint()
    bearer = endpoint.bearer()
    assert bearer.refused(await bearer.get())
    assert not bearer.refused(await bearer.get())
    assert endpoint.asked == 2
    endpoint.now += DROP_PAUSE_S
    assert bearer.refused(await bearer.get())


async def test_closing_ends_a_request_under_way() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    bearer = endpoint.bearer()
    waiting = asyncio.ensure_future(bearer.get())
    await settled()
    await bearer.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("status", "body", "kind", "why"),
    [
        # RFC 6749's error, with and without its description
        (401, {"error": "invalid_client"}, "status 401", "HTTP 401: invalid_client"),
        (
            400,
            {"error": "invalid_scope", "error_description": "no\n such"},
            "status 400",
            "HTTP 400: invalid_scope: no such",
        ),
        # an error of something in front of the endpoint, in lines; and an empty one
        (502, b"<h1>Bad\r\nGateway</h1>", "status 502", "HTTP 502: <h1>Bad Gateway</h1>"),
        (503, b"", "status 503", "HTTP 503: nothing"),
        # a redirect would carry the secret elsewhere
        (302, b"", "status 302", "HTTP 302: nothing"),
        # the endpoint repeats the secret, as it is and as the form had it
        (401, {"error": f"bad {SECRET}"}, "status 401", "HTTP 401: bad ***"),
        (401, b"client_secret=s3cr3t+of%2Fthe%3Dclient", "status 401", "HTTP 401: client_secret=***"),
        # no token in what should be one
        (200, b"<html>login</html>", "no token", "HTTP 200 without an access_token"),
        (200, {"access_token": None}, "no token", "HTTP 200 without an access_token"),
        (200, {"access_token": ""}, "no token", "HTTP 200 without an access_token"),
        (200, b"[" * 100_000, "no token", "HTTP 200 without an access_token"),
        # a token that no header can hold
        (200, {"access_token": "a\nb: c"}, "no token", "it is not plain ASCII"),
        (200, {"access_token": "ä"}, "no token", "it is not plain ASCII"),
    ],
)
def test_what_is_no_token_says_what_came_instead(status: int, body: Any, kind: str, why: str) -> None:
    with pytest.raises(TokenError) as trouble:
        granted(status, body if isinstance(body, bytes) else json.dumps(body).encode(), SECRET)
    assert trouble.value.kind == kind
    assert why in str(trouble.value)


@pytest.mark.parametrize(
    ("said", "lifetime_s"),
    [
        # as RFC 6749 has it, and as text
        (300, 300),
        ("3599", 3599),
        # nothing that is a time
        (None, LIFETIME_S),
        (0, LIFETIME_S),
        (-5, LIFETIME_S),
        ("soon", LIFETIME_S),
        ([], LIFETIME_S),
        (float("nan"), LIFETIME_S),
        (float("inf"), LIFETIME_S),
    ],
)
def test_the_life_of_a_token_is_what_its_endpoint_says(said: Any, lifetime_s: float) -> None:
    token = granted(200, json.dumps({"access_token": "t", "expires_in": said}).encode(), SECRET)
    assert token == Granted(token="t", lifetime_s=lifetime_s)
    assert "'t'" not in repr(token)


def test_a_long_answer_is_said_in_part_and_the_secret_not_even_in_part() -> None:
    assert len(masked("x" * BODY_BYTES_MAX, SECRET)) == SAID_MAX
    assert masked("x" * (SAID_MAX - 3) + SECRET, SECRET) == "x" * (SAID_MAX - 3) + "***"


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        # an issuer, with a slash at its end or not
        ("https://idp/realms/r", "https://idp/realms/r/.well-known/openid-configuration"),
        ("https://idp/", "https://idp/.well-known/openid-configuration"),
        # the document itself
        ("https://idp/.well-known/openid-configuration", "https://idp/.well-known/openid-configuration"),
    ],
)
def test_an_issuer_has_its_configuration_at_a_known_place(issuer: str, url: str) -> None:
    assert configuration_url(issuer) == url


@pytest.mark.parametrize(
    ("status", "body"),
    [
        # not there, not JSON, not an object, no endpoint, no address
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"token_endpoint": "file:///etc/passwd"}'),
    ],
)
def test_a_configuration_without_an_endpoint_is_a_trouble_that_says_so(status: int, body: bytes) -> None:
    with pytest.raises(TokenError, match=f"names no token_endpoint \\(HTTP {status}\\)"):
        token_endpoint(status, body)
