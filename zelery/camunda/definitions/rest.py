"""Searches of the Orchestration Cluster's REST API: pages by cursor, and keys that are texts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from zelery.camunda.definitions.port import Definition
from zelery.camunda.definitions.site import Site
from zelery.model import DEFAULT_TENANT

Item = Mapping[str, Any]

#: Pages in one search at most, against a server that gives the same ones for ever.
PAGES_MAX = 10_000


class Searches:
    """The searches of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def pages(
        self, path: str, size: int, *, to_the_empty_page: bool = False, **query: Any
    ) -> AsyncIterator[Sequence[Item]]:
        """The pages of a search.

        What is missing from a list of definitions counts as deleted, so that one is read until nothing comes, as the
        Java runtime does it; elsewhere a page that is not full is the last.
        """
        after: str | None = None
        for _ in range(PAGES_MAX):
            page = {"limit": size} if after is None else {"limit": size, "after": after}
            items, cursor = await self.page(path, page, **query)
            if items:
                yield items
            if not items or cursor is None or (len(items) < size and not to_the_empty_page):
                return
            if cursor == after:
                raise self._site.odd(path, f"a page whose next one is itself: endCursor {cursor!r}")
            after = cursor
        raise self._site.odd(path, f"more than {PAGES_MAX} pages")

    async def page(self, path: str, page: Mapping[str, Any], **query: Any) -> tuple[Sequence[Item], str | None]:
        """One page and the cursor after it."""
        answer = await self._site.post(path, {**query, "page": page})
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._site.odd(path, "JSON without a list of items")
        about = answer.get("page")
        return items, about.get("endCursor") if isinstance(about, dict) else None

    def key(self, item: Item, name: str, path: str) -> int:
        """A key of an item: digits in a text; a number is understood too."""
        value = item.get(name)
        if type(value) is int or (isinstance(value, str) and value.isascii() and value.isdigit()):
            return int(value)
        raise self._site.odd(path, f"an item whose {name} is {value!r}")

    def definition(self, item: Item, path: str) -> Definition:
        """An item that is a process definition."""
        process_id = item.get("processDefinitionId")
        if not isinstance(process_id, str):
            raise self._site.odd(path, f"an item whose processDefinitionId is {process_id!r}")
        return Definition(
            key=self.key(item, "processDefinitionKey", path),
            process_id=process_id,
            version=self.key(item, "version", path),
            tenant_id=item.get("tenantId") or DEFAULT_TENANT,
            name=item.get("name"),
        )
