from __future__ import annotations

import json
import math
from typing import Any

import pytest

from zelery.sdk.http.content import NOTHING, content, form, java_text, json_bytes, media_type, without_nulls
from zelery.sdk.http.errors import UnbuildableError

MULTIPART = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "data", "said"),
    [
        (None, b"", NOTHING),  # nothing has a type of its own
        ("", b"", "application/json"),  # an empty text is a body
        ("plain é", "plain é".encode(), "application/json"),  # a text goes out as it is, whatever its type
        ("a\\nb", b"a\\nb", "application/json"),  # and is not unescaped
        ('{"a": 1.10}', b'{"a": 1.10}', "application/json"),
        ({"a": None, "ż": [1, None]}, '{"a":null,"ż":[1,null]}'.encode(), "application/json"),
        ([], b"[]", "application/json"),
        (False, b"false", "application/json"),
        (1e30, b"1.0E30", "application/json"),  # a number as Java writes it
        (12345678901234567890123, b"12345678901234567890123", "application/json"),
    ],
)
def test_a_body_without_a_content_type_is_json_or_a_text_that_is_called_so(body: Any, data: bytes, said: str) -> None:
    found = content(body, None)

    assert (found.data, found.content_type) == (data, said)


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("text/plain", "é", "é".encode()),
        ("text/plain; charset=iso-8859-1", "é€", b"\xe9?"),  # what the charset lacks is a question mark
        ("text/plain; charset=utf-16", "é", b"\xfe\xff\x00\xe9"),  # big endian with a mark, as Java writes it
        ("text/plain; charset=utf-32", "é", b"\x00\x00\x00\xe9"),
        ('text/plain; x="a;b"; charset="latin1"', "é", b"\xe9"),
        ("text/plain; charset=iso-8859-1", {"a": "é"}, b'{"a":"\xe9"}'),
        ("application/xml", {"a": 1}, b'{"a":1}'),  # JSON whatever the type says
        ("no slash", {"a": 1}, b'{"a":1}'),
        ("text/plain; charset=nope", None, b""),  # a charset matters only to what is encoded
        ("application/x-www-form-urlencoded", "a=1&b", b"a=1&b"),  # only a map is a form
        ("application/x-www-form-urlencoded", [1], b"[1]"),
        (" APPLICATION/X-WWW-FORM-URLENCODED ; charset=latin1", {"a": "é b"}, b"a=%C3%A9+b"),
        ("multipart/form-data", "raw", b"raw"),
        ("multipart/mixed", {"a": 1}, b'{"a":1}'),
        ("text/plain", "\ud800", b"?"),
    ],
)
def test_a_given_content_type_decides_and_is_left_alone(content_type: str, body: Any, data: bytes) -> None:
    found = content(body, content_type)

    assert (found.data, found.content_type) == (data, None)


@pytest.mark.parametrize("charset", ["nope", "hex", "undefined", '"\0"'])
def test_a_charset_that_nobody_knows_is_told(charset: str) -> None:
    with pytest.raises(UnbuildableError) as caught:
        content("x", f"text/plain; charset={charset}")

    assert caught.value.java_type == "java.nio.charset.UnsupportedCharsetException"


def test_a_form_keeps_nulls_as_names_and_prints_the_rest_as_java_does() -> None:
    fields = {"a": None, "b": "", "l": [1, "x", None], "o": {"k": True}, "ż &": "*~ =", "d": 1000.0}

    assert form(fields) == "a&b=&l=%5B1%2C+x%2C+null%5D&o=%7Bk%3Dtrue%7D&%C5%BC+%26=%2A~+%3D&d=1000.0"


def test_parts_hold_scalars_and_the_scalars_of_lists() -> None:
    found = content({"a": ["1", 2, {"b": 1}, [3], None], "n": None, "o": {}, "ż": "é"}, MULTIPART)

    part = "--b\r\nContent-Disposition: form-data; name="
    expected = f'{part}"a"\r\n\r\n1\r\n{part}"a"\r\n\r\n2\r\n{part}"?"\r\n\r\né\r\n--b--\r\n'
    assert found.data == expected.encode()
    assert found.content_type is None


def test_a_boundary_that_is_not_given_is_made_up_and_said() -> None:
    found = content({"a": 1}, "multipart/form-data; charset=utf-8")

    assert found.content_type
    head, _, boundary = found.content_type.partition("boundary=")
    assert head == "multipart/form-data; charset=ISO-8859-1; "
    assert boundary.startswith("httpclient_boundary_")
    assert found.data.endswith(f"--{boundary}--\r\n".encode())


def test_parts_that_all_vanish_leave_an_empty_multipart() -> None:
    found = content({"a": None}, "multipart/form-data")

    assert (found.content_type or "").startswith("multipart/mixed; boundary=")
    assert found.data.count(b"\r\n") == 1


def test_a_part_cannot_smuggle_in_a_header_by_its_name() -> None:
    found = content({'a"\r\nX: 1': "v"}, MULTIPART)

    assert found.data.splitlines()[1] == b'Content-Disposition: form-data; name="a\\"  X: 1"'


def test_null_entries_can_be_left_out_of_maps_but_not_of_lists() -> None:
    value = {"a": None, "b": {"c": None, "d": [None, {"e": None}]}}

    assert without_nulls(value) == {"b": {"d": [None, {}]}}
    assert content(value, None, ignore_nulls=True).data == b'{"b":{"d":[null,{}]}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": math.inf, "b": -math.inf}, b'{"a":"Infinity","b":"-Infinity"}'),  # beyond a double
        ({"a": math.nan}, b'{"a":"NaN"}'),
        ({"a": 10**30}, b'{"a":' + b"1" + b"0" * 30 + b"}"),
        ({"\ud800": "x\udfff"}, b'{"?":"x?"}'),  # halves of characters
    ],
)
def test_values_that_json_or_utf8_lack_are_written_as_jackson_does(value: Any, text: bytes) -> None:
    assert json_bytes(value) == text


def test_json_a_hundred_deep_goes_out_whole() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [{"a": deep}]

    assert json.loads(json_bytes(deep)) == deep


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (1.5, "1.5"), ([1, {"a": [None]}], "[1, {a=[null]}]"), ({}, "{}")],
)
def test_java_prints_values_without_quotes(value: Any, text: str) -> None:
    assert java_text(value) == text


def test_a_media_type_has_lower_case_names_and_untouched_values() -> None:
    assert media_type('Text/Plain;Charset=UTF-8 ; b="x\\";y"') == ("text/plain", {"charset": "UTF-8", "b": 'x";y'})
