"""Definitions from the Orchestration Cluster's REST API v2, from 8.8 on (`spec/inbound.md` §8.2)."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from zelery.camunda.definitions import values
from zelery.camunda.definitions.port import Definition, ElementInstance, Snapshot, Variables
from zelery.camunda.definitions.register import Register
from zelery.camunda.definitions.rest import Item, Searches
from zelery.camunda.definitions.settings import DefinitionSettings
from zelery.camunda.definitions.site import BAD_REQUEST, Site
from zelery.errors import SourceNotFoundError

#: Definitions in a page that a tick reads: seldom have more been deployed since the last one.
NEWEST_PAGE = 50
#: Element instances, subscriptions or variables in one page.
PAGE = 1000
#: Older versions that one tick asks for singly; there are many only just after the start.
OLDER_ASKS_MAX = 50
#: Clusters of 8.8 list subscriptions one by one: they are read no more often than this, seconds.
SUBSCRIPTIONS_AGE_S = 30.0

DEFINITIONS = "/v2/process-definitions/search"
STATISTICS = "/v2/process-definitions/statistics/message-subscriptions"
SUBSCRIPTIONS = "/v2/message-subscriptions/search"
ELEMENTS = "/v2/element-instances/search"
VARIABLES = "/v2/variables/search"

OPEN = {"messageSubscriptionState": "CREATED"}
HIGHEST_FIRST = [{"field": "processDefinitionKey", "order": "DESC"}]

HINT = (
    "check CAMUNDA_REST_ADDRESS: it is the address of the Orchestration Cluster, whose API v2 there is from 8.8 on;"
    " up to 8.7 set CAMUNDA_OPERATE_CLIENT_URL instead"
)


class OrchestrationSource:
    """`DefinitionSource` over REST v2: the newest versions, and older ones with open message subscriptions."""

    def __init__(
        self, site: Site, settings: DefinitionSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._site = site
        self._searches = Searches(site)
        self._page = settings.definitions_page
        self._active_versions = settings.active_versions
        self._older = _Older(site, self._searches, clock)
        self._state: Mapping[str, str] = {}
        self._merged: tuple[Snapshot, Mapping[int, Definition], Snapshot] | None = None
        self._register = Register(
            name=site.name,
            everything=self._latest,
            newest=self._newest,
            reread_s=settings.definitions_reread_s,
            clock=clock,
        )

    async def deployed(self) -> Snapshot:
        latest = await self._register.read()
        if not self._active_versions:
            return latest
        older = await self._older.read({each.key for each in latest.definitions})
        if self._merged is None or self._merged[0] is not latest or self._merged[1] != older:
            both = sorted((*latest.definitions, *older.values()), key=lambda each: each.key, reverse=True)
            self._merged = latest, older, Snapshot(definitions=tuple(both), doubt=latest.doubt)
        return self._merged[2]

    async def xml(self, key: int) -> bytes:
        return await self._site.file(f"/v2/process-definitions/{key}/xml")

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:
        return {key: key in self._older.open for key in candidates}

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        asked = {"processDefinitionKey": str(definition_key), "elementId": element_id, "state": "ACTIVE"}
        return [
            ElementInstance(
                key=self._searches.key(item, "elementInstanceKey", ELEMENTS),
                process_instance_key=self._searches.key(item, "processInstanceKey", ELEMENTS),
                element_id=element_id,
            )
            async for page in self._searches.pages(ELEMENTS, PAGE, filter=asked)
            for item in page
        ]

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:
        scopes = [str(key) for key in scope_keys]
        asked = {"processInstanceKey": str(process_instance_key), "scopeKey": {"$in": scopes}}
        by_scope: dict[str, dict[str, Item]] = {scope: {} for scope in scopes}
        async for page in self._searches.pages(VARIABLES, PAGE, filter=asked):
            for item in page:
                by_scope.setdefault(str(item.get("scopeKey")), {})[str(item.get("name"))] = item
        visible: dict[str, Item] = {}
        for scope in scopes:
            visible |= by_scope[scope]
        return await self._read(visible)

    async def check(self) -> None:
        await self._searches.page(DEFINITIONS, {"limit": 1})

    async def _read(self, items: Mapping[str, Item]) -> Variables:
        found: dict[str, Any] = {}
        cut: set[str] = set()
        for name, item in items.items():
            try:
                found[name] = values.parsed(await self._text(item))
            except (ValueError, SourceNotFoundError):  # The latter: its instance has ended meanwhile.
                cut.add(name)
        return Variables(values=found, cut=frozenset(cut))

    async def _text(self, item: Item) -> str:
        """A variable's whole value: a search shows the beginning of a long one."""
        if not item.get("isTruncated"):
            return str(item.get("value"))
        whole = await self._site.get(f"/v2/variables/{self._searches.key(item, 'variableKey', VARIABLES)}")
        return str(whole.get("value") if isinstance(whole, dict) else whole)

    async def _latest(self) -> AsyncIterator[Sequence[Definition]]:
        # Newer clusters list deleted definitions too, unless told not to; older ones do not know the word.
        asked = {"filter": {"state": "ACTIVE"}, "page": {"limit": 1}}
        refused = (await self._site.ask("POST", DEFINITIONS, asked)).status == BAD_REQUEST
        self._state = {} if refused else {"state": "ACTIVE"}
        latest = {"isLatestVersion": True, **self._state}
        async for page in self._searches.pages(DEFINITIONS, self._page, to_the_empty_page=True, filter=latest):
            yield [self._searches.definition(item, DEFINITIONS) for item in page]

    async def _newest(self) -> AsyncIterator[Sequence[Definition]]:
        async for page in self._searches.pages(DEFINITIONS, NEWEST_PAGE, filter=self._state, sort=HIGHEST_FIRST):
            yield [self._searches.definition(item, DEFINITIONS) for item in page]


