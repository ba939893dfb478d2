"""Logins that the engine can ask for, so that those of clients can be tested: basic auth, bearer tokens.

It is for development: there is one user, who may do all.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from typing import TypeAlias

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
    expected = base64.b64encode(f"{user}:{password}".encode()).decode()

    async def authenticate(header: str) -> None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.strip(), expected):
            raise Refusal("Expected a user and a password by basic auth, but they are absent or wrong")

    return authenticate


def bearer(token: str) -> Authenticate:
    """Ask for one token."""

    async def authenticate(header: str) -> None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Refusal("Expected bearer token at header with key [authorization], but found nothing or another")

    return authenticate
