"""Which values are equal, and which is greater. Source: ValComparator, Val.compare and dualOp of the reference."""

from collections.abc import Callable
from typing import Any

from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.numbers import compare as compare_numbers
from zelery.feel.temporal import order_key
from zelery.feel.values import NUMBERS, TEMPORALS, Context, Failure, Range, is_ordered, kind_of, text, utf16


def equal(x: Any, y: Any, run: Run) -> bool | None:
    """Whether x = y; None where values of their kinds are never compared. null equals null alone."""
    kind_x, kind_y = type(x), type(y)
    if kind_x is kind_y and (kind_x is str or kind_x is bool or kind_x is int):
        return bool(x == y)
    kind, other = kind_of(x), kind_of(y)
    if kind == "null" or other == "null":
        return kind == other
    if kind != other or kind in ("function", "range"):
        return None
    if kind == "number":
        return compare_numbers(x, y) == 0
    if kind == "list":
        run.charge(1 + len(x))
        return len(x) == len(y) and all(equal(item, y[at], run) is True for at, item in enumerate(x))
    if kind == "context":
        run.charge(1 + len(x))
        return x.keys() == y.keys() and all(equal(x[key], y[key], run) is True for key in x)
    return bool(x == y)


def equality(x: Any, y: Any, run: Run) -> Any:
    """x = y as an expression: null and a warning where the kinds differ."""
    if type(x) is Failure:
        return x
    if type(y) is Failure:
        return y
    answer = equal(x, y, run)
    if answer is None and run.warnings is not None:
        run.warn("NOT_COMPARABLE", f"Can't compare '{text(x, run)}' with '{text(y, run)}'")
    return answer


def identical(x: Any, y: Any, run: Run) -> bool:
    """Equality of Scala's case classes, which "list contains" uses: a context of a literal is equal to itself alone."""
    kind, other = kind_of(x), kind_of(y)
    if kind != other:
        return False
    if kind == "list":
        run.charge(1 + len(x))
        return len(x) == len(y) and all(identical(item, y[at], run) for at, item in enumerate(x))
    if kind == "context":
        if type(x) is Context or type(y) is Context:
            return x is y
        run.charge(1 + len(x))
        return bool(x.keys() == y.keys() and all(identical(x[key], y[key], run) for key in x))
    if kind == "range":
        return _identical_ranges(x, y, run)
    if kind == "function":
        return x is y
    return bool(equal(x, y, run))


def _identical_ranges(x: Range, y: Range, run: Run) -> bool:
    closed = (x.start_closed, x.end_closed) == (y.start_closed, y.end_closed)
    return closed and identical(x.start, y.start, run) and identical(x.end, y.end, run)


def order(x: Any, y: Any, run: Run) -> int:
    """-1, 0 or 1 for two values of one ordered kind. Others are a crash of the reference."""
    kind = type(x)
    if kind in NUMBERS and type(y) in NUMBERS:
        return compare_numbers(x, y)
    if kind is str and type(y) is str:
        return _order_strings(x, y)
    if kind in TEMPORALS and kind is type(y):
        first, second = order_key(x), order_key(y)
        return (first > second) - (first < second)
    raise Fault(f"java.lang.IllegalArgumentException: {text(x, run)} can not be compared to {text(y, run)}")


def _order_strings(x: str, y: str) -> int:
    if not (x.isascii() and y.isascii()):
        # Java orders by UTF-16 units: a character beyond U+FFFF comes before U+E000.
        x, y = utf16(x), utf16(y)
    return (x > y) - (x < y)


def comparison(x: Any, y: Any, holds: Callable[[int], bool], run: Run) -> Any:
    """x < y and its like as an expression: null and a warning where the kinds differ or have no order."""
    kind, other = type(x), type(y)
    if kind is Failure:
        return x
    if other is Failure:
        return y
    if kind is list:
        run.charge(len(x))
    if kind_of(x) != kind_of(y) or not is_ordered(x) or not is_ordered(y):
        if run.warnings is not None:
            run.warn("NOT_COMPARABLE", f"Can't compare '{text(x, run)}' with '{text(y, run)}'")
        return None
    return holds(order(x, y, run))