class _Older:
    """Versions that are not the latest and in which instances wait for messages."""

    def __init__(self, site: Site, searches: Searches, clock: Callable[[], float]) -> None:
        self._site = site
        self._searches = searches
        self._clock = clock
        self._statistics = True
        self._read_at = -math.inf
        self._known: Mapping[int, Definition] = {}
        self._lock = asyncio.Lock()
        self.open: frozenset[int] = frozenset()
        """Definitions with open subscriptions, the latest ones among them."""

    async def read(self, latest: set[int]) -> Mapping[int, Definition]:
        """Those that are not among the latest, as far as they have been asked for."""
        async with self._lock:
            if self._clock() >= self._read_at:
                self.open = await self._subscribed()
            known = {key: each for key, each in self._known.items() if key in self.open and key not in latest}
            for key in sorted(self.open - latest - known.keys(), reverse=True)[:OLDER_ASKS_MAX]:
                path = f"/v2/process-definitions/{key}"
                try:
                    known[key] = self._searches.definition(await self._site.get(path), path)
                except SourceNotFoundError:  # Deleted, and its subscriptions will be.
                    continue
            self._known = known
            return known

    async def _subscribed(self) -> frozenset[int]:
        if self._statistics:
            try:
                pages = self._searches.pages(STATISTICS, PAGE, filter=OPEN)
                return frozenset([self._definition(item, STATISTICS) async for page in pages for item in page])
            except SourceNotFoundError:
                self._statistics = False
        found = await self._one_by_one()
        self._read_at = self._clock() + SUBSCRIPTIONS_AGE_S
        return found

    async def _one_by_one(self) -> frozenset[int]:
        """By subscriptions: of each definition that has been seen the others are left out of the next page."""
        seen: set[int] = set()
        while True:
            others = {"processDefinitionKey": {"$notIn": [str(key) for key in sorted(seen)]}} if seen else {}
            items, _ = await self._searches.page(SUBSCRIPTIONS, {"limit": PAGE}, filter={**OPEN, **others})
            # Subscriptions from before an update to 8.8 do not say their definition.
            found = {self._definition(item, SUBSCRIPTIONS) for item in items if item.get("processDefinitionKey")}
            if len(items) < PAGE or found <= seen:
                return frozenset(seen | found)
            seen |= found

    def _definition(self, item: Item, path: str) -> int:
        return self._searches.key(item, "processDefinitionKey", path)
