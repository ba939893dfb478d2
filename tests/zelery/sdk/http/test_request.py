from __future__ import annotations

from typing import Any

import pytest

from zelery.binding import bind
from zelery.errors import InputError
from zelery.model import to_json
from zelery.sdk import Input
from zelery.sdk.http import Call, Method, Timeouts, Url, timeouts
from zelery.sdk.http.authentication import ApiKeyAuthentication, BearerAuthentication
from zelery.sdk.http.errors import UnbuildableError
from zelery.sdk.http.request import ProtocolViolationError, Request, request

OURS = {"Accept-Encoding": "gzip, x-gzip, deflate", "Host": "h:8080", "User-Agent": "us"}
BEARER = BearerAuthentication(type="bearer", token="t")


class Asked(Timeouts):
    url: Url
    method: Method


def build(method: str = "POST", **rest: Any) -> Request:
    return request(Call(method=method, url="http://h:8080/a", **rest), agent="us")


def headers(method: str = "POST", **rest: Any) -> list[tuple[str, str]]:
    """Without what every request has."""
    found = build(method, **rest).headers
    return [header for header in found if header not in OURS.items() and header[0] != "Content-Length"]


@pytest.mark.parametrize(("method", "bodied"), [("POST", 1), ("PUT", 1), ("PATCH", 1), ("GET", 0), ("DELETE", 0)])
def test_only_some_methods_carry_a_body(method: str, bodied: bool) -> None:
    found = build(method, body={"a": 1})

    assert found.data == (b'{"a":1}' if bodied else None)
    assert ("Content-Length", "7") in found.headers or not bodied
    assert headers(method, body={"a": 1}) == ([("Content-Type", "application/json")] if bodied else [])


def test_every_request_says_where_it_goes_what_it_takes_and_who_it_is() -> None:
    assert dict(build("GET").headers) == OURS


@pytest.mark.parametrize("name", ["Host", "user-agent", "ACCEPT-ENCODING"])
def test_what_the_model_says_itself_is_not_said_twice(name: str) -> None:
    found = [header for header in build(headers={name: "mine"}).headers if header[0].lower() == name.lower()]

    assert found == [(name, "mine")]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, [("Content-Type", "text/plain; charset=UTF-8")]),  # no body
        ({"headers": {"Content-Type": None}}, [("Content-Type", "text/plain; charset=UTF-8")]),  # null is absent
        ({"headers": {"content-type": "x/y"}}, [("content-type", "x/y")]),
        (
            {"headers": {"X-A": None, "x-a": ""}, "body": "x"},
            [("Content-Type", "application/json"), ("X-A", ""), ("x-a", "")],
        ),
        (
            {"headers": {"authorization": "Mine"}, "body": "x", "authentication": BEARER},
            [("Authorization", "Bearer t"), ("Content-Type", "application/json"), ("authorization", "Mine")],
        ),
        (
            {"headers": {"Authorization": "Mine", "Content-Type": "x/y"}, "authentication": BEARER},
            [("Authorization", "Bearer t"), ("Authorization", "Mine"), ("Content-Type", "x/y")],  # both go out
        ),
        (
            {"headers": {"Content-Type": "a/b", "content-type": "c/d"}},
            [("Content-Type", "a/b"), ("content-type", "c/d")],
        ),
    ],
)
def test_headers_are_the_authentications_the_bodys_and_the_models(given: dict[str, Any], sent: list[Any]) -> None:
    assert headers(**given) == sent


def test_a_multipart_body_replaces_the_models_content_type_with_its_own() -> None:
    (name, value), *rest = headers(headers={"content-type": "multipart/form-data", "X": "1"}, body={"a": 1})

    assert name == "Content-Type"
    assert "boundary=" in value
    assert rest == [("X", "1")]


