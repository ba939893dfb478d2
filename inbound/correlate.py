"""From an event to one command for Zeebe: which element takes it, and with what (`spec/inbound.md` §3). Pure.

The order is the Java runtime's, 8.8's line: activation conditions, message id, correlation key, variables, size. What
goes wrong on the way is a result too, which says what the source does with the event.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from inbound.executables import Element, Executable, Point
from zelery.camunda.gateway import Message
from zelery.correlation import ConditionNotMet, Failed, InvalidInput
from zelery.model import to_json
from zelery.sdk.expressions import ExpressionError, evaluate
from zelery.sdk.types import number_text

#: Larger variables are refused, as the Java runtime refuses them: Zeebe takes 4 MB, and more than this breaks exports.
VARIABLES_BYTES_MAX = 1_572_864


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """Start an instance of exactly the version that holds the connector."""

    process_id: str
    version: int
    tenant_id: str
    variables: Mapping[str, Any] = dataclasses.field(repr=False)
    once: tuple[str, int] | None = None
    """The event's name, and for how long (milliseconds) it starts one instance however often it comes."""
    wait: bool = False
    """Whether to wait for the instance's end (`synchronousResponse`)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Publish:
    """Publish a message."""

    message: Message


Command = Start | Publish


class _Refused(Exception):  # noqa: N818 - not an error: a decision on its way out
    def __init__(self, result: InvalidInput | Failed) -> None:
        self.result = result


@dataclasses.dataclass(frozen=True, kw_only=True)
class Defaults:
    """What counts where the model does not say."""

    ttl_ms: int
    """How long messages are buffered, milliseconds."""
    start_once_ms: int = 0
    """For how long an event's id is remembered, so that it starts no second instance; 0 remembers none."""


def decide(
    executable: Executable, event: Any, *, message_id: str | None, defaults: Defaults
) -> Command | ConditionNotMet | InvalidInput | Failed:
    """What to tell Zeebe of an event; `message_id` is the transport's own, for where the model gives none."""
    seen = _scope(event)
    try:
        matching = [each for each in executable.elements if _holds(each, seen)]
    except ExpressionError as error:
        told = "Failed to evaluate activation condition against the provided input"
        return InvalidInput(message=told, cause=error.message)
    if not matching:
        return ConditionNotMet(consume=any(each.rules.consume_unmatched for each in executable.elements))
    if len(matching) > 1 and not _same_message(matching):
        return InvalidInput(message="Multiple connectors are activated for the same input")
    try:
        return _command(matching[0], event, seen, message_id, defaults)
    except _Refused as refused:
        return refused.result


def matches(executable: Executable, event: Any) -> bool:
    """Whether any element's condition holds; one that fails does not."""
    seen = _scope(event)
    try:
        return any(_holds(each, seen) for each in executable.elements)
    except ExpressionError:
        return False


def _scope(event: Any) -> dict[str, Any]:
    """What expressions see at the top level: nothing of an event that is no map."""
    return event if isinstance(event, dict) else {}


def _holds(element: Element, seen: Mapping[str, Any]) -> bool:
    condition = element.rules.activation_condition
    return condition is None or evaluate(condition, seen) is True


def _same_message(elements: Sequence[Element]) -> bool:
    """Whether all would publish one and the same message, so that one command serves them."""
    first = elements[0]
    return all(
        each.point is Point.MESSAGE and (each.message_name, _said(each)) == (first.message_name, _said(first))
        for each in elements
    )


def _said(element: Element) -> tuple[object, ...]:
    rules = element.rules
    return (
        rules.result_variable,
        rules.result_expression,
        rules.correlation_key_expression,
        rules.message_id_expression,
        rules.message_ttl_ms,
    )


def _command(
    element: Element, event: Any, seen: Mapping[str, Any], message_id: str | None, defaults: Defaults
) -> Command:
    rules, own_id = element.rules, _message_id(element, seen, message_id)
    if element.point is Point.START:
        return Start(
            process_id=element.process_id,
            version=element.version,
            tenant_id=element.tenant_id,
            variables=_variables(element, event, seen),
            once=_once(element, own_id, defaults),
            wait=rules.synchronous_response,
        )
    return Publish(
        message=Message(
            name=element.message_name or "",
            correlation_key=_correlation_key(element, seen),
            message_id=own_id,
            ttl_ms=defaults.ttl_ms if rules.message_ttl_ms is None else rules.message_ttl_ms,
            variables=_variables(element, event, seen),
            tenant_id=element.tenant_id,
        )
    )


def _once(element: Element, own_id: str, defaults: Defaults) -> tuple[str, int] | None:
    """Zeebe has no such check for instances. A model asks for it by its message id, an operator by a setting."""
    asked = element.rules.message_id_expression is not None
    lasts_ms = defaults.start_once_ms or (defaults.ttl_ms if asked else 0)
    if not own_id or not lasts_ms:
        return None
    return f"{element.tenant_id}|{element.process_id}|{element.element_id}|{own_id}", lasts_ms


def _message_id(element: Element, seen: Mapping[str, Any], message_id: str | None) -> str:
    """The model's own expression wins over the transport's id; one that gives null sends none."""
    expression = element.rules.message_id_expression
    if expression is None:
        return message_id or ""
    try:
        return as_text(evaluate(expression, seen)) or ""
    except ExpressionError as error:
        raise _Refused(InvalidInput(message=error.message)) from error


def _correlation_key(element: Element, seen: Mapping[str, Any]) -> str:
    expression = element.rules.correlation_key_expression
    try:
        key = None if expression is None else as_text(evaluate(expression, seen))
    except ExpressionError:
        key = None
    if key is None:
        if element.point is Point.MESSAGE_START:
            return ""
        raise _Refused(InvalidInput(message=f"Wasn't able to obtain correlation key for expression {expression or ''}"))
    return key


def as_text(value: Any) -> str | None:
    """A key as text: numbers and booleans as they are written, objects as JSON; a list is none, and neither is null."""
    if value is None or isinstance(value, list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    return value if isinstance(value, str) else to_json(value)


def _variables(element: Element, event: Any, seen: Mapping[str, Any]) -> dict[str, Any]:
    """The output: the whole event under the result variable, and what the result expression gives over it."""
    rules = element.rules
    variables: dict[str, Any] = {} if rules.result_variable is None else {rules.result_variable: event}
    if rules.result_expression is not None:
        variables.update(_result(rules.result_expression, event, seen))
    size = len(to_json(variables).encode())
    if size > VARIABLES_BYTES_MAX:
        raise _Refused(
            InvalidInput(
                message=f"Output variables payload ({size} bytes) exceeds the 1.5 MB safe variable size limit; "
                "give the process less of the event with a result expression"
            )
        )
    return variables


def _result(expression: str, event: Any, seen: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        value = evaluate(expression, {**seen, "response": event})
    except ExpressionError as error:
        raise _Refused(Failed(message=error.message)) from error
    if not isinstance(value, dict):
        raise _Refused(
            Failed(
                message=f"Failed to evaluate expression '{expression}' in context '{to_json(value)}'. "
                "Reason: the result expression must give a context, as {name: value}"
            )
        )
    return value
