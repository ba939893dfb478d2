"""How we say who we are to Operate and to the REST API: not at all, by a header, or by a session of Operate's own."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from zelery.camunda.credentials import Authorization
from zelery.camunda.definitions.transport import Request, Response, Send
from zelery.errors import PushbackError, SourceError, SourceRefusedError, SourceUnavailableError

#: A session is renewed after this, seconds, as the Java runtime does it; Operate's own end is not told.
SESSION_S = 300.0
#: One that is refused when it is younger is not replaced: it is not its age then, and each call would log in.
DROP_PAUSE_S = 10.0
#: A login that was refused is not tried again before this: accounts are locked after some.
REFUSED_PAUSE_S = 30.0
#: The session's cookie starts so, and these are the names under which a token against forged requests comes.
SESSION_COOKIE = "OPERATE-SESSION"
CSRF_NAMES = ("X-CSRF-TOKEN", "OPERATE-X-CSRF-TOKEN", "TASKLIST-X-CSRF-TOKEN")

_OK_MIN, _OK_MAX, _NOT_FOUND, _SERVER_ERROR, _BUSY = 200, 299, 404, 500, 429


class Login(Protocol):
    """Who we are, call by call. Belongs to one event loop."""

    remedy: str
    """What somebody should look at when we are not taken."""

    async def headers(self) -> Mapping[str, str]:
        """What each call carries now. Raises SourceError when there is none to be had."""

    def refused(self, used: Mapping[str, str]) -> bool:
        """The server did not take `used`: whether a second call may go better."""


class Nobody:
    """No login."""

    def __init__(self, remedy: str) -> None:
        self.remedy = remedy

    async def headers(self) -> Mapping[str, str]:
        return {}

    def refused(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - the port's signature
        return False


class ByHeader:
    """A token or a password with each call."""

    def __init__(self, who: Authorization, remedy: str) -> None:
        self._who = who
        self.remedy = remedy

    async def headers(self) -> Mapping[str, str]:
        try:
            return {"Authorization": await self._who.get()}
        except PushbackError as error:
            raise SourceUnavailableError(str(error)) from error

    def refused(self, used: Mapping[str, str]) -> bool:
        return self._who.refused(used["Authorization"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """A login for Operate's own login page."""

    url: str
    """Operate's."""
    username: str
    password: str = dataclasses.field(repr=False)


class BySession:
    """A session of Operate's own, begun by a form, renewed every few minutes and when it is refused."""

    def __init__(
        self, account: Account, send: Send, remedy: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._account = account
        self._send = send
        self._clock = clock
        self.remedy = remedy
        self._headers: Mapping[str, str] = {}
        self._since = -math.inf
        self._trouble: tuple[float, SourceRefusedError] | None = None
        self._lock = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        async with self._lock:  # However many calls wait, one logs in.
            if self._clock() >= self._since + SESSION_S:
                self._headers = await self._begin()
                self._since = self._clock()
            return self._headers

    def refused(self, used: Mapping[str, str]) -> bool:
        if used is not self._headers:  # It has been replaced already.
            return True
        if self._clock() < self._since + DROP_PAUSE_S:
            return False
        self._since = -math.inf
        return True

    async def _begin(self) -> Mapping[str, str]:
        if self._trouble and self._clock() < self._trouble[0]:
            raise self._trouble[1]
        form = {"username": self._account.username, "password": self._account.password}
        request = Request(method="POST", url=f"{self._account.url}/api/login", form=form)
        try:
            found = session(await self._send(request), self._account, self.remedy)
        except SourceRefusedError as error:
            self._trouble = (self._clock() + REFUSED_PAUSE_S, error)
            raise
        self._trouble = None
        return found


def session(response: Response, account: Account, remedy: str) -> Mapping[str, str]:
    """What calls carry after a login. Raises SourceError when it was none."""
    if not _OK_MIN <= response.status <= _OK_MAX:
        raise _no_session(response.status, account, remedy)
    pairs = (line.partition(";")[0].partition("=") for line in response.all("Set-Cookie"))
    cookies = {name.strip(): value.strip() for name, _, value in pairs}
    kept = {name: value for name, value in cookies.items() if name.startswith(SESSION_COOKIE) or name in CSRF_NAMES}
    if not any(name.startswith(SESSION_COOKIE) for name in kept):
        raise SourceRefusedError(f"Operate at {account.url} gave no session for {account.username!r}: {remedy}")
    csrf = {name: values[-1] for name in CSRF_NAMES if (values := response.all(name))}
    # Where the token came in a cookie only, the server compares the cookie with the header all the same.
    tokens = csrf or {name: value for name, value in kept.items() if name in CSRF_NAMES}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items()), **tokens}


def _no_session(status: int, account: Account, remedy: str) -> SourceError:
    if status >= _SERVER_ERROR or status == _BUSY:
        return SourceUnavailableError(f"Operate at {account.url} cannot log anybody in now (HTTP {status})")
    if status == _NOT_FOUND:
        return SourceRefusedError(
            f"{account.url} has no /api/login (HTTP 404): check CAMUNDA_OPERATE_CLIENT_URL; an Operate behind Identity"
            " takes CAMUNDA_IDENTITY_CLIENT_ID and CAMUNDA_IDENTITY_CLIENT_SECRET instead of a username"
        )
    return SourceRefusedError(
        f"Operate at {account.url} does not take the login {account.username!r} (HTTP {status}): {remedy}"
    )
