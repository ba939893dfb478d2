"""The same entries for the schedulers that ours is measured beside: RedBeat's, and Celery's own."""

import os

from celery import Celery
from celery.schedules import schedule

from tests.bench.drain import QUEUE

TASK = "bench.tick"
URL, ENTRIES, INTERVAL_S = (os.environ.get(f"BENCH_{name}", "0") for name in ("URL", "ENTRIES", "INTERVAL_S"))

#: What their beats are started with, by name.
SCHEDULERS = {
    "RedBeat": ("tests.bench.peers:redbeat", "redbeat.RedBeatScheduler"),
    "Celery": ("tests.bench.peers:celery", "celery.beat:Scheduler"),
}


def _app() -> Celery:
    app = Celery("bench", broker=URL, set_as_current=False)
    app.conf.update(task_ignore_result=True, timezone="UTC", beat_max_loop_interval=1)
    # With its default, 5 s, it loses its lock in the first tick, and ends.
    app.conf.update(redbeat_redis_url=URL, redbeat_lock_timeout=120)
    return app


def _options() -> dict[str, object]:
    return {"queue": QUEUE, "expires": float(INTERVAL_S)}


redbeat = _app()

celery = _app()
celery.conf.beat_schedule = {
    f"e{n}": {"task": TASK, "schedule": float(INTERVAL_S), "args": (f"e{n}",), "options": _options()}
    for n in range(int(ENTRIES))
}


def fill_redbeat() -> None:
    """Save an entry after the other, as its API has it."""
    from redbeat import RedBeatSchedulerEntry  # type: ignore[import-untyped]  # noqa: PLC0415 - only here

    every = schedule(run_every=float(INTERVAL_S), app=redbeat)
    for n in range(int(ENTRIES)):
        RedBeatSchedulerEntry(f"e{n}", TASK, every, args=(f"e{n}",), options=_options(), app=redbeat).save()


if __name__ == "__main__":
    fill_redbeat()
