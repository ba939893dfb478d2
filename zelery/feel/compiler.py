"""From a syntax tree to closures: each node becomes a function of a scope, so evaluation looks at no tree.

Source of each rule: FeelInterpreter of the reference. A Failure is its ValError: what it marks "or null" makes it null.
"""

from collections.abc import Callable, Mapping
from typing import Any

from zelery.feel import arithmetic, calls, iteration, syntax, tests
from zelery.feel.compare import comparison, equality
from zelery.feel.numbers import FLOAT_EXACT
from zelery.feel.paths import entry
from zelery.feel.scope import INPUT_SYMBOL, MISSING, Functions, Scope
from zelery.feel.syntax import Node
from zelery.feel.values import Context, Failure, Function, text, type_name

Closure = Callable[[Scope], Any]
Builtins = Mapping[str, tuple[Function, ...]]

_NO_INPUT = Failure("No input value available. '?' can only be used inside an unary-test expression.", fatal=True)


class Compiler:
    """Compiles trees against one table of builtins."""

    def __init__(self, builtins: Builtins) -> None:
        self.builtins = builtins

    def closure(self, node: Node) -> Closure:
        """The function of a scope that evaluates the node."""
        return _RULES[type(node)](self, node)

    def closures(self, nodes: tuple[Node, ...]) -> tuple[Closure, ...]:
        return tuple(map(self.closure, nodes))


def or_null(value: Any) -> Any:
    """A failure becomes null, unless it is fatal."""
    return None if type(value) is Failure and not value.fatal else value


def _literal(_: Compiler, node: syntax.Literal) -> Closure:
    value = node.value
    return lambda _: value


def _input(_: Compiler, __: syntax.Input) -> Closure:
    def evaluate(scope: Scope) -> Any:
        value = scope.get(INPUT_SYMBOL)
        return _NO_INPUT if value is MISSING else value

    return evaluate


def _reference(_: Compiler, node: syntax.Reference) -> Closure:
    name, keys = node.names[0], node.names[1:]

    def missing(scope: Scope) -> None:
        scope.run.warn("NO_VARIABLE_FOUND", f"No variable found with name '{name}'")

    def variable(scope: Scope) -> Any:
        value = scope.variables.get(name, MISSING)
        if value is MISSING:
            value = scope.get(name)
            if value is MISSING:
                return missing(scope)
        return value

    if not keys:
        return variable

    def path(scope: Scope) -> Any:
        value = scope.variables.get(name, MISSING)
        if value is MISSING:
            value = scope.get(name)
            if value is MISSING:
                # The reference does not look further: one warning.
                return missing(scope)
        for key in keys:
            if type(value) is dict:
                found = value.get(key, MISSING)
                value = entry(value, key, scope.run) if found is MISSING else found
            else:
                value = entry(value, key, scope.run)
        return value

    return path


def _path(compiler: Compiler, node: syntax.Path) -> Closure:
    source, key = compiler.closure(node.source), node.key
    return lambda scope: entry(source(scope), key, scope.run)


def _list(compiler: Compiler, node: syntax.ListLiteral) -> Closure:
    items = compiler.closures(node.items)

    def evaluate(scope: Scope) -> Any:
        values = []
        for item in items:
            value = item(scope)
            if type(value) is Failure:
                return Failure(value.reason if not value.fatal else text(value, scope.run))
            values.append(value)
        return values

    return evaluate


def _context(compiler: Compiler, node: syntax.ContextLiteral) -> Closure:
    entries = tuple((key, compiler.closure(value)) for key, value in node.entries)
    captured = any(map(iteration.captures, (value for _, value in node.entries)))
    if _independent(node):
        return _independent_context(entries)

    def evaluate(scope: Scope) -> Any:
        context = Context()
        inner = Scope(context, scope, scope.run, scope.functions)
        for key, closure in entries:
            value = closure(inner)
            kind = type(value)
            if kind is Failure:
                return Failure(value.reason if not value.fatal else text(value, scope.run))
            if kind is Function:
                context.functions[key] = [*context.functions.get(key, ()), value]
                inner = Scope(context, scope, scope.run, Functions(dict(context.functions), scope.functions))
            else:
                context[key] = value
            if captured:
                # A function literal sees the entries before it, not those after it.
                inner = Scope(dict(context), scope, scope.run, inner.functions)
        return context

    return evaluate


