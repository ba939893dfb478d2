"""Flower as `zelery flower` runs it: what it shows of a job, and what it never shows."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import pathlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from tests.conftest import Cluster
from tests.models import line_of_tasks
from tests.roles import role
from zelery.camunda.gateway import ZeebeGateway
from zelery.errors import SettingError
from zelery.flower import COLUMNS, broker_app, is_loopback, login, options
from zelery.local import ports
from zelery.local import redis as local_redis
from zelery.settings import Settings

VARIABLE, SECRET, BROKER_PASSWORD, LOGIN_PASSWORD = "card-4111-8222", "s3cr3t-t0ken", "br0ker-pass", "l0gin-pass"
LOGIN = f"ann:{LOGIN_PASSWORD}"


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),  # the whole block is this machine's
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # everywhere
        ("::", False),
        ("", False),  # which Flower takes as everywhere
        ("10.0.0.7", False),
        ("flower.example.org", False),
        ("localhost.example.org", False),  # not the name it looks like
    ],
)
def test_only_loopback_is_loopback(address: str, is_ours: bool) -> None:
    assert is_loopback(address) is is_ours


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ZELERY_FLOWER_ADDRESS": "0.0.0.0"}, "ZELERY_FLOWER_ADDRESS='0.0.0.0'"),
        # an empty password is none
        ({"ZELERY_FLOWER_ADDRESS": "::", "ZELERY_FLOWER_PASSWORD": ""}, "set ZELERY_FLOWER_PASSWORD=user:password"),
        ({"ZELERY_FLOWER_PASSWORD": "hunter2"}, r"ZELERY_FLOWER_PASSWORD=\*\*\*: write it as user:password"),
        ({"ZELERY_FLOWER_PASSWORD": ":hunter2"}, "write it as user:password"),
        ({"ZELERY_FLOWER_PASSWORD": "ann:"}, "write it as user:password"),
        # Flower compares text, which takes ASCII only
        ({"ZELERY_FLOWER_PASSWORD": "ann:hünter2"}, "ASCII"),
    ],
)
def test_a_login_that_is_missing_or_miswritten_is_a_clear_error(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingError, match=says) as raised:
        login(Settings.read(environment))
    assert "hunter2" not in str(raised.value)


def test_on_loopback_everybody_on_the_machine_may_look() -> None:
    assert login(Settings.read({})) is None


def test_flower_only_shows_and_keeps_nothing() -> None:
    chosen = options(Settings.read({"ZELERY_FLOWER_ADDRESS": "0.0.0.0", "ZELERY_FLOWER_PASSWORD": LOGIN}))
    assert chosen["read_only"] is True
    assert chosen["persistent"] is False
    assert chosen["max_tasks"] == 10_000
    assert chosen["basic_auth"] == [LOGIN]


def test_every_option_and_column_is_one_that_flower_has() -> None:
    from flower.options import default_options  # type: ignore[import-untyped] # noqa: PLC0415 - heavy
    from flower.views.tasks import TASK_COLUMNS  # type: ignore[import-untyped] # noqa: PLC0415 - heavy

    assert set(options(Settings.read({}))) <= set(default_options.as_dict())
    assert set(COLUMNS) <= set(TASK_COLUMNS)


def test_the_broker_is_the_one_that_is_set() -> None:
    settings = Settings.read({"ZELERY_BROKER_URL": "amqp://rabbit//", "ZELERY_REDIS_URL": "redis://there:1/0"})
    assert broker_app(settings).conf.broker_url == "amqp://rabbit//"


@pytest.fixture
def locked_redis_url(redis: local_redis.Redis) -> Iterator[str]:
    """A Redis with a password: of its own, as the session's is everybody's."""
    assert redis.pid  # where the session's cannot be had, neither can this one
    with local_redis.running() as server:
        yield f"redis://:{BROKER_PASSWORD}@127.0.0.1:{server.port}/0"


class Site:
    """Flower's pages, read with or without the login."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session
        self.headers = {"Authorization": f"Basic {base64.b64encode(LOGIN.encode()).decode()}"}

    async def read(self, path: str, method: str = "GET") -> tuple[int, str]:
        async with self._session.request(method, self._url + path, headers=self.headers) as response:
            return response.status, await response.text()

    async def values(self, path: str) -> Any:
        status, text = await self.read(path)
        return json.loads(text) if status == 200 else {}

    async def until(self, path: str, enough: Callable[[Any], object]) -> Any:
        """What a page says once it says enough."""
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if enough(said := await self.values(path)):
                        return said
                await asyncio.sleep(0.1)


