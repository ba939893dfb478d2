from __future__ import annotations

from typing import Any

import pytest

from zelery.sdk import RefusalError, Request, body_of, params_of
from zelery.sdk.webhook_body import FORM, MULTIPART, fields_of


def request(body: bytes = b"", kind: str = "", *, method: str = "POST", query: str = "", coding: str = "") -> Request:
    given = {"content-type": kind, "content-encoding": coding}
    headers = {name: value for name, value in given.items() if value}
    return Request(method=method, url="http://host/inbound/hook", headers=headers, query=query, body=body)


def part(disposition: str, content: bytes = b"1", more: str = "") -> bytes:
    return f"--X\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode() + content + b"\r\n"


BOUNDED = f"{MULTIPART}; boundary=X"


@pytest.mark.parametrize(
    ("body", "kind", "status", "why"),
    [
        (b"{a:1}", "application/json", 400, "the body is no JSON: Expecting property name"),
        (b"  ", "application/json", 400, "Expecting value, line 1, column 3"),
        (b'{"a":NaN}', "application/json", 400, "NaN is no JSON"),
        (b'{"a":"x\ty"}', "application/json", 400, "Invalid control character"),
        (b'{"a":"\xfc"}', "application/json; charset=ISO-8859-1", 400, "characters are not in UTF-8"),
        (b"[" * 100_000, "application/json", 400, "nested too deeply"),
        (b"9" * 5000, "application/json", 400, "Exceeds the limit (4300 digits)"),
        # a number ends where a space or the text ends
        (b"12apples", "application/vnd.api+json", 400, "directly after a value"),
        (b"{}", "nonsense", 415, "'nonsense': must be a type and a subtype"),
        (b"\x89PNG\r\n", "image/png", 415, "(image/png) is no text in utf-8: documents are not supported yet"),
        (b"\x89PNG\r\n", "", 415, "(without a Content-Type)"),
        (b"x", "text/plain; charset=nope", 415, "charset 'nope' is unknown: send UTF-8"),
        # a codec of Python, and no character set
        (b"x", "text/plain; charset=zip", 415, "charset 'zip' is unknown"),
        (b"a=1", f"{FORM}; charset=rot13", 415, "charset 'rot13' is unknown"),
        (part('name="f"; filename="t.txt"') + b"--X--", BOUNDED, 415, "field 'f' is a file"),
        (part('name="a"'), BOUNDED, 400, "ends before its last boundary"),
        (part("nothing") + b"--X--", BOUNDED, 400, "a part has no name"),
        (b"--X\r\nno headers\r\n--X--", BOUNDED, 400, "a part has no headers"),
        (part('name="a"') + b"--X--", MULTIPART, 400, "names no boundary"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_what_is_wrong(
    body: bytes, kind: str, status: int, why: str
) -> None:
    with pytest.raises(RefusalError) as refused:
        body_of(request(body, kind))
    assert (refused.value.status, why in str(refused.value)) == (status, True), str(refused.value)


def test_a_coded_body_is_refused_and_one_without_a_coding_is_not() -> None:
    with pytest.raises(RefusalError, match="Content-Encoding gzip: send the body as it is") as refused:
        body_of(request(b"\x1f\x8b", "application/json", coding="gzip"))
    assert refused.value.status == 415
    assert body_of(request(b"1", "application/json", coding="identity")) == 1


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        (b"", "application/json", {}),
        (b"null", "application/json", {}),
        (b'[1,{"a":1.5}]', "application/json", [1, {"a": 1.5}]),
        (b'{"a":1} x', "application/json", {"a": 1}),
        (b"12 apples", "application/json", 12),
        (b'{"a":1,"a":2}', "text/json", {"a": 2}),
        (b'\xef\xbb\xbf{"a":1}', "application/json", {"a": 1}),
        ('{"a":"ü"}'.encode("utf-16"), "application/json", {"a": "ü"}),
        # what says little is JSON where it can be, and as a whole
        (b'{"a":1}', "", {"a": 1}),
        (b'{"a":1}', "application/octet-stream", {"a": 1}),
        (b"null", "text/plain", {}),
        (b"12 apples", "text/plain", "12 apples"),
        (b"hello", "", "hello"),
        ("grün".encode("latin-1"), "text/plain; charset=ISO-8859-1", "grün"),
        (b"<a>1</a>", "text/xml; charset=utf-8", "<a>1</a>"),
        # never JSON, whatever it holds
        (b"1", "application/xml", "1"),
        (b"<a/>", "application/soap+xml", "<a/>"),
    ],
)
def test_a_body_is_json_where_it_says_so_and_what_it_can_be_otherwise(body: bytes, kind: str, value: Any) -> None:
    assert body_of(request(body, kind)) == value


@pytest.mark.parametrize(
    ("body", "found", "params"),
    [
        (b"a=1&b=two", {"a": "1", "b": "two"}, {"a": "1", "b": "two"}),
        (b"a=&b", {"a": "", "b": ""}, {"a": "", "b": ""}),
        (b"&&a=1&", {"a": "1"}, {"a": "1"}),
        (b"a=x+y", {"a": "x y"}, {"a": "x y"}),
        (b"=x", {}, {}),
        # a value ends at `=` and `&` in the body, and is whole among the parameters
        (b"a=b=c", {"a": "b"}, {"a": "b=c"}),
        (b"a=%C3%BC%26x", {"a": "ü", "x": ""}, {"a": "ü&x"}),
        # the first of equal names counts; what is no escape is left out; bytes that are no UTF-8 are marked
        (b"a=1&a=2", {"a": "1"}, {"a": "1"}),
        (b"a=%zz&b=%FC", {"b": "\ufffd"}, {"b": "\ufffd"}),
    ],
)
def test_a_form_is_a_map_in_the_body_and_among_the_parameters(
    body: bytes, found: dict[str, str], params: dict[str, str]
) -> None:
    for kind in (FORM, FORM.upper(), f"{FORM};charset=UTF-8"):
        assert body_of(request(body, kind)) == found
        assert params_of(request(body, kind)) == params


def test_a_form_in_another_character_set_is_read_in_it() -> None:
    assert body_of(request(b"a=%FC", f"{FORM}; charset=ISO-8859-1")) == {"a": "ü"}


def test_a_form_with_a_query_keeps_its_fields_and_the_query_comes_first() -> None:
    given = request(b"a=form&b=form", FORM, query="a=query")
    assert body_of(given) == {"a": "form", "b": "form"}
    assert params_of(given) == {"a": "query", "b": "form"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_form_that_is_put_has_parameters_and_no_body(method: str) -> None:
    given = request(b"a=1", FORM, method=method)
    assert body_of(given) == {}
    assert params_of(given) == {"a": "1"}
    assert fields_of(given) == [("a", "1")]


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("a=1&a=2", {"a": "1"}),
        ("a=%zz", {}),
        ("a=%FC", {"a": "\ufffd"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a%5B%5D=1&b=x%26y&c", {"a[]": "1", "b": "x&y", "c": ""}),
    ],
)
def test_of_a_query_the_first_of_each_name_counts(query: str, params: dict[str, str]) -> None:
    assert params_of(request(query=query, method="GET")) == params


def test_text_parts_of_a_multipart_form_are_parameters_and_its_body_is_empty() -> None:
    body = (
        part('name="a"')
        + part('name="ü"', "grün".encode("latin-1"), "Content-Type: text/plain; charset=ISO-8859-1\r\n")
        + part('name="lines"', b"one\r\ntwo\n")
        + part('name="none"; filename=""', b"")
        + b"--X--\r\n"
    )
    given = request(body, BOUNDED)
    assert body_of(given) == {}
    assert params_of(given) == {"a": "1", "ü": "grün", "lines": "one\r\ntwo\n"}
