"""for, some, every and filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zelery.feel import syntax, tests
from zelery.feel.numbers import compare, decimal_of
from zelery.feel.scope import Functions, Scope
from zelery.feel.values import Context, Failure, kind_of, text

if TYPE_CHECKING:
    from zelery.feel.compiler import Closure, Compiler
    from zelery.feel.limits import Run

_REMOVED = "_"  # The reference marks removed items with this string, so it also loses items that are this string.


def nodes_of(node: Any) -> Iterator[Any]:
    """The node and all below it."""
    pending = [node]
    while pending:
        found = pending.pop()
        if isinstance(found, tuple):
            pending.extend(found)
        elif dataclasses.is_dataclass(found) and type(found).__module__ == syntax.__name__:
            yield found
            pending.extend(getattr(found, field.name) for field in dataclasses.fields(found))


def captures(node: Any) -> bool:
    """Whether evaluating the node can keep its scope: then a loop must not reuse one."""
    return any(type(found) is syntax.FunctionLiteral for found in nodes_of(node))


def mentions(node: Any, name: str) -> bool:
    """Whether the node reads a variable of this name."""
    return any(type(found) is syntax.Reference and found.names[0] == name for found in nodes_of(node))


def list_of(value: Any, run: Run) -> list[Any] | Failure:
    """A list, or a failure and a warning for anything else."""
    if type(value) is list or type(value) is Failure:
        return value
    message = f"Expected list but found '{text(value, run)}'" if run.warnings is not None else ""
    run.warn("INVALID_TYPE", message)
    return Failure(message)


# ---- for, some, every


class _Iterators:
    """The lists a loop runs over, and the scopes of its rounds. The last list turns fastest."""

    def __init__(self, compiler: Compiler, iterators: tuple[tuple[str, syntax.Node], ...], body: syntax.Node) -> None:
        self.names = [name for name, _ in iterators]
        self.sources = compiler.closures(tuple(source for _, source in iterators))
        self.reusable = not captures(body)

    def scopes(self, scope: Scope) -> Iterator[Scope] | Failure:
        """A scope for each round, or why there is none."""
        run = scope.run
        lists = []
        failed: Failure | None = None
        for value in [source(scope) for source in self.sources]:
            items = list_of(value, run)
            if type(items) is Failure:
                failed = failed or items
            else:
                lists.append(items)
        return failed or self._rounds(scope, lists)

    def _rounds(self, scope: Scope, lists: list[Any]) -> Iterator[Scope]:
        run = scope.run
        if len(lists) == 1:
            name, items = self.names[0], lists[0]
            run.charge(len(items))
            variables: dict[str, Any] = {}
            inner = scope.inner(variables)
            for item in items:
                if not self.reusable:
                    variables = {}
                    inner = scope.inner(variables)
                variables[name] = item
                yield inner
        else:
            # An earlier list's name wins over a later one's of the same name, as in the reference.
            for values in _products(lists, run):
                yield scope.inner(dict(zip(reversed(self.names), reversed(values), strict=True)))


def _products(lists: list[list[Any]], run: Run) -> Iterator[tuple[Any, ...]]:
    if not lists:
        yield ()
        return
    run.charge(len(lists[0]))
    for item in lists[0]:
        for values in _products(lists[1:], run):
            yield (item, *values)


def loop(compiler: Compiler, node: syntax.For) -> Closure:
    iterators, body = _Iterators(compiler, node.iterators, node.body), compiler.closure(node.body)
    partial = mentions(node.body, "partial")

    def evaluate(scope: Scope) -> Any:
        scopes = iterators.scopes(scope)
        if isinstance(scopes, Failure):
            return scopes if scopes.fatal else None
        results: list[Any] = []
        run = scope.run
        for inner in scopes:
            if partial:
                run.charge(len(results) >> 5)
                inner.variables["partial"] = list(results)
            value = body(inner)
            results.append(value)
            if len(results) & 0x3FF == 0:
                run.allow_items(len(results))
        return results

    return evaluate


def quantified(compiler: Compiler, node: syntax.Quantified) -> Closure:
    iterators, condition = _Iterators(compiler, node.iterators, node.condition), compiler.closure(node.condition)
    decisive = not node.every

    def evaluate(scope: Scope) -> Any:
        scopes = iterators.scopes(scope)
        if isinstance(scopes, Failure):
            return scopes if scopes.fatal else None
        return tests.fold(map(condition, scopes), decisive, scope.run)

    return evaluate


def steps(compiler: Compiler, node: syntax.Steps) -> Closure:
    """start..end in steps of one, downwards where the end is smaller."""
    start, end = compiler.closure(node.start), compiler.closure(node.end)

    def evaluate(scope: Scope) -> Any:
        first, last = start(scope), end(scope)
        for value in (first, last):
            if type(value) is Failure:
                return value
            if kind_of(value) != "number":
                message = f"Expected number but found '{text(value, scope.run)}'"
                scope.run.warn("INVALID_TYPE", message)
                return Failure(message)
        return _steps(first, last, scope.run)

    return evaluate


def _steps(first: Any, last: Any, run: Run) -> list[Any]:
    if type(first) is not int or type(last) is not int:
        first, last = decimal_of(first), decimal_of(last)
    down = compare(first, last) >= 0
    count = int(min((first - last if down else last - first) + 1, run.limits.list_items_max + 1))
    run.allow_items(count)
    return [first - index if down else first + index for index in range(count)]


# ---- filters


def filtered(compiler: Compiler, node: syntax.Filter) -> Closure:
    source, condition = compiler.closure(node.source), compiler.closure(node.condition)
    index = _constant_index(node.condition)
    by_item = type(node.condition) in (syntax.Comparison, syntax.Call)
    reusable, item_used = not captures(node.condition), mentions(node.condition, "item")

    def evaluate(scope: Scope) -> Any:
        items = source(scope)
        run = scope.run
        if type(items) is not list:
            found = list_of(items, run)
            return found if type(found) is Failure and found.fatal else None
        if index is not None:
            return _at(items, index)
        if not by_item:
            # Only such a condition can be an index that is the same for all items.
            value = condition(scope)
            if kind_of(value) == "number":
                return _at(items, value)
        run.charge(1 + len(items))
        return _kept(items, condition, scope, reusable, item_used)

    return evaluate


def _constant_index(condition: syntax.Node) -> Any:
    operand = condition.operand if type(condition) is syntax.Negation else condition
    if type(operand) is not syntax.Literal or kind_of(operand.value) != "number":
        return None
    return -operand.value if type(condition) is syntax.Negation else operand.value


def _at(items: list[Any], index: Any) -> Any:
    """The item at an index from 1; from the end for a negative one."""
    at = index if type(index) is int else decimal_of(index)
    at = at - 1 if at > 0 else len(items) + at
    found = items[int(at)] if 0 <= at < len(items) else None
    return None if type(found) is Failure else found


def _kept(items: list[Any], condition: Closure, scope: Scope, reusable: bool, item_used: bool) -> Any:
    kept: list[Any] = []
    own = {"item": None}
    outer = scope.inner(own)
    inner = Scope(own, outer, scope.run, scope.functions)
    for index, item in enumerate(items):
        kind = type(item)
        if not reusable:
            own = {}
            outer = scope.inner(own)
            inner = Scope(own, outer, scope.run, scope.functions)
        if item_used or not reusable or kind is not dict:
            own["item"] = item
        if kind is dict:
            inner.variables = item
            answer = condition(inner)
        elif kind is Context:
            answer = condition(_within(item, outer))
        else:
            answer = condition(outer)
        if answer is True:
            if item != _REMOVED or index == 0:
                kept.append(item)
        elif answer is not False:
            if type(answer) is Failure:
                return answer if answer.fatal and index == 0 else None
            if index == 0 and kind_of(answer) == "number":
                # Then the condition is an index after all.
                return _at(items, answer)
    return kept


def _within(item: Context, outer: Scope) -> Scope:
    functions = Functions(item.functions, outer.functions) if item.functions else outer.functions
    return Scope(item, outer, outer.run, functions)
