"""Logins that the gateway asks for: basic auth, a bearer token, tokens of an issuer."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.zelery.engine.grpc.calling import calling
from zelery.camunda.proto import gateway_pb2 as pb
from zelery.engine import auth

pytestmark = pytest.mark.integration

_TOPOLOGY = pb.TopologyRequest()


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


async def _status(authenticate: auth.Authenticate, header: str | None) -> str:
    """`OK`, or the status that a call with the header is refused with."""
    metadata = {} if header is None else {"authorization": header}
    async with calling(authenticate=authenticate) as called:
        with contextlib.suppress(AssertionError):
            return (await called.refusal("Topology", _TOPOLOGY, metadata))[0]
        return "OK"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (_basic("demo", "secret"), "OK"),
        (_basic("demo", "secret").replace("Basic", "basic"), "OK"),
        (_basic("demo", "wrong"), "UNAUTHENTICATED"),
        (_basic("", ""), "UNAUTHENTICATED"),
        ("Bearer secret", "UNAUTHENTICATED"),
        ("Basic", "UNAUTHENTICATED"),
        ("Basic !!!", "UNAUTHENTICATED"),
        ("", "UNAUTHENTICATED"),
        (None, "UNAUTHENTICATED"),
    ],
)
async def test_basic_auth_asks_for_a_user_and_a_password(header: str | None, status: str) -> None:
    assert await _status(auth.of(("basic", "demo", "secret")), header) == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer secret", "OK"),
        ("bearer secret", "OK"),
        ("Bearer wrong", "UNAUTHENTICATED"),
        ("Bearer", "UNAUTHENTICATED"),
        (_basic("demo", "secret"), "UNAUTHENTICATED"),
        (None, "UNAUTHENTICATED"),
    ],
)
async def test_a_bearer_token_is_asked_for(header: str | None, status: str) -> None:
    assert await _status(auth.of(("bearer", "secret")), header) == status


async def test_streams_ask_for_a_login_too() -> None:
    async with calling(authenticate=auth.of(("bearer", "secret"))) as called:
        request = pb.ActivateJobsRequest(type="a", timeout=1, maxJobsToActivate=1, requestTimeout=-1)
        assert (await called.refusal("ActivateJobs", request))[0] == "UNAUTHENTICATED"
        pushed = pb.StreamActivatedJobsRequest(type="a", timeout=1)
        assert (await called.refusal("StreamActivatedJobs", pushed))[0] == "UNAUTHENTICATED"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"}, private=True)


@pytest.fixture(scope="module")
def issuer(key: RSAKey) -> Iterator[str]:
    """The address of an issuer with one key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = f"http://127.0.0.1:{server.server_port}"
            documents: dict[str, Any] = {
                "/.well-known/openid-configuration": {"issuer": address, "jwks_uri": f"{address}/keys"},
                "/keys": {"keys": [key.as_dict(private=False)]},
            }
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(documents[self.path]).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _token(key: RSAKey, **claims: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, {"exp": int(time.time()) + 60, "aud": "engine", **claims}, key)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, "OK"),
        ({"aud": ["other", "engine"]}, "OK"),
        ({"aud": "other"}, "UNAUTHENTICATED"),
        ({"aud": None}, "UNAUTHENTICATED"),
        ({"exp": 1}, "UNAUTHENTICATED"),
        ({"exp": "soon"}, "UNAUTHENTICATED"),
    ],
)
async def test_a_token_of_the_issuer_is_asked_for(
    issuer: str, key: RSAKey, claims: dict[str, Any], status: str
) -> None:
    assert await _status(auth.of(("oidc", issuer, "engine")), f"Bearer {_token(key, **claims)}") == status


async def test_a_token_that_another_key_has_signed_is_refused(issuer: str) -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    assert await _status(auth.of(("oidc", issuer)), f"Bearer {_token(other)}") == "UNAUTHENTICATED"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer a.b.c", "Bearer", "Basic abc", None])
async def test_what_is_no_token_is_refused(issuer: str, header: str | None) -> None:
    assert await _status(auth.of(("oidc", issuer)), header) == "UNAUTHENTICATED"


async def test_a_token_without_a_signature_is_refused(issuer: str) -> None:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none"}, {"aud": "engine"})
    )
    assert await _status(auth.of(("oidc", issuer)), f"Bearer {head}.{body}.") == "UNAUTHENTICATED"


async def test_an_issuer_that_does_not_answer_lets_nobody_in(key: RSAKey) -> None:
    assert await _status(auth.of(("oidc", "http://127.0.0.1:9")), f"Bearer {_token(key)}") == "UNAUTHENTICATED"
