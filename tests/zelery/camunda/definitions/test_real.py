"""Operate's API as a source, served by the engine or a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest

from tests.conftest import Cluster
from tests.models import line_of_tasks
from zelery.camunda.definitions.choose import open_source
from zelery.camunda.definitions.port import DefinitionSource
from zelery.camunda.gateway import ZeebeGateway
from zelery.errors import PushbackError, SourceNotFoundError, SourceRefusedError
from zelery.local import engine as local_engine
from zelery.redis import connect
from zelery.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

T = TypeVar("T")


def settings(camunda: Cluster, password: str = local_engine.PASSWORD) -> Settings:
    return Settings(
        zeebe_address=camunda.gateway,
        operate_url=camunda.operate,
        operate_username=local_engine.USERNAME,
        operate_password=password,
    )


@contextlib.asynccontextmanager
async def opened(of: Settings) -> AsyncIterator[DefinitionSource]:
    async with connect(of) as client, open_source(of, client) as source:  # Redis is not asked.
        yield source


async def soon(ask: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
    """Operate shows what happened some seconds later."""
    async with asyncio.timeout(120):
        while not enough(found := await ask()):
            await asyncio.sleep(0.3)
    return found


async def taken(command: Callable[[], Awaitable[T]]) -> T:
    """A Zeebe that has just started, on a busy machine, pushes back for a while."""
    async with asyncio.timeout(120):
        while True:
            with contextlib.suppress(PushbackError):
                return await command()
            await asyncio.sleep(0.5)


async def test_what_is_deployed_and_what_waits_in_it(camunda: Cluster) -> None:
    of, process_id = settings(camunda), f"p{uuid.uuid4().hex}"
    first, second = line_of_tasks(process_id, "never:1"), line_of_tasks(process_id, "never:2")
    async with ZeebeGateway.open(of) as gateway, opened(of) as source:
        (old,) = await taken(lambda: gateway.deploy({"model.bpmn": first}))
        variables = {"n": 2**60, "none": None, "long": "x" * 9000, "o": {"a": [1]}}
        instance = await taken(lambda: gateway.start(process_id, variables))
        await soon(source.deployed, lambda snapshot: any(each.key == old.key for each in snapshot.definitions))
        (new,) = await taken(lambda: gateway.deploy({"model.bpmn": second}))
        snapshot = await soon(source.deployed, lambda shown: shown.definitions[0].key == new.key)
        ours = [each for each in snapshot.definitions if each.process_id == process_id]
        assert [(each.key, each.version, each.tenant_id) for each in ours] == [
            (new.key, 2, "<default>"),
            (old.key, 1, "<default>"),
        ]
        assert snapshot.doubt is None
        assert await source.xml(old.key) == first
        # A start that was pushed back may have begun an instance all the same.
        tokens = await soon(
            lambda: source.waiting_elements(old.key, "t0"),
            lambda shown: any(each.process_instance_key == instance for each in shown),
        )
        token = next(each for each in tokens if each.process_instance_key == instance)
        found = await source.variables(instance, [instance, token.key])
        assert found.values == {"n": 2**60, "none": "null", "o": {"a": [1]}}
        assert found.cut == {"long"}
        assert await source.waiting([old.key, new.key]) == {old.key: True, new.key: False}
        with pytest.raises(SourceNotFoundError):
            await source.xml(123)


async def test_more_than_one_page_is_read_page_by_page(camunda: Cluster) -> None:
    of = settings(camunda).model_copy(update={"definitions_page": 2})
    names = [f"p{uuid.uuid4().hex}" for _ in range(5)]
    async with ZeebeGateway.open(of) as gateway:
        await taken(lambda: gateway.deploy({f"{name}.bpmn": line_of_tasks(name) for name in names}))
    async with opened(of) as source:
        await soon(source.deployed, lambda shown: set(names) <= {each.process_id for each in shown.definitions})
    async with opened(of) as source:
        assert set(names) <= {each.process_id for each in (await source.deployed()).definitions}


async def test_a_wrong_password_says_which_variables(camunda: Cluster) -> None:
    async with opened(settings(camunda, "no")) as source:
        with pytest.raises(SourceRefusedError, match=r"'demo' \(HTTP 401\): check CAMUNDA_OPERATE_CLIENT_USERNAME"):
            await source.check()


async def test_without_a_login_the_refusal_says_what_to_set(camunda: Cluster) -> None:
    async with opened(Settings(operate_url=camunda.operate)) as source:
        with pytest.raises(SourceRefusedError, match=r"HTTP 401\): set CAMUNDA_OPERATE_CLIENT_USERNAME"):
            await source.check()
