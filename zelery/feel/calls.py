"""Calls of builtins and of function literals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zelery.feel.limits import Run, exceeded
from zelery.feel.scope import Functions, Scope, fitting
from zelery.feel.values import Context, Failure, Function, kind_of, text

if TYPE_CHECKING:
    from zelery.feel import syntax
    from zelery.feel.compiler import Closure, Compiler

_NO_NAMES: frozenset[str] = frozenset()
_SMALL = 15  # Sizes of arguments that cost less than a step.


def definition(parameters: tuple[str, ...], body: Closure) -> Closure:
    """function(a, b) …: sees the scope it was written in."""

    def evaluate(scope: Scope) -> Function:
        def call(run: Run, *arguments: Any) -> Any:
            run.charge(1)
            run.depth += 1
            if run.depth > run.limits.nesting_max:
                exceeded("nesting_max", f"Functions call each other more than {run.limits.nesting_max} levels deep.")
            try:
                return body(scope.inner(dict(zip(parameters, arguments, strict=False))))
            finally:
                run.depth -= 1

        return Function(parameters=parameters, call=call)

    return evaluate


def call(compiler: Compiler, node: syntax.Call) -> Closure:
    arguments = compiler.closures(node.arguments)
    names = _NO_NAMES if node.names is None else frozenset(node.names)
    count = len(arguments) if node.names is None else None
    signature = f"{count} parameters" if node.names is None else f"parameters: {','.join(node.names)}"
    missing = f"No function found with name '{node.name}' and {signature}"
    if node.path is not None:
        return _qualified(compiler.closure(node.path), node, arguments, missing)
    builtin = fitting(compiler.builtins.get(node.name, ()), count, names)
    name = node.name

    def evaluate(scope: Scope) -> Any:
        function = builtin
        if scope.functions is not None:
            function = scope.functions.find(name, count, names) or builtin
        if function is None:
            scope.run.warn("NO_FUNCTION_FOUND", missing)
            return None
        result = _invoke(function, arguments, node.names, scope)
        if type(result) is Failure:
            return _failed(name, result, scope.run)
        return result

    return evaluate


def _failed(name: str, failure: Failure, run: Run) -> Any:
    if failure.fatal:
        return failure
    if name == "assert":
        run.assertion = run.assertion or failure.reason
        run.warn("ASSERT_FAILURE", failure.reason)
    else:
        run.warn("FUNCTION_INVOCATION_FAILURE", f"Failed to invoke function '{name}': {failure.reason}")
    return None


def _qualified(path: Closure, node: syntax.Call, arguments: tuple[Closure, ...], missing: str) -> Closure:
    """context.function(…): where there is none, the expression fails instead of being null."""
    names = _NO_NAMES if node.names is None else frozenset(node.names)
    count = len(arguments) if node.names is None else None

    def evaluate(scope: Scope) -> Any:
        context = path(scope)
        if type(context) is Failure:
            return context
        if kind_of(context) != "context":
            message = f"Expected context but found '{text(context, scope.run)}'"
            scope.run.warn("INVALID_TYPE", message)
            return Failure(message)
        own = context.functions if type(context) is Context else {}
        function = Functions(own, None).find(node.name, count, names)
        if function is None:
            scope.run.warn("NO_FUNCTION_FOUND", missing)
            return Failure(missing)
        return _invoke(function, arguments, node.names, scope)

    return evaluate


def _invoke(function: Function, closures: tuple[Closure, ...], names: tuple[str, ...] | None, scope: Scope) -> Any:
    arguments = [closure(scope) for closure in closures]
    if names is not None:
        given = dict(zip(names, arguments, strict=True))
        arguments = [given.get(parameter) for parameter in function.parameters]
    elif function.variadic:
        arguments = _gathered(arguments, len(function.parameters) - 1)
    failed: Failure | None = None
    size = 0
    for value in arguments:
        kind = type(value)
        if kind is Failure:
            if value.fatal:
                return value
            failed = failed or value
        elif kind is list or kind is dict or kind is str:
            size += len(value)
    if size > _SMALL:
        scope.run.charge(size >> 4)
    return failed or function.call(scope.run, *arguments)


def _gathered(arguments: list[Any], fixed: int) -> list[Any]:
    """The arguments from the last parameter on as one list; one list alone stands for itself.

    A failure among them is an item like others: a function over numbers refuses it, a count counts it.
    """
    further = arguments[fixed:]
    if not fixed and len(further) == 1 and type(further[0]) is list:
        return further
    return [*arguments[:fixed], further]
