"""HTTP by a script: what connectors send is written down, and answered as the test has said."""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from zelery.resources import Resources
from zelery.sdk.http import wire
from zelery.sdk.http.blocks import Blocks
from zelery.sdk.http.client import HttpClient
from zelery.sdk.http.request import Request
from zelery.settings import Settings


class UnansweredError(AssertionError):
    """A connector has sent a request that the test has no answer for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that a connector has sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclasses.dataclass(kw_only=True)
class Answer:
    """What is answered to requests of a kind."""

    method: str
    url: str
    """May have `*` for any characters. Without a query, any query matches."""
    status: int
    headers: Mapping[str, str]
    body: bytes
    times: int | None
    """How often it is given; None: always."""

    def matches(self, request: Sent) -> bool:
        """Whether it answers a request."""
        plain = request.url if "?" in self.url else request.url.partition("?")[0]
        return self.times != 0 and self.method in ("*", request.method) and fnmatch.fnmatchcase(plain, self.url)


def answer_of(
    method: str,
    url: str,
    *,
    json: Any = None,
    text: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    times: int | None = None,
) -> Answer:
    """An answer, with its body as JSON or as text."""
    body, content_type = (b"", None) if text is None else (text.encode(), "text/plain;charset=UTF-8")
    if json is not None:
        body, content_type = _json_bytes(json), "application/json"
    named = {"Content-Type": content_type} if content_type else {}
    return Answer(
        method=method.upper(), url=url, status=status, headers={**named, **(headers or {})}, body=body, times=times
    )


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class Script:
    """An exchange, as the HTTP client of connectors stands on one: no socket is opened."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.sent: list[Sent] = []
        self.unanswered: list[Sent] = []

    async def __call__(self, request: Request) -> tuple[wire.Head, bytes]:
        """The answer that the script has. Raises wire.UnreachableError where it has none."""
        sent = Sent(
            method=request.method,
            url=request.target.url,
            headers={name.lower(): value for name, value in request.headers},
            body=request.data or b"",
        )
        self.sent.append(sent)
        found = next((each for each in self.answers if each.matches(sent)), None)
        if found is None:
            self.unanswered.append(sent)
            raise wire.UnreachableError(self.missing(sent))
        if found.times is not None:
            found.times -= 1
        headers = (*found.headers.items(), ("Content-Length", str(len(found.body))))
        return wire.Head(status=found.status, headers=headers), found.body

    def missing(self, sent: Sent) -> str:
        """What a request without an answer is told, with the remedy."""
        there = ", ".join(f"{each.method} {each.url}" for each in self.answers) or "none"
        plain = sent.url.partition("?")[0]
        said = f"a connector sent {sent.method} {plain}, and the test has no answer for it (there are: {there})."
        example = f'engine.answer("{sent.method}", "{plain}", json={{…}})'
        return f"{said} Script one: {example}, or allow real requests: Engine(real_http=True)"

    def close(self) -> None:
        """Hang up nothing."""


class ScriptedResources(Resources):
    """What connectors of one process share, with an HTTP client that answers by a script.

    Args:
        settings: The client's bounds and blocks.
        script: What it answers.
    """

    def __init__(self, settings: Settings, script: Script) -> None:
        super().__init__(settings)
        self._script = script

    async def use(self, resource: Any) -> Any:
        """The instance of a resource; the HTTP client is the scripted one."""
        return await super().use(self._client if resource == HttpClient.open else resource)

    @contextlib.asynccontextmanager
    async def _client(self, settings: Settings) -> AsyncIterator[HttpClient]:
        blocks = Blocks.read(settings.http_blocks)
        client = HttpClient(self._script, blocks=blocks, bytes_max=settings.http_response_bytes_max)
        try:
            yield client
        finally:
            await client.close()
