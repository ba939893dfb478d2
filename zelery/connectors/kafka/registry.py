"""A schema registry, as Confluent's and others speak it over HTTP.

Its values begin with a zero and the schema's id. Two calls are all it takes, so they are made by our own HTTP client:
with the operator's proxies, certificates, blocks and limits, which a registry's client of its own would not know.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from zelery.connectors.kafka import avro
from zelery.connectors.kafka.properties import RegistryProperties
from zelery.sdk import ConnectorError, InputError, Settings
from zelery.sdk.http import Call, HttpClient

#: What a value begins with: a zero, and the id of its schema.
PREFIX = struct.Struct(">bI")
#: Seconds for one call.
CALL_S = 20
#: Schemas remembered; a registry's id never changes its meaning.
KEPT_MAX = 1000

_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_DEPTH_MAX = 20


class PrefixError(ValueError):
    """A value does not begin as one that names its schema."""


def prefixed(schema_id: int, data: bytes) -> bytes:
    """A value with its schema's id before it."""
    return PREFIX.pack(0, schema_id) + data


def opened(value: bytes) -> tuple[int, bytes]:
    """The schema's id and what follows it. Raises PrefixError."""
    if len(value) < PREFIX.size or value[0] != 0:
        raise PrefixError("the value does not begin with the id of a registered schema")
    return PREFIX.unpack_from(value)[1], value[PREFIX.size :]


class Registries:
    """Opened once in a process: `registries = await context.use(open_registries)`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._ids: dict[tuple[Any, ...], tuple[int, str]] = {}
        self._schemas: dict[tuple[Any, ...], avro.Schema] = {}

    async def written_by(
        self, urls: str, given: RegistryProperties, subject: str, schema: str, schema_type: str
    ) -> tuple[int, str]:
        """The id and the text of the schema to write a subject's values by.

        Raises ConnectorError when the registry does not tell, InputError when the operator blocks its URL.
        """
        if given.latest:
            answer = await self._call(urls, given, f"/subjects/{quote(subject, safe='')}/versions/latest")
            return int(answer["id"]), str(answer["schema"])
        key = (urls, given, subject, schema, schema_type)
        if key not in self._ids:
            place = f"/subjects/{quote(subject, safe='')}{'/versions' if given.register else ''}"
            body = {"schema": schema} if schema_type == "avro" else {"schema": schema, "schemaType": "JSON"}
            answer = await self._call(urls, given, place, body)
            _remember(self._ids, key, (int(answer["id"]), schema))
        return self._ids[key]

    async def avro_schema(self, urls: str, given: RegistryProperties, schema_id: int) -> avro.Schema:
        """The Avro schema with an id. Raises as `written_by` does, and AvroError for one that cannot be used."""
        key = (urls, given, schema_id)
        if key not in self._schemas:
            found = await self._call(urls, given, f"/schemas/ids/{schema_id}")
            references = await self._references(urls, given, found.get("references") or (), _DEPTH_MAX)
            _remember(self._schemas, key, avro.read(str(found["schema"]), references))
        return self._schemas[key]

    async def _references(
        self, urls: str, given: RegistryProperties, named: Sequence[Mapping[str, Any]], depth: int
    ) -> list[avro.Schema]:
        """The schemas that one refers to by subject and version."""
        if named and not depth:
            raise avro.AvroError(f"the schemas refer to each other more than {_DEPTH_MAX} deep")
        found = []
        for each in named:
            place = f"/subjects/{quote(str(each['subject']), safe='')}/versions/{each['version']}"
            answer = await self._call(urls, given, place)
            inner = await self._references(urls, given, answer.get("references") or (), depth - 1)
            found.append(avro.read(str(answer["schema"]), inner))
        return found

    async def _call(
        self, urls: str, given: RegistryProperties, place: str, body: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The answer of the first of a registry's URLs that answers."""
        *others, last = [url.strip().rstrip("/") for url in urls.split(",")]
        for url in others:
            try:
                return await self._ask(url + place, given, body)
            except InputError:
                raise
            except ConnectorError:
                continue
        return await self._ask(last + place, given, body)

    async def _ask(self, url: str, given: RegistryProperties, body: Mapping[str, str] | None) -> dict[str, Any]:
        call = Call(
            method="GET" if body is None else "POST",
            url=url,
            headers={"Accept": _MEDIA_TYPE, "Content-Type": _MEDIA_TYPE, **_authorization(given)},
            body=None if body is None else json.dumps(body),
            connect_s=CALL_S,
            read_s=CALL_S,
        )
        asked = f"{call.method} {url}"
        try:
            answer = await self._client.call(call, _Patience())
        except InputError:
            raise
        except ConnectorError as error:
            raise ConnectorError(
                f"The schema registry did not answer {asked}: {_said(error)}", code=error.code
            ) from None
        if not isinstance(answer.body, dict):
            raise ConnectorError(f"The schema registry's answer to {asked} is no JSON object")
        return answer.body


class _Patience:
    """How long a call may be repeated."""

    remaining_s = float(CALL_S)


def _said(error: ConnectorError) -> str:
    """Status and reason, and the registry's own words where it has some."""
    body = ((error.variables or {}).get("response") or {}).get("body")
    said = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(each) for each in (error.code, error.message, said and f"({said})") if each)


def _authorization(given: RegistryProperties) -> dict[str, str]:
    if given.login is not None:
        return {"Authorization": f"Basic {base64.b64encode(given.login.encode()).decode()}"}
    return {} if given.token is None else {"Authorization": f"Bearer {given.token}"}


def _remember(kept: dict[tuple[Any, ...], Any], key: tuple[Any, ...], value: Any) -> None:
    while len(kept) >= KEPT_MAX:
        del kept[next(iter(kept))]
    kept[key] = value


@asynccontextmanager
async def open_registries(settings: Settings) -> AsyncIterator[Registries]:
    """Connections to registries, with the proxies, certificates and blocks of the HTTP connectors."""
    async with HttpClient.open(settings) as client:
        yield Registries(client)
