"""Searches over items: filters with operators, sorting, paging (docs: REST API, "Search requests").

Pure. A cursor is the sort values and the key of the item that it stands behind, so that it stays valid when items come.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from zelery.engine.rest.fields import Entity, Field
from zelery.engine.rest.problems import Problem, bad_request, invalid

#: Items in one answer, by default and at most.
LIMIT_DEFAULT, LIMIT_MAX = 100, 10_000

_OPERATORS = frozenset({"$eq", "$neq", "$exists", "$in", "$notIn", "$like", "$gt", "$gte", "$lt", "$lte"})
_PAGE = frozenset({"from", "limit", "after", "before"})

Item = Mapping[str, Any]
Test = Callable[[Item], bool]


def search(
    entity: Entity,
    items: Iterable[Item],
    body: Mapping[str, Any],
    line: str,
    special: Mapping[str, Callable[[Any], Test]] | None = None,
) -> dict[str, Any]:
    """The answer to a search.

    Args:
        entity: What is searched.
        items: All there are, in the API's shape.
        body: The request: `filter`, `sort`, `page`.
        line: 8.8, 8.9 or 8.10.
        special: Tests of fields that no item has, by name: they take the filter's value.

    Raises:
        Problem: A name that the line does not know, or a value that cannot be.
    """
    for name in body:
        if name not in ("filter", "sort", "page"):
            raise bad_request(f"Request property [{name}] cannot be parsed")
    test = _filter(entity, body.get("filter") or {}, line, special or {})
    order = _order(entity, body.get("sort") or [], line)
    found = sorted(filter(test, items), key=cmp_to_key(_comparison(order)))
    return _paged(found, _page(body.get("page") or {}), order)


def equal_to(body: Mapping[str, Any], name: str) -> str | None:
    """The one value that a filter asks a field to have, so that its index is used; None where it asks for more."""
    filter_ = body.get("filter")
    wanted = filter_.get(name) if isinstance(filter_, dict) else None
    if isinstance(wanted, dict):
        wanted = wanted.get("$eq")
    return str(wanted) if isinstance(wanted, str | int) else None


# Filters.


def _filter(
    entity: Entity, filter_: Mapping[str, Any], line: str, special: Mapping[str, Callable[[Any], Test]]
) -> Test:
    if not isinstance(filter_, dict):
        raise bad_request("Request property [filter] cannot be parsed")
    tests: list[Test] = []
    for name, wanted in filter_.items():
        if wanted is None:
            continue
        if name == "$or":
            tests.append(_either(entity, wanted, line, special))
            continue
        field = entity.fields.get(name)
        if field is None or not field.known(line):
            raise bad_request(f"Request property [filter.{name}] cannot be parsed")
        if name in special:
            tests.append(special[name](wanted))
        else:
            tests.append(_test(name, field, wanted))
    return lambda item: all(test(item) for test in tests)


def _either(entity: Entity, wanted: Any, line: str, special: Mapping[str, Callable[[Any], Test]]) -> Test:
    if not isinstance(wanted, list):
        raise bad_request("Request property [filter.$or] cannot be parsed")
    tests = [_filter(entity, each, line, special) for each in wanted]
    return lambda item: not tests or any(test(item) for test in tests)


def _test(name: str, field: Field, wanted: Any) -> Test:
    if not isinstance(wanted, dict):
        value = _value(name, field, wanted)
        return lambda item: _comparable(field, item.get(name)) == value
    tests = [_operation(name, field, operator, operand) for operator, operand in wanted.items()]
    return lambda item: all(test(item) for test in tests)


def _operation(name: str, field: Field, operator: str, operand: Any) -> Test:
    if operator not in _OPERATORS:
        raise bad_request(f"Request property [filter.{name}.{operator}] cannot be parsed")
    if operator == "$exists":
        return lambda item: (item.get(name) is not None) == bool(operand)
    if operator in ("$in", "$notIn"):
        return _membership(name, field, operand, wanted=operator == "$in")
    if operator == "$like":
        pattern = like(str(operand))
        return lambda item: pattern.fullmatch(str(item.get(name) or "")) is not None
    value = _value(name, field, operand)
    compare = _COMPARE[operator]

    def test(item: Item) -> bool:
        found = _comparable(field, item.get(name))
        if found is None:
            return operator == "$neq"
        return compare(found, value)

    return test


def _membership(name: str, field: Field, operand: Any, *, wanted: bool) -> Test:
    if not isinstance(operand, list):
        raise bad_request(f"Request property [filter.{name}.{'$in' if wanted else '$notIn'}] cannot be parsed")
    if not operand:  # Clients send both lists, and leave one empty.
        return lambda _: True
    values = [_value(name, field, each) for each in operand]
    return lambda item: (_comparable(field, item.get(name)) in values) == wanted


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda found, value: bool(found == value),
    "$neq": lambda found, value: bool(found != value),
    "$gt": lambda found, value: bool(found > value),
    "$gte": lambda found, value: bool(found >= value),
    "$lt": lambda found, value: bool(found < value),
    "$lte": lambda found, value: bool(found <= value),
}


def like(pattern: str) -> re.Pattern[str]:
    """A pattern of `*` (any characters) and `?` (one); a backslash before them takes them as they are."""
    parts = re.findall(r"\\.|[*?]|[^\\*?]+|\\", pattern)
    written = {"*": ".*", "?": "."}
    return re.compile("".join(written.get(part, re.escape(part.removeprefix("\\"))) for part in parts), re.DOTALL)


def _value(name: str, field: Field, wanted: Any) -> Any:
    """A value of a filter, checked. Raises Problem."""
    match field.type:
        case "boolean":
            if isinstance(wanted, bool):
                return wanted
            raise _unusable(name, wanted, "true or false")
        case "integer":
            if isinstance(wanted, int) and not isinstance(wanted, bool):
                return wanted
            raise _unusable(name, wanted, "a whole number")
        case "key":
            if re.fullmatch(r"-?\d{1,19}", str(wanted)) and not isinstance(wanted, bool):
                return int(wanted)
            raise _unusable(name, wanted, "a key, digits in a text")
        case "date":
            return _date(name, wanted)
        case "enum":
            if wanted in field.values:
                return wanted
            raise _unusable(name, wanted, f"one of [{', '.join(field.values)}]")
        case _:
            return str(wanted)


def _unusable(name: str, wanted: Any, allowed: str) -> Problem:
    return invalid(f"Unexpected value '{wanted}' for filter field '{name}': expected {allowed}")


def _date(name: str, wanted: Any) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(str(wanted))
    except ValueError:
        raise _unusable(name, wanted, "a date and time such as 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _comparable(field: Field | None, value: Any) -> Any:
    """An item's value, as those of filters are."""
    if value is None or field is None:
        return value
    if field.type == "key":
        return int(value)
    if field.type == "date":
        return dt.datetime.fromisoformat(value)
    return value


