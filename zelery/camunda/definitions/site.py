"""One server's JSON calls: who we are is added, a session that has ended is renewed once, statuses become errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zelery.camunda.definitions.login import Login
from zelery.camunda.definitions.transport import Request, Response, Send
from zelery.errors import SourceError, SourceNotFoundError, SourceRefusedError, SourceUnavailableError
from zelery.settings import mask_url

#: How much of an answer that is an error is said, characters.
SAID_MAX = 300

OK, NO_CONTENT, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = 200, 204, 400, 401, 403, 404, 405
_REDIRECTS = range(300, 400)
_LATER = {408, 425, 429}
_SERVER_ERROR = 500


class Site:
    """Calls below one address. Belongs to the event loop of its sender."""

    def __init__(self, send: Send, login: Login, *, name: str, url: str, hint: str) -> None:
        self._send = send
        self._login = login
        self._url = url
        self._hint = hint
        self.name = f"{name} at {mask_url(url)}"

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer of a search. Raises SourceError for any other."""
        return self.parsed(await self.ask("POST", path, body), path)

    async def get(self, path: str) -> Any:
        """The JSON answer of a GET. Raises SourceNotFoundError for what is not there, SourceError for any other."""
        return self.parsed(await self.ask("GET", path), path)

    async def file(self, path: str) -> bytes:
        """The bytes of an XML file. Raises SourceNotFoundError when there is none."""
        response = await self.ask("GET", path, accept="text/xml")
        if response.status == OK and response.body:
            return response.body
        if response.status in {OK, NO_CONTENT, NOT_FOUND}:
            raise SourceNotFoundError(f"{self.name} has no {path} (HTTP {response.status})")
        raise self.error(response, path)

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, accept: str = "application/json"
    ) -> Response:
        """The answer, whatever its status, unless it is that we are not known. Raises SourceError without one."""
        response, again = await self._once(method, path, body, accept)
        if again:
            response, _ = await self._once(method, path, body, accept)
        if response.status in {UNAUTHORIZED, FORBIDDEN} or response.status in _REDIRECTS:
            raise self.error(response, path)
        return response

    async def _once(self, method: str, path: str, body: Mapping[str, Any] | None, accept: str) -> tuple[Response, bool]:
        used = await self._login.headers()
        request = Request(method=method, url=self._url + path, headers={"Accept": accept, **used}, json=body)
        response = await self._send(request)
        return response, response.status in {UNAUTHORIZED, FORBIDDEN} and self._login.refused(used)

    def parsed(self, response: Response, path: str) -> Any:
        """The JSON of an answer. Raises SourceError for one that is an error or is none."""
        if response.status != OK:
            raise self.error(response, path)
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError):
            raise self.odd(path, "something that is no JSON") from None

    def odd(self, path: str, what: str) -> SourceUnavailableError:
        """The error for an answer that should not be."""
        return SourceUnavailableError(f"{self.name} answered {path} with {what}")

    def error(self, response: Response, path: str) -> SourceError:
        """The error that a status stands for."""
        status = response.status
        said = f"{self.name} answered {path} with HTTP {status}: {_said(response.body)}"
        if status in {UNAUTHORIZED, FORBIDDEN} or status in _REDIRECTS:
            return SourceRefusedError(f"{self.name} does not take us for {path} (HTTP {status}): {self._login.remedy}")
        if status >= _SERVER_ERROR or status in _LATER:
            return SourceUnavailableError(said)
        if status in {NOT_FOUND, NOT_ALLOWED} and not path.endswith("/search"):
            return SourceNotFoundError(f"{self.name} has no {path} (HTTP {status})")
        return SourceRefusedError(f"{said}; {self._hint}")


def _said(body: bytes) -> str:
    """An error's own words, in a line."""
    text = body.decode(errors="replace")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        text = str(answer.get("message") or answer.get("detail") or answer.get("error") or text)
    return " ".join(text.split())[:SAID_MAX] or "nothing"