@pytest.mark.integration
async def test_no_variable_and_no_secret_is_shown_anywhere(
    zeebe: Cluster, locked_redis_url: str, tmp_path: pathlib.Path
) -> None:
    (port,) = ports.free(1)
    environment = {
        "ZEEBE_ADDRESS": zeebe.gateway,
        "ZELERY_REDIS_URL": locked_redis_url,
        "ZELERY_LEASE_S": "10",
        "ZELERY_FLOWER_PORT": str(port),
        "ZELERY_FLOWER_PASSWORD": LOGIN,
        "FLOWER_UNAUTHENTICATED_API": "true",  # must change nothing
        "SECRET_FLOWER_TOKEN": SECRET,
    }
    said = f"{VARIABLE} {{{{secrets.FLOWER_TOKEN}}}}"
    process_id = f"p-{uuid.uuid4()}"
    async with (
        contextlib.AsyncExitStack() as stack,
        ZeebeGateway.open(Settings(zeebe_address=zeebe.gateway)) as gateway,
        aiohttp.ClientSession() as session,
        Redis.from_url(locked_redis_url.replace(f":{BROKER_PASSWORD}@", "")) as opener,
        Redis.from_url(locked_redis_url, decode_responses=True) as redis,
    ):
        await opener.config_set("requirepass", BROKER_PASSWORD)
        site = Site(f"http://127.0.0.1:{port}", session)
        flower, fetcher, worker = (
            stack.enter_context(role(name, environment, tmp_path)) for name in ("flower", "fetch", "worker")
        )
        (worker_name,) = await site.until("/api/workers?refresh=1", len)
        model = line_of_tasks(process_id, "tests:echo:1", headers={"resultVariable": "r"}, retries=1)
        await gateway.deploy({f"{process_id}.bpmn": model})
        instances = [
            await gateway.start(process_id, {"said": said}),  # succeeds
            await gateway.start(process_id, {"said": said, "fails": said}),  # fails with all of it in its message
            await gateway.start(process_id, {"said": said, "pauseS": 120}),  # still runs when the pages are read
        ]
        states = {"SUCCESS", "FAILURE", "STARTED"}
        tasks = await site.until("/api/tasks", lambda found: {task["state"] for task in found.values()} == states)

        assert {task["name"] for task in tasks.values()} == {"connectors.tests:echo:1"}
        assert {task["args"] for task in tasks.values()} == {
            f"tests:echo:1 | {process_id} | t0 | {instance} | <default>" for instance in instances
        }
        assert {task["worker"] for task in tasks.values()} == {worker_name}

        # Whoever asks the worker itself, as `celery inspect` does, is told no more than Flower.
        inspect = broker_app(Settings.read(environment)).control.inspect(timeout=5)
        for ask in (inspect.active, inspect.reserved, lambda: inspect.query_task(*tasks)):
            answer = json.dumps(await asyncio.to_thread(ask))
            assert worker_name in answer
            _shows_nothing("remote control", answer)

        table = "draw=1&start=0&length=10&order[0][column]=0&columns[0][data]=name"
        active = await site.until(
            f"/api/workers?refresh=1&workername={worker_name}", lambda w: w[worker_name]["active"]
        )
        assert f"{process_id} | t0 | {instances[2]}" in json.dumps(active)
        for path in (
            "/",
            "/workers?json=1",
            f"/worker/{worker_name}",
            "/tasks",
            f"/tasks/datatable?{table}",
            "/broker",
            "/metrics",
            "/api/workers",
            "/api/tasks",
            "/api/task/types",
            "/api/queues/length",
            *(f"/task/{task}" for task in tasks),
            *(f"/api/task/info/{task}" for task in tasks),
        ):
            status, page = await site.read(path)
            assert status == 200, path
            _shows_nothing(path, page)
        for refused in ("/api/worker/shutdown/", "/api/worker/pool/shrink/"):
            assert (await site.read(refused + worker_name, "POST"))[0] == 403
        site.headers = {}
        for path in ("/", "/tasks", f"/worker/{worker_name}", "/api/tasks", "/api/workers"):
            assert (await site.read(path))[0] == 401, path

        # A message that waits: its body holds the variable, as it must, and never the secret; its reprs hold neither.
        worker.kill()
        await gateway.start(process_id, {"said": said})
        async with asyncio.timeout(10):
            while not (waiting := await redis.lrange("zelery.outbound", 0, -1)):
                await asyncio.sleep(0.05)
        message = json.loads(waiting[-1])
        body = base64.b64decode(message["body"]).decode()
        assert VARIABLE in body
        assert SECRET not in body
        assert f"{process_id} | t0" in message["headers"]["argsrepr"]
        _shows_nothing("the message's headers", json.dumps({**message, "body": ""}))
        for each in (flower, fetcher, worker):
            assert each.said
            _shows_nothing(f"the log of {each.name}", each.said)
        assert (flower.stop(), fetcher.stop()) == (0, 0)


def _shows_nothing(where: str, text: str) -> None:
    for hidden in (VARIABLE, SECRET, BROKER_PASSWORD, LOGIN_PASSWORD):
        assert hidden not in text, f"{where} shows {hidden}"
