"""Evaluates the expressions of a model in a variable scope, and says in an incident's words why that fails."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zelery import feel
from zelery.engine.bpmn.model import Expression
from zelery.engine.errors import Failure
from zelery.engine.records import ElementInstance
from zelery.engine.variables import visible
from zelery.feel import FeelError
from zelery.feel.json_values import to_json
from zelery.feel.limits import Run
from zelery.feel.values import Function

#: Incident types (docs: "Incidents", and the REST API's `IncidentErrorTypeEnum`).
EXTRACT_VALUE_ERROR = "EXTRACT_VALUE_ERROR"
IO_MAPPING_ERROR = "IO_MAPPING_ERROR"

#: A whole number as text, and the greatest that is taken: retries have 32 bits on the wire.
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_NUMBER_MAX = 2**31 - 1

#: What a value is called in messages.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOLEAN"),
    (str, "STRING"),
    (int, "NUMBER"),
    (float, "NUMBER"),
    (list, "ARRAY"),
    (dict, "OBJECT"),
)


def _from_ai(_run: Run, value: Any, *_described: Any) -> Any:
    """The value itself: the rest of `fromAi` describes it for a model (docs: "AI Agent tool definitions")."""
    return value


def _cycle(run: Run, *parts: Any) -> str:
    """A repeating interval as ISO 8601 text: `R3/PT1H`, `R/PT1H` without end (docs: "FEEL", "cycle")."""
    repetitions = "" if len(parts) == 1 or parts[0] is None else str(parts[0])
    return f"R{repetitions}/{to_json(parts[-1], run)}"


_FROM_AI = ("value", "description", "type", "schema", "options")

#: What the engine's FEEL has beside the language's own functions.
_FUNCTIONS = {
    "cycle": tuple(Function(parameters=names, call=_cycle) for names in (("interval",), ("repetitions", "interval"))),
    "fromAi": tuple(Function(parameters=_FROM_AI[:count], call=_from_ai) for count in range(1, len(_FROM_AI) + 1)),
}


class Expressions:
    """FEEL by the engine's clock, with the cluster's variables.

    Args:
        now: The engine's time, aware of its zone.
        cluster: The cluster variables that a tenant sees (`camunda.vars.…`), or nothing.
    """

    def __init__(
        self, now: Callable[[], dt.datetime], cluster: Callable[[str], Mapping[str, Any] | None] = lambda _: None
    ) -> None:
        self.feel = feel.Engine(clock=now, functions=_FUNCTIONS)
        self._cluster = cluster
        self.watch: Callable[[Expression, ElementInstance | None, Sequence[str]], None] | None = None
        """Told of expressions in which FEEL has suppressed something, for those who ask why a value is null."""

    def evaluate(
        self,
        expression: Expression,
        scope: ElementInstance | None,
        *,
        type_: str = EXTRACT_VALUE_ERROR,
        more: Mapping[str, Any] | None = None,
        tenant_id: str = "",
        warnings: list[str] | None = None,
    ) -> Any:
        """The value in JSON's types.

        Args:
            expression: Of the model.
            scope: Whose variables are seen; None: only the cluster's.
            type_: The incident's type when it fails.
            more: Variables that come before the scope's.
            tenant_id: Whose cluster variables are seen where there is no scope.
            warnings: Takes what FEEL suppressed.

        Raises:
            Failure: FEEL fails.
        """
        if expression.feel is None:
            return expression.text
        told: list[str] | None = warnings if self.watch is None else []
        try:
            value = expression.feel.evaluate_json(self._context(scope, more, tenant_id), warnings=told)
        except FeelError as error:
            raise Failure(
                type_, f"Failed to evaluate expression '{expression.text.removeprefix('=').strip()}': {error}"
            ) from error
        if self.watch is not None and told:
            self.watch(expression, scope, told)
            if warnings is not None:
                warnings.extend(told)
        return value

    def temporal(self, expression: Expression, scope: ElementInstance | None) -> Any:
        """The value with FEEL's temporal types, for timers. Raises Failure."""
        if expression.feel is None:
            return expression.text
        try:
            return expression.feel.evaluate(self._context(scope, None))
        except FeelError as error:
            raise Failure(EXTRACT_VALUE_ERROR, str(error)) from error

    def _context(
        self, scope: ElementInstance | None, more: Mapping[str, Any] | None, tenant_id: str = ""
    ) -> dict[str, Any]:
        context = visible(scope) if scope is not None else {}
        tenant = scope.instance.definition.tenant_id if scope is not None else tenant_id
        if (cluster := self._cluster(tenant)) is not None and "camunda" not in context:
            context["camunda"] = cluster
        if more:
            context.update(more)
        return context

    def text(self, expression: Expression, scope: ElementInstance | None) -> str:
        """A value that must be text. Raises Failure."""
        if expression.feel is None:
            return expression.text
        found: str = self._typed(expression, scope, "STRING", str)
        return found

    def boolean(self, expression: Expression, scope: ElementInstance, more: Mapping[str, Any] | None = None) -> bool:
        """A value that must be a boolean. Raises Failure."""
        found: bool = self._typed(expression, scope, "BOOLEAN", bool, more)
        return found

    def array(self, expression: Expression, scope: ElementInstance) -> list[Any]:
        """A value that must be a list. Raises Failure."""
        found: list[Any] = self._typed(expression, scope, "ARRAY", list)
        return found

    def texts(self, expression: Expression, scope: ElementInstance) -> list[str]:
        """A value that must be a list of texts. Raises Failure."""
        values = self.array(expression, scope)
        if all(isinstance(value, str) for value in values):
            return values
        raise Failure(
            EXTRACT_VALUE_ERROR,
            f"Expected result of the expression '{_shown(expression)}' to be 'ARRAY' containing 'STRING' items, but "
            "was 'ARRAY' containing at least one non-'STRING' item",
        )

    def number(self, expression: Expression, scope: ElementInstance) -> int:
        """A value that must be a whole number; text that is one counts. Raises Failure."""
        value = self.evaluate(expression, scope)
        number = _WHOLE.fullmatch(value.strip()) if isinstance(value, str) else None
        found: Any = int(number[0]) if number else value
        if not isinstance(found, int | float) or isinstance(found, bool):
            raise self._mismatch(expression, value, "NUMBER", [])
        if not abs(found) <= _NUMBER_MAX:
            raise Failure(
                EXTRACT_VALUE_ERROR,
                f"Expected result of the expression '{_shown(expression)}' to be a number of at most {_NUMBER_MAX}",
            )
        return int(found)

    def correlation_key(self, expression: Expression, scope: ElementInstance) -> str:
        """A text or a number, as the text that messages are correlated by. Raises Failure."""
        warnings: list[str] = []
        value = self.evaluate(expression, scope, warnings=warnings)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value) if isinstance(value, float) and not value.is_integer() else str(int(value))
        raise Failure(
            EXTRACT_VALUE_ERROR,
            f"Failed to extract the correlation key for '{_shown(expression)}': "
            f"The value must be either a string or a number, but was '{type_of(value)}'.{_told(warnings)}",
        )

    def _typed(
        self,
        expression: Expression,
        scope: ElementInstance | None,
        wanted: str,
        accepted: type,
        more: Mapping[str, Any] | None = None,
    ) -> Any:
        warnings: list[str] = []
        value = self.evaluate(expression, scope, more=more, warnings=warnings)
        if isinstance(value, accepted):
            return value
        raise self._mismatch(expression, value, wanted, warnings)

    def _mismatch(self, expression: Expression, value: Any, wanted: str, warnings: list[str]) -> Failure:
        return Failure(
            EXTRACT_VALUE_ERROR,
            f"Expected result of the expression '{_shown(expression)}' to be '{wanted}', but was '{type_of(value)}'."
            f"{_told(warnings)}",
        )


def type_of(value: Any) -> str:
    """What a JSON value's type is called in messages."""
    if value is None:
        return "NULL"
    return next(name for type_, name in _TYPES if isinstance(value, type_))


def _shown(expression: Expression) -> str:
    return expression.text.removeprefix("=").strip()


def _told(warnings: list[str]) -> str:
    """The warnings of an evaluation, as the end of a message."""
    if not warnings:
        return ""
    listed = "\n".join(
        f"[{name.strip()}] {text.strip()}" for name, _, text in (each.partition(":") for each in warnings)
    )
    return f" The evaluation reported the following warnings:\n{listed}"
