"""The Celery application: which tasks there are and how they travel. `celery -A tasks` finds it.

Celery's own retries, ETA and results are unused: Zeebe is the record, and the broker is only the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from typing import Any

from celery import Celery

from tasks import transport
from zelery.settings import Settings

#: The queue of the connectors' tasks.
QUEUE = "zelery.outbound"

#: Where tasks join: each entry is a function of the application that registers some, and what they need to be open.
GROUP = "zelery.tasks"


class App(Celery):
    """Celery with what a worker process opens when it starts and closes when it stops."""

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queues: list[str] = []
        """What a worker serves."""
        self.lifespans: list[Callable[[Any], AbstractAsyncContextManager[Any]]] = []
        """What the tasks of one process share, on what it has open: a function of a `Connected`."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Entered on the pool's event loop."""
        from zelery.connected import Connected  # noqa: PLC0415 - who only sends does without the cluster's clients

        async with AsyncExitStack() as stack:
            connected = await stack.enter_async_context(Connected.open(self.settings))
            for opened in self.lifespans:
                await stack.enter_async_context(opened(connected))
            yield


def task_name(job_type: str) -> str:
    """The Celery task of a connector: what Flower, events and metrics are labelled with."""
    return f"connectors.{job_type}"


def create(settings: Settings) -> App:
    """An application for these settings. It connects when it is used."""
    transport.use()
    app = App("zelery", broker=settings.broker, set_as_current=False)
    app.settings = settings
    app.conf.update(
        worker_pool="tasks.pool:TaskPool",
        worker_consumer="tasks.consumer:Consumer",
        worker_concurrency=settings.worker_concurrency,
        # A worker takes what it can start, so that a slow one holds nothing that another could run.
        worker_prefetch_multiplier=1,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        # Accepted is acknowledged: a lost job comes back from Zeebe, and sooner than from a broker (`design.md`).
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        task_send_sent_event=False,
        worker_send_task_events=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=True,
        broker_connection_retry_on_startup=True,
        # A broker that refuses a command is asked again, as one that is away is; otherwise the worker would end.
        broker_channel_error_retry=True,
        broker_transport_options={
            "socket_timeout": 30,
            "socket_connect_timeout": 10,
            "health_check_interval": 15,
            # No copy in Redis of what a worker has taken: it would come back after an hour, and Zeebe's after a lease.
            "ack_emulation": False,
        },
        enable_utc=True,
        timezone="UTC",
    )
    # By name, so that who only sends does not import what only a worker needs.
    app.on_after_finalize.connect(_register)
    return app


def _register(sender: App, **_: Any) -> None:
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        point.load()(sender)


#: For Celery's own commands.
app = create(Settings.read())
