"""Definitions that `zelery deploy` recorded in Redis, for engines that have neither Operate nor secondary storage."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from zelery.camunda.definitions.port import Definition, ElementInstance, Snapshot, Variables
from zelery.errors import SourceNotFoundError, SourceRefusedError, SourceUnavailableError
from zelery.redis import AWAY, DEFINITIONS, DEFINITIONS_TOKEN, DEFINITIONS_XML

NO_LOOKUPS = (
    "definitions come from `zelery deploy` (ZELERY_DEFINITIONS=deployed), and Zeebe's gateway does not tell who waits:"
    " connectors that poll for waiting instances need CAMUNDA_OPERATE_CLIENT_URL (8.5 to 8.7) or CAMUNDA_REST_ADDRESS"
    " (from 8.8)"
)


class DeployedSource:
    """`DefinitionSource` over the record in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._token: str | bytes | None = None
        self._snapshot = Snapshot(definitions=())

    async def record(self, definition: Definition, xml: bytes) -> None:
        """Keep a definition that Zeebe has taken; the same one again changes nothing."""
        async with _redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(DEFINITIONS, str(definition.key), _written(definition))
            # BPMN may be in any encoding, and our connection speaks text.
            pipe.hset(DEFINITIONS_XML, str(definition.key), base64.b64encode(xml).decode())
            pipe.set(DEFINITIONS_TOKEN, uuid.uuid4().hex)
            await pipe.execute()

    async def forget(self, key: int) -> bool:
        """Drop a definition from the record (Zeebe keeps it). Whether it was there."""
        async with _redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(DEFINITIONS, str(key))
            pipe.hdel(DEFINITIONS_XML, str(key))
            pipe.set(DEFINITIONS_TOKEN, uuid.uuid4().hex)
            (dropped, *_) = await pipe.execute()
        return bool(dropped)

    async def deployed(self) -> Snapshot:
        # A token that is new with each change, and not a count: a Redis that was emptied counts from one again.
        async with _redis_errors():
            token = await self._redis.get(DEFINITIONS_TOKEN)
            if token is None or token != self._token:
                found = await self._redis.hgetall(DEFINITIONS)
                definitions = [_read(str(key), str(text)) for key, text in found.items()]
                definitions.sort(key=lambda each: each.key, reverse=True)
                self._token, self._snapshot = token, Snapshot(definitions=tuple(definitions))
        return self._snapshot

    async def xml(self, key: int) -> bytes:
        async with _redis_errors():
            found = await self._redis.hget(DEFINITIONS_XML, str(key))
        if found is None:
            raise SourceNotFoundError(f"definition {key} was not recorded by `zelery deploy`")
        return base64.b64decode(found)

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:  # noqa: ARG002 - the port's
        return None

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        raise SourceRefusedError(f"who waits at {element_id} of definition {definition_key} is not known: {NO_LOOKUPS}")

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:  # noqa: ARG002
        raise SourceRefusedError(f"variables of instance {process_instance_key} cannot be read: {NO_LOOKUPS}")

    async def check(self) -> None:
        async with _redis_errors():
            await self._redis.ping()


def _written(definition: Definition) -> str:
    return json.dumps(
        {
            "process_id": definition.process_id,
            "version": definition.version,
            "tenant_id": definition.tenant_id,
            "name": definition.name,
        }
    )


def _read(key: str, text: str) -> Definition:
    try:
        record: dict[str, Any] = json.loads(text)
        return Definition(
            key=int(key),
            process_id=str(record["process_id"]),
            version=int(record["version"]),
            tenant_id=str(record["tenant_id"]),
            name=record["name"],
        )
    except (ValueError, TypeError, KeyError) as error:
        remedy = f"drop it with `zelery deploy --forget {key}` and deploy its file again"
        raise SourceRefusedError(f"what Redis has in {DEFINITIONS} for {key} is no definition: {remedy}") from error


@asynccontextmanager
async def _redis_errors() -> AsyncIterator[None]:
    try:
        yield
    except AWAY as error:
        raise SourceUnavailableError(f"Redis, which has the record of definitions, does not answer: {error}") from error
