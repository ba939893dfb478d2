"""How points and intervals lie to each other. Source: RangeBuiltinFunction of the reference, line by line."""

from collections.abc import Callable
from typing import Any

from zelery.feel.compare import identical, order
from zelery.feel.errors import Fault
from zelery.feel.limits import Run
from zelery.feel.signature import Table, illegal
from zelery.feel.values import Range, kind_of, text

TABLE = Table()
_POINTS = frozenset(
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
_Rule = Callable[[Any, Any, "Run"], bool]


def _comparable(x: Any, y: Any) -> bool:
    if type(x) is Range:
        x = x.start
    if type(y) is Range:
        y = y.start
    return kind_of(x) == kind_of(y) and kind_of(x) in _POINTS


def _same(x: Any, y: Any, run: Run) -> bool:
    return identical(x, y, run)


def _define(name: str, shapes: dict[str, _Rule], *signatures: str) -> None:
    """shapes: the rule for each pair of kinds: "rr", "pr", "rp", "pp" for range and point."""

    def function(run: Run, x: Any, y: Any) -> Any:
        rule = shapes.get(("r" if type(x) is Range else "p") + ("r" if type(y) is Range else "p"))
        if not _comparable(x, y):
            return illegal(run, x, y)
        if rule is None:
            raise Fault(f"scala.MatchError: ({text(x, run)},{text(y, run)}) (of class scala.Tuple2)")
        return rule(x, y, run)

    TABLE.define(name, *signatures)(function)


def _before(x: Range, y: Range, run: Run) -> bool:
    if order(x.end, y.start, run) < 0:
        return True
    return not (x.end_closed and y.start_closed) and _same(x.end, y.start, run)


def _point_before(point: Any, y: Range, run: Run) -> bool:
    return order(point, y.start, run) < 0 or (_same(point, y.start, run) and not y.start_closed)


def _before_point(x: Range, point: Any, run: Run) -> bool:
    return order(x.end, point, run) < 0 or (_same(x.end, point, run) and not x.end_closed)


def _point_after(point: Any, y: Range, run: Run) -> bool:
    return order(point, y.end, run) > 0 or (_same(point, y.end, run) and not y.end_closed)


def _after_point(x: Range, point: Any, run: Run) -> bool:
    return order(x.start, point, run) > 0 or (_same(x.start, point, run) and not x.start_closed)


def _meets(x: Range, y: Range, run: Run) -> bool:
    return x.end_closed and y.start_closed and _same(x.end, y.start, run)


def _reaches(x: Range, y: Range, run: Run) -> bool:
    """x ends behind y's start, or on it."""
    return order(x.end, y.start, run) > 0 or (_same(x.end, y.start, run) and x.end_closed and y.start_closed)


def _starts_first(x: Range, y: Range, run: Run) -> bool:
    return order(x.start, y.start, run) < 0 or (_same(x.start, y.start, run) and x.start_closed and not y.start_closed)


def _ends_within(x: Range, y: Range, run: Run) -> bool:
    return order(x.end, y.end, run) < 0 or (_same(x.end, y.end, run) and (not x.end_closed or y.end_closed))


def _starts_within(x: Range, y: Range, run: Run) -> bool:
    return order(x.start, y.start, run) > 0 or (_same(x.start, y.start, run) and (y.start_closed or not x.start_closed))


def _overlaps_before(x: Range, y: Range, run: Run) -> bool:
    return _starts_first(x, y, run) and _reaches(x, y, run) and _ends_within(x, y, run)


def _same_end(x: Range, y: Range, run: Run) -> bool:
    return x.end_closed == y.end_closed and _same(x.end, y.end, run)


def _same_start(x: Range, y: Range, run: Run) -> bool:
    return x.start_closed == y.start_closed and _same(x.start, y.start, run)


def _during(x: Range, y: Range, run: Run) -> bool:
    return _starts_within(x, y, run) and _ends_within(x, y, run)


def _point_during(point: Any, y: Range, run: Run) -> bool:
    if order(y.start, point, run) < 0 and order(y.end, point, run) > 0:
        return True
    return (_same(y.start, point, run) and y.start_closed) or (_same(y.end, point, run) and y.end_closed)


def _ends_at(point: Any, y: Range, run: Run) -> bool:
    return y.end_closed and _same(y.end, point, run)


def _starts_at(point: Any, y: Range, run: Run) -> bool:
    return y.start_closed and _same(y.start, point, run)


def _turned(rule: _Rule) -> _Rule:
    return lambda x, y, run: rule(y, x, run)


def _never(_x: Any, _y: Any, _run: Run) -> bool:
    """A point never coincides with an interval."""
    return False


_ANY = ("point1, point2", "point, range", "range, point", "range1, range2")
_define(
    "before",
    {"rr": _before, "pr": _point_before, "rp": _before_point, "pp": lambda x, y, run: order(x, y, run) < 0},
    *_ANY,
)
_define(
    "after",
    {"rr": _turned(_before), "pr": _point_after, "rp": _after_point, "pp": lambda x, y, run: order(x, y, run) > 0},
    *_ANY,
)
_define("meets", {"rr": _meets}, "range1, range2")
_define("met by", {"rr": _turned(_meets)}, "range1, range2")
_define("overlaps", {"rr": lambda x, y, run: _reaches(x, y, run) and _reaches(y, x, run)}, "range1, range2")
_define("overlaps before", {"rr": _overlaps_before}, "range1, range2")
_define("overlaps after", {"rr": _turned(_overlaps_before)}, "range1, range2")
_POINT_RANGE = ("point, range", "range1, range2")
_RANGE_POINT = ("range, point", "range1, range2")
_define(
    "finishes",
    {"rr": lambda x, y, run: _same_end(x, y, run) and _starts_within(x, y, run), "pr": _ends_at},
    *_POINT_RANGE,
)
_define(
    "finished by",
    {"rr": lambda x, y, run: _same_end(x, y, run) and _starts_within(y, x, run), "rp": _turned(_ends_at)},
    *_POINT_RANGE,
)
_define("includes", {"rr": _turned(_during), "rp": _turned(_point_during)}, *_RANGE_POINT)
_define("during", {"rr": _during, "pr": _point_during}, *_POINT_RANGE)
_define(
    "starts",
    {"rr": lambda x, y, run: _same_start(x, y, run) and _ends_within(x, y, run), "pr": _starts_at},
    *_POINT_RANGE,
)
_define(
    "started by",
    {"rr": lambda x, y, run: _same_start(x, y, run) and _ends_within(y, x, run), "rp": _turned(_starts_at)},
    *_RANGE_POINT,
)
_define(
    "coincides",
    {"rr": lambda x, y, run: _same_start(x, y, run) and _same_end(x, y, run), "pp": _same, "pr": _never, "rp": _never},
    "point1, point2",
    "range1, range2",
)
