from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import unquote

import pytest

from tasks import reading
from zelery.model import Completed, Failed, Ignored, Outcome, Thrown
from zelery.sdk.watch import Answered, Exchanged
from zelery.secrets import Mask

SECRET = 'p@ss /ü"'


def a_mask(*values: str) -> Mask:
    mask = Mask()
    for value in values or (SECRET,):
        mask.add(value)
    return mask


def an_exchange(**changes: Any) -> Exchanged:
    given = {"method": "GET", "url": "http://h/a", "headers": (), "body": b"", "answer": Answered(status=200)}
    return Exchanged(**{**given, **changes})


def shown(*exchanges: Exchanged, outcome: Outcome | None = None, mask: Mask | None = None) -> dict[str, Any]:
    return reading.trial(outcome or Completed(), exchanges, mask or a_mask(), ())


def answer(body: bytes, **headers: str) -> Exchanged:
    return an_exchange(answer=Answered(status=200, headers=tuple(headers.items()), body=body))


@pytest.mark.parametrize(
    "exchange",
    [
        an_exchange(url="http://h/p%40ss%20%2F%C3%BC%22?x=1"),
        an_exchange(url="http://h/p@ss%20%2F%C3%BC%22"),  # a path leaves more characters as they are than a query
        an_exchange(headers=[("X-Key", SECRET)]),
        an_exchange(headers=[("Authorization", "Basic cEBzcw==")]),
        an_exchange(body=json.dumps({"k": SECRET}).encode()),  # escaped by JSON
        an_exchange(body=json.dumps({"k": SECRET}, ensure_ascii=False).encode()),
        an_exchange(body=SECRET.encode("latin-1")),
        an_exchange(body=SECRET.encode("utf-16")),
        an_exchange(headers=[("Content-Type", "application/x-www-form-urlencoded")], body=b"k=p%40ss+%2F%C3%BC%22"),
        answer(b'{"k": "p@ss \\/\\u00fc\\""}'),  # as other languages escape
        answer(gzip.compress(SECRET.encode()), **{"Content-Encoding": "gzip"}),
        answer(b"", Echo=SECRET),
        an_exchange(answer=Answered(status=200, reason=SECRET)),
        an_exchange(answer=f"no answer: {SECRET}"),
    ],
)
def test_a_secret_is_shown_in_no_spelling(exchange: Exchanged) -> None:
    for text in (json.dumps(shown(exchange), ensure_ascii=False), reading.text(shown(exchange))):
        assert "***" in text
        assert "ss /" not in unquote(text).replace("\\", "").replace("+", " ")


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (
            Completed(variables={"a": [SECRET, {SECRET: 1}]}),
            {"command": "complete", "variables": {"a": ["***", {"***": 1}]}},
        ),
        (Ignored(variables={}), {"command": "complete", "error_ignored": True, "variables": {}}),
        (
            Thrown(code=SECRET, message=SECRET),
            {"command": "throw", "errorCode": "***", "errorMessage": "***", "variables": {}},
        ),
        (
            Failed(retries=2, message=f"no {SECRET}", backoff_ms=5000),
            {"command": "fail", "retries": 2, "retryBackoffMs": 5000, "errorMessage": "no ***", "variables": {}},
        ),
    ],
)
def test_an_outcome_is_the_command_that_zeebe_would_get(outcome: Outcome, told: dict[str, Any]) -> None:
    assert shown(outcome=outcome)["outcome"] == told


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (5, "***"),  # the whole secret
        (15, 15),  # a number stays one
        ("15", "1***"),
        (True, True),
        (None, None),
    ],
)
def test_a_secret_that_is_a_number_leaves_json_readable(value: Any, seen: Any) -> None:
    assert reading.masked(value, a_mask("5")) == seen


def test_a_token_that_was_granted_is_a_secret_in_all_that_is_shown() -> None:
    grant = answer(b'{"access_token": "gr4nted", "expires_in": 60}')
    later = an_exchange(url="http://h/?t=gr4nted")
    told = shown(grant, later, outcome=Completed(variables={"body": {"t": "gr4nted"}}))
    assert "gr4nted" not in json.dumps(told)
    assert told["exchanges"][0]["response"]["body"] == '{"access_token": "***", "expires_in": 60}'


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        (("Authorization", "Bearer abc"), "Bearer ***"),
        (("authorization", "abc"), "***"),
        (("Proxy-Authorization", "Basic abc"), "Basic ***"),
        (("Set-Cookie", "sid=abc; Path=/"), "***"),
        (("X-Plain", "a b"), "a b"),
    ],
)
def test_what_says_who_asks_is_hidden_even_when_it_is_no_secret_of_the_job(header: tuple[str, str], seen: str) -> None:
    assert shown(an_exchange(headers=[header]))["exchanges"][0]["request"]["headers"] == [[header[0], seen]]


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Completed(), "The job completes"),
        (Ignored(), "The job completes; the error is ignored"),
        (Thrown(code="C1", message="m"), "A BPMN error is thrown: C1"),
        (Failed(retries=2, message="m", backoff_ms=1500), "The job fails, 2 retries left, the next after 1.5 s"),
        (Failed(retries=2, message="m"), "The job fails, 2 retries left"),
        (Failed(retries=0, message="m", backoff_ms=5000), "The job fails, no retries left: an incident"),
    ],
)
def test_people_read_a_sentence(outcome: Outcome, sentence: str) -> None:
    assert f"=== {sentence}\n" in reading.text(shown(outcome=outcome))


def test_people_are_told_what_was_not_fetched_and_that_nothing_was_sent() -> None:
    text = reading.text(reading.trial(Completed(), (), Mask(), ("a", "b")))
    assert "does not read it: a, b\n" in text
    assert "No request was sent." in text


def test_a_terminal_is_sent_nothing_that_it_would_act_on() -> None:
    assert "\x1b" not in reading.text(shown(answer(b"\x1b]0;title\x07 \x1b[2J")))


def test_people_are_shown_the_beginning_of_a_large_body_and_programs_all_of_it() -> None:
    told = shown(answer(b"x" * 20_000))
    assert "(10000 characters more; --json shows all)" in reading.text(told)
    assert told["exchanges"][0]["response"]["body"] == "x" * 20_000


def test_a_body_that_cannot_be_decoded_is_counted() -> None:
    told = shown(answer(b"no zip", **{"Content-Encoding": "gzip"}))
    assert told["exchanges"][0]["response"]["body"] == "(6 bytes that cannot be decoded)"
