from __future__ import annotations

import pytest

from tests.zelery.connectors.webhook.hooks import hook
from zelery.connectors.webhook.properties import NoAuth
from zelery.errors import ConnectorError


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        (
            {"auth__type": "basic"},
            "inbound, auth. It Must be `one of NONE, BASIC, APIKEY, JWT in its type`, not 'basic'",
        ),
        ({"auth__username": "ann"}, "one of NONE, BASIC, APIKEY, JWT in its type`, not None"),
        ({"auth__type": "JWT"}, "jwt: Validation failed. Original message: must not be null"),
        ({"auth__type": "JWT", "auth__jwt__jwkUrl": ""}, "must not be blank"),
        ({"auth__type": "JWT", "auth__jwt__jwkUrl": "ftp://x"}, "must be a http(s) URL"),
        ({"verificationExpression": "{body: 1}"}, "verificationExpression. It Must be `FEEL expression that starts"),
        ({"auth__type": "APIKEY", "auth__apiKeyLocator": "request"}, "apiKeyLocator. It Must be `FEEL expression"),
        ({"hmacScopes": "body"}, "hmacScopes. It Must be `list"),
        ({"hmacScopes": "url,body"}, "hmacScopes. It Must be `list"),
        ({"hmacScopes": '="body"'}, "hmacScopes"),
        ({"hmacScopes": '=["header"]'}, "HMACScope"),
        ({"auth__type": "BASIC", "auth__username": "=a +"}, "Failed to evaluate expression '=a +'"),
    ],
)
def test_what_a_model_cannot_mean_is_said_by_name_when_it_is_bound(properties: dict[str, str], why: str) -> None:
    with pytest.raises(ConnectorError) as error:
        hook(**properties)
    assert why in str(error.value), str(error.value)


def test_empty_properties_are_absent() -> None:
    empty = hook(method="", verificationExpression="", responseExpression=" ", hmacScopes="", auth__type="")
    assert empty.verification_expression is None
    assert empty.response_expression is None
    assert empty.hmac_scopes is None
    assert isinstance(empty.auth, NoAuth)


@pytest.mark.parametrize(
    ("written", "scopes"),
    [('=["url","body"]', ["url", "body"]), ('["BODY"]', ["body"]), ("=[]", [])],
)
def test_scopes_are_feel_or_a_json_list(written: str, scopes: list[str]) -> None:
    assert hook(hmacScopes=written).hmac_scopes == scopes


def test_secrets_are_not_in_its_repr() -> None:
    assert "s3cret" not in repr(hook(hmacSecret="s3cret", auth__type="BASIC", auth__password="s3cret"))
