"""The order of a search's items, and its pages (docs: REST API, "Data fetching").

A cursor is the sort values of the item that it stands at, its key last: it stays valid when items come or go. As in the
API it is base64 of a JSON list.
"""

from __future__ import annotations

import base64
import bisect
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zelery.engine.rest.fields import Entity, Kind
from zelery.engine.rest.filters import Item
from zelery.engine.rest.problems import Problem, invalid, unreadable
from zelery.engine.rest.values import KEY_MAX, moment, shown

#: Items in one answer, by default and at most.
LIMIT_DEFAULT, LIMIT_MAX = 100, 10_000

#: What clusters sort the latest versions of definitions by (the contract's text on `isLatestVersion`).
LATEST_SORT = ("processDefinitionId", "tenantId")

_STARTS = ("from", "after", "before")


class Sorting(NamedTuple):
    """One field of an order."""

    name: str
    descending: bool
    kind: Kind


class Page(NamedTuple):
    """The page that is asked for: of three starts at most one is given."""

    limit: int = LIMIT_DEFAULT
    start: int = 0
    after: str | None = None
    before: str | None = None


# Sorting.


def ordering(entity: Entity, sort: Any, line: str, *, latest: bool = False) -> Sequence[Sorting]:
    """The order of a search's items; the key is last, so that no two items are alike.

    Args:
        entity: What is searched.
        sort: The request's `sort`.
        line: 8.8, 8.9 or 8.10.
        latest: Only latest versions are asked for, which are sorted by fewer fields.

    Raises:
        Problem: A field that the line does not sort by.
    """
    if not isinstance(sort, list):
        raise unreadable("sort", f"expected a list, not {shown(sort)}")
    allowed = [name for name in entity.sortable(line) if not latest or name in LATEST_SORT]
    order = [_sorting(entity, each, allowed, f"sort[{index}]") for index, each in enumerate(sort)]
    return [*order, *(Sorting(name, False, entity.kind(name)) for name in entity.key)]


def _sorting(entity: Entity, wanted: Any, allowed: Sequence[str], path: str) -> Sorting:
    if not isinstance(wanted, dict):
        raise unreadable(path, f"expected an object, not {shown(wanted)}")
    for name in wanted:
        if name not in ("field", "order"):
            raise unreadable(f"{path}.{name}")
    field, direction = wanted.get("field"), wanted.get("order") or "ASC"
    if field is None:
        raise invalid("Sort field must not be null")
    if field not in allowed:
        raise _no_choice(field, "field", allowed)
    if not isinstance(direction, str) or direction.upper() not in ("ASC", "DESC"):
        raise _no_choice(direction, "order", ("ASC", "DESC"))
    return Sorting(field, direction.upper() == "DESC", entity.kind(field))


def _no_choice(value: Any, name: str, allowed: Sequence[str]) -> Problem:
    return unreadable(
        f"sort.{name}",
        f"Unexpected value '{shown(value)}' for enum field '{name}'."
        f" Use any of the following values: [{', '.join(allowed)}]",
    )


def ordered(items: Sequence[Item], order: Sequence[Sorting]) -> list[Item]:
    """Items in an order. What is absent comes last, both ways (camunda issue 57579)."""
    found = list(items)
    for name, descending, kind in reversed(order):
        found.sort(key=lambda item: _rank(item.get(name), kind, descending=descending), reverse=descending)
    return found


def _rank(value: Any, kind: Kind, *, descending: bool) -> tuple[bool, Any]:
    if value is None:
        return not descending, 0
    return descending, _comparable(value, kind)


def _comparable(value: Any, kind: Kind) -> Any:
    if kind is Kind.KEY:
        return int(value)
    return moment(value, "date") if kind is Kind.DATE else value


# Pages.