_NAMING = (syntax.Literal, syntax.Reference, syntax.Path, syntax.Arithmetic, syntax.Comparison, syntax.ContextLiteral)


def _independent(node: syntax.ContextLiteral) -> bool:
    """Whether no entry of a literal can see another one: each is made of simple nodes that name none of the keys."""
    keys = {key for key, _ in node.entries}
    found = list(iteration.nodes_of(node))
    named = {part.names[0] for part in found if type(part) is syntax.Reference}
    return keys.isdisjoint(named) and all(type(part) in _NAMING for part in found)


def _independent_context(entries: tuple[tuple[str, Closure], ...]) -> Closure:
    """A literal whose entries need no scope of their own."""

    def evaluate(scope: Scope) -> Any:
        context = Context()
        for key, closure in entries:
            value = closure(scope)
            kind = type(value)
            if kind is Failure:
                return Failure(value.reason if not value.fatal else text(value, scope.run))
            if kind is Function:
                context.functions[key] = [*context.functions.get(key, ()), value]
            else:
                context[key] = value
        return context

    return evaluate


_OPERATIONS = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "**": arithmetic.power,
}


def _arithmetic(compiler: Compiler, node: syntax.Arithmetic) -> Closure:
    first = compiler.closure(node.first)
    rest = tuple((_OPERATIONS[operator], compiler.closure(operand)) for operator, operand in node.rest)

    def evaluate(scope: Scope) -> Any:
        value = first(scope)
        for operation, operand in rest:
            value = operation(value, operand(scope), scope.run)
            if type(value) is Failure and not value.fatal:
                value = None
        return value

    return evaluate


def _negation(compiler: Compiler, node: syntax.Negation) -> Closure:
    operand = compiler.closure(node.operand)
    return lambda scope: or_null(arithmetic.negate(operand(scope), scope.run))


def _equal(left: Closure, right: Closure) -> Closure:
    def evaluate(scope: Scope) -> Any:
        x, y = left(scope), right(scope)
        if type(x) is int and type(y) is int:
            return x == y
        return equality(x, y, scope.run)

    return evaluate


def _less(left: Closure, right: Closure) -> Closure:
    def evaluate(scope: Scope) -> Any:
        x, y = left(scope), right(scope)
        kind, other = type(x), type(y)
        if (kind is int or kind is float) and other is int and -FLOAT_EXACT < x < FLOAT_EXACT:
            return x < y
        return comparison(x, y, _is_less, scope.run)

    return evaluate


def _greater(left: Closure, right: Closure) -> Closure:
    def evaluate(scope: Scope) -> Any:
        x, y = left(scope), right(scope)
        kind, other = type(x), type(y)
        if (kind is int or kind is float) and other is int and -FLOAT_EXACT < x < FLOAT_EXACT:
            return x > y
        return comparison(x, y, _is_greater, scope.run)

    return evaluate


def _is_less(sign: int) -> bool:
    return sign < 0


def _is_greater(sign: int) -> bool:
    return sign > 0


def _comparison(compiler: Compiler, node: syntax.Comparison) -> Closure:
    left, right = compiler.closure(node.left), compiler.closure(node.right)
    if node.operator == "=":
        return _equal(left, right)
    if node.operator == "<":
        return _less(left, right)
    if node.operator == ">":
        return _greater(left, right)
    holds = tests.HOLDS[node.operator]
    return lambda scope: comparison(left(scope), right(scope), holds, scope.run)


