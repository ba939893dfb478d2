"""The contract between Zelery and an inbound connector: what starts or continues processes from outside.

There are three kinds, each one function.

A **webhook** answers one HTTP request at a time, in a `zelery webhooks` process:

    @webhook(type="com.example:hook:1", name="Example hook")
    async def hook(properties: Hook, request: Request, context: InboundContext) -> Response:
        return answer(await context.correlate({"request": {"body": body_of(request)}}))

A **subscription** holds a connection, in a `zelery consume` process. It runs until it is cancelled, and correlates what
it receives; it acknowledges after that, as the result's `handling` says:

    @subscription(type="com.example:queue:1", name="Example queue")
    async def consume(properties: Queue, context: InboundContext) -> None:
        async with connected(properties) as queue:
            context.up()
            async for message in queue:
                result = await context.correlate({"body": message.body}, message_id=message.id)
                await (message.ack() if result.handling in (Handling.ACCEPT, Handling.IGNORE) else message.reject())

A **polling** connector looks once, in a `zelery worker` process, as often as its schedule says:

    @polling(type="com.example:feed:1", name="Example feed", intervals=FeedIntervals)
    async def poll(properties: Feed, context: InboundContext) -> None:
        for entry in await latest(properties.url):
            await context.correlate(entry, message_id=entry["id"])

With `per_instance=True` it looks once for each process instance that waits at one of its elements, bound with that
instance's variables; `context.instance` says which, and its messages have an id of their own.

What each may raise, and what comes of it:

- `InputError` while it is bound, or before it said `up()`: the executable is shown as DOWN with that message, and tried
  again after a growing pause.
- anything else: the same. A subscription that ends by itself or by an error is started again after a growing pause; it
  says `up()` when it works again.
- a webhook that raises `RefusalError` answers with its status and reason; any other exception answers 500 without a
  word.
- `asyncio.CancelledError` means that the executable ends here: give back what was not acknowledged, within a few
  seconds.

An executable's elements may change while it runs (a new version of the process with the same properties): `correlate`
always goes by the newest.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from zelery.camunda.definitions.port import ElementInstance
from zelery.correlation import Result
from zelery.sdk.connector import Resource

T = TypeVar("T")

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Kind(enum.StrEnum):
    """Who runs a connector, and when."""

    WEBHOOK = "webhook"
    SUBSCRIPTION = "subscription"
    POLLING = "polling"


class InboundContext(Protocol):
    """What a connector may ask for, and tell, beside its properties."""

    @property
    def executable_id(self) -> str:
        """One name for this executable, the same as long as it lives: what `/inbound` shows."""

    @property
    def deduplication_id(self) -> str:
        """What its elements have in common, readable: `<tenant>-<process id>-<hash or id>`."""

    @property
    def tenant_id(self) -> str:
        """The tenant of its processes."""

    @property
    def instance(self) -> ElementInstance | None:
        """The instance that waits, for polling connectors that look once for each."""

    async def correlate(self, event: Any, *, message_id: str | None = None) -> Result:
        """Start an instance or publish a message, as the model says, for what was received.

        `event` is what the model's expressions see: JSON types, at its top level a map. `message_id` is the
        transport's own id of what was received, so that receiving it again does no harm. Never raises but
        CancelledError: what went wrong is a result too. While the cluster is away, a subscription waits here.
        """

    async def matches(self, event: Any) -> bool:
        """Whether an activation condition holds for an event; for what is costly to fetch and may not be needed."""

    async def use(self, resource: Resource[T]) -> T:
        """The process's one instance of a resource: opened at first use, closed when the process stops."""

    def up(self, **details: Any) -> None:
        """It works. `details` are shown beside its health; secrets in them are masked."""

    def down(self, reason: BaseException | str, **details: Any) -> None:
        """It does not work, and why; secrets in all of it are masked. It goes on trying all the same."""

    def log(self, severity: Severity, tag: str, message: str) -> None:
        """An entry of the executable's activity log, for people; secrets in it are masked."""


class Intervals(Protocol):
    """How often a polling connector looks. Bound once, with an empty FEEL context."""

    @property
    def every(self) -> timedelta:
        """From one look to the next."""

    @property
    def lookup(self) -> timedelta:
        """From one search for waiting instances to the next, where it looks once for each."""


Model = type[BaseModel]
Run = Callable[..., Awaitable[Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InboundConnector:
    """A connector that starts or continues processes."""

    type: str
    """What models name in `inbound.type`: `io.camunda:webhook:1`."""
    name: str
    """The connector's name for people."""
    kind: Kind
    """Who runs it."""
    input: Model
    """The model of its properties."""
    run: Run
    """The function that does the work."""
    intervals: Model | None = None
    """A polling connector's `Intervals`."""
    per_instance: bool = False
    """Whether it looks once for each waiting instance."""
    holders: int = 1
    """How many processes hold one subscription at once."""
    path: Callable[[Any], str] | None = None
    """Where a webhook answers: the last part of its URL, from its properties."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The bare function, so that a connector is tested as what it is."""
        return self.run(*args, **kwargs)


def webhook(
    *,
    type: str,  # noqa: A002 - the field's word
    name: str,
    path: Callable[[Any], str],
) -> Callable[[Run], InboundConnector]:
    """Declare `async def hook(properties, request, context) -> Response` as the webhook connector for a type.

    `path` gives the last part of the URL from the bound properties; it raises InputError when there is none.
    """
    return lambda run: InboundConnector(
        type=type, name=name, kind=Kind.WEBHOOK, input=_model(run, name, 3), run=run, path=path
    )


def subscription(
    *,
    type: str,  # noqa: A002 - the field's word
    name: str,
    holders: int = 1,
) -> Callable[[Run], InboundConnector]:
    """Declare `async def consume(properties, context) -> None` as the subscription connector for a type."""
    return lambda run: InboundConnector(
        type=type, name=name, kind=Kind.SUBSCRIPTION, input=_model(run, name, 2), run=run, holders=holders
    )


def polling(
    *,
    type: str,  # noqa: A002 - the field's word
    name: str,
    intervals: Model,
    per_instance: bool = False,
) -> Callable[[Run], InboundConnector]:
    """Declare `async def poll(properties, context) -> None` as the polling connector for a type.

    `intervals` is an `Input` with the properties that `Intervals` names.
    """
    return lambda run: InboundConnector(
        type=type,
        name=name,
        kind=Kind.POLLING,
        input=_model(run, name, 2),
        run=run,
        intervals=intervals,
        per_instance=per_instance,
    )


def _model(run: Run, name: str, count: int) -> Model:
    """The model of the properties: the annotation of the first parameter. Raises TypeError for another signature."""
    parameters = list(inspect.signature(run).parameters)
    if len(parameters) != count or not inspect.iscoroutinefunction(run):
        raise TypeError(f"connector {name!r}: expected an async function of {count} parameters, got {parameters}")
    hint = typing.get_type_hints(run).get(parameters[0])
    if not (inspect.isclass(hint) and issubclass(hint, BaseModel)):
        raise TypeError(f"connector {name!r}: annotate {parameters[0]!r} with an Input class, not {hint!r}")
    return hint


Properties = Mapping[str, Any]
