from __future__ import annotations

import json

import pytest

from tests.servers.schema_registry import schema_registry
from zelery.connectors.kafka import avro
from zelery.connectors.kafka.properties import RegistryProperties
from zelery.connectors.kafka.registry import PrefixError, open_registries, opened, prefixed
from zelery.sdk import ConnectorError, Settings

ANYONE = RegistryProperties()
SETTINGS = Settings.read({})
INNER = {"type": "record", "name": "In", "fields": [{"name": "a", "type": "int"}]}
OUTER = {"type": "record", "name": "Out", "fields": [{"name": "in", "type": "In"}]}


@pytest.mark.parametrize("value", [b"", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00\x05x", b'{"a": 1}'])
def test_a_value_that_names_no_schema_is_refused(value: bytes) -> None:
    with pytest.raises(PrefixError, match="does not begin with the id of a registered schema"):
        opened(value)


def test_a_value_names_its_schema_by_id() -> None:
    assert prefixed(258, b"x") == b"\x00\x00\x00\x01\x02x"
    assert opened(prefixed(258, b"x")) == (258, b"x")


@pytest.mark.integration
async def test_what_the_registry_refuses_is_told_in_its_words() -> None:
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        with pytest.raises(ConnectorError) as unknown:
            await registries.avro_schema(server.url, ANYONE, 7)
        with pytest.raises(ConnectorError) as unregistered:
            await registries.written_by(server.url, RegistryProperties(register=False), "s", '"int"', "avro")
        with pytest.raises(ConnectorError) as no_versions:
            await registries.written_by(server.url, RegistryProperties(latest=True), "s", '"int"', "avro")
        server.login = "me:right"
        with pytest.raises(ConnectorError) as stranger:
            await registries.avro_schema(server.url, RegistryProperties(login="me:wr0ng"), 7)

    place = f"The schema registry did not answer GET {server.url}/schemas/ids/7: "
    assert str(unknown.value) == f"{place}404 Not Found (Schema not found)"
    assert str(stranger.value) == f"{place}401 Unauthorized (Unauthorized)"
    assert "(Schema not found)" in str(unregistered.value)
    assert "(Subject 's' not found.)" in str(no_versions.value)
    assert server.subjects == {}


@pytest.mark.integration
async def test_a_registry_that_cannot_be_reached_is_told_by_its_address() -> None:
    async with open_registries(SETTINGS) as registries:
        with pytest.raises(ConnectorError, match=r"GET http://127\.0\.0\.1:1/schemas/ids/7: 408 "):
            await registries.avro_schema("http://127.0.0.1:1", ANYONE, 7)


@pytest.mark.integration
async def test_a_registered_schema_that_is_none_is_an_error_of_avro() -> None:
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        schema_id = server.put("s", '{"type": "nope"}')
        with pytest.raises(avro.AvroError, match="nope"):
            await registries.avro_schema(server.url, ANYONE, schema_id)


@pytest.mark.integration
async def test_schemas_that_refer_to_each_other_in_a_circle_are_refused() -> None:
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        itself = {"name": "x", "subject": "s", "version": 1}
        schema_id = server.put("s", OUTER, references=[itself])
        with pytest.raises(avro.AvroError, match="more than 20 deep"):
            await registries.avro_schema(server.url, ANYONE, schema_id)


@pytest.mark.integration
async def test_a_schema_is_registered_once_and_read_once() -> None:
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        for _ in range(3):
            assert await registries.written_by(server.url, ANYONE, "a/b-value", '"int"', "avro") == (1, '"int"')
            assert (await registries.avro_schema(server.url, ANYONE, 1)).root == "int"
        assert await registries.written_by(server.url, ANYONE, "j", "{}", "json") == (2, "{}")

    assert server.asked == ["POST /subjects/a/b-value/versions", "GET /schemas/ids/1", "POST /subjects/j/versions"]
    assert server.schemas[2] == {"schema": "{}", "schemaType": "JSON"}


@pytest.mark.integration
async def test_the_newest_schema_is_asked_for_each_time() -> None:
    latest = RegistryProperties(latest=True)
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        server.put("s", '"int"')
        first = await registries.written_by(server.url, latest, "s", '"string"', "avro")
        server.put("s", '"long"')
        second = await registries.written_by(server.url, latest, "s", '"string"', "avro")

    assert (first, second) == ((1, '"int"'), (2, '"long"'))


@pytest.mark.integration
async def test_a_schema_s_references_are_read_and_the_second_url_is_asked_when_the_first_does_not_answer() -> None:
    login = RegistryProperties(login="me:p:w")
    async with schema_registry() as server, open_registries(SETTINGS) as registries:
        server.login = "me:p:w"
        server.put("inner", INNER)
        schema_id = server.put("outer", OUTER, references=[{"name": "In", "subject": "inner", "version": 1}])
        urls = f"http://127.0.0.1:1, {server.url}/"
        schema = await registries.avro_schema(urls, login, schema_id)

    assert avro.encoded(schema, {"in": {"a": 1}}) == b"\x02"
    assert json.loads(server.schemas[schema_id]["schema"]) == OUTER
