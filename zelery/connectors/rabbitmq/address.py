"""Where a RabbitMQ is and who asks, as models write it: one URI, or a login with host, port and virtual host."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Discriminator, Field, Tag

from zelery.sdk import Input, InputError
from zelery.sdk.types import NOT_BLANK, Must, Text, matching

#: Where RabbitMQ listens, by the scheme of its URI.
PORTS = {"amqp": 5672, "amqps": 5671}
#: Who asks when a URI does not say.
GUEST = "guest"

_PORT_MAX = 65_535
_DIGITS = re.compile(r"[0-9]{1,5}")


class UriAuthentication(Input):
    """Everything in one URI."""

    auth_type: Literal["uri"]
    uri: Annotated[
        Text, Must(NOT_BLANK, matching(r"amqps?://.*", "Must start with amqp(s):// or contain a secret reference"))
    ] = Field(repr=False)


class CredentialsAuthentication(Input):
    """A login; where to is the routing's."""

    auth_type: Literal["credentials"]
    user_name: Annotated[Text, Must(NOT_BLANK)]
    password: Annotated[Text, Must(NOT_BLANK)] = Field(repr=False)


def _kind(given: Any) -> str | None:
    """The tag of a login's kind. It is none of the properties' names, because those stand in messages."""
    kind = given.get("authType") if isinstance(given, Mapping) else None
    return f"({kind})" if isinstance(kind, str) else None


Authentication = Annotated[
    Annotated[UriAuthentication, Tag("(uri)")] | Annotated[CredentialsAuthentication, Tag("(credentials)")],
    Discriminator(_kind),
]


class Host(Input):
    """The part of `routing` that a login needs beside it."""

    virtual_host: Text | None = None
    host_name: Text | None = None
    port: Text | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Address:
    """A virtual host of a RabbitMQ, and who asks. Jobs with an equal one share a connection."""

    host: str
    port: int
    virtual_host: str
    user: str
    password: str = dataclasses.field(repr=False)
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(authentication: UriAuthentication | CredentialsAuthentication, routing: Host) -> Address:
    """Raises InputError, which names the property; a URI is never part of it."""
    if isinstance(authentication, UriAuthentication):
        return _of_uri(authentication.uri)
    if not routing.host_name or not routing.host_name.strip():
        raise InputError("routing.hostName: must not be blank, with a user name and a password")
    if not routing.port:
        raise InputError("routing.port: must not be blank, with a user name and a password; RabbitMQ's is 5672")
    if not _DIGITS.fullmatch(routing.port) or not 0 < int(routing.port) <= _PORT_MAX:
        raise InputError(f"routing.port: must be a number from 1 to {_PORT_MAX}, not {routing.port!r}")
    return Address(
        host=routing.host_name.strip(),
        port=int(routing.port),
        virtual_host=routing.virtual_host or "/",
        user=authentication.user_name,
        password=authentication.password,
    )


def _of_uri(uri: str) -> Address:
    """A query is for other clients."""
    try:
        parts = urlsplit(uri.strip())
        port = parts.port
    except ValueError:
        raise InputError("authentication.uri: must be amqp://user:password@host:port/virtualHost") from None
    name = parts.path.removeprefix("/")
    if "/" in name:
        raise InputError("authentication.uri: a virtual host with a slash is written %2F")
    if parts.path == "/":
        raise InputError("authentication.uri: ends with a slash, and no virtual host has an empty name; leave it off")
    return Address(
        host=unquote(parts.hostname or "localhost"),
        port=port or PORTS[parts.scheme],
        virtual_host=unquote(name) or "/",
        user=unquote(parts.username or GUEST),
        password=unquote(parts.password or GUEST),
        tls=parts.scheme == "amqps",
    )
