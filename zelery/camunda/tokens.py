"""OAuth tokens for the cluster: asked for once by however many calls need one, and renewed before they expire."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import aiohttp

from zelery.errors import PushbackError
from zelery.logs import logger
from zelery.settings import mask_url

log = logger(__name__)

#: How long the token endpoint may take, seconds: calls wait for it, and leases run meanwhile.
TIMEOUT_S = 10.0
#: An answer is a kilobyte or a few; what is longer is no token.
BODY_BYTES_MAX = 256 * 1024
#: How much of an answer that is no token is said, characters.
SAID_MAX = 300

#: A token is renewed this long before it expires (or a quarter of its life), given up this long before (or a tenth).
AHEAD_S, SKEW_S = 60.0, 10.0
#: The life of a token whose endpoint does not say it, seconds.
LIFETIME_S = 60.0
#: Pauses after a failure, seconds: doubled, with jitter; meanwhile calls fail at once.
PAUSE_S, PAUSE_MAX_S = 0.5, 15.0
#: A cluster that refuses every token must not make us ask for one with each call: one is dropped at most this often.
DROP_PAUSE_S = 10.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """Who asks for tokens, and where."""

    token_url: str | None
    """The token endpoint; absent, the issuer names it."""
    issuer_url: str
    """The OpenID issuer or its configuration document; empty where the endpoint is known."""
    secret: str = dataclasses.field(repr=False)
    form: Mapping[str, str] = dataclasses.field(repr=False)
    """The request's fields."""
    tls: ssl.SSLContext | None = dataclasses.field(default=None, repr=False)
    """Whom to trust; absent, the system's authorities."""

    @property
    def where(self) -> str:
        """The address that a person is told."""
        return mask_url(self.token_url or self.issuer_url)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Granted:
    """A token and how long it lives."""

    token: str = dataclasses.field(repr=False)
    lifetime_s: float


