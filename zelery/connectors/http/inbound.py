"""HTTP polling: one request for each process instance that waits, again and again, and its answer as an event."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Annotated, Any

from zelery.connectors.http.conditions import Conditions
from zelery.connectors.http.manners import Manners
from zelery.sdk import FEEL_TEXT, Duration, Feel, InboundContext, Input, polling
from zelery.sdk.http import AnyAuthentication, HttpClient, Method, NoAuthentication, Timeouts, Url, call_of
from zelery.sdk.types import Text, TextMap

#: Where a model says nothing (`spec/inbound.md` §5.1).
EVERY, LOOKUP = timedelta(seconds=50), timedelta(seconds=5)


class HttpPollingIntervals(Input):
    """How often it asks, and how often it looks for instances; the latter's name was another before 8.8."""

    http_request_interval: Duration = None
    process_polling_interval: Duration = None
    operate_polling_interval: Duration = None

    @property
    def every(self) -> timedelta:
        """From one request for an instance to the next."""
        return self.http_request_interval or EVERY

    @property
    def lookup(self) -> timedelta:
        """From one search for waiting instances to the next."""
        return self.process_polling_interval or self.operate_polling_interval or LOOKUP


class HttpPolling(Timeouts):
    """What element templates over `io.camunda:http-polling:1` write."""

    url: Annotated[Url, FEEL_TEXT]
    method: Method
    authentication: Annotated[AnyAuthentication, Feel()] = NoAuthentication()
    headers: Annotated[TextMap | None, Feel()] = None
    query_parameters: Annotated[TextMap | None, Feel()] = None
    skip_encoding: Text | None = None
    body: Annotated[Any, Feel()] = None


@dataclasses.dataclass(frozen=True)
class _NoPatience:
    """A poll is not repeated after a pause: the next one comes by itself."""

    remaining_s: float = 0.0


@polling(type="io.camunda:http-polling:1", name="HTTP Polling", intervals=HttpPollingIntervals, per_instance=True)
async def http_polling(given: HttpPolling, context: InboundContext) -> None:
    """Ask once; every answer below 400 is an event with `status`, `headers`, `body` and `reason`."""
    call = call_of(given)
    client, manners = await context.use(HttpClient.open), await context.use(Manners.open)
    conditions = await context.use(Conditions.open)
    async with manners.asking(call.url):
        answer = await conditions.answer(call, lambda asked: client.call(asked, _NoPatience()))
    context.log("INFO", call.method, f"Polled url: {call.url}")
    event = {"status": answer.status, "headers": answer.headers, "body": answer.body, "reason": answer.reason}
    await context.correlate(event)