def page_of(page: Any, *, latest: bool = False) -> Page:
    """The page that a request asks for.

    Args:
        page: The request's `page`.
        latest: Only latest versions are asked for, whose pages go forwards by cursor alone.

    Raises:
        Problem: A name that is not known, a number out of its bounds, or two starts.
    """
    if not isinstance(page, dict):
        raise unreadable("page", f"expected an object, not {shown(page)}")
    for name in page:
        if name not in ("limit", *_STARTS):
            raise unreadable(f"page.{name}")
    given = {name: value for name, value in page.items() if value is not None}
    starts = [name for name in _STARTS if name in given]
    if len(starts) > 1:
        raise invalid(f"Only one of [{', '.join(_STARTS)}] is allowed, not {' and '.join(starts)}")
    if latest and (given.get("from") or "before" in given):
        raise invalid(f"page.{starts[0]} is not supported with the filter isLatestVersion: use page.after")
    return Page(
        _number(given, "limit", LIMIT_DEFAULT, least=1, most=LIMIT_MAX),
        _number(given, "from", 0, least=0, most=KEY_MAX),
        given.get("after"),
        given.get("before"),
    )


def _number(page: Mapping[str, Any], name: str, default: int, *, least: int, most: int) -> int:
    value = page.get(name, default)
    if type(value) is not int:
        raise unreadable(f"page.{name}", f"expected a whole number, not {shown(value)}")
    if not least <= value <= most:
        raise invalid(f"The value for page.{name} is '{value}' but must be between {least} and {most}")
    return value


def paged(found: Sequence[Item], page: Page, order: Sequence[Sorting], *, latest: bool = False) -> dict[str, Any]:
    """One page of ordered items, and where it stands.

    Raises:
        Problem: A cursor that cannot be read.
    """
    start, stop = _span(found, page, order)
    items = list(found[start:stop])
    return {
        "items": items,
        "page": {
            "totalItems": len(found),
            "hasMoreTotalItems": False,  # It says whether the total is capped (the contract of 8.10); here all count.
            "startCursor": cursor(items[0], order) if items and not latest else None,
            "endCursor": cursor(items[-1], order) if items else None,
        },
    }


def _span(found: Sequence[Item], page: Page, order: Sequence[Sorting]) -> tuple[int, int]:
    if page.after is not None:
        mark = _opened(page.after, order, "after")
        start = bisect.bisect_right(found, 0, key=lambda item: _compare(item, mark, order))
        return start, start + page.limit
    if page.before is not None:
        mark = _opened(page.before, order, "before")
        stop = bisect.bisect_left(found, 0, key=lambda item: _compare(item, mark, order))
        return max(stop - page.limit, 0), stop
    return page.start, page.start + page.limit


def _compare(item: Item, mark: Sequence[Any], order: Sequence[Sorting]) -> int:
    """Whether an item stands before a mark (negative), at it, or behind it."""
    for (name, descending, kind), there in zip(order, mark, strict=True):
        one = _rank(item.get(name), kind, descending=descending)
        other = _rank(there, kind, descending=descending)
        if one != other:
            return 1 if (one > other) is not descending else -1
    return 0


# Cursors.


def cursor(item: Item, order: Sequence[Sorting]) -> str:
    """The cursor of an item."""
    values = [_written(item.get(name), kind) for name, _, kind in order]
    return base64.b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()


def _written(value: Any, kind: Kind) -> Any:
    return int(value) if kind is Kind.KEY and value is not None else value


def _opened(text: Any, order: Sequence[Sorting], name: str) -> Sequence[Any]:
    """The sort values in a cursor. Raises Problem."""
    try:
        values = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, RecursionError):
        raise _closed(text, name, "it is no cursor") from None
    if not isinstance(values, list) or len(values) != len(order):
        raise _closed(text, name, "it is of a search with another sort")
    for value, (_, _, kind) in zip(values, order, strict=True):
        if not _fits(value, kind):
            raise _closed(text, name, "it is of a search with another sort")
    return values


def _closed(text: Any, name: str, why: str) -> Problem:
    return invalid(
        f"Cannot decode pagination cursor '{shown(text)}' of page.{name}: {why}. Use the cursor of an answer as it is."
    )


def _fits(value: Any, kind: Kind) -> bool:
    if value is None:
        return True
    if kind is Kind.DATE:
        return isinstance(value, str) and _is_moment(value)
    return type(value) is {Kind.KEY: int, Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(kind, str)


def _is_moment(value: str) -> bool:
    try:
        moment(value, "cursor")
    except Problem:
        return False
    return True
