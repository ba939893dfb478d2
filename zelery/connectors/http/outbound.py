"""The REST connector: one HTTP request as a model writes it, and its answer as a variable."""

from __future__ import annotations

import dataclasses
from typing import Any

from zelery.sdk import Context, InputError, outbound
from zelery.sdk.http import AnyAuthentication, HttpClient, Method, NoAuthentication, Timeouts, Url, call_of
from zelery.sdk.types import Flag, Text, TextMap


class Rest(Timeouts):
    """What element templates over `io.camunda:http-json:1` write."""

    url: Url
    method: Method
    authentication: AnyAuthentication = NoAuthentication()
    headers: TextMap | None = None
    query_parameters: TextMap | None = None
    skip_encoding: Text | None = None
    body: Any = None
    store_response: Flag = False
    group_set_cookie_headers: Text | None = None
    ignore_null_values: Flag = False


@outbound(type="io.camunda:http-json:1", name="HTTP REST")
async def rest(given: Rest, context: Context) -> dict[str, Any]:
    """Send the request; the response has `status`, `headers`, `body`, `reason` and `document`."""
    if given.store_response:
        raise InputError("storeResponse: there is no document store to put the response in; leave it off")
    call = dataclasses.replace(call_of(given), ignore_nulls=given.ignore_null_values)
    client = await context.use(HttpClient.open)
    return (await client.call(call, context)).variables()
