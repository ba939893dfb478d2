from __future__ import annotations

import json
from typing import Any

import pytest

from tests.zelery.connectors.http.test_outbound import Context
from tests.zelery.sdk.http.test_client import Script, answer
from zelery.binding import bind
from zelery.catalogue import installed, load
from zelery.connectors.graphql.outbound import GraphQl, graphql
from zelery.errors import ConnectorError, InputError
from zelery.model import to_json
from zelery.sdk.connector import OutboundConnector
from zelery.sdk.http.request import Request

QUERY = "query Q($id: ID!) { user(id: $id) { name } }"


async def run(script: Script, authentication: Any = None, **fields: Any) -> Any:
    asked = {"url": "http://h/graphql", "method": "post", "query": QUERY, **fields}
    given = {"graphql": asked, "authentication": authentication}
    return await graphql(bind(to_json(given), GraphQl), Context(script))


async def sent(**fields: Any) -> Request:
    script = Script(answer())
    await run(script, **fields)
    (request,) = script.requests
    return request


def body(request: Request) -> Any:
    return json.loads(request.data or b"null")


def test_it_is_installed_and_fetches_two_variables() -> None:
    (point,) = (point for point in installed() if point.name == graphql.type)
    assert load(point, OutboundConnector) is graphql
    assert (graphql.name, graphql.variables) == ("GraphQL", ("graphql", "authentication"))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (None, {"query": QUERY}),
        ({}, {"query": QUERY, "variables": {}}),
        ({"id": 7, "n": None}, {"query": QUERY, "variables": {"id": 7, "n": None}}),
        ([{"id": 7}], {"query": QUERY, "variables": {"id": 7}}),  # a list of one, as everywhere
    ],
)
async def test_post_sends_query_and_variables_as_json(variables: Any, expected: Any) -> None:
    request = await sent(variables=variables)
    assert (request.method, request.target.path, body(request)) == ("POST", "/graphql", expected)
    assert ("Content-Type", "application/json") in request.headers


async def test_get_sends_them_in_the_query_beside_the_url_s_own() -> None:
    request = await sent(method="get", url="http://h/g?a=1", query="{ me }", variables={"id": "é", "n": [1, 2]})
    variables = "%7B%22id%22%3A%22%C3%A9%22%2C%22n%22%3A%5B1%2C2%5D%7D"
    assert request.target.path == f"/g?a=1&query=%7B%20me%20%7D&variables={variables}"
    assert (request.method, request.data) == ("GET", None)


@pytest.mark.parametrize(
    ("query", "cleaned"),
    [
        (r"{\n me\n}", "{ me}"),  # a backslash and an n
        (r"{ f(a: \"x\") }", '{ f(a: "x") }'),
        ("{\n me\n}", "{\n me\n}"),  # real line breaks
        (r"{ f(a: \"a\\nb\") }", '{ f(a: "a\\b") }'),  # within a string too, as the Java runtime does
    ],
)
async def test_a_query_loses_the_escapes_that_modelers_write(query: str, cleaned: str) -> None:
    assert body(await sent(query=query)) == {"query": cleaned}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (20, 20)),
        ({"connectionTimeoutInSeconds": "7"}, (7, 7)),  # one for both
        ({"connectionTimeoutInSeconds": 7, "readTimeoutInSeconds": 3}, (7, 3)),
        ({"connectionTimeoutInSeconds": 0}, (None, None)),  # no limit
    ],
)
async def test_timeouts_are_the_connection_s_unless_one_is_given_for_reading(
    fields: dict[str, Any], expected: tuple[Any, Any]
) -> None:
    request = await sent(**fields)
    assert (request.connect_s, request.read_s) == expected


async def test_headers_and_authentication_are_those_of_rest() -> None:
    request = await sent(headers={"X-N": 5}, authentication={"type": "bearer", "token": "t"})
    assert {("X-N", "5"), ("Authorization", "Bearer t")} <= set(request.headers)


async def test_errors_in_an_answer_with_status_200_are_no_errors() -> None:
    said = {"data": None, "errors": [{"message": "no such user"}]}
    response = await run(Script(answer(body=json.dumps(said).encode())))
    assert response == {"status": 200, "headers": {}, "body": said, "reason": "R200", "document": None}


async def test_an_error_status_is_the_error_of_rest() -> None:
    with pytest.raises(ConnectorError) as failed:
        await run(Script(answer(400, body=b'{"errors": []}')))
    assert failed.value.code == "400"
    assert failed.value.variables == {"response": {"headers": {}, "body": {"errors": []}}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"query": " "}, "graphql.query: Validation failed. Original message: must not be blank"),
        ({"query": None}, "graphql.query: Validation failed. Original message: must not be blank"),
        ({"url": "ftp://h"}, "graphql.url: Validation failed. Original message: Must be a http(s) URL"),
        ({"method": None}, "graphql.method: Validation failed. Original message: must not be null"),
        ({"method": "PUT"}, "graphql, method. It Must be `HttpMethod`"),
        ({"variables": "x"}, "graphql, variables. It Must be `LinkedHashMap`, not text"),
        ({"variables": [1, 2]}, "graphql, variables. It Must be `LinkedHashMap`, not a list"),
        ({"headers": {"a": {}}}, "graphql, headers, a. It Must be `String`"),
        ({"connectionTimeoutInSeconds": "soon"}, "graphql, connectionTimeoutInSeconds. It Must be `Integer`"),
        ({"storeResponse": True}, "graphql.storeResponse: there is no document store"),
        ({"authentication": {"type": "magic"}}, "authentication"),
    ],
)
async def test_input_that_cannot_be_used_is_named_and_nothing_is_sent(fields: dict[str, Any], told: str) -> None:
    script = Script(answer())
    with pytest.raises(InputError) as refused:
        await run(script, **fields)
    assert told in refused.value.message
    assert not script.requests


@pytest.mark.parametrize("given", ['{"graphql": null}', "{}"])
def test_no_query_at_all_is_named(given: str) -> None:
    with pytest.raises(InputError, match=r"graphql: Validation failed\. Original message: must not be null"):
        bind(given, GraphQl)
