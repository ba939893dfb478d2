from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from zelery.binding import bind
from zelery.errors import ConnectorError, InputError
from zelery.model import to_json
from zelery.sdk import Input
from zelery.sdk.http import AnyAuthentication, NoAuthentication
from zelery.sdk.http.authentication import Authentication, OAuthAuthentication, granted, token_form
from zelery.sdk.http.errors import UnbuildableError

OAUTH = {
    "type": "oauth-client-credentials-flow",
    "oauthTokenEndpoint": "http://h/token",
    "clientId": "cid",
    "clientSecret": "sec",
    "clientAuthentication": "credentialsBody",
}


class Asked(Input):
    authentication: AnyAuthentication = NoAuthentication()


def of(value: Any) -> Authentication:
    return bind(to_json({"authentication": value}), Asked).authentication


def client(**changes: Any) -> OAuthAuthentication:
    found: OAuthAuthentication = TypeAdapter(OAuthAuthentication).validate_python({**OAUTH, **changes})
    return found


@pytest.mark.parametrize(
    ("value", "headers", "parameters"),
    [
        (None, [], []),
        ({"type": "noAuth", "token": "x"}, [], []),
        ({"type": "basic", "username": "u", "password": "p"}, [("Authorization", "Basic dTpw")], []),
        ({"type": "basic", "username": "u"}, [("Authorization", "Basic dTo=")], []),
        (
            {"type": "basic", "username": "u", "password": "SPEC_PASSWORD_EMPTY_PATTERN"},
            [("Authorization", "Basic dTo=")],
            [],
        ),
        ({"type": "basic", "username": "ż", "password": 1.50}, [("Authorization", "Basic xbw6MS41")], []),
        ({"type": "bearer", "token": "t"}, [("Authorization", "Bearer t")], []),
        ({"type": "apiKey", "apiKeyLocation": "HEADERS", "name": "X", "value": "v"}, [("X", "v")], []),
        ({"type": "apiKey", "apiKeyLocation": "query", "name": "k", "value": 12}, [], [("k", "12")]),
        (OAUTH, [], []),  # its token comes with the request
    ],
)
def test_each_kind_says_who_asks_in_its_place(
    value: Any, headers: list[tuple[str, str]], parameters: list[tuple[str, str]]
) -> None:
    found = of(value)

    assert (found.headers(), found.parameters()) == (headers, parameters)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "invalid field: authentication"),
        ({"type": "kerberos"}, "invalid field: authentication"),
        ({"type": "BASIC", "username": "u"}, "invalid field: authentication"),  # the type's case matters
        ("noAuth", "invalid field: authentication"),
        ({"type": "basic"}, "authentication.username: Validation failed. Original message: must not be empty"),
        ({"type": "bearer", "token": ""}, "authentication.token: Validation failed."),
        (
            {"type": "apiKey", "apiKeyLocation": "cookie", "name": "n", "value": "v"},
            "authentication, apiKeyLocation. It Must be `ApiKeyLocation`",
        ),
        ({"type": "apiKey", "name": "n", "value": "v"}, "authentication.apiKeyLocation: Validation failed."),
        (
            {**OAUTH, "oauthTokenEndpoint": "ftp://h"},
            "oauthTokenEndpoint: Validation failed. Original message: Must be",
        ),
        ({**OAUTH, "clientSecret": None}, "authentication.clientSecret: Validation failed."),
    ],
)
def test_what_is_missing_or_unknown_is_named(value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        of(value)

    assert message in caught.value.message


@pytest.mark.parametrize(
    "value",
    [
        {"type": "basic", "username": "u", "password": "hidden"},
        {"type": "bearer", "token": "hidden"},
        {"type": "apiKey", "apiKeyLocation": "query", "name": "k", "value": "hidden"},
        {**OAUTH, "clientSecret": "hidden"},
    ],
)
def test_no_kind_prints_its_secret(value: Any) -> None:
    found = of(value)

    assert "hidden" not in f"{found} {found!r} {[found]}"
    assert "[REDACTED]" in str(found)


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, "audience&grant_type=client_credentials&client_secret=sec&client_id=cid"),
        ({"audience": "", "scopes": ""}, "audience=&grant_type=client_credentials&client_secret=sec&client_id=cid"),
        (
            {"audience": "a ż", "scopes": "a b:c/d", "clientAuthentication": "basicAuthHeader"},
            "audience=a+%C5%BC&grant_type=client_credentials&scope=a+b%3Ac%2Fd",
        ),
    ],
)
def test_a_token_is_asked_for_in_a_form(changes: dict[str, str], body: str) -> None:
    headers, form = token_form(client(**changes))

    assert form == body
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers.get("Authorization") == ("Basic Y2lkOnNlYw==" if "clientAuthentication" in changes else None)


@pytest.mark.parametrize("way", ["jwt", "CREDENTIALSBODY"])
def test_another_way_to_authenticate_the_client_is_told_when_it_is_used(way: str) -> None:
    with pytest.raises(UnbuildableError, match=f"Unsupported client authentication method: {way}"):
        token_form(client(clientAuthentication=way))


@pytest.mark.parametrize(
    ("answer", "token", "seconds"),
    [
        ({"access_token": "t", "expires_in": 3600}, "t", 3600),
        ({"access_token": "t", "expires_in": "3600"}, "t", 0),  # only a number is a time
        ({"access_token": "t", "expires_in": True}, "t", 0),
        ({"access_token": "t"}, "t", 0),
        ({"data": {"access_token": "inner"}, "access_token": "own"}, "own", 0),
        ({"a": 1, "data": [{"x": {"access_token": "inner"}}]}, "inner", 0),
        ({"access_token": 12}, "12", 0),
        ({"access_token": True}, "true", 0),
        ({"access_token": ""}, "", 0),
        ({"access_token": {"x": 1}}, "", 0),
    ],
)
def test_the_token_is_the_answers_own_or_the_first_within(answer: Any, token: str, seconds: float) -> None:
    assert granted(answer) == (token, seconds)


@pytest.mark.parametrize("answer", [None, "hello", {}, {"token": "x"}, {"access_token": None}, [{"access_token": "x"}]])
def test_no_token_is_an_error_and_never_the_word_null(answer: Any) -> None:
    with pytest.raises(ConnectorError) as caught:
        granted(answer)

    assert caught.value.code == "OAUTH_TOKEN_ERROR"


def test_a_tokens_key_depends_on_everything_and_shows_nothing() -> None:
    changes = [
        {},
        {"oauthTokenEndpoint": "http://h/x"},
        {"clientId": "x"},
        {"clientSecret": "x"},
        {"audience": "x"},
        {"scopes": "x"},
        {"clientAuthentication": "x"},
        {"audience": ""},
    ]

    keys = {client(**change).key for change in changes}

    assert len(keys) == len(changes)
    assert not any("sec" in key for key in keys)
