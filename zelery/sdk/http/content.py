"""What a model gives as a body, as the bytes that go out: by its content type, a form, parts, text or JSON."""

from __future__ import annotations

import codecs
import dataclasses
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

from pydantic_core import PydanticSerializationError, to_json

from zelery.sdk.http.errors import UnbuildableError
from zelery.sdk.types import number_text

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
#: What the Java client says of a body that is not there.
NOTHING = "text/plain; charset=UTF-8"

_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)')
_QUOTED_IN_NAMES = str.maketrans({'"': '\\"', "\\": "\\\\", "\r": " ", "\n": " "})


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A body on its way out."""

    data: bytes
    """Its bytes."""
    content_type: str | None
    """What its Content-Type says; None leaves what the model's headers say."""


def content(body: Any, content_type: str | None, *, ignore_nulls: bool = False) -> Content:
    """The bytes of a body, for the content type that the model's headers give (None when they give none).

    Raises UnbuildableError when the content type names a charset that nobody knows.
    """
    if body is None:
        return Content(data=b"", content_type=None if content_type is not None else NOTHING)
    if content_type is None:
        return Content(data=_text_or_json(body, "utf-8", ignore_nulls=ignore_nulls), content_type=JSON)
    kind, parameters = media_type(content_type)
    charset = _charset(parameters.get("charset"))
    if isinstance(body, Mapping) and kind == FORM:
        return Content(data=form(body).encode(), content_type=None)
    if isinstance(body, Mapping) and kind == MULTIPART:
        return _multipart(body, parameters.get("boundary"))
    return Content(data=_text_or_json(body, charset, ignore_nulls=ignore_nulls), content_type=None)


def media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """A content type's name and parameters, lower case but for the parameters' values."""
    kind = content_type.partition(";")[0].strip().lower()
    if ";" not in content_type:
        return kind, {}
    return kind, {found[1].lower(): _unquoted(found[2]) for found in _PARAMETER.finditer(content_type)}


def form(fields: Mapping[str, Any]) -> str:
    """Fields as a form post writes them: a null as its bare name, lists and maps as Java prints them."""
    return "&".join(_field(name, value) for name, value in fields.items())


def java_text(value: Any) -> str:
    """A JSON value as Java prints it: `[1, x, null]`, `{a=1}`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}={java_text(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java_text, value)) + "]"
    return str(value)


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8; infinite numbers as text and lone surrogates as `?`, as Jackson writes them."""
    try:
        return to_json(value, inf_nan_mode="strings")
    except (PydanticSerializationError, ValueError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def without_nulls(value: Any) -> Any:
    """A value without the null entries of its maps; the nulls of lists stay."""
    if isinstance(value, Mapping):
        return {name: without_nulls(entry) for name, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def _text_or_json(body: Any, charset: str, *, ignore_nulls: bool) -> bytes:
    if isinstance(body, str):
        return _encode(body, charset)
    if isinstance(body, (float, int)):
        return _encode(java_text(body), charset)
    data = json_bytes(without_nulls(body) if ignore_nulls else body)
    return data if charset == "utf-8" else _encode(data.decode(), charset)


def _encode(text: str, charset: str) -> bytes:
    if charset == "utf-16":  # Java writes big endian where Python writes what the machine prefers.
        return codecs.BOM_UTF16_BE + text.encode("utf-16-be", errors="replace")
    return text.encode("utf-32-be" if charset == "utf-32" else charset, errors="replace")


def _charset(name: str | None) -> str:
    if not name:
        return "utf-8"
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # Some codecs are no charsets: rot13, base64.
    except (LookupError, ValueError):
        raise UnbuildableError(name, java_type="java.nio.charset.UnsupportedCharsetException") from None
    return found.name


def _field(name: str, value: Any) -> str:
    shown = quote_plus(name, errors="replace")
    return shown if value is None else f"{shown}={quote_plus(java_text(value), errors='replace')}"


def _multipart(fields: Mapping[str, Any], boundary: str | None) -> Content:
    """Parts in the Java client's writing: names in Latin-1, values in UTF-8, nothing that is no scalar."""
    mark = boundary or f"httpclient_boundary_{uuid.uuid4()}"
    parts = list(_parts(fields))
    kind = f"{MULTIPART}; charset=ISO-8859-1" if parts else "multipart/mixed"
    lines = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (_latin(mark), _latin(name.translate(_QUOTED_IN_NAMES)), value.encode(errors="replace"))
        for name, value in parts
    ]
    return Content(
        data=b"".join(lines) + b"--%s--\r\n" % _latin(mark),
        content_type=None if boundary else f"{kind}; boundary={mark}",
    )


def _parts(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        for entry in value if isinstance(value, list) else [value]:
            if entry is not None and not isinstance(entry, (Mapping, list)):
                yield name, java_text(entry)


def _latin(text: str) -> bytes:
    return text.encode("latin-1", errors="replace")


def _unquoted(text: str) -> str:
    return (
        re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') and text.endswith('"') and len(text) > 1 else text
    )
