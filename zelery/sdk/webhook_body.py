"""A webhook request's body and parameters, as expressions see them (`spec/inbound.md` §4.2 and the recorded cases).

    body_of(request)     a JSON value, a form's fields as a map, or text
    params_of(request)   the query's parameters and a form's fields, one value each
    fields_of(request)   a form's fields as they were sent, for signatures over them

What says that it is JSON must be JSON. Anything else is JSON where it can be read so, else text. What is the caller's
fault is a RefusalError that says what was wrong and what to send instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from itertools import chain
from typing import Any
from urllib.parse import unquote_plus

from zelery.sdk.webhooks import RefusalError, Request

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

#: Python knows codecs that are no character sets, and some that take long for little.
_CHARSET = re.compile(
    r"utf-?(8|16|32)([-_]?[bl]e)?|(us-)?ascii|iso-?8859-\d+|latin-?1|(windows|cp)-?\d+|koi8-[ru]|"
    r"shift[-_]jis|euc-?(jp|kr)|gb(k|2312|18030)|big5",
    re.IGNORECASE,
)
_MEDIA_TYPE = re.compile(r"\s*[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+\s*(;.*)?", re.ASCII)
_JSON = re.compile(r"(application|text)/(json|.*\+json)")
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SPACE = " \t\r\n"
#: Of requests with these methods, the Java runtime's web server takes a form's fields as parameters and leaves no body.
_WITHOUT_FORM = ("PUT", "PATCH", "DELETE")
_UNREADABLE, _UNSUPPORTED = 400, 415


def body_of(request: Request) -> Any:
    """The body; `{}` where there is none. Raises RefusalError."""
    given = _media_type(request)
    if not request.body:
        return {}
    kind = given.get_content_type() if given else ""
    if kind == FORM:
        return {} if request.method in _WITHOUT_FORM else _form_map(fields_of(request))
    if kind == MULTIPART:
        fields_of(request)  # A file in it is refused, whoever looks at it first.
        return {}
    if given and _JSON.fullmatch(kind):
        return _json(request.body)
    if "xml" in kind:
        return _text(request.body, given)
    return _json_or_text(request.body, given)


def params_of(request: Request) -> dict[str, str]:
    """The query's parameters, then a form's fields: the first of each name. Raises RefusalError for a broken form.

    A parameter that is not encoded as it should be is left out.
    """
    params: dict[str, str] = {}
    for name, value in chain(_pairs(request.query, "utf-8"), fields_of(request)):
        params.setdefault(name, value)
    return params


def fields_of(request: Request) -> list[tuple[str, str]]:
    """A form's fields in the order in which they were sent; none where the body is no form. Raises RefusalError."""
    given = _media_type(request)
    kind = given.get_content_type() if given else ""
    if given and kind == FORM:
        charset = _charset(given) or "utf-8"
        return list(_pairs(request.body.decode(charset, "replace"), charset))
    return list(_parts(request.body, given)) if given and kind == MULTIPART else []


