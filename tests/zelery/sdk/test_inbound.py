"""Declaring inbound connectors: what is taken, and what is refused where it is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from zelery.sdk import InboundContext, Input, Request, Response, polling, subscription, webhook
from zelery.sdk.inbound import Kind


class Given(Input):
    name: str = "x"


class Every(Input):
    @property
    def every(self) -> timedelta:
        return timedelta(seconds=1)


async def answers(properties: Given, request: Request, context: InboundContext) -> Response:
    return Response(body=properties.name)


async def consumes(properties: Given, context: InboundContext) -> None: ...


async def lacks_context(properties: Given) -> None: ...


async def not_annotated(properties, context) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001 - the fault


async def annotated_otherwise(properties: dict[str, Any], context: InboundContext) -> None: ...


def blocks(properties: Given, context: InboundContext) -> None: ...


def path(given: Given) -> str:
    return given.name


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (lacks_context, r"connector 'Mine': expected an async function of 2 parameters, got \['properties'\]"),
        (answers, "expected an async function of 2 parameters"),
        (blocks, "expected an async function"),
        (not_annotated, "annotate 'properties' with an Input class, not None"),
        (annotated_otherwise, r"annotate 'properties' with an Input class, not dict\[str"),
    ],
)
def test_a_wrong_signature_is_refused_where_it_is_declared(run: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        subscription(type="mine:1", name="Mine")(run)
    with pytest.raises(TypeError, match=why):
        polling(type="mine:1", name="Mine", intervals=Every)(run)


def test_a_webhook_takes_a_request_too() -> None:
    with pytest.raises(TypeError, match="of 3 parameters"):
        webhook(type="mine:1", name="Mine", path=path)(consumes)


async def test_a_connector_is_called_as_the_function_that_it_is() -> None:
    declared = webhook(type="mine:1", name="Mine", path=path)(answers)
    assert (declared.kind, declared.input, declared.path) == (Kind.WEBHOOK, Given, path)
    assert await declared(Given(name="me"), Request(method="GET", url="", headers={}), None) == Response(body="me")


def test_each_kind_is_run_by_who_it_says() -> None:
    held = subscription(type="mine:1", name="Mine", holders=3)(consumes)
    assert (held.kind, held.holders, held.intervals) == (Kind.SUBSCRIPTION, 3, None)
    looks = polling(type="mine:1", name="Mine", intervals=Every, per_instance=True)(consumes)
    assert (looks.kind, looks.intervals, looks.per_instance, looks.holders) == (Kind.POLLING, Every, True, 1)
