"""What always ticks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab

from beat_schedule import static
from beat_schedule.scheduler import Scheduler
from inbound import entries
from inbound.tasks import RECONCILE
from tasks.celery import create
from zelery.errors import SettingError
from zelery.settings import Settings


def test_the_reconciler_ticks_where_inbound_listens() -> None:
    ticks = static.entries(reconcile_interval=timedelta(seconds=7))[RECONCILE]
    assert ticks["task"] == RECONCILE
    assert ticks["schedule"] == timedelta(seconds=7)
    assert ticks["options"]["queue"] == entries.CONTROL_QUEUE


def test_entries_of_the_users_stand_beside_ours_as_in_any_celery_project(monkeypatch: pytest.MonkeyPatch) -> None:
    yours: dict[str, dict[str, Any]] = {"report": {"task": "report", "schedule": crontab(hour=6), "args": ("x",)}}
    monkeypatch.setattr(static, "YOURS", yours)
    app = create(Settings())
    app.conf.beat_schedule = {"mine": {"task": "t", "schedule": 10.0}}
    schedule = Scheduler(app).schedule
    assert set(schedule) == {"report", "mine", RECONCILE}
    assert schedule["report"].schedule == crontab(hour=6)


def test_an_entry_that_cannot_tick_is_said_at_start() -> None:
    app = Celery("tests", set_as_current=False)
    app.conf.beat_schedule = {"mine": {"task": "t", "schedule": 0}}
    with pytest.raises(SettingError, match="entry 'mine'"):
        Scheduler(app)
