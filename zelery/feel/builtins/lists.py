"""Functions over lists."""

import math
from functools import cmp_to_key
from typing import Any

from zelery.feel import numbers
from zelery.feel.compare import equal, order
from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import add, compare, divide, int32, multiply, of_double, power, subtract, to_float
from zelery.feel.signature import Table, illegal
from zelery.feel.tests import contains
from zelery.feel.values import TEMPORALS, Failure, Function, is_ordered, kind_of, text

TABLE = Table()
define = TABLE.define


@define("list contains", "list: list, element")
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    return contains(items, element, run)


@define("count", "list: list")
def count(_: Run, items: list[Any]) -> int:
    return len(items)


@define("is empty", "list: list")
def is_empty(_: Run, items: list[Any]) -> bool:
    return not items


def _extreme(run: Run, items: list[Any], sign: int) -> Any:
    run.charge(len(items) >> 2)
    if not items:
        return None
    if not is_ordered(items):
        return Failure(f"{text(items, run)} is not comparable")
    found = items[0]
    for item in items[1:]:
        if order(item, found, run) == sign:
            found = item
    return found


@define("min", "list: list", variadic=True)
def minimum(run: Run, items: list[Any]) -> Any:
    return _extreme(run, items, -1)


@define("max", "list: list", variadic=True)
def maximum(run: Run, items: list[Any]) -> Any:
    return _extreme(run, items, 1)


def _not_number(run: Run, items: list[Any]) -> Failure | None:
    wrong = next((item for item in items if kind_of(item) != "number"), items)
    return None if wrong is items else Failure(f"expected number but found '{text(wrong, run)}'")


def _sum(run: Run, items: list[Any]) -> Any:
    run.charge(len(items) >> 2)
    total: Any = 0
    for item in items:
        total = add(total, item)
    return total


@define("sum", "list: list", variadic=True)
def total(run: Run, items: list[Any]) -> Any:
    return _not_number(run, items) or (_sum(run, items) if items else None)


@define("product", "list: list", variadic=True)
def product(run: Run, items: list[Any]) -> Any:
    if not items or _not_number(run, items):
        return _not_number(run, items)
    run.charge(len(items))
    result: Any = 1
    for item in items:
        result = multiply(result, item)
    return result


@define("mean", "list: list", variadic=True)
def mean(run: Run, items: list[Any]) -> Any:
    return _not_number(run, items) or (divide(_sum(run, items), len(items)) if items else None)


@define("median", "list: list", variadic=True)
def median(run: Run, items: list[Any]) -> Any:
    if not items or _not_number(run, items):
        return _not_number(run, items)
    run.charge(len(items))
    ordered = sorted(items, key=cmp_to_key(compare))
    middle = len(items) // 2
    return ordered[middle] if len(items) % 2 else divide(add(ordered[middle - 1], ordered[middle]), 2)


@define("stddev", "list: list", variadic=True)
def stddev(run: Run, items: list[Any]) -> Any:
    if not items or _not_number(run, items):
        return _not_number(run, items)
    average = divide(_sum(run, items), len(items))
    squares: Any = 0
    for item in items:
        squares = add(squares, power(subtract(item, average), 2))
    if len(items) == 1:
        raise Fault("java.lang.ArithmeticException: Division undefined")
    return of_double(math.sqrt(to_float(divide(squares, len(items) - 1))))


@define("mode", "list: list", variadic=True)
def mode(run: Run, items: list[Any]) -> Any:
    if not items or _not_number(run, items):
        return _not_number(run, items) or []
    run.charge(len(items) * 2)
    counts: dict[Any, list[Any]] = {}
    for item in items:
        counts.setdefault(numbers.decimal_of(item), []).append(item)
    most = max(map(len, counts.values()))
    return sorted((same[0] for same in counts.values() if len(same) == most), key=cmp_to_key(compare))


def _logic(items: list[Any], decisive: bool) -> Any:
    state: Any = not decisive
    for item in items:
        if state is decisive:
            return state
        state = (item if type(item) is bool else None) if state is not None else decisive if item is decisive else None
    return state


@define("and", "list: list", variadic=True)
@define("all", "list: list", variadic=True)
def every(_: Run, items: list[Any]) -> Any:
    return _logic(items, False)


@define("or", "list: list", variadic=True)
@define("any", "list: list", variadic=True)
def some(_: Run, items: list[Any]) -> Any:
    return _logic(items, True)


def _index(items: list[Any], index: int) -> int:
    return index - 1 if index > 0 else len(items) + index


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    return items[max(start, 0) : max(end, 0)]


@define("sublist", "list: list, start: number")
def sublist(run: Run, items: list[Any], start: Any) -> Any:
    if not compare(start, 0):
        return Failure("start position must be a non-zero number")
    run.charge(len(items) >> 2)
    return _slice(items, _index(items, int32(start)), len(items))


@define("sublist", "list: list, start: number, length: number")
def sublist_of_length(run: Run, items: list[Any], start: Any, length: Any) -> Any:
    if not compare(start, 0):
        return Failure("start position must be a non-zero number")
    run.charge(len(items) >> 2)
    first = _index(items, int32(start))
    return _slice(items, first, int32(first + int32(length)))


def _appended(run: Run, items: list[Any], further: list[Any]) -> list[Any]:
    run.allow_items(len(items) + len(further))
    return [*items, *further]


