"""The names an expression can see while it is evaluated."""

from typing import Any

from zelery.feel.limits import Run
from zelery.feel.values import Function

MISSING: Any = object()
INPUT_NAME = "inputVariableName"  # A variable of this name says how the unary tests' input is called.
INPUT_DEFAULT = "cellInput"
INPUT_SYMBOL = "?"


class Functions:
    """Functions that literals define, the innermost first. Within one context the earlier wins, as in the reference."""

    __slots__ = ("outer", "own")

    def __init__(self, own: dict[str, list[Function]], outer: "Functions | None") -> None:
        self.own = own
        self.outer = outer

    def find(self, name: str, count: int | None, names: frozenset[str]) -> Function | None:
        """The innermost function that takes so many arguments, or all these named ones."""
        level: Functions | None = self
        while level is not None:
            found = fitting(level.own.get(name, ()), count, names)
            if found is not None:
                return found
            level = level.outer
        return None


def fitting(functions: Any, count: int | None, names: frozenset[str]) -> Function | None:
    """The first overload for so many arguments (count), or for these named ones (count is None)."""
    for function in functions:
        size = len(function.parameters)
        if (
            names.issubset(function.parameters)
            if count is None
            else size == count or (size < count and function.variadic)
        ):
            return function  # type: ignore[no-any-return]
    return None


class Scope:
    """One level of variables over its parents. The outermost holds the caller's context itself, not a copy."""

    __slots__ = ("functions", "parent", "run", "variables")

    def __init__(
        self, variables: dict[str, Any], parent: "Scope | None", run: Run, functions: Functions | None = None
    ) -> None:
        self.variables = variables
        self.parent = parent
        self.run = run
        self.functions = functions

    def get(self, name: str) -> Any:
        """The variable's value, or MISSING."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.variables.get(name, MISSING)
            if value is not MISSING:
                return value
            scope = scope.parent
        return MISSING

    def inner(self, variables: dict[str, Any]) -> "Scope":
        """A level with further variables."""
        return Scope(variables, self, self.run, self.functions)


def input_name(scope: Scope) -> str:
    """The name of the variable that holds the unary tests' input."""
    name = scope.get(INPUT_NAME)
    return name if type(name) is str else INPUT_DEFAULT


def input_of(scope: Scope) -> Any:
    """The unary tests' input; null and a warning where there is none."""
    value = scope.get(input_name(scope))
    if value is MISSING:
        scope.run.warn("NO_VARIABLE_FOUND", "No input value found.")
        return None
    return value
