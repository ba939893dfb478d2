"""Values of filters, checked and made comparable with those of items."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from zelery.engine.rest.fields import Field, Kind
from zelery.engine.rest.problems import invalid, unreadable

#: Characters of a foreign value that a refusal repeats.
SHOWN_MAX = 100
#: Keys are Java's `long`.
KEY_MAX = 2**63 - 1

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def exact(field: Field, value: Any, line: str, path: str) -> Any:
    """A value of a field, as items' values compare with it: keys as text, dates as moments.

    Raises:
        Problem: It is no such value.
    """
    match field.kind:
        case Kind.KEY:
            return key(value, path)
        case Kind.DATE:
            return moment(value, path)
        case Kind.BOOLEAN:
            return _of(bool, value, field, path)
        case Kind.INTEGER:
            return _of(int, value, field, path)
        case Kind.CHOICE if value not in field.choices(line):
            allowed = ", ".join(field.choices(line))
            raise unreadable(
                path, f"Unexpected value '{shown(value)}' for enum field. Use any of the following values: [{allowed}]"
            )
        case _:
            return _text(value, field, path)


def _of(type_: type, value: Any, field: Field, path: str) -> Any:
    if type(value) is not type_:
        raise unreadable(path, f"expected {field.kind.value}, not {shown(value)}")
    return value


def _text(value: Any, field: Field, path: str) -> str:
    # A number is read as its text, as the servers do it.
    if isinstance(value, str) or type(value) in (int, float):
        return str(value)
    expected = Kind.TEXT if field.kind is Kind.TAGS else field.kind
    raise unreadable(path, f"expected {expected.value}, not {shown(value)}")


def key(value: Any, path: str) -> str:
    """A key as items have it. Raises Problem."""
    text = str(value) if type(value) in (str, int) else ""
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > KEY_MAX:
        raise invalid(
            f"The provided {path} '{shown(value)}' is not a valid key. Expected a number, as digits in a text."
        )
    return str(int(text))


def moment(value: Any, path: str) -> dt.datetime:
    """A moment of RFC 3339. Raises Problem."""
    text = value if isinstance(value, str) else ""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)  # noqa: TRY301 - as a date that is on no calendar
        return dt.datetime.fromisoformat(text.upper())
    except ValueError:
        example = "Expected RFC 3339 with an offset, as 2026-01-31T12:00:00Z."
        raise invalid(f"The provided {path} '{shown(value)}' cannot be parsed as a date. {example}") from None


def shown(value: Any) -> str:
    """A foreign value, as a refusal repeats it: on one line and not too long."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
