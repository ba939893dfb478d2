"""What the placeholders of the recorded inbound cases stand for, signatures and tokens among them."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from zelery.errors import ConnectorError

#: What the placeholders of the cases stand for.
NAMES = {
    "path": "wgolden",
    "path2": "wgolden2",
    "path3": "wgolden3",
    "base": "http://127.0.0.1:9797",
    "host": "127.0.0.1:9797",
    "auxHost": "http://127.0.0.1:26602",
    "p1": "ggoldenp1",
}


def filled(value: Any) -> Any:
    """A recorded value with its placeholders filled in."""
    if isinstance(value, dict):
        if "$hmac" in value:
            return _hmac(**filled(value["$hmac"]))
        if "$jwt" in value:
            return _token(value["$jwt"], value.get("prefix", "Bearer "))
        return {filled(name): filled(each) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: NAMES.get(found[1], found[0]), value)
    return value


def _hmac(secret: str, algorithm: str, text: str, format: str = "{hex}") -> str:  # noqa: A002 - the cases' word
    digest = hmac.new(secret.encode(), text.encode(), getattr(hashlib, algorithm)).digest()
    return format.format(hex=digest.hex(), HEX=digest.hex().upper(), base64=base64.b64encode(digest).decode())


@functools.cache
def _keys() -> dict[str, RSAKey | ECKey]:
    rsa = {name: RSAKey.generate_key(2048) for name in ("rsa1", "rsaNoAlg", "other")}
    return {**rsa, "ec1": ECKey.generate_key("P-256")}


async def key_set(url: str) -> Any:
    """The issuer's key set, as it was served while the cases were recorded."""
    if url != f"{NAMES['auxHost']}/jwks":
        raise ConnectorError("nobody answers")
    algorithms = {"rsa1": "RS256", "ec1": "ES256", "rsaNoAlg": None}
    return {
        "keys": [
            {**_keys()[name].as_dict(private=False), "use": "sig", "kid": name} | ({"alg": alg} if alg else {})
            for name, alg in algorithms.items()
        ]
    }


def _token(told: Mapping[str, Any], prefix: str) -> str:
    """A token as the recording tools made it; its times are relative to now, in seconds."""
    times = {name: int(time.time()) + told[name] for name in ("exp", "nbf", "iat") if name in told}
    key_id = told.get("kid", "rsa1")
    algorithm = told.get("alg", "RS256")
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    key = _keys()[told.get("key", key_id)]
    token = jwt.encode(header, {**told.get("claims", {}), **times}, key, algorithms=[algorithm])
    if told.get("tamper"):
        token = token[:-6] + ("BBBBBB" if token.endswith("AAAAAA") else "AAAAAA")
    return prefix + token