# Sorting.


def _order(entity: Entity, sort: Any, line: str) -> Sequence[tuple[str, bool, Field | None]]:
    """Field, whether descending, and its type; the key is last, so that no two items are alike."""
    if not isinstance(sort, list):
        raise bad_request("Request property [sort] cannot be parsed")
    order: list[tuple[str, bool, Field | None]] = []
    for each in sort:
        name = each.get("field") if isinstance(each, dict) else None
        if not name:
            raise invalid("Sort field must not be null")
        if name not in entity.sortable(line):
            raise bad_request(
                f"Unexpected value '{name}' for enum field 'field'. Use any of the following values: "
                f"[{', '.join(entity.sortable(line))}]"
            )
        direction = each.get("order") or "ASC"
        if str(direction).upper() not in ("ASC", "DESC"):
            raise bad_request(
                f"Unexpected value '{direction}' for enum field 'order'. Use any of the following values: [ASC, DESC]"
            )
        order.append((name, str(direction).upper() == "DESC", entity.fields.get(name)))
    return [*order, (entity.key, False, entity.fields.get(entity.key))]


def _comparison(order: Sequence[tuple[str, bool, Field | None]]) -> Callable[[Item, Item], int]:
    def compare(one: Item, other: Item) -> int:
        for name, descending, field in order:
            result = _compare(_comparable(field, one.get(name)), _comparable(field, other.get(name)))
            if result:
                return -result if descending else result
        return 0

    return compare


def _compare(one: Any, other: Any) -> int:
    """Which of two values comes first. One that is absent comes last."""
    if one == other:
        return 0
    if one is None or other is None:
        return 1 if one is None else -1
    return -1 if one < other else 1


# Paging.


def _page(page: Any) -> Mapping[str, Any]:
    """The page that is asked for, checked. Raises Problem."""
    if not isinstance(page, dict):
        raise bad_request("Request property [page] cannot be parsed")
    for name in page:
        if name not in _PAGE:
            raise bad_request(f"Request property [page.{name}] cannot be parsed")
    given = {name: value for name, value in page.items() if value is not None}
    if len({"from", "after", "before"} & given.keys()) > 1:
        raise invalid("Only one of [from, after, before] is allowed")
    for name, least in (("from", 0), ("limit", 0)):
        value = given.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise invalid(f"The value for {name} is '{value}' but must be a non-negative number")
    if given.get("limit", 0) > LIMIT_MAX:
        raise invalid(f"The value for limit is '{given['limit']}' but must be at most {LIMIT_MAX}")
    return given


def _paged(
    found: Sequence[Item], page: Mapping[str, Any], order: Sequence[tuple[str, bool, Field | None]]
) -> dict[str, Any]:
    limit = page.get("limit", LIMIT_DEFAULT)
    compare = _comparison(order)
    if "after" in page:
        mark = _opened(page["after"], order, "after")
        items = [each for each in found if compare(each, mark) > 0][:limit]
    elif "before" in page:
        mark = _opened(page["before"], order, "before")
        items = [each for each in found if compare(each, mark) < 0]
        items = items[max(len(items) - limit, 0) :]
    else:
        start = page.get("from", 0)
        items = list(found[start : start + limit])
    return {
        "items": items,
        "page": {
            "totalItems": len(found),
            "startCursor": _cursor(items[0], order) if items else None,
            "endCursor": _cursor(items[-1], order) if items else None,
            "hasMoreTotalItems": False,
        },
    }


def _cursor(item: Item, order: Sequence[tuple[str, bool, Field | None]]) -> str:
    values = [item.get(name) for name, _, _ in order]
    return base64.b64encode(json.dumps(values).encode()).decode()


def _opened(cursor: Any, order: Sequence[tuple[str, bool, Field | None]], name: str) -> Item:
    """The item's sort values in a cursor. Raises Problem."""
    try:
        values = json.loads(base64.b64decode(str(cursor), validate=True))
        if len(values) != len(order):
            raise ValueError(cursor)  # noqa: TRY301 - as one that cannot be read
    except (ValueError, TypeError):
        raise invalid(f"Invalid cursor '{cursor}' for page.{name}: use one of an answer to the same sort") from None
    return {field: value for (field, _, _), value in zip(order, values, strict=True)}
