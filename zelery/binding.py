"""From the JSON text of a job's variables to a connector's input, with errors that name the field and the rule.

First the text is read, as leniently as the recorded cases show (text after the first value is ignored, the last of two
equal names counts). Then values become the declared types; the first that cannot ends it. Only when all can, the rules
are told that are broken, all of them (`spec/outbound.md` §4).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from zelery import intrinsics
from zelery.errors import ConnectorError, InputError
from zelery.sdk.types import MAPPING, VIOLATION

M = TypeVar("M", bound=BaseModel)

_SORTS = {list: "a list", str: "text", bool: "a boolean"}
_SPACE = " \t\r\n"
_VIOLATED = "jakarta.validation.ValidationException: Found constraints violated while validating input: "
#: Kinds of pydantic errors that say what is wrong with the type; other kinds are broken rules.
_OF_TYPE = ("_type", "_parsing", "_parsing_size", "_from_float", "union_tag_invalid", "union_tag_not_found", "enum")


def bind(text: str, model: type[M]) -> M:
    """A connector's input from the JSON text of the variables, secrets already in it.

    Raises InputError, which leaves no attempt, for what the model can mend; and ConnectorError when there are no
    variables at all.
    """
    variables = read(text)
    if intrinsics.LITERAL in text:
        variables = intrinsics.resolve(variables)
    return validated(variables, model)


def validated(values: Mapping[str, Any], model: type[M], *, variables: Mapping[str, Any] | None = None) -> M:
    """A connector's input from its values. `variables` are what FEEL sees in fields that take it (`zelery.sdk.Feel`).

    Raises InputError, and ExpressionError where FEEL fails.
    """
    try:
        return model.model_validate(values, context={"variables": variables or {}})
    except ValidationError as error:
        raise InputError(_message(error.errors(include_url=False), values)) from None


def read(text: str) -> dict[str, Any]:
    """The variables of a JSON text. Raises as `bind` does."""
    start = len(text) - len(text.lstrip(_SPACE))
    if start == len(text):
        raise InputError("No content to map due to end-of-input")
    try:
        value, _ = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise InputError("The job's variables are nested too deeply to be read") from None
    except ValueError:
        raise InputError("This is not a JSON object") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        raise ConnectorError("The job's variables must not be null", error_type="java.lang.IllegalArgumentException")
    if not isinstance(value, dict):
        raise InputError(f"The job's variables must be a JSON object, not {_SORTS.get(type(value), 'a number')}")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _message(errors: Sequence[ErrorDetails], variables: Mapping[str, Any]) -> str:
    of_type = next((error for error in errors if _is_of_type(error)), None)
    if of_type is not None:
        return f"Json object contains an invalid field: {_place(of_type, variables, ', ')}{_must_be(of_type)}"
    lines = {
        f" - Property: {_place(error, variables, '.')}: Validation failed. Original message: {rule}"
        for error in errors
        for rule in _rules(error)
    }
    return "\n".join([_VIOLATED, *sorted(lines)])


def _is_of_type(error: ErrorDetails) -> bool:
    kind = error["type"]
    return kind == MAPPING or (kind != VIOLATION and kind.endswith(_OF_TYPE) and error.get("input") is not None)


def _must_be(error: ErrorDetails) -> str:
    if error["type"] == MAPPING:
        return f". {error['msg']}"
    return "" if error["type"].startswith(("union_tag", "model_")) else f". {error['msg']}"


def _rules(error: ErrorDetails) -> Iterable[str]:
    if error["type"] == VIOLATION:
        return list(error["ctx"]["messages"])
    absent = error["type"] == "missing" or (error.get("input") is None and error["type"].endswith("_type"))
    return ["must not be null" if absent else error["msg"]]


def _place(error: ErrorDetails, variables: Mapping[str, Any], between: str) -> str:
    return between.join(_path(error["loc"], variables)) or "(all variables)"


def _path(place: Sequence[int | str], variables: Any) -> Iterator[str]:
    """The names on the way to a field, as the model writes them.

    Pydantic's way also holds the tags of the unions it went through; they are not among the variables' names.
    """
    here = variables
    for index, step in enumerate(place):
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
            yield str(step)
        elif isinstance(here, Mapping) and step in here:
            here = here[step]
            yield step
        elif index == len(place) - 1:
            yield step
