"""`zelery demo`: the engine, a real Redis and every role on this machine, with models to watch."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.deploy import record
from zelery.camunda.gateway import ZeebeGateway
from zelery.errors import ZeleryError
from zelery.local import engine, letters, ports, probe, process, redis, sample
from zelery.local.errors import LocalServerError
from zelery.local.orders import Orders
from zelery.local.scenarios import AMQP_SECRET, SECRET, shown
from zelery.local.stage import Stage
from zelery.redis import connect
from zelery.settings import Settings

#: Instances of each model with `--once`.
INSTANCES = 3

#: Short, so that what is killed while one watches is seen to go on elsewhere.
LEASE_S = 10

#: How long the roles may take to end, seconds: what `zelery run` gives each of them, and a little for itself.
GRACE_S = 25.0

#: Where webhooks are served if nobody else is there, as the README has it.
WEBHOOK_PORT = 8080

#: Where definitions are found by searches, if one of these is set.
SEARCHABLE = (
    "CAMUNDA_REST_ADDRESS",
    "ZEEBE_REST_ADDRESS",
    "CAMUNDA_OPERATE_CLIENT_URL",
    "CAMUNDA_OPERATE_CLIENT_BASE_URL",
)

#: How long Flower may take to answer, seconds. It needs 2 s on an idle machine.
FLOWER_S = 30.0

#: How much of the roles' log is shown when something was wrong, lines.
TAIL_LINES = 30

#: How wide the table is where no terminal says so.
PIPE_COLUMNS = 140

#: What a shell reports for a command that Ctrl-C ended.
INTERRUPTED = 130


class DemoError(ZeleryError):
    """The demo did not come to what it must."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What runs on this machine for the demo."""

    cluster: Mapping[str, str]
    """The variables that name the engine, or the user's cluster."""
    flower_port: int
    """Where Flower listens on loopback."""
    webhooks: str
    """Base URL of the webhooks."""
    searchable: bool
    """Whether definitions are found by REST or Operate, which alone know what waits; else the demo records them."""
    rabbitmq: bool
    """Whether there is one."""
    redis: str
    """Redis's URL."""
    roles: process.Child
    """`zelery run`."""
    secret: str = dataclasses.field(repr=False)
    """The value of the demo's secret."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Run a few instances of each model, check what they came to, and end.")
@click.option("--cluster", metavar="HOST:PORT", help="Deploy to a cluster of yours instead; its login as for `run`.")
@click.option("--rabbitmq", metavar="URL", help="A RabbitMQ, amqp://…: a model sends a message there and waits for it.")
def command(*, once: bool, cluster: str | None, rabbitmq: str | None) -> None:
    """Show everything on this machine: an engine, Redis, all roles, Flower, and models that call a sample service.

    Nothing is downloaded. The engine is for development and tests: with --cluster the same models run on your own.
    Ctrl-C ends the demo and all that it started.
    """
    began, console = time.monotonic(), _console()
    try:
        with _signals(), contextlib.ExitStack() as started:
            try:
                place = _start(started, console, cluster=cluster, rabbitmq=rabbitmq)
                asyncio.run(_show(place, console, began, once=once))
            except KeyboardInterrupt:
                console.print("Stopping what was started…", style="dim")
                raise
            finally:
                _ignore_signals()  # What was started is stopped in any case; a second Ctrl-C would leave half of it.
    except KeyboardInterrupt:
        if once:
            sys.exit(INTERRUPTED)
    except ZeleryError as error:
        for note in getattr(error, "__notes__", ()):
            click.echo(note, err=True)
        raise


def _start(started: contextlib.ExitStack, console: Console, *, cluster: str | None, rabbitmq: str | None) -> Place:
    """Start Redis, the engine and the roles, each stopped with `started`. Raises ZeleryError."""
    if rabbitmq:
        asyncio.run(letters.prepare(rabbitmq))
    where = _of_the_user(cluster) if cluster else _of_an_engine(started)
    broker = started.enter_context(redis.running())
    folder = Path(tempfile.mkdtemp(prefix="zelery-demo-"))
    (flower_port,) = ports.free(1)
    webhook_port = _webhook_port(started)
    webhooks = f"http://{ports.HOST}:{webhook_port}/inbound"
    secret = secrets.token_urlsafe()
    environment = {
        **where,
        "ZELERY_REDIS_URL": broker.url,
        "ZELERY_LEASE_S": str(LEASE_S),
        "ZELERY_FLOWER_PORT": str(flower_port),
        "ZELERY_WEBHOOK_PORT": str(webhook_port),
        f"SECRET_{SECRET}": secret,
        **({f"SECRET_{AMQP_SECRET}": rabbitmq} if rabbitmq else {}),
    }
    roles = started.enter_context(
        process.running(
            "zelery run",
            [sys.executable, "-m", "zelery", "run"],
            log=folder / "roles.log",
            env=environment,
            grace_s=GRACE_S,
        )
    )
    flower = f"http://{ports.HOST}:{flower_port}/tasks"
    links = {
        "Cluster": where["ZEEBE_ADDRESS"],
        "Redis": broker.url,
        "Flower": flower,
        "Webhooks": webhooks,
        "Log": str(roles.log),
    }
    _tell(console, {**links, "Try": _curl(webhooks, "order", '{"order": "1"}')})
    _tell(console, {"then": _curl(webhooks, "payment", '{"order": "1", "paid": 9.5}')})
    return Place(
        cluster=where,
        flower_port=flower_port,
        webhooks=webhooks,
        searchable=any(where.get(name) for name in SEARCHABLE),
        rabbitmq=rabbitmq is not None,
        redis=broker.url,
        roles=roles,
        secret=secret,
    )


def _of_an_engine(started: contextlib.ExitStack) -> Mapping[str, str]:
    """The variables that name an engine of the demo's own. Raises LocalServerError."""
    server = started.enter_context(engine.running())
    return {"ZEEBE_ADDRESS": server.gateway, "CAMUNDA_REST_ADDRESS": server.rest}


