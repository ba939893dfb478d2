"""`zelery flower`: workers and their jobs in a browser. Flower itself, with safe defaults.

Flower runs inside this process rather than by its own command: a command line can be read by every user of the machine,
and that command also takes FLOWER_* variables and a flowerconfig.py of the working directory, which could undo what is
fixed here. A job shows as its connector (the task's name) and as where it comes from (its arguments).
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
from typing import Any

import click
from celery import Celery

from zelery.errors import SettingError
from zelery.logs import configure, logger
from zelery.settings import Settings, mask_url

log = logger(__name__)

#: What the list of tasks shows: Flower leaves out the arguments, which is where our jobs say where they come from.
COLUMNS = ("name", "args", "state", "received", "runtime", "worker", "uuid")

#: Tasks and workers that Flower remembers; a task takes about 2 kB.
TASKS_MAX, WORKERS_MAX = 10_000, 1_000

#: A worker that was stopped is shown for this long, seconds.
OFFLINE_S = 600

#: Flower looks for this at every call of its API, and then asks nobody for a password.
_OPEN_API = "FLOWER_UNAUTHENTICATED_API"


def login(settings: Settings) -> str | None:
    """The login that Flower asks for, `user:password`; None where everybody on this machine may look.

    Raises SettingError when it is needed and not set, or is not written as it must be.
    """
    given = settings.flower_password.get_secret_value() if settings.flower_password else ""
    if not given:
        if is_loopback(settings.flower_address):
            return None
        raise SettingError(
            f"ZELERY_FLOWER_ADDRESS={settings.flower_address!r}: Flower is shown to other machines only with a "
            "password; set ZELERY_FLOWER_PASSWORD=user:password, or leave the address at 127.0.0.1"
        )
    user, _, password = given.partition(":")
    if not (user and password and given.isascii()):
        raise SettingError("ZELERY_FLOWER_PASSWORD=***: write it as user:password, in ASCII characters")
    return given


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address. A name other than localhost may mean anything."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def options(settings: Settings) -> dict[str, Any]:
    """Flower's options, by its own names. Raises SettingError as `login` does."""
    user = login(settings)
    return {
        "address": settings.flower_address,
        "port": settings.flower_port,
        "basic_auth": [user] if user else [],
        "read_only": True,
        "persistent": False,
        "max_tasks": TASKS_MAX,
        "max_workers": WORKERS_MAX,
        "purge_offline_workers": OFFLINE_S,
        "tasks_columns": ",".join(COLUMNS),
    }


def broker_app(settings: Settings) -> Celery:
    """The broker as Flower needs it: no tasks, they tell their names themselves."""
    app = Celery("zelery", broker=settings.broker, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_timeout": 30, "socket_connect_timeout": 10, "health_check_interval": 15},
        enable_utc=True,
        timezone="UTC",
    )
    return app


def serve(settings: Settings) -> None:
    """Run Flower until SIGINT or SIGTERM. Raises SettingError when it cannot listen where it should."""
    chosen = options(settings)
    # Flower is heavy, and other commands do without it.
    from flower.app import Flower  # type: ignore[import-untyped]  # noqa: PLC0415
    from flower.options import default_options  # type: ignore[import-untyped]  # noqa: PLC0415
    from flower.urls import settings as pages  # type: ignore[import-untyped]  # noqa: PLC0415

    if os.environ.pop(_OPEN_API, None):
        log.warning("ignored: Flower's API is never open without a password", variable=_OPEN_API)
    for name, value in chosen.items():
        setattr(default_options, name, value)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    flower = Flower(options=default_options, capp=broker_app(settings), **pages)
    try:
        port = flower.start_http_server()
    except OSError as error:
        where = f"{settings.flower_address}:{settings.flower_port}"
        raise SettingError(
            f"ZELERY_FLOWER_ADDRESS and ZELERY_FLOWER_PORT={where}: cannot listen there: {error.strerror}"
        ) from error
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, loop.stop)
    shown = f"[{settings.flower_address}]" if ":" in settings.flower_address else settings.flower_address
    log.info(
        "showing", url=f"http://{shown}:{port}", broker=mask_url(settings.broker), password=bool(chosen["basic_auth"])
    )
    flower.start()
    flower.stop()


@click.command("flower")
def command() -> None:
    """Show workers and their jobs in a browser: Flower, on this machine only unless it has a password."""
    settings = Settings.read()
    configure(settings)
    serve(settings)
