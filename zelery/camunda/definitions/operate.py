"""Definitions from Operate's API v1, which clusters have from 8.5 to 8.7 (`spec/inbound.md` §8.1)."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from zelery.camunda.definitions import values
from zelery.camunda.definitions.port import Definition, ElementInstance, Snapshot, Variables
from zelery.camunda.definitions.register import Register
from zelery.camunda.definitions.settings import DefinitionSettings
from zelery.camunda.definitions.site import Site
from zelery.model import DEFAULT_TENANT

#: Items in one answer at most; Operate refuses to give more.
PAGE_MAX = 1000
#: Definitions in the first page that a tick reads: seldom have more been deployed since the last one.
NEWEST_PAGE = 50
#: Variables in one page: each may be 8 kB long.
VARIABLES_PAGE = 100
#: Pages in one search at most, against a server that gives the same ones for ever.
PAGES_MAX = 10_000

#: One call asks at most so many times whether an older version has instances: each is a search in Operate's index.
WAITING_ASKS_MAX = 20
#: An answer counts for so many seconds; doubled each time that there were none, up to the second: few old versions get
#: instances again (a call activity may be bound to one), and a cluster has thousands of them.
WAITING_AGE_S, WAITING_AGE_MAX_S = 30.0, 3600.0
#: The first answer that there are none counts for less: Operate hears of an instance a moment after Zeebe, and in that
#: moment the version may have been replaced.
FIRST_AGE_S = 3.0

HINT = (
    "check CAMUNDA_OPERATE_CLIENT_URL: it is Operate's address, whose API v1 there is from 8.5 to 8.9;"
    " from 8.8 set CAMUNDA_REST_ADDRESS instead"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether an older version had active instances."""

    waits: bool
    age_s: float
    """For how long it counts."""
    until: float

    @classmethod
    def given(cls, now: float, before: Answer | None, *, waits: bool) -> Answer:
        """An answer of now, after another one."""
        if waits or (before is not None and before.waits):
            age = WAITING_AGE_S
        elif before is None:
            age = FIRST_AGE_S
        else:
            age = min(max(before.age_s * 2, WAITING_AGE_S), WAITING_AGE_MAX_S)
        return cls(waits=waits, age_s=age, until=now + age)


class OperateSource:
    """`DefinitionSource` over Operate v1."""

    def __init__(
        self, site: Site, settings: DefinitionSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._site = site
        self._page = min(settings.definitions_page, PAGE_MAX)
        self._active_versions = settings.active_versions
        self._clock = clock
        self._answers: dict[int, Answer] = {}
        self._register = Register(
            name=site.name,
            everything=lambda: self._definitions(self._page),
            newest=lambda: self._definitions(min(self._page, NEWEST_PAGE)),
            reread_s=settings.definitions_reread_s,
            clock=clock,
        )

    async def deployed(self) -> Snapshot:
        return await self._register.read()

    async def xml(self, key: int) -> bytes:
        return await self._site.file(f"/v1/process-definitions/{key}/xml")

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:
        if not self._active_versions:
            return dict.fromkeys(candidates, False)
        wanted = set(candidates)
        self._answers = {key: answer for key, answer in self._answers.items() if key in wanted}
        for key in due(candidates, self._answers, self._clock()):
            waits = await self._has_instances(key)
            self._answers[key] = Answer.given(self._clock(), self._answers.get(key), waits=waits)
        return {key: answer.waits for key, answer in self._answers.items()}

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        path = "/v1/flownode-instances/search"
        asked = {"processDefinitionKey": definition_key, "flowNodeId": element_id, "state": "ACTIVE"}
        return [
            ElementInstance(
                key=self._whole(item, "key", path),
                process_instance_key=self._whole(item, "processInstanceKey", path),
                element_id=element_id,
            )
            async for page in self._search(path, PAGE_MAX, filter=asked)
            for item in page
        ]

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:
        found: dict[str, Any] = {}
        cut: set[str] = set()
        path = "/v1/variables/search"
        for scope in scope_keys:
            asked = {"processInstanceKey": process_instance_key, "scopeKey": scope}
            async for page in self._search(path, VARIABLES_PAGE, filter=asked):
                for item in page:
                    name = self._text(item, "name", path)
                    found.pop(name, None)
                    cut.discard(name)
                    try:
                        found[name] = values.parsed(self._text(item, "value", path))
                    except ValueError:  # Operate keeps the first 8191 characters, and has no way to the others.
                        cut.add(name)
        return Variables(values=found, cut=frozenset(cut))

    async def check(self) -> None:
        await self._site.post("/v1/process-definitions/search", {"size": 1})

    async def _has_instances(self, definition_key: int) -> bool:
        path = "/v1/process-instances/search"
        answer = await self._site.post(
            path, {"filter": {"processDefinitionKey": definition_key, "state": "ACTIVE"}, "size": 1}
        )
        return bool(self._items(answer, path))

    async def _definitions(self, first: int) -> AsyncIterator[Sequence[Definition]]:
        path = "/v1/process-definitions/search"
        order = [{"field": "key", "order": "DESC"}]
        async for page in self._search(path, self._page, first=first, to_the_empty_page=True, sort=order):
            yield [
                Definition(
                    key=self._whole(item, "key", path),
                    process_id=self._text(item, "bpmnProcessId", path),
                    version=self._whole(item, "version", path),
                    tenant_id=item.get("tenantId") or DEFAULT_TENANT,
                    name=item.get("name"),
                )
                for item in page
            ]

    async def _search(
        self, path: str, size: int, *, first: int | None = None, to_the_empty_page: bool = False, **query: Any
    ) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """Pages of a search: `first` is the size of the first one.

        What is missing from a list of definitions counts as deleted, so that one is read until nothing comes, as the
        Java runtime does it; elsewhere a page that is not full is the last.
        """
        after: list[Any] = []
        asked = first or size
        for _ in range(PAGES_MAX):
            body = {**query, "size": asked, **({"searchAfter": after} if after else {})}
            answer = await self._site.post(path, body)
            if items := self._items(answer, path):
                yield items
            if not items or (len(items) < asked and not to_the_empty_page):
                return
            # Handed back exactly as they came: their number and type depend on the index behind Operate.
            before, after, asked = after, answer.get("sortValues"), size
            if not isinstance(after, list) or not after or after == before:
                raise self._site.odd(path, f"a page that has no next one: sortValues {after!r}")
        raise self._site.odd(path, f"more than {PAGES_MAX} pages")

    def _items(self, answer: Any, path: str) -> Sequence[Mapping[str, Any]]:
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._site.odd(path, "JSON without a list of items")
        return items

    def _text(self, item: Mapping[str, Any], name: str, path: str) -> str:
        value = item.get(name)
        if not isinstance(value, str):
            raise self._site.odd(path, f"an item whose {name} is {value!r}")
        return value

    def _whole(self, item: Mapping[str, Any], name: str, path: str) -> int:
        value = item.get(name)
        if type(value) is not int:
            raise self._site.odd(path, f"an item whose {name} is {value!r}")
        return value


def due(candidates: Sequence[int], answers: Mapping[int, Answer], now: float) -> Sequence[int]:
    """Which to ask about in one call: those never asked first, in their order, then those that have waited longest."""
    until = {key: answers[key].until if key in answers else -math.inf for key in candidates}
    return sorted((key for key in candidates if until[key] <= now), key=until.__getitem__)[:WAITING_ASKS_MAX]
