"""Whether a token (JWT) is signed with its issuer's key, valid now, and permits enough (`spec/inbound.md` §4.6).

No I/O. Whatever is wrong with a token, its sender is told the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from zelery.connectors.webhook.properties import Jwt
from zelery.sdk import ExpressionError, InputError, RefusalError

Key = RSAKey | ECKey

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_SCHEME = "Bearer"
#: What reading something that is no token comes to.
_BROKEN = (JoseError, ValueError, TypeError, RecursionError)
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class _Registry(jws.JWSRegistry):
    #: Some issuers put certificates into the header.
    max_header_length = 16_384


#: Issuers have header parameters of their own; those that must be understood are still refused.
_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """A token that nobody has checked yet."""

    text: bytes = dataclasses.field(repr=False)
    key_id: str
    """Names the key that it says to be signed with."""
    algorithm: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """The token in a request's headers, with its scheme or without. Raises RefusalError."""
        text = headers.get("authorization", "").replace(_SCHEME, "").strip().encode()
        try:
            told = jws.extract_compact(text, registry=_REGISTRY).headers()
        except _BROKEN:
            raise refusal() from None
        key_id, algorithm = told.get("kid"), told.get("alg")
        if not isinstance(key_id, str) or algorithm not in ALGORITHMS:
            raise refusal()
        return cls(text=text, key_id=key_id, algorithm=algorithm)

    def claims(self, key: Key | None, now_s: float) -> dict[str, Any]:
        """What it claims, when it is signed with that key and valid now. Raises RefusalError."""
        if key is None or key.alg not in (None, self.algorithm):
            raise refusal()
        try:
            claims = jwt.decode(self.text, key, registry=_REGISTRY).claims
        except _BROKEN:
            raise refusal() from None
        if not all(_holds(claims.get(name), now_s, past=past) for name, past in _TIMES.items()):
            raise refusal()
        return claims


def keys_of(answer: Any) -> dict[str, Key]:
    """The keys of a key set by their ids; those that cannot check a signature are left out. Raises ValueError."""
    keys = answer.get("keys") if isinstance(answer, dict) else None
    if isinstance(keys, list):
        return {kid: key for each in keys for kid, key in _read(each)}
    raise ValueError('it is no key set: expected {"keys": [...]}')


def permit(rules: Jwt, claims: Mapping[str, Any]) -> None:
    """Raise RefusalError when the claims do not permit all that is required."""
    if not rules.required_permissions:
        return
    if rules.permissions_expression is None:
        raise InputError("inbound.auth.jwt.permissionsExpression is missing: requiredPermissions are looked for there")
    try:
        permitted = rules.permissions_expression(claims)
    except ExpressionError:
        permitted = None
    if not isinstance(permitted, list) or not all(each in permitted for each in rules.required_permissions):
        raise RefusalError(_FORBIDDEN, "Reason: FORBIDDEN. Details: Missing required permissions")


def refusal() -> RefusalError:
    """What a sender is told of a token that is not taken."""
    return RefusalError(_UNAUTHORIZED, "Reason: INVALID_CREDENTIALS. Details: JWT auth failed")


#: Claims that are times, and whether they must lie in the past.
_TIMES = {"exp": False, "nbf": True, "iat": True}


def _holds(time: Any, now_s: float, *, past: bool) -> bool:
    """Whether a time is absent, or before or after now as it must be; to the second, and without grace."""
    if time is None:
        return True
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        return False
    return time <= now_s if past else time >= int(now_s)


def _read(each: Any) -> list[tuple[str, Key]]:
    if not isinstance(each, dict) or not isinstance(each.get("kid"), str) or each.get("kty") not in ("RSA", "EC"):
        return []
    try:
        key = import_key(each)
    except (JoseError, ValueError, TypeError):
        return []
    return [(each["kid"], key)] if isinstance(key, (RSAKey, ECKey)) else []
