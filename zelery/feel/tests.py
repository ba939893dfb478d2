"""Unary tests, ranges, and the three-valued logic they share with "and" and "or"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from zelery.feel.compare import comparison, equality, identical, order
from zelery.feel.limits import Run
from zelery.feel.scope import INPUT_SYMBOL, Scope, input_name, input_of
from zelery.feel.values import Failure, Range, is_ordered, kind_of, text

if TYPE_CHECKING:
    from zelery.feel import syntax
    from zelery.feel.compiler import Closure, Compiler

HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}
_RANGE_KINDS = frozenset(
    (
        "number",
        "date",
        "time",
        "local time",
        "date and time",
        "local date and time",
        "years and months duration",
        "days and time duration",
    )
)

__all__ = ["HOLDS", "after_null", "boolean_or_null", "fold", "input_name"]


def boolean_or_null(value: Any, run: Run) -> Any:
    """A boolean, or null and a warning for anything else."""
    if type(value) is bool:
        return value
    if type(value) is Failure:
        return value if value.fatal else None
    if run.warnings is not None:
        run.warn("INVALID_TYPE", f"Expected boolean but found '{text(value, run)}'")
    return None


def after_null(value: Any, decisive: bool) -> Any:
    """A chain of and/or whose value so far is null: only the decisive value changes that."""
    return value if value is decisive or (type(value) is Failure and value.fatal) else None


def fold(values: Iterable[Any], decisive: bool, run: Run) -> Any:
    """Whether one of the values is the decisive one: true for "or" and some, false for "and" and every."""
    state: Any = not decisive
    for value in values:
        state = after_null(value, decisive) if state is None else boolean_or_null(value, run)
        if state is decisive or type(state) is Failure:
            return state
    return state


def input_comparison(compiler: Compiler, node: syntax.InputComparison) -> Closure:
    operand = compiler.closure(node.operand)
    if node.operator == "=":
        return lambda scope: equality(input_of(scope), operand(scope), scope.run)
    holds = HOLDS[node.operator]
    return lambda scope: comparison(input_of(scope), operand(scope), holds, scope.run)


def input_in_range(compiler: Compiler, node: syntax.InputInRange) -> Closure:
    start, end = compiler.closure(node.range.start), compiler.closure(node.range.end)
    start_closed, end_closed = node.range.start_closed, node.range.end_closed

    def evaluate(scope: Scope) -> Any:
        low, high = start(scope), end(scope)
        value = input_of(scope)
        if not all(map(is_ordered, (value, low, high))) or not kind_of(value) == kind_of(low) == kind_of(high):
            # The reference looks the input up again for its message.
            shown, run = input_of(scope), scope.run
            message = f"Can't compare '{text(shown, run)}' with '{text(low, run)}' and '{text(high, run)}'"
            run.warn("NOT_COMPARABLE", message)
            return None
        above, below = order(value, low, scope.run), order(value, high, scope.run)
        return (above >= 0 if start_closed else above > 0) and (below <= 0 if end_closed else below < 0)

    return evaluate


def unary_test(compiler: Compiler, node: syntax.UnaryTest) -> Closure:
    closure = compiler.closure(node.expression)

    def evaluate(scope: Scope) -> Any:
        value = input_of(scope)
        answer = closure(scope)
        if type(answer) is Failure and answer.fatal:
            scope.run.charge(1)
            answer = closure(scope.inner({INPUT_SYMBOL: value}))
            return answer if type(answer) is bool else None
        if answer is True or (type(answer) is list and contains(answer, value, scope.run)):
            return True
        same = equality(value, answer, scope.run)
        if same is True:
            return True
        # A test that is false, a list without the input, or another value: no. Values that are never compared: null.
        if answer is False or type(answer) is list:
            return False
        return None if same is None else False

    return evaluate


def contains(items: list[Any], value: Any, run: Run) -> bool:
    """Whether a list holds a value, by the equality of "list contains"."""
    run.charge(len(items) >> 2)
    return any(identical(item, value, run) for item in items)


def range_value(compiler: Compiler, node: syntax.RangeLiteral) -> Closure:
    start, end = compiler.closure(node.start), compiler.closure(node.end)

    def evaluate(scope: Scope) -> Any:
        low, high = start(scope), end(scope)
        for value in (low, high):
            if type(value) is Failure:
                return value
        if kind_of(low) != kind_of(high) or kind_of(low) not in _RANGE_KINDS:
            message = f"Invalid range definition '{_definition(node, low, high, scope.run)}'"
            scope.run.warn("INVALID_TYPE", message)
            return Failure(message)
        return Range(low, node.start_closed, high, node.end_closed)

    return evaluate


def _definition(node: syntax.RangeLiteral, low: Any, high: Any, run: Run) -> str:
    """The range as the modeller would write it; the reference prints its own tree here."""
    return text(Range(low, node.start_closed, high, node.end_closed), run)
