"""Filters of searches: which items match (docs: REST API, "Data fetching", and the operators of each filter's type).

A field's value in a filter is the exact value, or an object of operators that must all hold. Java's client sends the
lists that it does not use as empty ones, so that an empty list asks for nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from zelery.engine.rest.fields import Entity, Field, Kind
from zelery.engine.rest.problems import Problem, unreadable
from zelery.engine.rest.values import exact, shown

Item: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Item], bool]
#: Whether the values that an item has of one field, none to many, are as asked for.
Condition: TypeAlias = Callable[[Sequence[Any]], bool]
#: Values that items do not say themselves, by the field that asks for them.
Beyond: TypeAlias = Mapping[str, Callable[[Item], Any]]


def compiled(entity: Entity, filter_: Any, line: str, beyond: Beyond) -> Test:
    """A filter as a test of items.

    Args:
        entity: What is searched.
        filter_: The request's `filter`.
        line: 8.8, 8.9 or 8.10.
        beyond: For fields that no item has: the value, or the values, that an item has of it. A field of
            `Kind.VARIABLES` has a mapping of names to values as JSON texts.

    Raises:
        Problem: A name that the line does not know, or a value that cannot be.
    """
    return _all(_tests(entity, filter_, line, beyond, "filter"))


def _tests(entity: Entity, filter_: Any, line: str, beyond: Beyond, path: str) -> Iterable[Test]:
    for name, wanted in _object(filter_, path).items():
        if name == "$or" and path == "filter" and entity.has_alternatives(line):
            yield _either(entity, wanted, line, beyond)
            continue
        field = entity.field(name, line)
        if field is None:
            raise unreadable(f"{path}.{name}")
        if wanted is not None:
            yield _test(field, wanted, line, beyond.get(name), f"{path}.{name}")


def _either(entity: Entity, wanted: Any, line: str, beyond: Beyond) -> Test:
    """Alternatives: one of them must hold, where there are any."""
    alternatives = [
        _all(_tests(entity, each, line, beyond, f"filter.$or[{index}]"))
        for index, each in enumerate(_list(wanted, "filter.$or"))
    ]
    return lambda item: not alternatives or any(test(item) for test in alternatives)


def _all(tests: Iterable[Test]) -> Test:
    together = tuple(tests)
    if len(together) == 1:
        return together[0]
    return lambda item: all(test(item) for test in together)


def _test(field: Field, wanted: Any, line: str, values: Callable[[Item], Any] | None, path: str) -> Test:
    read = values or operator.methodcaller("get", field.name)
    if field.kind in (Kind.VARIABLES, Kind.ENTRIES):
        return _named(_pairs(field, wanted, path), line, read, path)
    if field.kind is Kind.TAGS:
        tags = {exact(field, each, line, path) for each in _list(wanted, path)}
        return lambda item: tags <= set(_several(read(item)))
    condition = _condition(field, wanted, line, path)
    if field.kind is Kind.DATE:
        return lambda item: condition([exact(field, each, line, path) for each in _several(read(item))])
    return lambda item: condition(_several(read(item)))


def _several(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, tuple | list) else (value,)


# Fields whose value is names and values.


def _pairs(field: Field, wanted: Any, path: str) -> Iterable[tuple[str, Any]]:
    """Names and what is asked of the value of each."""
    if field.kind is Kind.ENTRIES:
        return tuple(_object(wanted, path).items())
    return [_pair(_object(each, path), path) for each in _list(wanted, path)]


def _pair(variable: Mapping[str, Any], path: str) -> tuple[str, Any]:
    for unknown in variable.keys() - {"name", "value"}:
        raise unreadable(f"{path}.{unknown}")
    name, value = variable.get("name"), variable.get("value")
    if not isinstance(name, str) or value is None:
        raise unreadable(path, f"a variable needs a name and a value, not {shown(dict(variable))}")
    return name, value


def _named(pairs: Iterable[tuple[str, Any]], line: str, read: Callable[[Item], Any], path: str) -> Test:
    conditions = [(name, _condition(Field(name, Kind.TEXT), wanted, line, f"{path}.{name}")) for name, wanted in pairs]

    def test(item: Item) -> bool:
        there: Mapping[str, Any] = read(item) or {}
        return all(condition(_several(there.get(name))) for name, condition in conditions)

    return test


# Operators.


def _condition(field: Field, wanted: Any, line: str, path: str) -> Condition:
    if not isinstance(wanted, dict):
        value = exact(field, wanted, line, path)
        return lambda values: value in values
    conditions = [_operation(field, name, operand, line, path) for name, operand in wanted.items()]
    return lambda values: all(condition(values) for condition in conditions)


def _operation(field: Field, name: str, operand: Any, line: str, path: str) -> Condition:
    allowed = field.operators(line)
    if name not in allowed:
        expected = f"one of {sorted(allowed)}" if allowed else "an exact value: this filter has no operators"
        raise unreadable(f"{path}.{name}", f"expected {expected}")
    path = f"{path}.{name}"
    if operand is None:
        return lambda _: True
    match name:
        case "$exists":
            there = exact(Field(name, Kind.BOOLEAN), operand, line, path)
            return lambda values: bool(values) == there
        case "$like":
            fits = like(exact(Field(name, Kind.TEXT), operand, line, path))
            return lambda values: any(fits(str(value)) for value in values)
        case "$in" | "$notIn":
            return _membership(frozenset(exact(field, each, line, path) for each in _list(operand, path)), name)
        case _:
            return _comparison(name, exact(field, operand, line, path))


def _membership(wanted: frozenset[Any], name: str) -> Condition:
    if not wanted:
        return lambda _: True
    if name == "$in":
        return lambda values: any(value in wanted for value in values)
    return lambda values: all(value not in wanted for value in values)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def _comparison(name: str, operand: Any) -> Condition:
    if name == "$neq":  # Also true of what is absent.
        return lambda values: operand not in values
    compare = _COMPARISONS[name]
    return lambda values: any(compare(value, operand) for value in values)


def like(pattern: str) -> Callable[[str], bool]:
    """A test of whole texts by a pattern of `*` (any characters) and `?` (one).

    A backslash before either takes it as it is. The time grows with the text's length, whatever the pattern.
    """
    segments = [""]
    for part in re.findall(r"\\[*?\\]|[*?]|[^\\*?]+|\\", pattern):
        if part == "*":
            segments.append("")
        else:
            segments[-1] += "." if part == "?" else re.escape(part[1:] if len(part) > 1 and part[0] == "\\" else part)
    first, *rest = segments
    between = "".join(f"(?>.*?{segment})" for segment in rest[:-1])
    end = f".*{rest[-1]}" if rest else ""
    fits = re.compile(first + between + end, re.DOTALL)
    return lambda text: fits.fullmatch(text) is not None


# Shapes.


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise _misshapen(path, value, "an object")


def _list(value: Any, path: str) -> Sequence[Any]:
    if isinstance(value, list):
        return value
    raise _misshapen(path, value, "a list")


def _misshapen(path: str, value: Any, expected: str) -> Problem:
    return unreadable(path, f"expected {expected}, not {shown(value)}")


def equalities(filter_: Any) -> Mapping[str, tuple[str, ...]]:
    """The texts that a filter asks fields to equal: one, or one of several.

    A store takes what its indexes have of these first, and the whole filter after that. Fields that are asked for in
    another way, and what stands in `$or`, are left out. A filter that cannot be read has none.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, wanted in filter_.items() if isinstance(filter_, dict) else ():
        texts = _equal(wanted)
        if texts and name != "$or":
            found[name] = texts
    return found


def _equal(wanted: Any) -> tuple[str, ...]:
    if isinstance(wanted, dict):
        one, several = wanted.get("$eq"), wanted.get("$in")
        wanted = one if one is not None else several
    several = wanted if isinstance(wanted, list) else [wanted]
    return tuple(several) if all(isinstance(each, str) for each in several) else ()
