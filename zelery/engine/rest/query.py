"""Searches over items: filter, sort, page (docs: REST API, "Data fetching"). Pure: `contract.py` says what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zelery.engine.rest.fields import Entity
from zelery.engine.rest.filters import Beyond, Item, compiled, equalities
from zelery.engine.rest.paging import ordered, ordering, page_of, paged
from zelery.engine.rest.problems import unreadable

_PARTS = ("filter", "sort", "page")


def search(
    entity: Entity, items: Iterable[Item], body: Mapping[str, Any], line: str, beyond: Beyond | None = None
) -> dict[str, Any]:
    """The answer to a search: `items` and `page`.

    Args:
        entity: What is searched.
        items: All there are, or those that an index has of `equalities`, in the API's shape: keys as texts, dates as
            RFC 3339.
        body: The request: `filter`, `sort`, `page`.
        line: 8.8, 8.9 or 8.10.
        beyond: For fields that no item has: the value, or the values, that an item has of it. A field of variables
            has a mapping of names to values as JSON texts.

    Raises:
        Problem: A name that the line does not know, or a value that cannot be.
    """
    for name in body:
        if name not in _PARTS:
            raise unreadable(name)
    given = body.get("filter")
    latest = isinstance(given, dict) and given.get("isLatestVersion") is True
    matches = compiled(entity, given, line, beyond or {})
    order = ordering(entity, body.get("sort") or [], line, latest=latest)
    page = page_of(body.get("page") or {}, latest=latest)
    return paged(ordered([item for item in items if matches(item)], order), page, order, latest=latest)


def matching(
    entity: Entity, items: Iterable[Item], filter_: Any, line: str, beyond: Beyond | None = None
) -> list[Item]:
    """All items that a filter matches, in their own order; for statistics. Raises Problem."""
    matches = compiled(entity, filter_, line, beyond or {})
    return [item for item in items if matches(item)]


def equal_to(body: Mapping[str, Any], name: str) -> str | None:
    """The one text that a filter asks a field to equal, so that its index is used; None where it asks for more."""
    texts = equalities(body.get("filter")).get(name, ())
    return texts[0] if len(texts) == 1 else None
