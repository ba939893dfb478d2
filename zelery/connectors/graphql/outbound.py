"""The GraphQL connector: a query as a model writes it, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from zelery.sdk import Context, Input, InputError, outbound
from zelery.sdk.http import AnyAuthentication, Call, HttpClient, NoAuthentication, Timeouts, Url, timeouts
from zelery.sdk.http.content import json_bytes
from zelery.sdk.types import NOT_BLANK, NOT_NULL, Choice, Flag, Must, Text, TextMap, map_of_texts


class Query(Timeouts):
    """A query and where it goes. A read timeout that is not set is that of the connection."""

    query: Annotated[Text, Must(NOT_BLANK)]
    variables: Annotated[dict[str, Any], BeforeValidator(map_of_texts)] | None = None
    method: Annotated[Literal["POST", "GET"], Choice("HttpMethod"), Must(NOT_NULL)]
    url: Url
    headers: TextMap | None = None
    store_response: Flag = False


class GraphQl(Input):
    """All variables of a job."""

    graphql: Annotated[Query, Must(NOT_NULL)]
    authentication: AnyAuthentication = NoAuthentication()


@outbound(type="io.camunda:connector-graphql:1", name="GraphQL")
async def graphql(given: GraphQl, context: Context) -> dict[str, Any]:
    """Send the query; the response is REST's. `errors` in an answer of status 200 are the model's to look at."""
    asked = given.graphql
    if asked.store_response:
        raise InputError("graphql.storeResponse: there is no document store to put the response in; leave it off")
    query: dict[str, Any] = {"query": _cleaned(asked.query)}
    if asked.variables is not None:
        query["variables"] = asked.variables
    connect_s, read_s = timeouts(asked)
    call = Call(
        method=asked.method,
        url=asked.url,
        headers=asked.headers,
        parameters=_parameters(query) if asked.method == "GET" else None,
        body=query if asked.method == "POST" else None,
        authentication=given.authentication,
        connect_s=connect_s,
        read_s=read_s,
    )
    client = await context.use(HttpClient.open)
    return (await client.call(call, context)).variables()


def _cleaned(query: str) -> str:
    r"""A query without the escapes that modelers write into it: `\n` goes, `\"` is a quote; real line breaks stay."""
    return query.replace("\\n", "").replace('\\"', '"')


def _parameters(query: dict[str, Any]) -> dict[str, str | None]:
    return {name: value if isinstance(value, str) else json_bytes(value).decode() for name, value in query.items()}