def test_an_api_key_in_the_query_comes_before_the_models_parameters() -> None:
    key = ApiKeyAuthentication(type="apiKey", api_key_location="query", name="key", value="k")

    found = build("GET", authentication=key, parameters={"key": "mine", "n": None})

    assert found.target.path == "/a?key=k&key=mine&n"


def test_a_granted_token_is_a_bearers() -> None:
    found = request(Call(method="GET", url="http://h/"), agent="us", token="granted")

    assert ("Authorization", "Bearer granted") in found.headers


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_model_cannot_set_the_length_of_its_request(name: str) -> None:
    with pytest.raises(ProtocolViolationError):
        build("GET", headers={name: "0"})


@pytest.mark.parametrize("which", ["connect_s", "read_s"])
def test_time_does_not_run_backwards(which: str) -> None:
    with pytest.raises(UnbuildableError, match="duration must not be negative: -1"):
        build("GET", **{which: -1})


def test_no_seconds_are_no_limit() -> None:
    found = build("GET", connect_s=0, read_s=0)

    assert (found.connect_s, found.read_s) == (None, None)


@pytest.mark.parametrize(
    ("given", "connect_s", "read_s"),
    [
        ({}, 20, 20),
        ({"connectionTimeoutInSeconds": "5"}, 5, 5),  # reading takes as long as connecting
        ({"readTimeoutInSeconds": 3}, 20, 3),
        ({"connectionTimeoutInSeconds": "", "readTimeoutInSeconds": 0, "writeTimeoutInSeconds": 9}, 20, 0),
        ({"connectionTimeoutInSeconds": [1.9]}, 1, 1),
    ],
)
def test_timeouts_have_defaults(given: dict[str, Any], connect_s: int, read_s: int) -> None:
    asked = bind(to_json({"url": "http://h", "method": "get", **given}), Asked)

    assert timeouts(asked) == (connect_s, read_s)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, ["must not be blank"]),
        ("  ", ["Must be a http(s) URL", "must not be blank"]),
        ("ftp://h", ["Must be a http(s) URL"]),
        ("HTTP://h", ["Must be a http(s) URL"]),
        ("=http://h", ["Must be a http(s) URL"]),
        ("http://h/a\nb", ["Must be a http(s) URL"]),
        ("http://h/\u2028", ["Must be a http(s) URL"]),
    ],
)
def test_a_url_begins_like_one_and_is_one_line(url: str | None, message: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        bind(to_json({"url": url, "method": "GET"}), Asked)

    lines = caught.value.message.split("\n")[1:]
    assert lines == [f" - Property: url: Validation failed. Original message: {text}" for text in message]


@pytest.mark.parametrize("url", ["secretshttp://x", "{{secrets.URL}}", "https://h"])
def test_a_url_may_still_begin_with_a_placeholder(url: str) -> None:
    assert bind(to_json({"url": url, "method": "GET"}), Asked).url == url


def test_a_call_prints_as_java_prints_it_without_the_secrets_of_its_authentication() -> None:
    call = Call(
        method="POST",
        url="http://h/100%",
        headers={"X": "1", "Y": None},
        parameters={"q": "a b"},
        body={"v": [1, None]},
        authentication=BEARER,
        connect_s=-1,
        read_s=5,
    )

    assert str(call) == (
        "HttpRequest{url='http://h/100%', method='POST', authentication=BearerAuthentication{token=[REDACTED]},"
        " connectionTimeoutInSeconds='-1', headers={X=1, Y=null}', readTimeoutInSeconds='5, body={v=[1, null]},"
        " queryParameters={q=a b}, storeResponse=false}"
    )


def test_neither_a_call_nor_a_request_shows_its_content_in_a_log() -> None:
    call = Call(
        method="POST", url="http://h/?hidden", headers={"X": "hidden"}, parameters={"q": "hidden"}, body="hidden"
    )

    assert "hidden" not in repr(call) + repr(request(call, agent="us", token="hidden"))


def test_the_base_for_timeouts_is_an_input() -> None:
    assert issubclass(Timeouts, Input)