class TokenError(Exception):
    """There is no token. `kind` is the same for the same trouble, whatever its words."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


Ask = Callable[[], Awaitable[Granted]]


class Bearer:
    """The `authorization` of an OAuth client. Belongs to one event loop.

    `ask` raises TokenError; `where` is the endpoint as it is logged.
    """

    def __init__(
        self,
        ask: Ask,
        where: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._ask = ask
        self._where = where
        self._clock = clock
        self._jitter = jitter
        self._header = ""
        self._renew_at = self._gone_at = self._drop_at = self._ask_at = -math.inf
        self._asking: asyncio.Task[str] | None = None
        self._pause_s = PAUSE_S
        self._trouble: TokenError | None = None

    async def get(self) -> str:
        """The header's value. Raises PushbackError when there is no token to be had now."""
        now = self._clock()
        if now < self._renew_at:
            return self._header
        if self._asking is None and now >= self._ask_at:
            self._asking = asyncio.create_task(self._renew())
            self._asking.add_done_callback(_seen)
        if now < self._gone_at:  # It is still good: the call does not wait for its successor.
            return self._header
        if self._asking is None:
            raise self._pushback()
        # A call that is cancelled leaves the request to the others who wait for it.
        return await asyncio.shield(self._asking)

    def refused(self, used: str) -> bool:
        """The cluster did not take what `get` gave: whether another call may be, with what `get` gives now."""
        if used != self._header or self._clock() >= self._gone_at:  # It has gone already.
            return True
        if self._clock() < self._drop_at:
            return False
        self._renew_at = self._gone_at = -math.inf
        self._drop_at = self._clock() + DROP_PAUSE_S
        return True

    async def close(self) -> None:
        """Ask for nothing any more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _renew(self) -> str:
        try:
            granted = await self._ask()
        except TokenError as error:
            self._failed(error)
            raise self._pushback() from None
        else:
            return self._keep(granted)
        finally:
            self._asking = None

    def _keep(self, granted: Granted) -> str:
        now, lifetime = self._clock(), granted.lifetime_s
        self._header = f"Bearer {granted.token}"
        self._renew_at = now + lifetime - min(AHEAD_S, lifetime / 4)
        self._gone_at = now + lifetime - min(SKEW_S, lifetime / 10)
        self._pause_s, self._ask_at = PAUSE_S, -math.inf
        if self._trouble:
            log.info("tokens for the cluster are given again", endpoint=self._where)
        self._trouble = None
        return self._header

    def _failed(self, error: TokenError) -> None:
        """Said once for each trouble, however often it is tried."""
        if self._trouble is None or self._trouble.kind != error.kind:
            log.error("no token for the cluster; trying again", endpoint=self._where, why=str(error))
        self._trouble = error
        self._ask_at = self._clock() + self._pause_s * self._jitter(0.5, 1.5)
        self._pause_s = min(self._pause_s * 2, PAUSE_MAX_S)

    def _pushback(self) -> PushbackError:
        return PushbackError(f"no token from {self._where}: {self._trouble}")


async def ask(client: OAuthClient) -> Granted:
    """Ask the token endpoint. Raises TokenError, whatever went wrong."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        # The environment names the proxy, for gRPC just as for this.
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            return await _asked(session, client)
    except TimeoutError:
        raise TokenError("timeout", f"no answer within {TIMEOUT_S:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise TokenError(type(error).__name__, masked(f"{error}" or type(error).__name__, client.secret)) from None


async def _asked(session: aiohttp.ClientSession, client: OAuthClient) -> Granted:
    tls = client.tls or True
    url = client.token_url
    if url is None:
        async with session.get(configuration_url(client.issuer_url), ssl=tls, allow_redirects=False) as response:
            url = token_endpoint(response.status, await _body(response))
    # A redirect is not followed: the secret is for this address only.
    async with session.post(url, data=dict(client.form), ssl=tls, allow_redirects=False) as response:
        return granted(response.status, await _body(response), client.secret)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TokenError("size", f"HTTP {response.status} with more than {BODY_BYTES_MAX // 1024} KiB is no token")
    return bytes(body)


def configuration_url(issuer_url: str) -> str:
    """Where an issuer's configuration is (OpenID Connect Discovery 1.0, section 4)."""
    well_known = "/.well-known/openid-configuration"
    return issuer_url if "/.well-known/" in issuer_url else issuer_url.rstrip("/") + well_known


def token_endpoint(status: int, body: bytes) -> str:
    """The token endpoint that an issuer's configuration names. Raises TokenError when it names none."""
    answer = _json(body)
    found = answer.get("token_endpoint") if status == 200 and isinstance(answer, dict) else None  # noqa: PLR2004 - OK
    if not isinstance(found, str) or not found.startswith(("http://", "https://")):
        raise TokenError(f"discovery {status}", f"the issuer's configuration names no token_endpoint (HTTP {status})")
    return found


def granted(status: int, body: bytes, secret: str) -> Granted:
    """The token of an endpoint's answer (RFC 6749, section 5). Raises TokenError with what it said instead."""
    answer = _json(body)
    if status != 200:  # noqa: PLR2004 - OK
        raise TokenError(f"status {status}", f"HTTP {status}: {masked(_said(answer, body), secret)}")
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise TokenError("no token", "HTTP 200 without an access_token")
    if not (token.isascii() and token.isprintable()):
        raise TokenError("no token", "HTTP 200 with an access_token that cannot be sent: it is not plain ASCII")
    return Granted(token=token, lifetime_s=_lifetime(answer.get("expires_in")))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _said(answer: Any, body: bytes) -> str:
    """An error's words, in a line: those of RFC 6749, or of whoever stands in front of the endpoint."""
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        description = answer.get("error_description")
        text = f"{answer['error']}: {description}" if description else str(answer["error"])
    else:
        text = body.decode(errors="replace")
    return " ".join(text.split()) or "nothing"


def _lifetime(said: Any) -> float:
    """Some endpoints write the number as text."""
    try:
        seconds = float(said)
    except (TypeError, ValueError):
        return LIFETIME_S
    return seconds if math.isfinite(seconds) and seconds > 0 else LIFETIME_S


def masked(text: str, secret: str) -> str:
    """A text without the secret that it may repeat, as written and as a form has it, and not too long."""
    for form in {secret, quote_plus(secret)} - {""}:
        text = text.replace(form, "***")
    return text[:SAID_MAX]


def _seen(task: asyncio.Task[str]) -> None:
    """Look at an error that nobody waits for, so that asyncio does not report it as lost."""
    if not task.cancelled():
        task.exception()
