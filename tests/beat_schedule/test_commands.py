"""`zelery schedule`, as it is typed."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from beat_schedule.commands import schedule
from beat_schedule.leader import LASTS_S, NAME
from beat_schedule.rhythm import Run
from beat_schedule.runs import Runs
from zelery.errors import UnavailableError
from zelery.followed import Followed
from zelery.lease import Lease
from zelery.redis import ENTRIES, connect
from zelery.schedule import Entry
from zelery.settings import Settings

pytestmark = pytest.mark.integration


async def fill(url: str) -> None:
    """A schedule with an entry that has run, one that has not, and one that cannot."""
    async with connect(Settings(redis_url=url)) as redis:
        held = await Lease(redis, NAME, "beat-7@host", lasts_s=LASTS_S * 100).take()
        assert held
        good = Entry(name="poll | order", task="inbound.poll", interval_ms=50_000)
        new = Entry(name="poll | new", task="inbound.poll", interval_ms=1_500)
        values = {"bad": "{}", good.name: good.to_json(), new.name: new.to_json()}
        await Followed(redis, ENTRIES).apply(values)
        run = Run(last_ms=1_767_322_800_000, next_ms=1_767_322_850_000, interval_ms=50_000, missed=3)
        await Runs(redis).write(held, {good.name: run})


@pytest.fixture
def filled(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(fill(redis_url))
    monkeypatch.setenv("ZELERY_REDIS_URL", redis_url)


@pytest.mark.usefixtures("filled")
def test_entries_are_listed_with_their_runs_and_who_leads() -> None:
    done = CliRunner().invoke(schedule, ["--json"], catch_exceptions=False)
    said = json.loads(done.output)
    assert said["leader"] == "beat-7@host"
    rows = {row.pop("name"): row for row in said["entries"]}
    assert rows["poll | order"] == {
        "task": "inbound.poll",
        "interval": "50 s",
        "last_run": "2026-01-02T03:00:00.000+00:00",
        "next_run": "2026-01-02T03:00:50.000+00:00",
        "missed": 3,
    }
    assert rows["poll | new"]["interval"] == "1.5 s"
    assert rows["poll | new"]["last_run"] is None
    assert "not an entry of the schedule" in rows["bad"]["task"]
    assert rows["inbound.reconcile"]["interval"] == "5 s"


@pytest.mark.usefixtures("filled")
def test_the_table_says_the_same() -> None:
    done = CliRunner().invoke(schedule, catch_exceptions=False)
    lines = done.output.splitlines()
    assert lines[0].split() == ["Entry", "Task", "Interval", "Last", "run", "Next", "run", "Missed"]
    (row,) = (line for line in lines if line.startswith("poll | order"))
    assert row.split()[-1] == "3"
    assert lines[-1] == "4 entries; leading: beat-7@host"


def test_a_redis_that_does_not_answer_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELERY_REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    with pytest.raises(UnavailableError, match=r"Redis at redis://:\*\*\*@127.0.0.1:1/0 does not answer") as raised:
        CliRunner().invoke(schedule, catch_exceptions=False)
    assert "hunter2" not in str(raised.value)
