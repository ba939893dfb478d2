"""The clock as subcommands of `zelery`: run it, look at it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import click
from celery import Celery
from celery.beat import ScheduleEntry, Service
from kombu.utils.imports import symbol_by_name

from beat_schedule.leader import LASTS_S, NAME
from beat_schedule.rhythm import Rate, Run, rhythm_of
from beat_schedule.runs import Runs
from beat_schedule.scheduler import Scheduler
from zelery.errors import UnavailableError
from zelery.followed import Followed
from zelery.lease import Lease
from zelery.logs import configure
from zelery.redis import AWAY, ENTRIES, connect
from zelery.schedule import Entry
from zelery.settings import Settings, mask_url


@click.command("beat")
def beat() -> None:
    """Send what is due: Celery's beat with our scheduler. Any number may run; one leads, the others stand by."""
    settings = Settings.read()
    configure(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Celery's beat without its command, which would import each connector and its client before it begins: seconds.
    Service(_app(settings), scheduler_cls=Scheduler).start()


@click.command("schedule")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def schedule(*, as_json: bool) -> None:
    """Show what is scheduled: task, interval, last and next run, runs that were missed, and which beat leads."""
    settings = Settings.read()
    leader, rows = asyncio.run(_read(settings))
    if as_json:
        click.echo(json.dumps({"leader": leader, "entries": [dataclasses.asdict(row) for row in rows]}, indent=2))
        return
    for line in _lines(rows):
        click.echo(line)
    click.echo(f"{len(rows)} entries; leading: {leader or 'no beat'}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """An entry as it is shown."""

    name: str
    task: str
    interval: str
    last_run: str | None
    next_run: str | None
    missed: int


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    """A table; by hand, as there may be ten thousand rows, and Rich takes milliseconds for each."""
    shown = [
        ("Entry", "Task", "Interval", "Last run", "Next run", "Missed"),
        *(
            (row.name, row.task, row.interval, row.last_run or "-", row.next_run or "-", str(row.missed))
            for row in rows
        ),
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    for cells in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


async def _read(settings: Settings) -> tuple[str | None, list[Row]]:
    plain = Scheduler(_app(settings)).schedule
    async with connect(settings) as redis:
        try:
            leader = await Lease(redis, NAME, "", lasts_s=LASTS_S).holder()
            changes = await Followed(redis, ENTRIES).since(0)
            runs, _ = await Runs(redis).load()
        except AWAY as error:
            raise UnavailableError(f"Redis at {mask_url(settings.redis_url)} does not answer: {error}") from error
    return leader, [*_of_plain(plain, runs), *_of_values(changes.values, runs)]


def _of_plain(plain: Mapping[str, ScheduleEntry], runs: Mapping[str, Run]) -> Iterator[Row]:
    for name, entry in sorted(plain.items()):
        rhythm = rhythm_of(entry)
        interval = _seconds(rhythm.interval_ms) if isinstance(rhythm, Rate) else str(entry.schedule)
        yield _row(name, str(entry.task), interval, runs.get(name))


def _of_values(values: Mapping[str, str], runs: Mapping[str, Run]) -> Iterator[Row]:
    for name, text in sorted(values.items()):
        try:
            entry = Entry.from_json(text)
        except ValueError as error:
            yield _row(name, str(error), "-", None)
        else:
            yield _row(name, entry.task, _seconds(entry.interval_ms), runs.get(name))


def _row(name: str, task: str, interval: str, run: Run | None) -> Row:
    if run is None:
        return Row(name=name, task=task, interval=interval, last_run=None, next_run=None, missed=0)
    return Row(
        name=name,
        task=task,
        interval=interval,
        last_run=_date(run.last_ms),
        next_run=_date(run.next_ms),
        missed=run.missed,
    )


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s"


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _app(settings: Settings) -> Celery:
    """The application by its name: this folder does not know `tasks`."""
    app: Celery = symbol_by_name("tasks.celery:create")(settings)
    return app
