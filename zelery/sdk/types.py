"""Types for a connector's input, as lenient as the Java runtime's mapper, so that a model that ran there runs here.

Element templates write numbers as text, flags as text and single values as lists of one; Jackson takes them all, within
the rules below (`spec/outbound.md` §4 and the recorded cases). Use them in an `Input` like any other type:

    class Call(Input):
        url: Annotated[Text, Must(NOT_BLANK, matching(r"https?://.*", "Must be a http(s) URL"))]
        method: Annotated[Literal["POST", "GET"], Choice("HttpMethod")]
        headers: TextMap | None = None
        timeout_in_seconds: Int = 20

A value that is no use as the declared type, and a value that breaks a rule, both fail the job without another attempt;
the message names the field and says what it must be.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

#: `type` of the pydantic error of a value that cannot become the declared type; its context says what it must be.
MAPPING = "mapping"
#: `type` of the pydantic error of a value that breaks rules; its context lists their messages.
VIOLATION = "violation"

#: More digits than 32 bits have, and few enough to be read: leading zeros count nothing.
_INTEGER = re.compile(r"[+-]?0*[0-9]{1,20}")
_POSITION = re.compile(r"0|[1-9][0-9]{0,3}")
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
#: Text that Jackson takes for null where a number or a flag is expected.
_NULLS = ("", "null")
#: Doubles in this range are written plainly by Java, others with an exponent.
_PLAIN_MIN, _PLAIN_MAX = 1e-3, 1e7


def invalid(must_be: str, value: Any, sort: str | None = None) -> PydanticCustomError:
    """The error of a value that cannot become the declared type, for a validator of your own to raise.

    `must_be` is the expected type as the message will say it. The value itself is never part of the message, only its
    sort: `, not a number`; text has none, unless it is given.
    """
    if sort is None:
        sort = "" if isinstance(value, str) else f", not {_sort(value)}"
    return PydanticCustomError(MAPPING, "It Must be `{must_be}`{sort}", {"must_be": must_be, "sort": sort})


def number_text(value: float) -> str:
    """A number as Java writes it in text: `34.5`, `1.0E21`, `12345678901234567890`."""
    if isinstance(value, int) or not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value), str(value))
    if value == 0 or _PLAIN_MIN <= abs(value) < _PLAIN_MAX:
        return repr(value)
    short = Decimal(repr(value)).normalize()
    digits = "".join(map(str, short.as_tuple().digits))
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{short.adjusted()}"


def text(value: Any) -> Any:
    """The text of a scalar: numbers and flags as Java writes them, a list of one as its element."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], (list, dict)) and value[0] is not None:
        return text(value[0])
    raise invalid("String", value)


def integer(value: Any) -> Any:
    """A whole number of 32 bits: decimals are cut, text is trimmed, empty text is null."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        return integer(value[0])
    if value is None or (isinstance(value, str) and value.strip() in _NULLS):
        return None
    number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value)
    if isinstance(number, (int, float)) and not isinstance(number, bool) and _INT_MIN <= number <= _INT_MAX:
        return int(number)
    raise invalid("Integer", value)


def flag(value: Any) -> Any:
    """A flag: `true`, "true", "True", "TRUE", any whole number but 0; null and empty text are false."""
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str):
        trimmed = value.strip()
        found = _FLAGS.get(trimmed, False if trimmed in _NULLS else None)
        if found is not None:
            return found
    elif isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
        return flag(value[0])
    raise invalid("boolean", value)


def map_of_texts(value: Any) -> Any:
    """A map; a list of one map is that map."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.strip():
        raise invalid("LinkedHashMap", value, ", not text")
    if value is not None and not isinstance(value, dict):
        raise invalid("LinkedHashMap", value)
    return value


Text = Annotated[str, BeforeValidator(text)]
"""Text. Numbers and flags become their text, `["x"]` becomes `x`."""

Int = Annotated[int | None, BeforeValidator(integer)]
"""A whole number or, for empty text, None. `"007"`, `" 5 "` and `1.9` are taken, `"1.9"` and `true` are not."""

Flag = Annotated[bool, BeforeValidator(flag)]
"""A flag. `"true"` and `1` are taken, `"yes"` is not."""

TextMap = Annotated[dict[str, Text | None], BeforeValidator(map_of_texts)]
"""A map of texts. Numbers and flags become their text; a null stays."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of the texts of a `Literal`, matched as Java's mapper matches enums.

    Case does not matter, spaces around do not, and a number is the position in the declared order.
    """

    name: str
    """What the message says the value must be."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members = typing.get_args(source)
        return core_schema.no_info_before_validator_function(
            _Chooser(self.name, members, {member.lower(): member for member in members}), handler(source)
        )


@dataclasses.dataclass(frozen=True)
class _Chooser:
    name: str
    members: tuple[str, ...]
    spelled: Mapping[str, str]

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list):
            value = value[0]
        if isinstance(value, str):
            trimmed = value.strip()
            found = self.spelled.get(trimmed.lower()) or self._at(trimmed)
        else:
            found = self._at(str(value)) if isinstance(value, int) and not isinstance(value, bool) else None
        if found is None and value is not None:
            raise invalid(self.name, value)
        return found

    def _at(self, digits: str) -> str | None:
        """The member at a position; `01` is no position."""
        position = int(digits) if _POSITION.fullmatch(digits) else len(self.members)
        return self.members[position] if position < len(self.members) else None


@dataclasses.dataclass(frozen=True)
class Rule:
    """Something that must hold for a value that has its declared type."""

    message: str
    """What people read when it does not hold: `must not be blank`."""
    holds: Callable[[Any], bool]
    """Whether a value keeps it; null is a value."""


NOT_NULL = Rule("must not be null", lambda value: value is not None)
NOT_EMPTY = Rule("must not be empty", lambda value: value is not None and len(value) > 0)
NOT_BLANK = Rule("must not be blank", lambda value: value is not None and bool(value.strip()))


def matching(pattern: str, message: str) -> Rule:
    """The rule that a text matches a pattern from its beginning to its end; null keeps it."""
    found = re.compile(pattern)
    return Rule(message, lambda value: value is None or found.fullmatch(value) is not None)


class Must:
    """Rules for a field; each that is broken is told, not only the first.

    A field without a default is null when it is absent: a rule such as `NOT_NULL` says that it must be there.
    """

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any, bind: core_schema.ValidatorFunctionWrapHandler) -> Any:
            bound = None if value is None else bind(value)
            broken = [rule.message for rule in self.rules if not rule.holds(bound)]
            if broken:
                raise PydanticCustomError(VIOLATION, "{messages}", {"messages": broken})
            return bound

        return core_schema.no_info_wrap_validator_function(check, handler(source))


def _sort(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    return "a boolean" if isinstance(value, bool) else "a number"
