from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.zelery.connectors.webhook.hooks import hook, request
from zelery.connectors.webhook.authorization import check_basic, check_key
from zelery.connectors.webhook.properties import ApiKeyAuth, BasicAuth
from zelery.sdk import RefusalError

MISSING = "Reason: INVALID_CREDENTIALS. Details: Basic auth header is missing"
INVALID = "Reason: INVALID_CREDENTIALS. Details: Basic auth header is invalid"
LOCATOR = '=split(request.headers.authorization, " ")[2]'


def basic(**properties: str) -> BasicAuth:
    auth = hook(auth__type="BASIC", **{f"auth__{name}": value for name, value in properties.items()}).auth
    assert isinstance(auth, BasicAuth)
    return auth


def keyed(**properties: str) -> ApiKeyAuth:
    auth = hook(auth__type="APIKEY", **{f"auth__{name}": value for name, value in properties.items()}).auth
    assert isinstance(auth, ApiKeyAuth)
    return auth


def login(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (None, MISSING),
        ("", MISSING),
        ("Basic", MISSING),
        (login("alice:pa:ss w"), MISSING),
        (f"Bearer {login('alice:pa:ss w')}", MISSING),
        (f"Basic {login('alice:x')}", INVALID),
        (f"Basic {login('alice')}", INVALID),
        # two blanks: the token between them is empty
        (f"Basic  {login('alice:pa:ss w')}", INVALID),
        ("Basic %%%", INVALID),
        ("Basic A", INVALID),
        ("Basic ü", INVALID),
    ],
)
def test_a_login_that_is_not_the_models_is_refused_and_never_an_error(header: str | None, why: str) -> None:
    given = request() if header is None else request(authorization=header)
    with pytest.raises(RefusalError) as error:
        check_basic(basic(username="alice", password="pa:ss w"), given)
    assert (error.value.status, error.value.message) == (401, why)


@pytest.mark.parametrize("names", [(), ("username",), ("password",)])
def test_where_the_model_names_nobody_nobody_gets_in(names: tuple[str, ...]) -> None:
    auth = basic(**dict.fromkeys(names, "null"))
    for given in ("null:null", "None:None", ":"):
        with pytest.raises(RefusalError, match="is invalid"):
            check_basic(auth, request(authorization=f"Basic {login(given)}"))


@pytest.mark.parametrize("form", ["Basic {0}", "basic {0}", "Basic {0} x", "Basic {1}"])
def test_the_right_login_is_taken_with_padding_or_without(form: str) -> None:
    token = login("alice:pa:ss w")
    header = form.format(token, token.rstrip("="))
    check_basic(basic(username="alice", password="pa:ss w"), request(authorization=header))
    check_basic(basic(username='="al" + "ice"', password="=1+1"), request(authorization=f"Basic {login('alice:2')}"))


@pytest.mark.parametrize(
    ("locator", "visible", "why"),
    [
        (LOCATOR, {"headers": {}}, "API key is missing"),
        (LOCATOR, {"headers": {"authorization": "k3y"}}, "API key is missing"),
        (LOCATOR, {"headers": {"authorization": "Bearer no"}}, "API key is invalid"),
        ("=request.body.key", {"body": {"key": ["k3y"]}}, "API key is invalid"),
        ("=request.body.key", {"body": {"key": True}}, "API key is invalid"),
        ('=assert(request, false, "boom")', {}, "boom"),
        ("", {}, "the webhook has no apiKeyLocator"),
    ],
)
def test_a_key_that_is_not_the_models_is_refused(locator: str, visible: Any, why: str) -> None:
    with pytest.raises(RefusalError) as error:
        check_key(keyed(apiKey="k3y", apiKeyLocator=locator), lambda: visible)
    assert error.value.status == 401
    assert error.value.message.startswith("Reason: INVALID_CREDENTIALS. Details: ")
    assert why in error.value.message


def test_an_unreadable_body_hides_the_key_and_says_so() -> None:
    def unreadable() -> Any:
        raise RefusalError(400, "the body is no JSON")

    with pytest.raises(RefusalError) as error:
        check_key(keyed(apiKey="k3y", apiKeyLocator="=request.body.key"), unreadable)
    assert (error.value.status, "the body is no JSON" in error.value.message) == (401, True)


def test_a_webhook_without_a_key_lets_nobody_in() -> None:
    with pytest.raises(RefusalError, match="API key is invalid"):
        check_key(keyed(apiKeyLocator="=request.body"), lambda: {"body": ""})


def test_a_key_may_be_a_number_and_may_be_written_as_feel() -> None:
    check_key(keyed(apiKey="123", apiKeyLocator="=request.body.key"), lambda: {"body": {"key": 123}})
    check_key(keyed(apiKey='="a" + "b"', apiKeyLocator=LOCATOR), lambda: {"headers": {"authorization": "X ab"}})
