"""What a model says about a request, and the request that it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from zelery.sdk.connector import Input
from zelery.sdk.http.authentication import Authentication, NoAuthentication
from zelery.sdk.http.content import content, java_text
from zelery.sdk.http.errors import UnbuildableError
from zelery.sdk.http.target import Parameters, Target, target
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Choice, Int, Must, Text, TextMap, matching

#: In the order of the Java runtime's enum, because a number is a position in it.
Method = Annotated[Literal["POST", "GET", "DELETE", "PATCH", "PUT"], Choice("HttpMethod"), Must(NOT_NULL)]
Url = Annotated[
    Text,
    Must(NOT_BLANK, matching("(http://|https://|secrets|\\{\\{)[^\n\r\x85\u2028\u2029]*", "Must be a http(s) URL")),
]

#: Seconds, where a model sets none.
TIMEOUT_S = 20
#: Methods that carry a body, if only an empty one.
BODIED = ("POST", "PUT", "PATCH")

_ACCEPTED_CODINGS = "gzip, x-gzip, deflate"
#: What the client says itself; a model that says it breaks the framing of the request.
_FRAMING = ("content-length", "transfer-encoding")


class ProtocolViolationError(Exception):
    """A request that HTTP does not allow."""


class Timeouts(Input):
    """How long a request may take, as element templates write it. Add it to a connector's input as a base."""

    connection_timeout_in_seconds: Int = None
    read_timeout_in_seconds: Int = None
    write_timeout_in_seconds: Int = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One HTTP request as a model means it, before it is built."""

    method: str
    """Upper case."""
    url: str = dataclasses.field(repr=False)
    """As the model writes it."""
    headers: TextMap | None = dataclasses.field(default=None, repr=False)
    """The model's headers."""
    parameters: TextMap | None = dataclasses.field(default=None, repr=False)
    """Query parameters added to the URL's own."""
    body: Any = dataclasses.field(default=None, repr=False)
    """Anything that JSON can say; methods without a body ignore it."""
    authentication: Authentication = dataclasses.field(default_factory=NoAuthentication)
    """Who asks."""
    skip_encoding: bool = False
    """Whether the URL goes out as it is."""
    ignore_nulls: bool = False
    """Whether null entries of maps are left out of a JSON body."""
    connect_s: int = TIMEOUT_S
    """Seconds for a connection, 0 is no limit."""
    read_s: int = TIMEOUT_S
    """Seconds between two pieces of the answer, 0 is no limit."""

    def __str__(self) -> str:
        """The call as the Java runtime prints it in the error of a request that cannot be built, blemishes and all."""
        return (
            f"HttpRequest{{url='{self.url}', method='{self.method}', authentication={self.authentication},"
            f" connectionTimeoutInSeconds='{self.connect_s}', headers={java_text(self.headers)}',"
            f" readTimeoutInSeconds='{self.read_s}, body={java_text(self.body)},"
            f" queryParameters={java_text(self.parameters)}, storeResponse=false}}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request that is ready to go out."""

    method: str
    """Upper case."""
    target: Target = dataclasses.field(repr=False)
    """Whom to call, and for what."""
    headers: tuple[tuple[str, str], ...] = dataclasses.field(repr=False)
    """In the order and spelling in which they go out."""
    data: bytes | None = dataclasses.field(repr=False)
    """The body; None when the method has none."""
    connect_s: float | None
    """Seconds for a connection; None is no limit."""
    read_s: float | None
    """Seconds between two pieces of the answer; None is no limit."""


def timeouts(given: Timeouts | Written) -> tuple[int, int]:
    """Seconds for the connection and for reading: a read timeout that is not set is that of the connection."""
    connect_s = TIMEOUT_S if given.connection_timeout_in_seconds is None else given.connection_timeout_in_seconds
    return connect_s, connect_s if given.read_timeout_in_seconds is None else given.read_timeout_in_seconds


class Written(Protocol):
    """A request as the inputs of protocol connectors hold it."""

    @property
    def url(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def authentication(self) -> Authentication: ...
    @property
    def headers(self) -> TextMap | None: ...
    @property
    def query_parameters(self) -> TextMap | None: ...
    @property
    def skip_encoding(self) -> str | None: ...
    @property
    def body(self) -> Any: ...
    @property
    def connection_timeout_in_seconds(self) -> int | None: ...
    @property
    def read_timeout_in_seconds(self) -> int | None: ...


def call_of(given: Written) -> Call:
    """The call that a connector's input means."""
    connect_s, read_s = timeouts(given)
    return Call(
        method=given.method,
        url=given.url,
        headers=given.headers,
        parameters=given.query_parameters,
        body=given.body,
        authentication=given.authentication,
        skip_encoding=given.skip_encoding == "true",
        connect_s=connect_s,
        read_s=read_s,
    )


def request(call: Call, *, agent: str, token: str | None = None) -> Request:
    """The request that a call means; `token` is what its client was granted, if it is one that asks for a token.

    Raises UnbuildableError when the call breaks the rules of its parts, ProtocolViolationError those of HTTP, and
    ForeignUrlError when the URL is none that HTTP can call.
    """
    for seconds in (call.connect_s, call.read_s):
        if seconds < 0:
            raise UnbuildableError(f"duration must not be negative: {seconds}")
    where = target(call.url, skip_encoding=call.skip_encoding, parameters=_parameters(call))
    given = [
        (name, value or "")
        for name, value in (call.headers or {}).items()
        if value is not None or name.lower() != "content-type"
    ]
    names = {name.lower(): value for name, value in reversed(given)}
    if any(name in names for name in _FRAMING):
        raise ProtocolViolationError("the model's headers set the length of the request")
    data = None
    headers = call.authentication.headers()
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    if call.method in BODIED:
        body = content(call.body, names.get("content-type"), ignore_nulls=call.ignore_nulls)
        data = body.data
        if body.content_type is not None:
            headers.append(("Content-Type", body.content_type))
            given = [header for header in given if header[0].lower() != "content-type"]
        headers.append(("Content-Length", str(len(data))))
    headers += given
    headers += [header for header in _ours(where, agent) if header[0].lower() not in names]
    return Request(
        method=call.method,
        target=where,
        headers=tuple(headers),
        data=data,
        connect_s=call.connect_s or None,
        read_s=call.read_s or None,
    )


def _ours(where: Target, agent: str) -> tuple[tuple[str, str], ...]:
    return ("Accept-Encoding", _ACCEPTED_CODINGS), ("Host", where.authority), ("User-Agent", agent)


def _parameters(call: Call) -> Parameters:
    """An API key comes first, then the model's own parameters."""
    own: Mapping[str, str | None] = call.parameters or {}
    return [*call.authentication.parameters(), *own.items()]