def _media_type(request: Request) -> Message | None:
    """The content type, with its parameters. Raises RefusalError for one that is malformed, and for coded bodies."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if request.body and coding not in ("", "identity"):
        raise RefusalError(_UNSUPPORTED, f"Content-Encoding {coding}: send the body as it is, without a coding")
    value = request.headers.get("content-type", "")
    if not value.strip():
        return None
    if not _MEDIA_TYPE.fullmatch(value):
        raise RefusalError(_UNSUPPORTED, f"Content-Type {value!r}: must be a type and a subtype, as application/json")
    given = Message()
    given["Content-Type"] = value.strip()
    return given


def _charset(given: Message | None) -> str | None:
    """The character set that a content type names. Raises RefusalError for one that is unknown."""
    found = given.get_param("charset") if given else None
    if found is None:
        return None
    name = collapse_rfc2231_value(found).strip()
    if _CHARSET.fullmatch(name):
        try:
            "".encode(name)
        except LookupError:
            pass
        else:
            return name
    raise RefusalError(_UNSUPPORTED, f"charset {name!r} is unknown: send UTF-8")


def _pairs(text: str, charset: str) -> Iterator[tuple[str, str]]:
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if name and not _NO_ESCAPE.search(part):
            yield unquote_plus(name, charset, "replace"), unquote_plus(value, charset, "replace")


def _form_map(fields: list[tuple[str, str]]) -> dict[str, str]:
    """A form's fields as the Java runtime reads them: decoded first and split then.

    So a value ends at an `=` or `&` in it, and the rest after an `&` is a name; models may count on that, and find the
    whole value in `request.params`. Of equal names the first counts, as there.
    """
    found: dict[str, str] = {}
    for part in "&".join(f"{name}={value}" for name, value in fields).split("&"):
        name, _, value = part.partition("=")
        if name:
            found.setdefault(name, value.partition("=")[0])
    return found


def _json(body: bytes) -> Any:
    """The first JSON value; what comes after it is ignored, and null is nothing. Raises RefusalError."""
    try:
        text = _decoded(body)
        start = len(text) - len(text.lstrip(_SPACE))
        value, end = _DECODER.raw_decode(text, start)
    except UnicodeDecodeError:
        raise RefusalError(_UNREADABLE, "the body is no JSON: its characters are not in UTF-8") from None
    except json.JSONDecodeError as error:
        why = f"{error.msg}, line {error.lineno}, column {error.colno}"
        raise RefusalError(_UNREADABLE, f"the body is no JSON: {why}") from None
    except RecursionError:
        raise RefusalError(_UNREADABLE, "the body is no JSON that can be read: it is nested too deeply") from None
    except ValueError as error:  # NaN, and numbers of thousands of digits.
        raise RefusalError(_UNREADABLE, f"the body is no JSON: {str(error).partition(';')[0]}") from None
    if not isinstance(value, (dict, list, str)) and text[end : end + 1].strip(_SPACE):
        raise RefusalError(_UNREADABLE, f"the body is no JSON: text directly after a value, at character {end}")
    return {} if value is None else value


def _json_or_text(body: bytes, given: Message | None) -> Any:
    """A body whose type says little: the JSON value that it is as a whole, else text."""
    try:
        value = _DECODER.decode(_decoded(body))
    except (ValueError, RecursionError):
        return _text(body, given)
    return {} if value is None else value


def _decoded(body: bytes) -> str:
    """JSON's text: UTF-8, or what its first bytes show it to be."""
    return body.decode(json.detect_encoding(body))


def _text(body: bytes, given: Message | None) -> str:
    """A body as text. Raises RefusalError for bytes that are none."""
    charset = _charset(given) or json.detect_encoding(body)
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        kind = given.get_content_type() if given else "without a Content-Type"
        raise RefusalError(
            _UNSUPPORTED, f"the body ({kind}) is no text in {charset}: documents are not supported yet"
        ) from None


def _parts(body: bytes, given: Message) -> Iterator[tuple[str, str]]:
    """The text parts of a multipart form. Raises RefusalError for files, and for what is no such form."""
    boundary = given.get_boundary()
    if not boundary:
        raise RefusalError(_UNREADABLE, f"{MULTIPART}: the Content-Type names no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        line, head_and_content = piece[:2], piece[2:]
        head, found, content = (b"\r\n" + head_and_content).partition(b"\r\n\r\n")
        if line != b"\r\n" or not found:
            raise RefusalError(_UNREADABLE, f"{MULTIPART}: a part has no headers")
        yield from _part(HeaderParser().parsestr(head.decode("utf-8", "replace").strip()), content)
    if body:
        raise RefusalError(_UNREADABLE, f"{MULTIPART}: the body ends before its last boundary")


def _part(head: Message, content: bytes) -> Iterator[tuple[str, str]]:
    name = _disposition(head, "name")
    if name is None:
        raise RefusalError(_UNREADABLE, f"{MULTIPART}: a part has no name")
    filename = _disposition(head, "filename")
    if filename is None:
        charset = _charset(head) or "utf-8"
        yield name, content.decode(charset, "replace")
    elif filename or content:  # A browser sends an empty one where no file was chosen.
        raise RefusalError(_UNSUPPORTED, f"{MULTIPART}: field {name!r} is a file, and documents are not supported yet")


def _disposition(head: Message, parameter: str) -> str | None:
    found = head.get_param(parameter, header="Content-Disposition")
    return None if found is None else collapse_rfc2231_value(found)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
