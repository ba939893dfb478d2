from __future__ import annotations

import gzip
import math
import zlib
from typing import Any

import pytest

from zelery.sdk.http.response import DEPTH_MAX, body, codings, decoded, header_map
from zelery.sdk.http.wire import BodyError, TooLargeError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":{"b":[1,2.0,null]}}', {"a": {"b": [1, 2.0, None]}}),
        (' \r\n\t[1] tail {"x":2}', [1]),  # the first value counts, what follows does not
        ("{}", {}),
        ('{"a":1,"a":2}', {"a": 2}),
        ("42", "42"),  # a scalar is a text
        ('"x"', '"x"'),
        ("null", "null"),
        ("", None),  # blank is nothing
        (" \t\r\n\x1f\u2003", None),
        ("\xa0", "\xa0"),  # … but a blank that may not break is something to Java
        ("{oops", "{oops"),
        ("{'a':1}", "{'a':1}"),
        ('{"a":1,}', '{"a":1,}'),
        ('{"a":1/*x*/}', '{"a":1/*x*/}'),
        ('{"a":NaN}', '{"a":NaN}'),
        ('{"a":Infinity}', '{"a":Infinity}'),
        ('{"a":"\x01"}', '{"a":"\x01"}'),  # a raw control character is no JSON
        ("\ufeff{}", "\ufeff{}"),
        ('{"e":1E400,"f":-1e999,"g":1e3}', {"e": "Infinity", "f": "-Infinity", "g": 1000.0}),  # beyond a double
        ('{"a":"\\ud83c\\udf89 \\ud800x"}', {"a": "🎉 ?x"}),  # half a character is none
        ('["\\uDFFF",{"\\ud800":1}]', ["?", {"?": 1}]),
        ("[" + "1" * 5000 + "]", "[" + "1" * 5000 + "]"),  # a number nobody can mean
    ],
)
def test_a_body_is_json_where_it_is_an_object_or_a_list(text: str, value: Any) -> None:
    assert body(text.encode()) == value


@pytest.mark.parametrize(("data", "text"), [(b"caf\xe9", "caf\ufffd"), (b"\xc3", "\ufffd"), (b"\0", "\0")])
def test_a_body_is_utf8_whatever_was_meant(data: bytes, text: str) -> None:
    assert body(data) == text


def test_a_body_a_hundred_deep_is_json_and_one_too_deep_is_text() -> None:
    deep = body(b"[" * 100 + b"]" * 100)
    for _ in range(99):
        deep = deep[0]
    assert deep == []
    for levels in (DEPTH_MAX + 1, 100_000):
        assert isinstance(body(b"[" * levels + b"]" * levels), str)


def test_brackets_in_texts_and_side_by_side_are_no_depth() -> None:
    assert body(b'["' + b"[" * 2000 + b'"]') == ["[" * 2000]
    assert body(b"[" + b",".join([b"[]"] * 2000) + b"]") == [[]] * 2000


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("gzip", ["gzip"]),
        ("X-GZIP", ["x-gzip"]),
        ("deflate, gzip", ["deflate", "gzip"]),
        ("x-odd", []),  # what nobody knows stays as it is
        ("gzip, br", []),
    ],
)
def test_known_codings_are_taken_off(value: str, found: list[str]) -> None:
    assert codings([("content-encoding", value)]) == found


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (gzip.compress(b"data", mtime=0), "gzip"),
        (gzip.compress(b"da", mtime=0) + gzip.compress(b"ta", mtime=0), "x-gzip"),  # two members
        (gzip.compress(b"data", mtime=0) + b"rest", "gzip"),
        (zlib.compress(b"data"), "deflate"),
        (zlib.compress(b"data")[2:-4], "deflate"),  # without zlib's frame
        (b"data", "identity"),
    ],
)
def test_a_coded_body_is_decoded(data: bytes, coding: str) -> None:
    assert decoded(data, coding, bytes_max=4) == b"data"


@pytest.mark.parametrize(
    ("data", "coding", "says"),
    [
        (b'{"a":1}', "gzip", "Not in GZIP format"),
        (gzip.compress(b"data", mtime=0)[:-9], "gzip", "Unexpected end of ZLIB input stream"),
        (gzip.compress(b"data", mtime=0)[:-1], "gzip", "Unexpected end of ZLIB input stream"),
        (b"\xff\xff\xff", "deflate", "invalid"),
    ],
)
def test_a_body_that_is_not_coded_as_it_says_is_told(data: bytes, coding: str, says: str) -> None:
    with pytest.raises(BodyError, match=says):
        decoded(data, coding, bytes_max=1000)


def test_a_small_body_that_decodes_to_a_large_one_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000, mtime=0)

    with pytest.raises(TooLargeError):
        decoded(bomb, "gzip", bytes_max=1_000_000)
    with pytest.raises(TooLargeError):
        decoded(gzip.compress(b"x" * 6, mtime=0) * 2, "gzip", bytes_max=10)


def test_headers_are_by_spelled_name_the_first_counts_and_cookies_are_lists() -> None:
    headers = [("X-A", "1"), ("x-a", "2"), ("X-A", "3"), ("Set-Cookie", "a"), ("set-cookie", "b"), ("Set-Cookie", "c")]

    assert header_map(headers, coded=False) == {
        "X-A": "1",
        "x-a": "2",
        "Set-Cookie": ["a", "c"],
        "set-cookie": ["b"],
    }


def test_what_describes_the_coded_body_goes_with_the_coding() -> None:
    headers = [("content-encoding", "gzip"), ("Content-Length", "9"), ("Content-MD5", "x"), ("Content-Type", "t")]

    assert header_map(headers, coded=True) == {"Content-Type": "t"}


def test_ordinary_doubles_stay_numbers() -> None:
    value = body(b'{"n":1.0,"z":-0.0,"k":0.1234567890123456789}')

    assert value == {"n": 1.0, "z": 0.0, "k": 0.12345678901234568}
    assert math.copysign(1, value["z"]) == -1
