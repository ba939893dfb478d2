"""FEEL in a connector's properties.

Two kinds. A *function* stays an expression, which the connector evaluates as often as it likes:

    class Hook(Input):
        response_expression: Expression | None = None   # "= {body: request.body}"

A *value* may be written as FEEL and is evaluated while the properties are bound: with an empty context, or for polling
connectors with the variables of the instance that waits.

    class Call(Input):
        headers: Annotated[TextMap | None, Feel()] = None   # "= {accept: lang}", or a JSON object as text

What is not FEEL is taken as the Java runtime takes it: text that is JSON becomes that value, and where a list is wanted
`a, b` becomes a list of its trimmed parts (`spec/inbound.md` §3.1).
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from zelery import feel
from zelery.durations import parse_ms
from zelery.errors import ConnectorError
from zelery.sdk.types import invalid


class ExpressionError(ConnectorError):
    """A FEEL expression of the model failed."""

    java_type = "io.camunda.connector.feel.FeelEngineWrapperException"

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f"Failed to evaluate expression '{expression}'. Reason: {reason}")
        self.expression = expression
        """As the model has it."""
        self.reason = reason
        """FEEL's own words."""


class Expression:
    """A FEEL expression that a connector evaluates itself. In the model it starts with `=`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __call__(self, context: Mapping[str, Any]) -> Any:
        """The value, with JSON's types alone. Raises ExpressionError."""
        return evaluate(self.text, context)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._bound)

    @classmethod
    def _bound(cls, value: Any) -> Expression:
        if isinstance(value, Expression):
            return value
        if not isinstance(value, str) or not value.strip().startswith("="):
            raise invalid("FEEL expression that starts with `=`", value)
        return cls(value)


def _filled(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Formula = Annotated[Expression | None, BeforeValidator(_filled)]
"""An expression that an author may have left empty, as templates then write it: as an empty text."""


def evaluate(text: str, context: Mapping[str, Any], *, warnings: list[str] | None = None) -> Any:
    """The value of an expression, with or without its `=`, with JSON's types alone. Raises ExpressionError."""
    try:
        return feel.compile(text).evaluate_json(context, warnings=warnings)
    except feel.FeelError as error:
        raise ExpressionError(text, str(error)) from error


class Feel:
    """Marks a field whose value may be written as FEEL or as JSON text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        lists = _takes_list(source)

        def before(value: Any, info: core_schema.ValidationInfo) -> Any:
            return _value(value, (info.context or {}).get("variables") or {}, lists=lists)

        return core_schema.with_info_before_validator_function(before, inner)


def _takes_list(source: Any) -> bool:
    kinds = [source, *typing.get_args(source)]
    return any(typing.get_origin(kind) in (list, tuple, set, frozenset) for kind in kinds)


def _value(value: Any, variables: Mapping[str, Any], *, lists: bool) -> Any:
    """What a property stands for; a branch is what its leaves stand for."""
    if isinstance(value, dict):
        return {name: _value(each, variables, lists=False) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    if value.strip().startswith("="):
        return evaluate(value, variables)
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return [part.strip() for part in value.split(",")] if lists else value


def _duration(value: Any) -> Any:
    """An ISO 8601 duration of days and time, as Java reads it."""
    if value is None or isinstance(value, timedelta):
        return value
    try:
        return timedelta(milliseconds=parse_ms(str(value)))
    except ValueError:
        raise invalid("Duration", value) from None


Duration = Annotated[timedelta | None, BeforeValidator(_duration), Feel()]
"""A duration as `PT50S`, that may be written as FEEL; None where it gives null, or is not there."""


def _plain_text(value: Any, info: ValidationInfo) -> Any:
    """A text: FEEL's value of it, and JSON text where that is an object or a list. Other texts stay as they are."""
    if isinstance(value, str) and value.strip().startswith("="):
        value = evaluate(value, (info.context or {}).get("variables") or {})
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, (dict, list)) else value


FEEL_TEXT = BeforeValidator(_plain_text)
"""Makes any kind of text one that may be written as FEEL: `Annotated[Text, FEEL_TEXT]`."""

FeelText = Annotated[str, FEEL_TEXT]
"""Text that may be written as FEEL."""
