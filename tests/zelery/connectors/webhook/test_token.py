from __future__ import annotations

import base64
import functools
import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.zelery.connectors.webhook.hooks import hook
from zelery.connectors.webhook.properties import Jwt, JwtAuth
from zelery.connectors.webhook.token import Key, Token, keys_of, permit
from zelery.sdk import InputError, RefusalError

NOW = 1_700_000_000.5


@functools.cache
def rsa(alg: str | None = "RS256") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "k", **({"alg": alg} if alg else {})})


@functools.cache
def ec(curve: str) -> ECKey:
    return ECKey.generate_key(curve, {"kid": "k"})


def token(key: Any = None, alg: str = "RS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    given = {"alg": alg, "kid": "k", **(header or {})}
    anything = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return str(jwt.encode(given, claims, key or rsa(), registry=anything))


def unbound() -> RSAKey:
    """The same key, that says no algorithm of its own."""
    told = rsa().as_dict(private=True)
    return RSAKey.import_key({name: value for name, value in told.items() if name != "alg"})


def headed(header: Any) -> str:
    """A token's first part, of anything."""
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


def claims(text: str, key: Key | None = None, scheme: str = "Bearer ") -> dict[str, Any]:
    return Token.of({"authorization": scheme + text}).claims(key or rsa(), NOW)


def rules(**properties: str) -> Jwt:
    given = {f"auth__jwt__{name}": value for name, value in properties.items()}
    auth = hook(auth__type="JWT", auth__jwt__jwkUrl="http://issuer/jwks", **given).auth
    assert isinstance(auth, JwtAuth)
    return auth.jwt


def test_whatever_is_wrong_with_a_token_its_sender_is_told_the_same() -> None:
    good = token(sub="x")
    head, payload, _ = good.split(".")
    wrong = [
        "",
        "Bearer",
        "a.b",
        "ü.ü.ü",
        f"{head}.{payload}.AAAA",
        f"{head}.!!.AAAA",
        good.replace(head, headed({})),
        good.replace(head, headed({"alg": "RS256"})),
        good.replace(head, headed({"alg": "RS256", "kid": 5})),
        good.replace(head, headed({"alg": "RS256", "kid": "k", "crit": ["x"], "x": 1})),
        good.replace(head, headed({"alg": "RS256", "kid": "k", "crit": 5})),
        good.replace(head, headed({"alg": ["RS256"], "kid": "k"})),
        good.replace(head, headed([])),
        good.replace(head, headed("text")),
        token(exp=int(NOW) - 1),
        token(nbf=int(NOW) + 600),
        token(iat=int(NOW) + 600),
        token(exp="tomorrow"),
        token(exp=True),
        token(key=unbound(), alg="RS512"),
        token(key=RSAKey.generate_key(2048)),
        token(key=ec("P-256"), alg="ES256"),
        token(key=OctKey.generate_key(256), alg="HS256"),
    ]
    for each in wrong:
        with pytest.raises(RefusalError) as error:
            claims(each)
        assert error.value.status == 401
        assert error.value.message == "Reason: INVALID_CREDENTIALS. Details: JWT auth failed", each


def test_a_token_without_a_known_key_and_a_request_without_a_token_are_refused() -> None:
    with pytest.raises(RefusalError, match="JWT auth failed"):
        Token.of({"authorization": token()}).claims(None, NOW)
    with pytest.raises(RefusalError, match="JWT auth failed"):
        Token.of({})
    with pytest.raises(RefusalError, match="JWT auth failed"):
        claims(token(), scheme="bearer ")


def test_a_key_of_the_wrong_sort_checks_nothing() -> None:
    with pytest.raises(RefusalError):
        claims(token(), ec("P-256"))


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
def test_a_key_that_names_no_algorithm_takes_the_tokens(alg: str) -> None:
    key = rsa(None)
    assert claims(token(key, alg, a=1), key) == {"a": 1}


@pytest.mark.parametrize(("alg", "curve"), [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")])
def test_elliptic_curves_are_known(alg: str, curve: str) -> None:
    assert claims(token(ec(curve), alg, a=1), ec(curve)) == {"a": 1}


def test_times_are_optional_and_count_to_the_second() -> None:
    assert claims(token(exp=int(NOW), nbf=int(NOW), iat=int(NOW)))
    assert claims(token(iss="anybody", aud="anybody"), scheme="") == {"iss": "anybody", "aud": "anybody"}


def test_what_issuers_add_to_the_header_does_no_harm() -> None:
    assert claims(token(header={"nonce": "n", "x5c": ["A" * 4000]}, a=1)) == {"a": 1}


@pytest.mark.parametrize("answer", [None, "text", [], {}, {"keys": {}}])
def test_what_is_no_key_set_is_said_so(answer: Any) -> None:
    with pytest.raises(ValueError, match="it is no key set"):
        keys_of(answer)


def test_keys_that_check_no_signature_are_left_out() -> None:
    good = rsa().as_dict(private=False)
    others = [
        None,
        {},
        {"kid": "x"},
        {"kid": "x", "kty": "EC"},
        {"kid": 1, **ec("P-256").as_dict(private=False), "kty": "??"},
        {"kid": "x", "kty": "oct", "k": "AAAA"},
        {**good, "kid": None},
    ]
    assert list(keys_of({"keys": [*others, good]})) == ["k"]


@pytest.mark.parametrize("roles", [None, "admin", [], ["ops"], {"admin": True}])
def test_claims_that_do_not_permit_everything_are_forbidden(roles: Any) -> None:
    with pytest.raises(RefusalError) as error:
        permit(rules(permissionsExpression="=roles", requiredPermissions='=["admin","ops"]'), {"roles": roles})
    assert (error.value.status, error.value.message) == (
        403,
        "Reason: FORBIDDEN. Details: Missing required permissions",
    )


def test_an_expression_that_fails_permits_nothing_and_a_missing_one_is_the_models_fault() -> None:
    with pytest.raises(RefusalError, match="FORBIDDEN"):
        permit(rules(permissionsExpression="=a +", requiredPermissions="admin"), {"a": 1})
    with pytest.raises(InputError, match="permissionsExpression is missing"):
        permit(rules(requiredPermissions="admin"), {})


def test_all_that_is_required_must_be_permitted_and_nothing_is_required_by_default() -> None:
    permit(rules(permissionsExpression="=realm.roles", requiredPermissions="a, b"), {"realm": {"roles": ["b", "a"]}})
    permit(rules(permissionsExpression="=roles"), {})
    permit(rules(requiredPermissions="=[]"), {})
