"""Searches of Operate v1: `filter`, `sort`, `size`, `searchAfter` (docs: "Operate API"; seen on Operate 8.6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from zelery.engine.operate.items import Item, Resource, whole
from zelery.engine.operate.problems import invalid, wrong_data

#: Items in one answer, by default and at most.
SIZE_DEFAULT, SIZE_MAX = 10, 1000

#: A value that an item does not have, in `sortValues`.
_NONE = "null"

Order: TypeAlias = Sequence[tuple[str, bool]]
"""Field and whether descending."""


def filter_of(query: Any) -> Mapping[str, Any]:
    """The filter of a request. Raises OperateProblem."""
    if not isinstance(query, dict):
        raise invalid("JSON parse error: expected an object")
    filter_ = query.get("filter") or {}
    if not isinstance(filter_, dict):
        raise invalid(f"JSON parse error: filter is {filter_!r}, expected an object")
    return filter_


def search(resource: Resource, items: Iterable[Item], query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a search: `items`, `sortValues` (of the last of them) and `total`. Raises OperateProblem."""
    size, order = _size(query.get("size")), _order(resource, query.get("sort"))
    after = _after(query.get("searchAfter"), order)
    filter_ = filter_of(query)
    found = [each for each in items if _matches(each, filter_, resource)]
    for name, descending in reversed(order):
        found.sort(key=_rank(name, descending=descending), reverse=descending)
    page = [each for each in found if after is None or _comes_after(each, after, order)][:size]
    return {
        "items": [shown(resource, each) for each in page],
        "sortValues": [str(page[-1].get(name, _NONE)) for name, _ in order] if page else [],
        "total": len(found),
    }


def shown(resource: Resource, item: Item) -> Item:
    """An item without what is not shown."""
    return {name: value for name, value in item.items() if name not in resource.hidden}


def _size(size: Any) -> int:
    if size is None:
        return SIZE_DEFAULT
    if not isinstance(size, int) or isinstance(size, bool):
        raise invalid(f"JSON parse error: size is {size!r}, expected a whole number")
    if not 0 < size <= SIZE_MAX:
        raise invalid(f"size should be greater than zero and equal or less than {SIZE_MAX}")
    return size


def _matches(item: Item, filter_: Mapping[str, Any], resource: Resource) -> bool:
    """Whether an item has what is asked for; what Operate does not know it passes over."""
    for name, wanted in filter_.items():
        if wanted is None or (name not in item and name not in resource.optional):
            continue
        found = item.get(name)
        same = whole(wanted) if isinstance(found, int) and isinstance(wanted, str) else wanted
        if found != same:
            return False
    return True


def _order(resource: Resource, sort: Any) -> Order:
    """Field and whether descending; the key is last."""
    if sort is not None and not (isinstance(sort, list) and all(isinstance(each, dict) for each in sort)):
        raise invalid(f"JSON parse error: sort is {sort!r}, expected a list of objects with field and order")
    wrong = [str(each.get("field")) for each in sort or () if each.get("field") not in resource.sortable]
    if wrong:
        raise wrong_data(f"Sort has invalid field(s): {', '.join(wrong)}")
    for each in sort or ():
        if each.get("order") not in (None, "ASC", "DESC"):
            raise invalid(f"JSON parse error: {each['order']!r} is no order, it is one of [ASC, DESC]")
    return [*((each["field"], each.get("order") == "DESC") for each in sort or ()), ("key", False)]


def _rank(name: str, *, descending: bool) -> Any:
    """By a field; an item without it comes last, both ways."""
    return lambda item: ((item.get(name) is None) is not descending, item.get(name, ""))


def _after(values: Any, order: Order) -> Sequence[Any] | None:
    if values is None:
        return None
    if not isinstance(values, list):
        raise invalid(f"JSON parse error: searchAfter is {values!r}, expected a list")
    if not values:
        raise wrong_data("searchAfter should have a least 1 value")
    if len(values) != len(order):
        raise wrong_data(f"searchAfter should have a {len(order)} values")
    return values


def _comes_after(item: Item, after: Sequence[Any], order: Order) -> bool:
    for (name, descending), mark in zip(order, after, strict=True):
        found = item.get(name)
        if found is None or mark in (None, _NONE):
            if found is None and mark in (None, _NONE):
                continue
            return found is None
        value = whole(mark) if isinstance(found, int) else str(mark)
        if value is None:
            raise wrong_data(f"searchAfter has {mark!r} for {name}, expected a number")
        if found != value:
            return bool(found < value if descending else found > value)
    return False