def _of_the_user(cluster: str) -> Mapping[str, str]:
    """The variables that name a cluster of the user's, and how to log in there."""
    named = {name: value for name, value in os.environ.items() if name.startswith(("ZEEBE_", "CAMUNDA_"))}
    return {**named, "ZEEBE_ADDRESS": cluster}


def _webhook_port(started: contextlib.ExitStack) -> int:
    """The port that the README names, unless a server has it, or another demo, which is to listen there in a moment.

    A demo holds UDP's port of that number until it ends: that keeps other demos away, and is nothing to TCP.
    """
    claim = started.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    try:
        claim.bind((ports.HOST, WEBHOOK_PORT))
        return ports.check_free(WEBHOOK_PORT, "webhooks")
    except (OSError, LocalServerError):
        return ports.free(1)[0]


def _curl(webhooks: str, path: str, body: str) -> str:
    return f"curl {webhooks}/{path} -H 'Content-Type: application/json' -d '{body}'"


def _tell(console: Console, found: Mapping[str, str]) -> None:
    """A line for each thing and where it is."""
    for name, where in found.items():
        console.print(f"{name:<8} {where}", highlight=False, soft_wrap=True)


async def _show(place: Place, console: Console, began: float, *, once: bool) -> None:
    """Run instances and show them. Raises DemoError when the roles end, or with `once` for what was wrong."""
    shop = sample.Bookshop(place.secret)
    # gRPC honours a proxy of the environment for loopback too.
    os.environ["no_grpc_proxy"] = ports.HOST  # noqa: SIM112 - gRPC's own spelling
    settings = Settings.read({**place.cluster, "ZELERY_REDIS_URL": place.redis})
    async with (
        sample.serving(shop) as service,
        ZeebeGateway.open(settings) as gateway,
        connect(settings) as store,
    ):
        orders = Orders(gateway, place.webhooks)
        stage = Stage(
            gateway=gateway,
            service=service,
            calls=shop.calls,
            secret=place.secret,
            scenarios=shown(polling=place.searchable, rabbitmq=place.rabbitmq),
            orders=orders,
            record=None if place.searchable else partial(record, DeployedSource(store)),
        )
        await stage.deploy()
        shipping = asyncio.create_task(orders.ship())
        try:
            with Live(get_renderable=stage.table, console=console, refresh_per_second=4):
                await _while_alive(place.roles, stage.once(INSTANCES) if once else stage.forever())
        finally:
            shipping.cancel()
    if not console.is_terminal:
        console.line()  # Live ends a line in a terminal only
    if once:
        flower = await _flower_answers(place.flower_port)
        _judge(stage, place, console, began, flower=flower)


def _judge(stage: Stage, place: Place, console: Console, began: float, *, flower: bool) -> None:
    """Print what it came to. Raises DemoError for what was wrong."""
    wrong = [*stage.complaints(), *([] if flower else [f"Flower did not answer within {FLOWER_S:.0f} s"])]
    if wrong:
        raise _with_tail(DemoError("; ".join(wrong)), place.roles)
    instances = sum(each.completed for each in stage.tallies)
    first_s = (stage.first_s or began) - began
    console.print(
        f"{len(stage.tallies)} models, {instances} instances, all as they must be; the first completed after "
        f"{first_s:.1f} s, the last after {time.monotonic() - began:.1f} s",
        style="green",
        highlight=False,
        soft_wrap=True,
    )


async def _while_alive(roles: process.Child, work: Any) -> None:
    """Awaits `work`, unless the roles end before it does. Raises DemoError then, and what `work` raises."""
    tasks = [asyncio.ensure_future(work), asyncio.create_task(_ended(roles))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ended(roles: process.Child) -> None:
    while (code := roles.ended()) is None:  # noqa: ASYNC110 - a process's end is no event of this loop
        await asyncio.sleep(0.2)
    raise _with_tail(DemoError(f"{roles.name} ended with code {code}"), roles)


async def _flower_answers(port: int) -> bool:
    """Waits until Flower does; False when it does not in time."""
    deadline = time.monotonic() + FLOWER_S
    while not await asyncio.to_thread(probe.answers, port, "/healthcheck"):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


def _with_tail(error: DemoError, roles: process.Child) -> DemoError:
    lines = roles.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    error.add_note("\n".join([f"The end of {roles.log}:", *lines]))
    return error


def _console() -> Console:
    """As wide as the terminal; in a pipe, wide enough for the table."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_COLUMNS)


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does; afterwards both mean what they meant."""
    before: Sequence[Any] = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
