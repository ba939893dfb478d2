"""Whether a caller may call: a user's password, a key, or a token (`spec/inbound.md` §4.6)."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

from zelery.connectors.webhook.keys import NoKeysError, open_key_sets
from zelery.connectors.webhook.properties import ApiKeyAuth, BasicAuth, Jwt, JwtAuth, NoAuth
from zelery.connectors.webhook.token import Token, permit
from zelery.sdk import ConnectorError, InboundContext, RefusalError, Request
from zelery.sdk.types import number_text

#: What expressions see of a request. Raises RefusalError for a body that cannot be read.
Visible = Callable[[], Mapping[str, Any]]

_BASIC = "basic "
_UNAUTHORIZED, _UNAVAILABLE = 401, 503


async def authorize(
    auth: NoAuth | BasicAuth | ApiKeyAuth | JwtAuth, request: Request, visible: Visible, context: InboundContext
) -> None:
    """Raise RefusalError for who may not call, InputError for a model that does not say who may."""
    match auth:
        case BasicAuth():
            check_basic(auth, request)
        case ApiKeyAuth():
            check_key(auth, visible)
        case JwtAuth(jwt=rules):
            await _check_token(rules, request, context)


def check_basic(auth: BasicAuth, request: Request) -> None:
    """Raise RefusalError unless the request knows the password. Where the model names none, nobody does."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(_BASIC):
        raise _refusal("Basic auth header is missing")
    try:
        given = _decoded(header.split(" ")[1])
    except binascii.Error:
        raise _refusal("Basic auth header is invalid") from None
    known = auth.username is not None and auth.password is not None
    wanted = f"{auth.username}:{auth.password}".encode("utf-8", "replace")
    if not hmac.compare_digest(given, wanted) or not known:
        raise _refusal("Basic auth header is invalid")


def _decoded(token: str) -> bytes:
    """Base64, with its padding or without. Raises binascii.Error."""
    raw = token.encode("utf-8", "replace").rstrip(b"=")
    return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)


def check_key(auth: ApiKeyAuth, visible: Visible) -> None:
    """Raise RefusalError unless the request holds the key where the model looks for it."""
    if auth.api_key_locator is None:
        raise _refusal("the webhook has no apiKeyLocator, so that no key is found")
    try:
        found = auth.api_key_locator({"request": visible(), "connectorData": {}})
    except ConnectorError as error:  # The expression fails, or the body cannot be read: both before anybody is known.
        raise _refusal(error.message) from None
    if found is None:
        raise _refusal("API key is missing")
    if auth.api_key is None or not hmac.compare_digest(_bytes(found), auth.api_key.encode("utf-8", "replace")):
        raise _refusal("API key is invalid")


def _bytes(key: Any) -> bytes:
    """A key as it is compared: a number is its text."""
    if isinstance(key, (int, float)) and not isinstance(key, bool):
        key = number_text(key)
    return str(key).encode("utf-8", "replace") if isinstance(key, str) else b""


async def _check_token(rules: Jwt, request: Request, context: InboundContext) -> None:
    token = Token.of(request.headers)
    key_sets = await context.use(open_key_sets)
    try:
        key = await key_sets.find(rules.jwk_url, token.key_id)
    except NoKeysError as error:
        context.log("ERROR", request.method, error.message)
        raise RefusalError(
            _UNAVAILABLE, "Reason: OTHER. Details: the keys that tokens are checked with cannot be had at the moment"
        ) from None
    permit(rules, token.claims(key, time.time()))


def _refusal(details: str) -> RefusalError:
    return RefusalError(_UNAUTHORIZED, f"Reason: INVALID_CREDENTIALS. Details: {details}")