def _not(compiler: Compiler, node: syntax.Not) -> Closure:
    operand = compiler.closure(node.operand)

    def evaluate(scope: Scope) -> Any:
        value = operand(scope)
        return not value if type(value) is bool else tests.boolean_or_null(value, scope.run)

    return evaluate


def _junction(compiler: Compiler, node: syntax.Junction) -> Closure:
    operands, decisive = compiler.closures(node.operands), not node.every

    def evaluate(scope: Scope) -> Any:
        run = scope.run
        run.charge(1)
        value: Any = not decisive
        for index, operand in enumerate(operands):
            if value is decisive or type(value) is Failure:
                return value
            if value is None:
                if index > 1:
                    # Chains are pairs of pairs in the reference: it looks at a null so far once more.
                    tests.boolean_or_null(None, run)
                value = tests.after_null(operand(scope), decisive)
            else:
                value = tests.boolean_or_null(operand(scope), run)
        return value

    return evaluate


def _at_least_one(compiler: Compiler, node: syntax.AtLeastOne) -> Closure:
    closures = compiler.closures(node.tests)
    return lambda scope: tests.fold((closure(scope) for closure in closures), True, scope.run)


def _if(compiler: Compiler, node: syntax.If) -> Closure:
    branches = tuple((compiler.closure(condition), compiler.closure(then)) for condition, then in node.branches)
    otherwise = compiler.closure(node.otherwise)

    def evaluate(scope: Scope) -> Any:
        for condition, then in branches:
            value = condition(scope)
            if value is True:
                answer = then(scope)
                # The reference takes a branch that fails for a condition that fails.
                if type(answer) is not Failure or answer.fatal:
                    return answer
            elif value is not False:
                if type(value) is Failure and value.fatal:
                    return value
                tests.boolean_or_null(value, scope.run)
        return otherwise(scope)

    return evaluate


def _in(compiler: Compiler, node: syntax.In) -> Closure:
    operand, test = compiler.closure(node.operand), compiler.closure(node.test)

    def evaluate(scope: Scope) -> Any:
        value = operand(scope)
        return value if type(value) is Failure else test(scope.inner({tests.input_name(scope): value}))

    return evaluate


_TYPE_ALIASES = {
    "date time": "date and time",
    "year-month-duration": "years and months duration",
    "day-time-duration": "days and time duration",
}


def _instance_of(compiler: Compiler, node: syntax.InstanceOf) -> Closure:
    operand, wanted = compiler.closure(node.operand), _TYPE_ALIASES.get(node.type_name, node.type_name)

    def evaluate(scope: Scope) -> Any:
        value = operand(scope)
        if type(value) is Failure:
            return value
        name = type_name(value)
        return name != "null" if wanted == "Any" else name == wanted

    return evaluate


def _function(compiler: Compiler, node: syntax.FunctionLiteral) -> Closure:
    if isinstance(node.body, syntax.External):
        return lambda _: None
    return calls.definition(node.parameters, compiler.closure(node.body))


_RULES: dict[type, Callable[[Compiler, Any], Closure]] = {
    syntax.Literal: _literal,
    syntax.Input: _input,
    syntax.Reference: _reference,
    syntax.Path: _path,
    syntax.ListLiteral: _list,
    syntax.ContextLiteral: _context,
    syntax.Arithmetic: _arithmetic,
    syntax.Negation: _negation,
    syntax.Comparison: _comparison,
    syntax.Not: _not,
    syntax.Junction: _junction,
    syntax.AtLeastOne: _at_least_one,
    syntax.If: _if,
    syntax.In: _in,
    syntax.InstanceOf: _instance_of,
    syntax.FunctionLiteral: _function,
    syntax.InputComparison: tests.input_comparison,
    syntax.InputInRange: tests.input_in_range,
    syntax.UnaryTest: tests.unary_test,
    syntax.RangeLiteral: tests.range_value,
    syntax.Filter: iteration.filtered,
    syntax.For: iteration.loop,
    syntax.Quantified: iteration.quantified,
    syntax.Steps: iteration.steps,
    syntax.Call: calls.call,
}
