from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.zelery.sdk.http.test_client import Script, answer
from zelery.binding import bind
from zelery.catalogue import installed, load
from zelery.connectors.http.outbound import Rest, rest
from zelery.errors import InputError
from zelery.model import Job, to_json
from zelery.sdk import OutboundConnector
from zelery.sdk.http import HttpClient
from zelery.sdk.http.blocks import Blocks


@dataclasses.dataclass
class Context:
    """What the connector may ask for, with a script for the other side."""

    script: Script
    job: Job = dataclasses.field(default_factory=lambda: Job(key=1, type=rest.type))
    remaining_s: float = 100.0

    async def use(self, resource: Any) -> Any:
        assert resource == HttpClient.open
        return HttpClient(self.script, blocks=Blocks(), bytes_max=1000)


async def run(script: Script, **variables: Any) -> Any:
    given = {"url": "http://h/api", "method": "get", **variables}
    return await rest(bind(to_json(given), Rest), Context(script))


def test_it_fetches_the_variables_that_the_java_runtime_fetches() -> None:
    assert set(rest.variables) == {
        "url",
        "method",
        "authentication",
        "headers",
        "queryParameters",
        "skipEncoding",
        "connectionTimeoutInSeconds",
        "readTimeoutInSeconds",
        "writeTimeoutInSeconds",
        "body",
        "storeResponse",
        "groupSetCookieHeaders",
        "ignoreNullValues",
    }


def test_it_is_installed_by_the_door_that_is_everybodys() -> None:
    (point,) = (point for point in installed() if point.name == "io.camunda:http-json:1")

    assert load(point, OutboundConnector) is rest
    assert rest.name == "HTTP REST"


async def test_what_a_template_writes_becomes_one_request() -> None:
    script = Script(answer())

    response = await run(
        script,
        method="PoSt",
        url="http://h/a b",
        authentication={"type": "apiKey", "apiKeyLocation": "query", "name": "key", "value": "k"},
        headers={"X-N": 5},
        queryParameters={"q": True},
        body={"a": None, "b": 1},
        ignoreNullValues="true",
        connectionTimeoutInSeconds="7",
        groupSetCookieHeaders="whatever",
        writeTimeoutInSeconds=0,
    )

    assert response == {"status": 200, "headers": {}, "body": {"ok": True}, "reason": "R200", "document": None}
    (sent,) = script.requests
    assert (sent.method, sent.target.path, sent.data) == ("POST", "/a%20b?key=k&q=true", b'{"b":1}')
    assert ("X-N", "5") in sent.headers
    assert (sent.connect_s, sent.read_s) == (7, 7)


@pytest.mark.parametrize(
    ("skip", "path"),
    [("true", "/a+b"), (True, "/a+b"), ("TRUE", "/a%2Bb"), ("yes", "/a%2Bb"), ("", "/a%2Bb"), (None, "/a%2Bb")],
)
async def test_only_the_word_true_skips_encoding(skip: Any, path: str) -> None:
    script = Script(answer())

    await run(script, url="http://h/a+b", skipEncoding=skip)

    assert script.requests[0].target.path == path


@pytest.mark.parametrize("authentication", [None, {"type": "noAuth"}])
async def test_authentication_may_be_missing(authentication: Any) -> None:
    script = Script(answer())

    await run(script, authentication=authentication)

    assert not any(name == "Authorization" for name, _ in script.requests[0].headers)


async def test_a_response_cannot_be_stored_where_there_is_no_document_store() -> None:
    script = Script(answer())

    with pytest.raises(InputError, match="storeResponse"):
        await run(script, storeResponse=True)

    assert not script.requests


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"method": "HEAD"}, "method. It Must be `HttpMethod`"),
        ({"method": None}, "Property: method: Validation failed. Original message: must not be null"),
        ({"headers": "a=1"}, "headers"),
        ({"queryParameters": {"a": [1, 2]}}, "queryParameters, a"),
        ({"readTimeoutInSeconds": "soon"}, "readTimeoutInSeconds. It Must be `Integer`"),
        ({"ignoreNullValues": "yes"}, "ignoreNullValues. It Must be `boolean`"),
    ],
)
async def test_input_that_cannot_be_used_is_named(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        await run(Script(answer()), **variables)

    assert message in caught.value.message