@define("append", "list: list, items: list", variadic=True)
def append(run: Run, items: list[Any], further: list[Any]) -> list[Any]:
    return _appended(run, items, further)


@define("concatenate", "lists: list", variadic=True)
def concatenate(run: Run, lists: list[Any]) -> list[Any]:
    run.allow_items(sum(len(part) if type(part) is list else 1 for part in lists))
    return [item for part in lists for item in (part if type(part) is list else [part])]


@define("insert before", "list: list, position: number, newItem")
def insert_before(run: Run, items: list[Any], position: Any, item: Any) -> Any:
    if not compare(position, 0):
        return Failure("position must be a non-zero number")
    run.allow_items(len(items) + 1)
    at = max(_index(items, int32(position)), 0)
    return [*items[:at], item, *items[at:]]


@define("remove", "list: list, position: number")
def remove(run: Run, items: list[Any], position: Any) -> Any:
    if not compare(position, 0):
        return Failure("position must be a non-zero number")
    run.charge(len(items) >> 2)
    at = int32(position)
    return items[: max(_index(items, at), 0)] + items[max(_index(items, int32(at + 1)), 0) :]


@define("reverse", "list: list")
def reverse(run: Run, items: list[Any]) -> list[Any]:
    run.charge(len(items) >> 2)
    return items[::-1]


@define("index of", "list: list, match")
def index_of(run: Run, items: list[Any], match: Any) -> list[int]:
    run.charge(len(items))
    return [at for at, item in enumerate(items, 1) if equal(item, match, run) is True]


def _key(value: Any, run: Run) -> Any:
    """A hashable value that is equal where FEEL's are."""
    kind = kind_of(value)
    if kind == "number":
        return ("number", numbers.decimal_of(value))
    if kind == "list":
        run.charge(1 + len(value))
        return ("list", *(_key(item, run) for item in value))
    if kind == "context":
        run.charge(1 + len(value))
        return ("context", frozenset((key, _key(item, run)) for key, item in value.items()))
    return (
        value
        if type(value) in TEMPORALS or kind in ("function", "range")
        else (kind, value if kind != "null" else None)
    )


def _distinct(run: Run, items: list[Any]) -> dict[Any, list[Any]]:
    run.charge(len(items))
    groups: dict[Any, list[Any]] = {}
    for at, item in enumerate(items):
        # A range and a function are never equal, not even to themselves.
        key = at if kind_of(item) in ("range", "function") else _key(item, run)
        groups.setdefault(key, []).append(item)
    return groups


@define("union", "lists: list", variadic=True)
def union(run: Run, lists: list[Any]) -> list[Any]:
    return [same[0] for same in _distinct(run, concatenate(run, lists)).values()]


@define("distinct values", "list: list")
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    return [same[0] for same in _distinct(run, items).values()]


@define("duplicate values", "list: list")
def duplicate_values(run: Run, items: list[Any]) -> list[Any]:
    return [same[0] for same in _distinct(run, items).values() if len(same) > 1]


@define("flatten", "list: list")
def flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    run.charge(1 + len(items))
    for item in items:
        if type(item) is list:
            flat.extend(flatten(run, item))
        else:
            flat.append(item)
    run.allow_items(len(flat))
    return flat


class _NoBooleanError(Exception):
    """A function that should say what comes first says something else."""


@define("sort", "list: list, precedes: function")
def sort(run: Run, items: list[Any], precedes: Function) -> Any:
    if len(precedes.parameters) != 2:
        return Failure(f"expect boolean function with 2 arguments, but found '{len(precedes.parameters)}'")
    run.charge(len(items))

    def before(x: Any, y: Any) -> bool:
        answer = precedes.call(run, x, y)
        if type(answer) is not bool:
            raise _NoBooleanError(text(answer, run))
        return answer

    try:
        return sorted(items, key=cmp_to_key(lambda x, y: -1 if before(x, y) else int(before(y, x))))
    except _NoBooleanError as wrong:
        return Failure(f"fail to sort list by given precedes function: expected boolean but found '{wrong}'")
    except Fault as fault:
        return Failure(f"fail to sort list by given precedes function: {str(fault).partition(': ')[2]}")


@define("string join", "list: list", "list: list, delimiter", "list: list, delimiter, prefix, suffix")
def string_join(run: Run, items: list[Any], *marks: Any) -> Any:
    given = (*marks, None, None, None)[:3]
    if any(mark is not None and type(mark) is not str for mark in given) or (given[1] is None) != (given[2] is None):
        return illegal(run, items, *marks)
    if any(item is not None and type(item) is not str for item in items):
        return Failure(f"expected a list of strings but found '{_scala_list(items, run)}'")
    parts = [item for item in items if item is not None]
    delimiter, prefix, suffix = (mark or "" for mark in given)
    run.allow_chars(sum(map(len, parts)) + len(delimiter) * len(parts) + len(prefix) + len(suffix))
    return prefix + delimiter.join(parts) + suffix


def _scala_list(items: list[Any], run: Run) -> str:
    return f"Vector({', '.join(text(item, run) for item in items)})"


@define("partition", "list: list, size: number")
def partition(run: Run, items: list[Any], size: Any) -> Any:
    step = int32(size)
    if step <= 0:
        return Failure(f"'size' should be greater than zero but was '{text(size, run)}'")
    run.charge(len(items))
    return [items[at : at + step] for at in range(0, len(items), step)]
