"""Whether a request is signed with the webhook's secret (`spec/inbound.md` §4.5). No I/O."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from zelery.connectors.webhook.properties import Signed
from zelery.sdk import InputError, RefusalError, Request, body_of, params_of
from zelery.sdk.webhook_body import fields_of

ENABLED = "enabled"

_ALGORITHMS = {"sha_1": "sha1", "sha_256": "sha256", "sha_512": "sha512"}
_UNAUTHORIZED = 401


def check(signed: Signed, request: Request) -> None:
    """Raise RefusalError for a request that is not signed as it must be, InputError for a model that does not say how.

    The header may hold the digest in small hexadecimal letters, that with a prefix and `=` before it, or Base64.
    """
    if signed.should_validate_hmac != ENABLED:
        return
    secret, header, algorithm = _settled(signed)
    texts = _texts(signed.hmac_scopes, request)
    sent = request.headers.get(header.lower())
    if sent is None:
        raise _refusal(f"HMAC header {header} is missing")
    if not any(_same(sent, hmac.new(secret, text, algorithm).digest()) for text in texts):
        raise _refusal("HMAC signature check didn't pass")


def _settled(signed: Signed) -> tuple[bytes, str, str]:
    """Secret, header and algorithm."""
    algorithm = _ALGORITHMS.get(signed.hmac_algorithm or "")
    if algorithm is None:
        raise InputError(f"inbound.hmacAlgorithm is {signed.hmac_algorithm!r}: must be one of {', '.join(_ALGORITHMS)}")
    if not signed.hmac_secret or not signed.hmac_header:
        name = "hmacHeader" if signed.hmac_secret else "hmacSecret"
        raise InputError(f"inbound.{name} is missing: requests cannot be checked without it")
    return signed.hmac_secret.encode("utf-8", "replace"), signed.hmac_header, algorithm


def _refusal(details: str) -> RefusalError:
    return RefusalError(_UNAUTHORIZED, f"Reason: INVALID_SIGNATURE. Details: {details}")


def _same(sent: str, digest: bytes) -> bool:
    """Whether a header holds a digest in one of its forms; all are compared, so that the time tells nothing."""
    hexadecimal, given = digest.hex().encode(), sent.encode()
    forms = ((given, hexadecimal), (given.partition(b"=")[2], hexadecimal), (given, base64.b64encode(digest)))
    return any([hmac.compare_digest(one, other) for one, other in forms])  # noqa: C419 - not only up to the first


def _texts(scopes: Sequence[str] | None, request: Request) -> Sequence[bytes]:
    """What may have been signed. Raises InputError for scopes that mean nothing."""
    match sorted(scopes or ("body",)) if scopes != [] else None:
        case ["body"]:
            return (request.body,)
        case ["body", "url"]:
            return (_url_and_body(request),)
        case ["parameters", "url"]:
            return _url_and_parameters(request)
        case ["body", "parameters", "url"]:
            return _url_and_parameters(request) if request.method == "GET" else (_url_and_body(request),)
    allowed = "[body], [url, body], [url, parameters] or [url, body, parameters]"
    raise InputError(f"inbound.hmacScopes is {scopes}: must be {allowed}")


def _url_and_body(request: Request) -> bytes:
    """The URL, then each name and its value, sorted by name; a body that has no names, as it came."""
    body = dict(reversed(fields_of(request))) or body_of(request)
    if not isinstance(body, dict):
        return request.url.encode() + request.body
    return (request.url + "".join(f"{name}{_value(body[name])}" for name in sorted(body))).encode("utf-8", "replace")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _url_and_parameters(request: Request) -> Sequence[bytes]:
    """The URL with its query: as the caller wrote it, and in the spelling that the Java runtime gives it."""
    written = f"{request.url}?{request.query}" if request.query else request.url
    return written.encode(), f"{request.url}?{urlencode(params_of(request), errors='replace')}".encode()
