"""Logins that the engine can ask for, so that those of clients can be tested: basic auth, bearer tokens.

It is for development: there is one user, who may do all.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from zelery.engine.errors import EngineError

Authenticate: TypeAlias = Callable[[str], Awaitable[None]]
"""Is awaited with the value of the header `Authorization`. Raises Refusal."""


class Refusal(EngineError):  # noqa: N818 - the field's word
    """A caller is refused.

    Args:
        reason: For people.
        forbidden: Whether it is known, and may not; else it is not known.
    """

    def __init__(self, reason: str, *, forbidden: bool = False) -> None:
        self.forbidden = forbidden
        super().__init__(reason)


def basic(user: str, password: str) -> Authenticate:
    """Ask for a user and a password."""
    expected = base64.b64encode(f"{user}:{password}".encode())

    async def authenticate(header: str) -> None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.strip().encode(), expected):
            raise Refusal("Expected a user and a password by basic auth, but they are absent or wrong")

    return authenticate


def bearer(token: str) -> Authenticate:
    """Ask for one token."""

    async def authenticate(header: str) -> None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Refusal("Expected bearer token at header with key [authorization], but found nothing or another")

    return authenticate


class _Issuer:
    """The keys of an issuer of tokens, read again after a while."""

    _KEYS_AGE_S = 300.0
    _TIMEOUT_S = 5

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._keys: KeySet | None = None
        self._read_at = 0.0

    def keys(self) -> KeySet:
        """The keys. Raises OSError and ValueError."""
        if self._keys is None or time.monotonic() - self._read_at > self._KEYS_AGE_S:
            found = self._read(f"{self._url}/.well-known/openid-configuration")
            self._keys = KeySet.import_key_set(self._read(found["jwks_uri"]))
            self._read_at = time.monotonic()
        return self._keys

    def _read(self, url: str) -> Any:
        with urllib.request.urlopen(url, timeout=self._TIMEOUT_S) as answer:  # noqa: S310 - the issuer that was named
            return json.load(answer)


def oidc(issuer: str, audience: str | None = None) -> Authenticate:
    """Ask for a token of an issuer, by its published keys; for an audience where one is named."""
    known = _Issuer(issuer)

    async def authenticate(header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal("Expected bearer token at header with key [authorization], but found nothing")
        try:
            claims = jwt.decode(token.strip(), await asyncio.to_thread(known.keys)).claims
        except (JoseError, OSError, ValueError, KeyError) as error:
            raise Refusal(f"Expected a valid token, but it is not: {error}") from None
        expires = claims.get("exp")
        if expires is not None and not (isinstance(expires, int | float) and expires >= time.time()):
            raise Refusal("Expected a valid token, but it has expired")
        named = claims.get("aud")
        audiences = named if isinstance(named, list) else [named]
        if audience is not None and audience not in audiences:
            raise Refusal(f"Expected a token for the audience '{audience}'")

    return authenticate


def of(login: Sequence[str]) -> Authenticate:
    """What asks for a login: its kind, `basic`, `bearer` or `oidc`, and its parts."""
    kind, *parts = login
    makers: Mapping[str, Callable[..., Authenticate]] = {"basic": basic, "bearer": bearer, "oidc": oidc}
    return makers[kind](*parts)
