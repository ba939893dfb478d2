"""HTTP as it comes and goes: from ASGI to the SDK's request, and from its response to ASGI. No connector in here."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from zelery.model import to_json
from zelery.sdk.webhooks import Response

#: What a JSON body may be told to be.
_JSON_ACCEPTED = ("*/*", "application/*", "application/json", "application/*+json")
#: What may be a header's name (RFC 9110, 5.6.2).
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: A body's length in digits; a longer one is no length of anything.
_LENGTH = re.compile(r"[0-9]{1,100}")
_PORTS = {"http": "80", "https": "443"}
#: Of the statuses below, which only announce another one, a caller would wait for that one.
_STATUS_MIN, _STATUS_MAX = 200, 999
_BODILESS = (204, 304)
#: What no header's value may hold (RFC 9110, 5.5).
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")


class TooLargeError(Exception):
    """The request's body is larger than the settings allow."""


class GoneError(Exception):
    """The caller has hung up."""


async def body_of(scope: Scope, receive: Receive, *, bytes_max: int) -> bytes:
    """The request's body. Raises TooLargeError before more than that is held, and GoneError."""
    told = header_map(scope).get("content-length", "")
    if _LENGTH.fullmatch(told) and int(told) > bytes_max:
        raise _too_large(bytes_max)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > bytes_max:
            raise _too_large(bytes_max)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(bytes_max: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {bytes_max} bytes (ZELERY_WEBHOOK_BODY_BYTES_MAX)")


def header_map(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name, the first of each; bytes above ASCII are Latin-1."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def caller_url(scope: Scope, proxies: Sequence[str]) -> str:
    """The address as the caller wrote it, without its query: what signatures are made over.

    What a proxy says of it counts only when it is one of `proxies`: everybody can write such headers.
    """
    headers = header_map(scope)
    scheme, host = str(scope["scheme"]), headers.get("host", "")
    if _trusted(scope, proxies):
        scheme = headers.get("x-forwarded-proto", scheme).partition(",")[0].strip()
        host = headers.get("x-forwarded-host", host).partition(",")[0].strip()
    name, colon, port = host.rpartition(":")
    if colon and port == _PORTS.get(scheme):
        host = name
    path = scope["raw_path"].decode("latin-1")
    return f"{scheme}://{host}{path}"


def _trusted(scope: Scope, proxies: Sequence[str]) -> bool:
    if not proxies or not scope.get("client"):
        return False
    try:
        client = ipaddress.ip_address(scope["client"][0])
    except ValueError:
        return False
    return any(client in ipaddress.ip_network(each, strict=False) for each in proxies)


async def respond(response: Response, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    """Send a response."""
    status, headers, body = written(response, header_map(scope).get("accept"))
    if status not in _BODILESS:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def written(response: Response, accept: str | None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body as bytes.

    A status that HTTP does not have is the model's fault: 500. JSON that the caller does not accept is not sent: 406.
    """
    if not _STATUS_MIN <= response.status <= _STATUS_MAX:
        return 500, [], b""
    headers = dict(_sendable(response.headers))
    body, kind = _body(None if response.status in _BODILESS else response.body)
    if kind and not any(name.lower() == "content-type" for name in headers):
        headers["content-type"] = kind
        if kind == "application/json" and accept is not None and not _accepts_json(accept):
            return 406, [(b"accept", b"application/json, application/*+json")], b""
    if isinstance(response.body, str) and kind:  # Nobody is to guess that a text is a page.
        headers.setdefault("x-content-type-options", "nosniff")
    return response.status, [(_latin(name.lower()), _latin(value)) for name, value in headers.items()], body


def _sendable(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values without what would end a header; its own length and connection are the server's."""
    for name, value in headers.items():
        clean = _CONTROLS.sub(" ", str(value)).strip()
        if _TOKEN.fullmatch(name) and name.lower() not in ("content-length", "transfer-encoding", "connection"):
            yield name, clean


def _body(body: Any) -> tuple[bytes, str | None]:
    """The body's bytes, and its media type where nobody says another."""
    if body is None:
        return b"", None
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode("utf-8", "replace"), "text/plain;charset=UTF-8"
    return to_json(body).encode(), "application/json"


def _accepts_json(accept: str) -> bool:
    kinds = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return any(kind in _JSON_ACCEPTED or kind.endswith("+json") for kind in kinds)


def _latin(text: str) -> bytes:
    return text.encode("latin-1", "replace")
