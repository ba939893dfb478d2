"""How builtin functions are declared: name, parameters with their types, and a Python function over FEEL values."""

from collections.abc import Callable
from typing import Any, TypeVar

from zelery.feel.limits import Run
from zelery.feel.values import Failure, Function, kind_of, text

_ANY = "any"
_Body = TypeVar("_Body", bound=Callable[..., Any])


class Table:
    """A group of builtin functions by name, overloads in the order in which they are tried."""

    def __init__(self) -> None:
        self.functions: dict[str, list[Function]] = {}

    def define(self, name: str, *signatures: str, variadic: bool = False) -> Callable[[_Body], _Body]:
        """Declare an overload for each signature, as "list: list, element"; a parameter without a type takes any value.

        The decorated function takes the run and the arguments. It answers a value, or a Failure, which becomes null and
        a warning. Arguments of other types are a Failure.
        """

        def declare(function: _Body) -> _Body:
            for signature in signatures:
                overload = _overload(signature, function, variadic)
                self.functions.setdefault(name, []).append(overload)
            return function

        return declare


def _overload(signature: str, function: Callable[..., Any], variadic: bool) -> Function:
    pairs = [part.strip().partition(": ") for part in signature.split(",") if part.strip()]
    names = tuple(name for name, _, _ in pairs)
    kinds = tuple((index, kind) for index, (_, _, kind) in enumerate(pairs) if kind not in ("", _ANY))
    if not kinds:
        return Function(parameters=names, call=function, variadic=variadic)

    def call(run: Any, *arguments: Any) -> Any:
        for index, kind in kinds:
            if kind_of(arguments[index]) != kind:
                return illegal(run, *arguments)
        return function(run, *arguments)

    return Function(parameters=names, call=call, variadic=variadic)


def illegal(run: Run, *arguments: Any) -> Failure:
    """The failure of a function that has no rule for these arguments."""
    return Failure("Illegal arguments: " + ", ".join(f"'{text(argument, run)}'" for argument in arguments))
