"""Shapes of request bodies: names by line, types, bounds; and how a body is checked against one."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, TypeAlias

from zelery.engine.rest.fields import LINES, has
from zelery.engine.rest.problems import invalid, unreadable
from zelery.engine.rest.values import KEY_MAX, key, moment, shown

Shape: TypeAlias = "Mapping[str, Member]"


class Type(enum.Enum):
    """What a member's value is; for people."""

    TEXT = "a text"
    KEY = "a key, digits in a text"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    DATE = "a date and time of RFC 3339"
    OBJECT = "an object"
    LIST = "a list"
    ANY = "a value"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One name of a body."""

    type: Type
    since: str = LINES[0]
    required: bool = False
    least: int | None = None
    most: int | None = None
    values: tuple[str, ...] = ()
    """Of a text: those that there are; empty: any. Of a date: texts that stand for none."""
    shape: Shape | None = None
    """Of an object; None: any names."""
    each: Member | None = None
    """Of a list."""


def text(*values: str, since: str = LINES[0], required: bool = False) -> Member:
    """A text, or one of a few."""
    return Member(type=Type.TEXT, since=since, required=required, values=values)


def key_(*, since: str = LINES[0], required: bool = False) -> Member:
    """A key."""
    return Member(type=Type.KEY, since=since, required=required)


def whole(
    *, since: str = LINES[0], required: bool = False, least: int | None = None, most: int | None = None
) -> Member:
    """A whole number."""
    return Member(type=Type.INTEGER, since=since, required=required, least=least, most=most)


def flag(*, since: str = LINES[0]) -> Member:
    """True or false."""
    return Member(type=Type.BOOLEAN, since=since)


def date(*, clearable: bool = False) -> Member:
    """A date and time; or an empty text, which takes it away."""
    return Member(type=Type.DATE, values=("",) if clearable else ())


def free(*, since: str = LINES[0], required: bool = False) -> Member:
    """An object of any names: variables, metadata."""
    return Member(type=Type.OBJECT, since=since, required=required)


def object_(shape: Shape, *, since: str = LINES[0], required: bool = False) -> Member:
    """An object of known names."""
    return Member(type=Type.OBJECT, since=since, required=required, shape=shape)


def many(each: Member, *, since: str = LINES[0], required: bool = False) -> Member:
    """A list."""
    return Member(type=Type.LIST, since=since, required=required, each=each)


def checked(shape: Shape, body: Mapping[str, Any], line: str, path: str = "") -> dict[str, Any]:
    """A body as its shape has it, without what is null.

    Args:
        shape: What may be in it.
        body: The request's JSON object.
        line: 8.8, 8.9 or 8.10.
        path: Where the body stands in the request, with a dot at its end; empty: it is the request.

    Raises:
        Problem: A name that the line does not know, a value of another type or out of its bounds, or nothing where
            something is required.
    """
    found: dict[str, Any] = {}
    for name, value in body.items():
        member = shape.get(name)
        if member is None or not has(line, member.since):
            raise unreadable(f"{path}{name}")
        if value is not None:
            found[name] = _value(member, value, line, f"{path}{name}")
    for name, member in shape.items():
        if member.required and has(line, member.since) and found.get(name) in (None, ""):
            raise invalid(f"No {path}{name} provided")
    return found


def _value(member: Member, value: Any, line: str, path: str) -> Any:
    if not _is(member.type, value):
        raise unreadable(path, f"expected {member.type.value}, not {shown(value)}")
    match member.type:
        case Type.KEY:
            return key(value, path)
        case Type.DATE if value not in member.values:
            moment(value, path)
        case Type.INTEGER | Type.NUMBER:
            _bounded(member, value, path)
        case Type.TEXT if member.values and value not in member.values:
            allowed = ", ".join(member.values)
            why = f"Unexpected value '{shown(value)}' for enum field. Use any of the following values: [{allowed}]"
            raise unreadable(path, why)
        case Type.OBJECT if member.shape is not None:
            return checked(member.shape, value, line, f"{path}.")
        case Type.LIST if member.each is not None:
            return [_value(member.each, each, line, f"{path}[{index}]") for index, each in enumerate(value)]
        case _:
            pass
    return value


_TYPES: Mapping[Type, tuple[type, ...]] = {
    Type.TEXT: (str,),
    Type.KEY: (str, int),
    Type.INTEGER: (int,),
    Type.NUMBER: (int, float),
    Type.BOOLEAN: (bool,),
    Type.DATE: (str,),
    Type.OBJECT: (dict,),
    Type.LIST: (list,),
}


def _is(wanted: Type, value: Any) -> bool:
    return wanted is Type.ANY or type(value) in _TYPES[wanted]


def _bounded(member: Member, value: float, path: str) -> None:
    if abs(value) > KEY_MAX:
        raise unreadable(path, f"the number {shown(value)} is too large")
    if member.least is not None and value < member.least:
        raise invalid(f"The value for {path} is '{value}' but must be at least {member.least}")
    if member.most is not None and value > member.most:
        raise invalid(f"The value for {path} is '{value}' but must be at most {member.most}")
