"""The contract between Zelery and a connector."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from zelery.model import Job
from zelery.settings import Settings

T = TypeVar("T")

#: Opens something that a worker process shares among its jobs: an HTTP client, a connection, a token cache.
Resource = Callable[[Settings], AbstractAsyncContextManager[T]]


class Input(BaseModel):
    """What a connector reads of a job's variables, bound and validated before it runs.

    Fields are written `snake_case` here and `camelCase` in the model; only the variables that a connector declares are
    fetched from Zeebe; unknown ones are ignored (`spec/outbound.md` §4).
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Names only: by now the secrets stand in the values."""
        for name in type(self).model_fields:
            yield name, "…"

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        """A variable that is null and one that is absent are the same to a model's author, as they are to Jackson."""
        if not isinstance(data, Mapping):
            return data
        given = {name: value for name, value in data.items() if value is not None}
        for alias, name in _required(cls):
            if alias not in given and name not in given:
                given[alias] = None  # The field's own rule says what is wrong with that: "must not be blank".
        return given


@functools.cache
def _required(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Alias and name of each field that has no default."""
    return tuple((field.alias or name, name) for name, field in model.model_fields.items() if field.is_required())


class Context(Protocol):
    """What a connector may ask for beside its input."""

    @property
    def job(self) -> Job:
        """The job: keys, headers, tenant. Its variables are still without secrets."""

    @property
    def remaining_s(self) -> float:
        """Seconds until the run is cancelled."""

    async def use(self, resource: Resource[T]) -> T:
        """The worker process's one instance of a resource: opened at first use, closed when the worker stops."""


Run = Callable[..., Any] | Callable[..., Awaitable[Any]]
Model = type[BaseModel]

#: `run(input)` or `run(input, context)`.
_PARAMETERS_MAX = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class OutboundConnector:
    """A connector that works on jobs.

    `run(input)` or `run(input, context)` is called once for each activation of a job, in a worker. `async def` runs on
    the worker's event loop and must not block it; a plain `def` runs in a thread. It is cancelled when its time is up
    (a thread cannot be: it runs on, and what it returns is lost). What it returns is the response that result
    expressions see (anything pydantic can turn into JSON). What it raises is an instruction: see `zelery.errors`.
    It may run again for the same job, after a failure or a crash: write it so that this does no harm, or tell the
    other side the job's key.
    """

    type: str
    """The job type that element templates name: `io.camunda:http-json:1`."""
    name: str
    """The connector's name for people; `CONNECTOR_<NAME>_TYPE` and `_TIMEOUT` are derived from it."""
    input: Model
    """The model of its input."""
    run: Run
    """The function that does the work."""
    takes_context: bool
    """Whether `run` has a second parameter."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables to fetch: the top level of the input, as the model spells them."""
        fields = self.input.model_fields
        return tuple(field.alias or name for name, field in fields.items())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The bare function, so that a connector is tested as what it is."""
        return self.run(*args, **kwargs)


def outbound(*, type: str, name: str) -> Callable[[Run], OutboundConnector]:  # noqa: A002 - the field's word
    """Declare the decorated function as the outbound connector for a job type.

    Its first parameter is annotated with an `Input` (or any pydantic model); a second one, if there is one, gets a
    `Context`. Raises TypeError when the signature is another.
    """

    def declare(run: Run) -> OutboundConnector:
        parameters = list(inspect.signature(run).parameters)
        if not 1 <= len(parameters) <= _PARAMETERS_MAX:
            raise TypeError(f"connector {name!r}: expected run(input) or run(input, context), got {parameters}")
        hint = typing.get_type_hints(run).get(parameters[0])
        if not (inspect.isclass(hint) and issubclass(hint, BaseModel)):
            raise TypeError(f"connector {name!r}: annotate {parameters[0]!r} with an Input class, not {hint!r}")
        return OutboundConnector(
            type=type, name=name, input=hint, run=run, takes_context=len(parameters) == _PARAMETERS_MAX
        )

    return declare
